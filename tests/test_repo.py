"""What has to be true of the repository as a whole."""

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
LINES_PER_MODULE = 300
LINES_OF_TESTS = 530
LISTS = re.compile(r"test|attacks/code/")  # files that list cases
COMMANDS = ("pip install uv && uv run workbook", "uv run --all-groups pytest")


def tracked(*patterns: str) -> list[Path]:
    """Return the files that git tracks or would track, or every file below the root if it isn't a repository."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        ours = ("workbook", "stages", "tests", "benchmarks", "docs", "final", "exercises")
        found = [path for folder in ours for path in (ROOT / folder).rglob("*") if path.is_file()]
        found = [path for path in found if "__pycache__" not in path.parts]
        names = {path: path.relative_to(ROOT).as_posix() for path in found}
        return [path for path in found if not patterns or any(fnmatch(names[path], one) for one in patterns)]
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


def test_readme_opens_with_the_two_commands() -> None:
    """The README shows both set-up commands on its first screen."""
    first_screen = "\n".join(README.read_text(encoding="utf-8").splitlines()[:40])

    assert [command for command in COMMANDS if command not in first_screen] == []


def test_ci_runs_the_readme_command() -> None:
    """CI runs the README's test command and doesn't let any test be skipped."""
    assert "uv run --all-groups pytest --no-skips" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_no_file_names_a_download_host() -> None:
    """No file names a package registry's host, so the same sources can be installed from any mirror."""
    hosts = re.compile(
        "|".join(("python" + "hosted", r"npm" + r"js\.(org|com)", r"pypi\." + "org", r"deb\." + "debian"))
    )
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {line}" for line in text.splitlines() if hosts.search(line)]
    assert found == []


def test_no_module_holds_two_ideas() -> None:
    """No module is longer than a reader can keep in mind; a file of tests may be a list."""
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in tracked("*.py")}
    assert lengths
    most = {path: LINES_OF_TESTS if LISTS.search(path.as_posix()) else LINES_PER_MODULE for path in lengths}
    long = {str(path): n for path, n in lengths.items() if n > most[path]}
    assert long == {}


def test_taught_apps_import_nothing_from_the_tool() -> None:
    """A stage's app doesn't import anything from the workbook, so it runs without it."""
    files = tracked("stages/*.py", "final/*.py")
    apps = [p for p in files if "test_" not in p.name and p.name != "conftest.py" and "tests" not in p.parts]
    assert apps
    assert [path for path in apps if re.search(r"^\s*(from|import) workbook", path.read_text(), re.MULTILINE)] == []


def test_default_install_is_what_a_learner_needs() -> None:
    """The default install has pytest but no heavy packages: those are in groups that you ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    default = {re.split(r"[\[>=;]", entry)[0] for entry in project["project"]["dependencies"]}

    assert "pytest" in default
    assert default & {"jupyter", "mkdocs-material", "mypy", "ruff"} == set()
    assert project["tool"]["uv"]["default-groups"] == []


@pytest.mark.parametrize("name", ["uv.lock", "work"])
def test_what_must_not_be_committed_is_ignored(name: str) -> None:
    """git ignores uv.lock, which records addresses, and work/, which belongs to the learner."""
    assert re.search(rf"^/?{re.escape(name)}/?$", (ROOT / ".gitignore").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_reason_that_final_names_is_there() -> None:
    """A comment of final/ that leads to a page names a heading that the page has."""
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "final" / "app").rglob("*.py"))
    named = set(re.findall(r"(docs/[\w-]+\.md)#([\w-]+)", code))
    assert len(named) > 5
    headings = {
        (page, heading.lower().replace(" ", "-"))
        for page in {page for page, _ in named}
        for heading in re.findall(r"^## (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named - headings == set()
