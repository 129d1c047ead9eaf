"""Text from submissions and file names: what would act unseen is shown instead."""

import re

from workbook.grader import sanitize

# What a spreadsheet may take for a formula. A Japanese one takes the full-width forms too: \uff1d \uff0b \uff0d \uff20
FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# Where a cell may begin: at the start, and behind what another spreadsheet takes for the end of a cell.
RUNS = re.compile(rf"(^|[;,|\t][\s\"']*)(?=[{FORMULA}])")
LONGEST_LINE = 2000


def visible_text(text: str) -> str:
    """Return `text` with control characters, marks that turn its direction and the like written out; line ends stay."""
    return text if text.replace("\n", "").isprintable() else sanitize.visible(text)


def visible_line(text: str) -> str:
    """Return `text` written out on one line of at most `LONGEST_LINE` characters."""
    return sanitize.one_line(text, LONGEST_LINE)


def runs_in_a_spreadsheet(text: str) -> bool:
    """Return whether a spreadsheet would run the text, or a part of it, and it isn't a number."""
    try:
        float(text)
    except ValueError:
        return bool(RUNS.search(text))
    return False


def spreadsheet_cell(text: str) -> str:
    """Return the visible line with an apostrophe before all that a spreadsheet takes for a formula, as OWASP advises.

    That is at its start, and behind each character that separates cells somewhere: `;` in half of Europe, a tab, `|`.
    """
    return RUNS.sub(r"\1'", visible_line(text))
