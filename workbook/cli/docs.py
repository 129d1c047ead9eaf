"""`workbook docs`: serve the site, or build it into a folder."""

import importlib.util
import os
import socket
from pathlib import Path

from workbook.errors import UserError

from .context import Context

NEEDED = ("mkdocs", "material", "nbconvert")
INSTALL = "uv run --group site workbook docs"
ELSEWHERE = "name a new folder, an empty one, or one that holds a site"


def open_docs(build: Path | None, port: int | None, offline: bool = False) -> None:
    """Serve the site on this machine, or build it into a folder."""
    here = Context()
    config = here.course.root / "mkdocs.yml"
    if not config.is_file():
        raise UserError(
            "This copy of the course doesn't have a site, because mkdocs.yml is missing.",
            "get the whole course",
            code=1,
        )
    if missing := [package for package in NEEDED if importlib.util.find_spec(package) is None]:
        raise UserError(f"The site needs packages that aren't installed: {', '.join(missing)}.", INSTALL, code=1)
    if offline and build is None:
        raise UserError("--offline needs a folder to build into.", "workbook docs --build DIR --offline")
    if build is not None:
        if offline:
            os.environ["WORKBOOK_SITE_OFFLINE"] = "1"  # read by workbook/site/hook.py
        _mkdocs("build", "--strict", "--config-file", str(config), "--site-dir", str(_a_site(build)))
    address = f"127.0.0.1:{_free(port)}"
    here.terminal.field("Site", [f"http://{address}/"])
    here.terminal.line("Built again at every save. Ctrl-C ends it.", "dim")
    _mkdocs("serve", "--config-file", str(config), "--dev-addr", address)


def _mkdocs(*words: str) -> None:
    """Run mkdocs in this process, so that whatever ends this one ends it too; exits with its status."""
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")  # Material's notice is for those who keep this site
    from mkdocs.__main__ import cli

    cli.main(list(words), prog_name="mkdocs")


def _a_site(folder: Path) -> Path:
    """Return the folder, if mkdocs may empty it. Raises `UserError` otherwise."""
    folder = folder.resolve()
    if folder.is_dir():
        if (folder / "sitemap.xml").is_file() or not any(folder.iterdir()):
            return folder
    elif not folder.exists():
        return folder
    raise UserError(f"{folder} has something other than a site in it, and a build would remove that.", ELSEWHERE)


def _free(port: int | None) -> int:
    """Return the port that was asked for, or a free one. Raises `UserError` if it's taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port or 0))
        except OSError as error:
            raise UserError(f"Port {port} can't be used: {error.strerror}.", "workbook docs", code=1) from error
        return int(probe.getsockname()[1])
