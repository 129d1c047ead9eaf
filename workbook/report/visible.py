"""Text from submissions and file names: what would act unseen is shown instead."""

from workbook.grader import sanitize

# What a spreadsheet may take for a formula. A Japanese one takes the full-width forms too: \uff1d \uff0b \uff0d \uff20
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
LONGEST_LINE = 2000


def visible_text(text: str) -> str:
    """`text` with control characters, marks that turn its direction and the like written out; ends of lines stay."""
    return text if text.replace("\n", "").isprintable() else sanitize.visible(text)


def visible_line(text: str) -> str:
    """The same on one line."""
    return sanitize.one_line(text, LONGEST_LINE)


def spreadsheet_cell(text: str) -> str:
    """The same for a spreadsheet, which must not take it for a formula: an apostrophe before it, as OWASP advises."""
    shown = visible_line(text)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
