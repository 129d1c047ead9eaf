"""The reference is complete: all commands and options, all files' keys, all settings, all contracts' points."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Any, get_args

import pytest
import typer

from workbook.cli.app import app
from workbook.course.changes import Edit
from workbook.course.exercise import Exercise, Mutant
from workbook.course.model import RunSettings, Step
from workbook.course.points import Grading
from workbook.course.questions import Question
from workbook.grader import results
from workbook.grader.headings import COLUMNS

from .pages import COURSE, DOCS, ROOT


def commands_in(group: Any, before: str = "") -> dict[str, Any]:
    """Return the commands that a group lists, those of the groups in it by both words."""
    found: dict[str, Any] = {}
    for name, one in group.commands.items():
        if not one.hidden:
            found |= commands_in(one, f"{before}{name} ") if hasattr(one, "commands") else {f"{before}{name}": one}
    return found


COMMANDS = commands_in(typer.main.get_command(app))
EXERCISES = list(COURSE.exercises())
OURS = [path for path in sorted((ROOT / "workbook").rglob("*.py")) if "attacks" not in path.parts]
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in OURS)
KEYS_OF_EXPERIMENTS = set(re.findall(r'"(\w+)"', re.findall(r"unknown = set\(entry\) - \{(.+)\}", SOURCES)[0]))
# The terminal's, the system's, uv's, mypy's, the finished project's.
OF_OTHERS = {"TERM", "PATH", "UV", "MYPY_CACHE_DIR", "DATABASE_URL"}
HANDED_ON = (
    "WORKBOOK_WARM_",
    "WORKBOOK_APPS_AHEAD",
    "WORKBOOK_SANDBOX",
    "WORKBOOK_SITE_",
    "PYTEST_",
)  # between processes of ours
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


def page(name: str) -> str:
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return what's below a heading of the second level."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the tables in a text, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rules = {n for n, line in enumerate(lines) if set(line) <= set("|- ")}
    kept = [line for n, line in enumerate(lines) if n not in rules and n + 1 not in rules]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in kept]


def quoted(text: str) -> set[str]:
    """Return what's between backticks, within a line."""
    return set(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text))


def table_of(command: Any) -> list[list[str]]:
    """Return what a command takes, as the reference lists it."""
    found = []
    for one in command.params:
        if getattr(one, "hidden", False):
            continue
        is_option = one.opts[0].startswith("-")
        choices = choices_of(one)
        word = one.metavar or ("" if not is_option or one.is_flag else "NAME" if choices else "N")
        name = f"{one.opts[0]} {word}".strip() if is_option else word
        known = f" There are {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
        default = f" Without it: `{one.default}`." if one.default not in (None, "", False) else ""
        found.append([f"`{name}`", f"{one.help}{known}{default}"])
    return found


def choices_of(option: Any) -> Sequence[str]:
    inside = get_args(option.type_descriptor.annotation)
    kinds = [kind for kind in inside if isinstance(kind, type) and issubclass(kind, StrEnum)]
    return list(kinds[0]) if kinds else [one for one in inside if isinstance(one, str)]


def test_every_command_is_listed() -> None:
    """The reference has every command with its own summary, and every argument and option with its help."""
    text = page("commands.md")
    assert re.findall(r"^## `workbook ([^`]+)`", text, re.MULTILINE) == sorted(COMMANDS)

    for name, command in COMMANDS.items():
        said = section(text, f"`workbook {name}`")
        assert said.strip().startswith(command.help), name
        assert rows(said) == table_of(command), name


def test_every_option_of_pytest_is_listed() -> None:
    """The reference has every option that the workbook adds to pytest, in pytest's own words."""
    asked = [sys.executable, "-m", "pytest", "--help", "-p", "no:cacheprovider"]
    helped = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ours = helped.partition("\nworkbook:\n")[2].partition("\n\n")[0]
    listed = rows(section(page("commands.md"), "With pytest only"))

    assert [name.strip("`").split()[0] for name, _ in listed] == re.findall(r"^  (--[a-z-]+)", ours, re.MULTILINE)
    assert [text for _, text in listed if text not in " ".join(ours.split())] == []


def test_every_key_of_the_files_is_listed() -> None:
    """The reference has exactly the keys that each TOML file may have."""
    text = page("files.md")
    edit = {field.name for field in fields(Edit)}
    known = {
        "`workbook.toml`": {*Step.model_fields, *RunSettings.model_fields},
        "`experiments.toml`": KEYS_OF_EXPERIMENTS | edit,
        "`grading.toml`": set(Grading.model_fields),
        "`tour.toml`": set(Question.model_fields),
        "`hidden/mutants.toml`": set(Mutant.model_fields),
    }
    listed = {
        heading: {word.strip("[]") for cells in rows(section(text, heading)) for word in quoted(cells[0])}
        for heading in known
    }
    assert listed == known


def test_every_column_of_a_roster_is_listed() -> None:
    """The reference has every column of a roster with all its names."""
    listed = {one: cells[1] for cells in rows(section(page("files.md"), "The roster")) for one in quoted(cells[0])}

    assert set(listed) == set(COLUMNS)
    assert [name for column, names in COLUMNS.items() for name in names if f"`{name}`" not in listed[column]] == []


def test_every_entry_of_the_journal_is_listed() -> None:
    """The reference has every kind of entry of a grading, with every field of a result and an override."""
    text = section(page("files.md"), "The journals")
    for kind in (results.GRADED, results.OVERRIDE, results.CLASS, results.FAILED):
        assert f"| `{kind}` |" in text
    known = {field.name for cls in (results.Result, results.Override, results.ResultKey) for field in fields(cls)}

    assert (known | set(get_args(results.Outcome))) - quoted(text) == set()


def test_every_setting_is_listed() -> None:
    """The reference has every setting of the project with its default, and every variable of the workbook."""
    text = page("settings.md")
    listed = {cells[0].strip("`"): cells[1] for cells in rows(section(text, "Of the finished project"))}
    asked = "import json; from app.config import Settings as S; "
    asked += "print(json.dumps({n: str(f.get_default()) for n, f in S.model_fields.items()}))"
    command = [sys.executable, "-c", asked]
    told = subprocess.run(
        command, cwd=ROOT / "final", env={"PATH": os.environ["PATH"]}, capture_output=True, check=True
    )
    defaults = json.loads(told.stdout)

    assert set(listed) == {name.upper() for name in defaults}
    for name, default in defaults.items():
        if name not in {"secret_key", "allowed_origins"}:
            assert listed[name.upper()] == (f"`{default}`" if default else "none"), name

    read = set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', SOURCES)) - OF_OTHERS
    read = {name for name in read if not name.startswith(HANDED_ON)}
    assert {cells[0].strip("`") for cells in rows(section(text, "Of the workbook"))} == read


@every_exercise
def test_a_contract_is_the_exercises_own(exercise: Exercise) -> None:
    """The contracts' page shows each exercise's contract from its README, so it's told once."""
    said = section(page("contracts.md"), COURSE.step(exercise.name).title)

    assert said.strip() == f"{{{{ readme exercises/{exercise.name}/README.md What to build }}}}"
