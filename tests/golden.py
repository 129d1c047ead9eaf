"""Whole screens that the command prints, kept in tests/screens/ and compared word for word.

`screens("check-as-shipped", ended.out)` compares with tests/screens/check-as-shipped.txt. What differs from run to run
is a placeholder: {seconds}, {course}, {work}, {port}, {time}, and what a test names itself. `pytest --update-screens`
writes the files again: read the difference before you commit it.
"""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("screens")
OPTION = "--update-screens"
VARIES = {
    "seconds": r"\b\d+(\.\d+)? s\b",
    "port": r"(?<=127\.0\.0\.1:)(?!8000\b|3000\b)\d{4,5}\b",
    "time": r"\b\d{4}-\d\d-\d\d[- ]\d\d:?\d\d:?\d\d\+?",
}


class Screens:
    """What the command has printed, against what was kept of it."""

    def __init__(self, *, update: bool, root: Path | None = None) -> None:
        self._update = update
        self._known = {"course": str(root), "work": str(root / "work")} if root else {}

    def __call__(self, name: str, text: str, /, **varying: str) -> None:
        """Compare `text` with the screen `name`; `varying` has this run's values for placeholders."""
        shown = self._with_placeholders(text, {**self._known, **varying})
        file = FOLDER / f"{name}.txt"
        if self._update:
            FOLDER.mkdir(exist_ok=True)
            file.write_text(shown, encoding="utf-8", newline="\n")
            return
        kept = file.read_text(encoding="utf-8") if file.exists() else ""
        if shown != kept:
            lines = difflib.unified_diff(kept.splitlines(), shown.splitlines(), f"kept: {name}", "printed", lineterm="")
            told = "\n".join(lines) or "they differ in the end of the last line"
            pytest.fail(f"{told}\n\nIs that what it should say? pytest {OPTION} keeps it.", pytrace=False)

    def _with_placeholders(self, text: str, values: Mapping[str, str]) -> str:
        lines = [line.rstrip() for line in text.splitlines()]
        shown = "\n".join(lines).strip("\n") + "\n"
        for called, value in sorted(values.items(), key=lambda one: -len(one[1])):
            shown = shown.replace(value, f"{{{called}}}")
        for called, pattern in VARIES.items():
            shown = re.sub(pattern, f"{{{called}}}", shown)
        return shown


def transcript(runs: Iterable[tuple[str, str]]) -> str:
    """Return one screen of several: what each one printed, below a line that names its command or case."""
    return "\n".join(f"{head}\n{printed}" for head, printed in runs)


def unwrapped(text: str) -> str:
    """Return an error without its line breaks, which depend on a path's length; “Next” keeps its line."""
    return re.sub(r"(?<=\S)\n(?=\S)(?!workbook:|Next: |\$ )", " ", text)


def all_screens() -> set[str]:
    """Return the names of the screens that are kept."""
    return {file.stem for file in FOLDER.glob("*.txt")}


def unused_screens(tests: Path) -> set[str]:
    """Return the names of kept screens that no test below `tests` mentions."""
    texts = [file.read_text(encoding="utf-8") for file in tests.rglob("*.py")]
    return {name for name in all_screens() if not any(f'"{name}"' in text for text in texts)}


def is_updating(config: pytest.Config) -> bool:
    """Return whether this run writes the screens instead of comparing them."""
    return bool(config.getoption(OPTION, default=False)) and "CI" not in os.environ
