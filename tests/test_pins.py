"""Everyone gets the same versions: the pins are complete, and every file that names a version agrees with them."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workbook.authoring import repin
from workbook.course.pins import drifted, installed_closure, pinned_lines, read_pins, read_pyproject, read_requirements
from workbook.course.pins import requirements as asked_for
from workbook.errors import UserError
from workbook.playground.table import read_table

from .test_repo import ROOT

GROUPS = tuple(read_pyproject(ROOT)["dependency-groups"])
PINS = read_pins(ROOT)
HINT = f"pin again: {repin.COMMAND}"


def test_what_is_installed_is_what_is_pinned() -> None:
    """Every installed package that the course depends on has the pinned version."""
    assert drifted(ROOT) == [], "uv sync --all-groups"


def test_every_dependency_has_a_pin_that_fits() -> None:
    """Each dependency in pyproject.toml, in every group, is pinned to a version it allows."""
    wanted = [one for one in asked_for(ROOT, *GROUPS) if one.marker is None or one.marker.evaluate()]

    assert len(wanted) > 40
    pinned = {str(one): PINS.get(canonicalize_name(one.name)) for one in wanted}
    unfit = [str(one) for one in wanted if (pin := pinned[str(one)]) is None or pin not in one.specifier]
    assert unfit == [], HINT


def test_a_pin_is_one_version() -> None:
    """Each pin is `name==version`, with a marker if platforms or Pythons differ."""
    names = [canonicalize_name(Requirement(line).name) for line in pinned_lines(ROOT)]

    assert [line for line in pinned_lines(ROOT) if not re.match(r"[a-z0-9-]+==[^\s,*]+( ; .+)?$", line)] == []
    assert [name for name in set(names) if names.count(name) > 1 and name not in PINS] == []
    assert names == sorted(names)


def test_requirements_are_the_pins_with_hashes() -> None:
    """requirements.txt has what a learner needs, in the pinned versions, and each package with hashes."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = read_requirements(ROOT / "requirements.txt")
    needed = installed_closure(asked_for(ROOT))

    assert {name: version for name, version in pinned.items() if PINS.get(name) != version} == {}, HINT
    assert sorted(set(needed) - set(pinned)) == [], HINT
    assert [block.split()[0] for block in re.split(r"\n(?=\S)", text.strip()) if "--hash=sha256:" not in block] == []


def test_the_project_pins_what_the_course_is_tested_with() -> None:
    """final/requirements.txt names the pinned versions."""
    pinned = read_requirements(ROOT / "final" / "requirements.txt")

    assert "fastapi" in pinned
    assert {name: version for name, version in pinned.items() if PINS.get(name) != version} == {}, HINT


def test_the_playground_runs_the_pinned_versions() -> None:
    """The playground's table names the pinned versions, so a page runs what the course runs."""
    wheels = {wheel.name: wheel.version for wheel in read_table().wheel}

    assert "fastapi" in wheels
    assert {name: version for name, version in wheels.items() if str(PINS[canonicalize_name(name)]) != version} == {}, (
        HINT
    )


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a course whose resolution is known, so that the test doesn't have to ask a registry."""
    answers = {
        "lock": "",
        "export --no-hashes": "fastapi==0.165.1\npillow==13.0.0\nwin==1.0 ; sys_platform == 'win32'\n",
        "export": "fastapi==0.165.1 \\\n    --hash=sha256:00\n",
        "pip": "hatchling==1.33.0\n",
    }

    def uv(_: Path, *words: str) -> str:
        return answers["export --no-hashes" if "--no-hashes" in words else words[0]]

    monkeypatch.setattr(repin, "_uv", uv)
    for name in ("final", "workbook/playground"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("README.md", "LICENSE", "requirements.txt"):
        (tmp_path / name).touch()
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nreadme = "README.md"\n[build-system]\nrequires = ["hatchling"]\n[tool.uv]\n'
        "build-constraint-dependencies = [\n]\n"
        'constraint-dependencies = [\n  "fastapi==0.165.0",\n  "pillow==13.0.0",\n]\n',
        encoding="utf-8",
    )
    (tmp_path / "final/requirements.txt").write_text("fastapi[all]==0.165.0   # the app\n", encoding="utf-8")
    table = '[[wheel]]\nname = "fastapi"\nversion = "0.165.0"\n'
    (tmp_path / "workbook/playground/table.toml").write_text(table, encoding="utf-8")
    return tmp_path


def test_repin_writes_every_file(course: Path) -> None:
    """One resolution is written to every file that names versions, and what changed is returned."""
    changed = repin.repin(course, ["FastAPI"], "2026-11-20")

    assert changed == ["fastapi==0.165.0", "fastapi==0.165.1", "win==1.0 ; sys_platform == 'win32'"]
    uv = tomllib.loads((course / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]
    assert uv["constraint-dependencies"][0] == "fastapi==0.165.1"
    assert uv["build-constraint-dependencies"] == ["hatchling==1.33.0"]
    assert "sha256:00" in (course / "requirements.txt").read_text(encoding="utf-8")
    assert (course / "final/requirements.txt").read_text(encoding="utf-8") == "fastapi[all]==0.165.1   # the app\n"
    assert 'version = "0.165.1"' in (course / "workbook/playground/table.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "upgrade, kept",
    [
        (None, ["fastapi==0.165.0", "pillow==13.0.0"]),
        (["FastAPI"], ["pillow==13.0.0"]),
        ([], []),
    ],
)
def test_repin_moves_only_what_may(
    course: Path, monkeypatch: pytest.MonkeyPatch, upgrade: list[str] | None, kept: list[str]
) -> None:
    """Only the named packages may move to another version."""
    seen: list[list[str]] = []
    answer = repin._uv

    def uv(folder: Path, *words: str) -> str:
        seen.append(pinned_lines(folder))
        return answer(folder, *words)

    monkeypatch.setattr(repin, "_uv", uv)
    repin.repin(course, upgrade, "2026-11-20")

    assert seen[0] == kept


def test_repin_leaves_everything_where_uv_fails(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If uv finds no resolution, no file changes, and uv's message is shown."""
    before = (course / "pyproject.toml").read_text(encoding="utf-8")

    def uv(folder: Path, *words: str) -> str:
        raise UserError("uv lock failed:\nNo solution found", "change pyproject.toml")

    monkeypatch.setattr(repin, "_uv", uv)
    with pytest.raises(UserError, match="No solution found"):
        repin.repin(course, None, "2026-11-20")

    assert (course / "pyproject.toml").read_text(encoding="utf-8") == before
