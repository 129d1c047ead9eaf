"""The site, built once for all processes of a test run, and a small one for tests of the build."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.playground import vendor
from workbook.playground.vendor import CannotFetch
from workbook.site.host import serve_site

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


def build(root: Path, target: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of the course at `root`, strictly and with every link checked; -q would hide a failure."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(root / "mkdocs.yml"), "-d", str(target)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "CHECK_LINKS": "true"}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built site."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    target, said = shared / "site", shared / "site.txt"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            with contextlib.suppress(CannotFetch):  # then the site is built without a playground, and its tests skip
                vendor.build()
            ended = build(ROOT, target, cwd=shared)  # from elsewhere: the course is found by mkdocs.yml alone
            said.write_text(f"{ended.returncode}\n{ended.stdout}{ended.stderr}", encoding="utf-8")
    status, _, text = said.read_text(encoding="utf-8").partition("\n")
    if status != "0":
        pytest.fail(f"the site was not built:\n{text}", pytrace=False)
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
