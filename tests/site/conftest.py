"""The site, built once for all processes of a test run, and a small one for tests of the build."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.site.host import serve_site

from ..shared import folder_of_all
from .building import build_ahead, build_once
from .pages import ROOT

SMALL = Path(__file__).parents[1] / "small_course"
# The site's own settings, but for what names pages and files that the small course doesn't have.
SETTINGS = """INHERIT: whole.yml
watch: [workbook.toml]
nav:
  - Home: index.md
  - Hello: stages/01-hello.md
  - Notes: stages/02-notes.md
  - The shelf: final.md
  - Count: exercises/count.md
"""


def small_site(root: Path) -> Path:
    """Make the small course at `root` with a site that has our settings; return `root`."""
    shutil.copytree(SMALL, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "workbook").symlink_to(ROOT / "workbook")  # the hook and the theme
    shutil.copy(ROOT / "mkdocs.yml", root / "whole.yml")
    (root / "mkdocs.yml").write_text(SETTINGS, encoding="utf-8")
    for page in ("stages/01-hello", "stages/02-notes", "final", "exercises/count"):
        file = root / "docs" / f"{page}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        name = file.stem
        text = f"---\nstep: {name}\n---\n\n# {{{{ title }}}}\n\n## More\n\n{{{{ concept }}}}\n\n{{{{ onward }}}}\n"
        file.write_text(text, encoding="utf-8")
    (root / "docs" / "index.md").write_text("# A small site\n\n{{ course }}\n", encoding="utf-8")
    return root


def reads_the_site(item: pytest.Item) -> bool:
    return "built" in getattr(item, "fixturenames", ())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that read the site last: it takes a minute to build."""
    items.sort(key=reads_the_site)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to build the site in the first of several processes, while they all run other tests."""
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0" and any(map(reads_the_site, session.items)):
        factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
        session.config.add_cleanup(build_ahead(folder_of_all(factory)).terminate)  # harmless if it has ended


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built site."""
    target, wrong = build_once(folder_of_all(tmp_path_factory))
    if wrong:
        pytest.fail(f"the site was not built:\n{wrong}", pytrace=False)
    return target


@pytest.fixture(scope="session")
def quick(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the site without its slowest parts: its search finds nothing, and it isn't compressed."""
    folder = tmp_path_factory.mktemp("quick") / "site"
    shutil.copytree(built, folder, copy_function=os.link)
    index = folder / "search/search_index.json"
    nothing = json.loads(index.read_text(encoding="utf-8")) | {"docs": []}
    index.unlink()
    index.write_text(json.dumps(nothing), encoding="utf-8")
    with serve_site(folder, compresses=False) as origin:
        yield origin


@pytest.fixture(scope="session")
def origin(built: Path) -> Iterator[str]:
    """Serve the site at `http://127.0.0.1:…`."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(serve_site(built))
