"""The site as a copy that opens without a server: every link names a file, and search works."""

import io
import json
import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from workbook.playground.site import ANCHOR, OFFLINE_PLACE

from .archive import THEN

FOLDER = "fastapi-workbook"
WANTED = "WORKBOOK_SITE_OFFLINE"  # set while a site is built that is to be such a copy
PLACE = "download/offline.zip"
# A page from the file system may start no worker. This stands in for one; Material's own offline plugin would load it
# from another host, in every page.
_WORKER = Path(__file__).parent / "iframe-worker.js"
_LINK = re.compile(
    r'(?P<before><(?:a|link|form)\b[^>]*?\s(?:href|xlink:href|action)=")(?P<to>[^"#]*)(?P<rest>(?:#[^"]*)?")'
)
_SELF = re.compile(rf'<a [^>]*href="[^"]*{re.escape(PLACE)}"[^>]*>(?P<text>.*?)</a>', re.DOTALL)
_FOOT = re.compile(r'<div class="md-copyright">.*?</div>', re.DOTALL)  # leads to this copy, and to what it leaves out
# No page from the file system may load a module, or start a worker.
_PLAYGROUND = re.compile(
    r'<div><workbook-playground .*?</div>|<(?P<tag>span|h2)\b[^>]*\sclass="scripted"[^>]*>.*?</(?P=tag)>'
    rf'|<li class="md-nav__item">\s*<a href="#{ANCHOR}".*?</li>',
    re.DOTALL,
)
_ELSEWHERE = re.compile(r"[a-z]+:|/")
_LEFT_OUT = (
    "404.html",
    "llms.txt",
    "sitemap.xml",
    "sitemap.xml.gz",
    PLACE,
    OFFLINE_PLACE,
    "assets/javascripts/lunr/",
    "assets/playground/",
)


def pack_site(site: Path) -> bytes:
    """Return the built site in `site` as a zip; the same site gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_files(site)):
            member = zipfile.ZipInfo(f"{FOLDER}/{name}", THEN)
            member.create_system = 3  # with Unix permissions, on every platform
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return packed.getvalue()


def convert(site: Path) -> None:
    """Make the built site in `site` itself such a copy."""
    for name, content in list(_files(site)):
        (site / name).write_bytes(content)


def _files(site: Path) -> Iterator[tuple[str, bytes]]:
    yield "assets/iframe-worker.js", _WORKER.read_bytes()
    for path in site.rglob("*"):
        name = path.relative_to(site).as_posix()
        if not path.is_file() or name.startswith(_LEFT_OUT):
            continue
        if name == "search/search_index.json":
            yield "search/search_index.js", _index(path.read_text(encoding="utf-8")).encode()
        elif path.suffix == ".html":
            yield name, _page(site, name, path.read_text(encoding="utf-8")).encode()
        else:
            yield name, path.read_bytes()


def _page(site: Path, name: str, text: str) -> str:
    """Return a page whose links name files, with the script that stands in for the search's worker."""
    folder = posixpath.dirname(name)

    def rewritten(link: re.Match[str]) -> str:
        to = link["to"]
        if not to or _ELSEWHERE.match(to) or not (site / folder / to).is_dir():
            return link[0]
        return f"{link['before']}{posixpath.join(to, 'index.html')}{link['rest']}"

    text = _LINK.sub(rewritten, _SELF.sub(lambda link: link["text"], _PLAYGROUND.sub("", _FOOT.sub("", text))))
    root = posixpath.relpath(".", folder or ".")
    return text.replace("</head>", f'<script src="{root}/assets/iframe-worker.js"></script></head>', 1)


def _index(text: str) -> str:
    """Return the search index as a script, because no offline page may read a file; its places name files."""
    index = json.loads(text)
    for entry in index["docs"]:
        place, mark, anchor = entry["location"].partition("#")
        if not place or place.endswith("/"):
            entry["location"] = f"{place}index.html{mark}{anchor}"
    return f"var __index = {json.dumps(index, ensure_ascii=False)}"
