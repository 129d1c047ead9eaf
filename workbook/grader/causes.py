"""Why a mark of next to nothing may be wrong: the reason that a person should see before the mark counts."""

import re
import sys
from pathlib import Path

from workbook.testrun import Check

from .evidence import harmless
from .newer_python import LARGEST, Need, error_needs, syntax_needs
from .results import Cause
from .sanitize import one_line

NOT_SERVED = "Not served"  # the label of a card whose app didn't start
MISSING = re.compile(r"The app imports '([\w.]{1,80})', which is(?: not|n't) installed")
PLACE = re.compile(r'File "([^"\n]{1,300})", line (\d{1,7})')
LONGEST = 300
LOOKED_AT = 20_000  # letters: what's said of an app that didn't start


def why_not_started(found: Check, project: Path) -> tuple[Cause, str]:
    """Return the cause and a sentence, if no promise was kept because the app didn't start; otherwise twice ""."""
    texts = [text for promise in found.promises for card in promise.cards if (text := _not_served(card))]
    if not texts or found.kept:
        return "", ""
    text = texts[0]
    if need := _newer_python(text, project):
        here = ".".join(map(str, sys.version_info[:2]))
        return "needs Python", f"it needs Python {need.python} ({need.what}), and this grader has Python {here}"
    if missing := MISSING.search(text):
        return "needs a package", f"It needs the package {missing[1].partition('.')[0]}."
    return "not started", _shortened(harmless(text, project))


def _not_served(card: dict[str, object]) -> str:
    sections = card.get("sections")
    for label, lines in sections if isinstance(sections, list) else []:
        if label == NOT_SERVED:
            return "\n".join(map(str, lines))[:LOOKED_AT]
    return ""


def _newer_python(text: str, project: Path) -> Need | None:
    joined = " ".join(text.split())
    if "syntax error" not in joined and "SyntaxError" not in joined:
        return error_needs(joined)
    for name, number in PLACE.findall(text)[-1:]:
        file = project / name
        try:
            if not file.resolve().is_relative_to(project.resolve()) or file.stat().st_size > LARGEST:
                return None
            need = syntax_needs(file.read_bytes())
        except (OSError, ValueError):
            return None
        return need and Need(need.python, f"{need.what} in {one_line(name)}, line {number}")
    return None


def _shortened(text: str) -> str:
    """Return what's said of the app, and the error at its end, on one line."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return one_line(text, LONGEST)
    return one_line(f"{lines[0].rstrip(':')}: {lines[-1]}", LONGEST)
