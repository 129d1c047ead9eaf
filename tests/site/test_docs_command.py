"""`workbook docs`: the site on this machine."""

import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from workbook.cli import docs as command
from workbook.errors import UserError

from ..golden import Screens, unwrapped
from ..runners import COMMAND, PATIENCE, Running, Workbook, free_port, wait_until
from .conftest import small_site
from .pages import ROOT

pytestmark = pytest.mark.exhaustive(sample=3, of="file")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small course with a site; `built` has the whole one."""
    return small_site(tmp_path_factory.mktemp("small") / "course")


def refused(*words: str) -> subprocess.CompletedProcess[str]:
    """Return the error of `workbook docs` in this course with arguments that it refuses."""
    return subprocess.run(
        [*COMMAND, "docs", *words], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_the_site_is_served(small: Path, tmp_path: Path) -> None:
    """The site is served at the printed address, until the command ends."""
    port = free_port()
    running = Running([*COMMAND, "docs", "--port", str(port)], small, Workbook(tmp_path).env)
    try:
        running.wait_for(f"http://127.0.0.1:{port}/")

        def home() -> str:
            try:
                return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).text
            except httpx.TransportError:
                return ""

        text = wait_until(lambda: home(), lambda: running.text)
        assert "A small site" in text
        assert running.end().status == 0
        assert home() == ""
    finally:
        running.close()


def test_a_folder_of_something_else_is_not_emptied(tmp_path: Path, screens: Screens) -> None:
    """A build refuses a folder that contains something other than a site, and doesn't change it."""
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")

    ended = refused("--build", str(tmp_path))

    assert ended.returncode == 2
    screens("docs-folder-of-something-else", unwrapped(ended.stderr), folder=str(tmp_path))
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_a_copy_without_a_server_is_built(small: Path, tmp_path: Path) -> None:
    """With --offline, you can open the built folder from the file system, and build it again."""
    for _ in range(2):
        ended = subprocess.run(
            [*COMMAND, "docs", "--build", str(tmp_path / "copy"), "--offline"],
            cwd=small,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert ended.returncode == 0, ended.stderr
    home = (tmp_path / "copy" / "index.html").read_text(encoding="utf-8")
    assert 'href="stages/01-hello/index.html"' in home
    assert (tmp_path / "copy" / "search" / "search_index.js").is_file()
    assert not (tmp_path / "copy" / "download" / "offline.zip").exists()


def test_a_copy_without_a_server_needs_a_folder(screens: Screens) -> None:
    """--offline without --build is refused, and the error has the right command."""
    ended = refused("--offline")

    assert ended.returncode == 2
    screens("docs-offline-without-a-folder", ended.stderr)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If mkdocs isn't installed, the command says so and how to install it."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(command, "NEEDED", ("mkdocs", "nowhere_to_be_found"))

    with pytest.raises(UserError) as refused:
        command.open_docs(None, None)

    assert refused.value.message == "The site needs packages that aren't installed: nowhere_to_be_found."
    assert refused.value.then == "uv run --group site workbook docs"


def test_a_course_without_a_site_is_told(shared: Workbook, screens: Screens) -> None:
    """In a course without a site, the command says that there isn't one."""
    screens("docs-no-site", unwrapped(shared.refusals("docs", status=1)))


def test_a_taken_port_is_told(screens: Screens) -> None:
    """If the port is in use, the command says so before it builds anything."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = refused("--port", port)

    assert ended.returncode == 1
    screens("docs-port-taken", ended.stderr, port=port)
