"""The copy of the site that doesn't need a server: its links name files, and its search works."""

import io
import posixpath
import urllib.parse
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbook.site import offline

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Links(HTMLParser):
    """The links of a page, and the names of its parts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.to: list[str] = []
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        self.to += [given[name] or "" for name in ("href", "xlink:href", "src", "action") if name in given]


@pytest.fixture(scope="module")
def copy(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder into which a reader has unpacked the copy; its name has a space, as many do."""
    folder = tmp_path_factory.mktemp("a reader")
    with zipfile.ZipFile(built / offline.PLACE) as packed:
        packed.extractall(folder)
    return folder / offline.FOLDER


def links(copy: Path) -> Iterator[tuple[str, str, Links]]:
    for path in copy.rglob("*.html"):
        page = Links(path.read_text(encoding="utf-8"))
        for to in page.to:
            yield path.relative_to(copy).as_posix(), to, page


def test_every_link_names_a_file(copy: Path) -> None:
    """Each link leads to a file of the copy and, if it names a part of a page, to that part."""
    pages: dict[str, Links] = {}
    broken = []
    for name, to, page in links(copy):
        path, _, part = to.partition("#")
        if urllib.parse.urlsplit(to).scheme:
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), urllib.parse.unquote(path)))
        if path and not (copy / target).is_file():
            broken.append((name, to))
        elif part and (not path or target.endswith(".html")):
            there = page if not path else pages.get(target) or Links((copy / target).read_text(encoding="utf-8"))
            pages[target] = there
            if urllib.parse.unquote(part) not in there.ids:
                broken.append((name, to))
    assert broken == []


def test_the_copy_holds_every_page(copy: Path, built: Path) -> None:
    """The copy has every page of the site except those that only a server shows, and not itself."""
    names = {path.relative_to(built).as_posix() for path in built.rglob("*.html")} - {"404.html"}
    assert {path.relative_to(copy).as_posix() for path in copy.rglob("*.html")} == names
    assert not (copy / offline.PLACE).exists()
    assert (copy / "download" / "01-cors.zip").is_file()


def test_the_same_site_gives_the_same_copy(built: Path) -> None:
    """If the site is packed again, the bytes are the same, because they contain no build time."""
    packed = (built / offline.PLACE).read_bytes()
    assert offline.pack_site(built) == packed
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_copy_is_read_from_the_file_system(copy: Path, page: "Page") -> None:
    """From the file system, the map's links and the search work, without a request to any host."""
    asked: list[str] = []
    errors: list[str] = []
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else asked.append(request.url)
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((copy / "index.html").as_uri())
    page.locator(".diagram a").first.click()
    page.locator("article h1", has_text="CORS").wait_for()

    page.goto(f"{page.url}?q=preflight")
    found = page.locator(".md-search-result__link").first
    found.wait_for()
    found.click()
    page.wait_for_url("file:**")
    page.locator("article h1").wait_for()

    assert page.url.partition("?")[0].partition("#")[0].endswith("/index.html")
    assert (asked, errors) == ([], [])
