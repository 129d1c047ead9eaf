"""Text that comes from learners, their submissions and their files' names: made harmless before it is kept or shown."""

import unicodedata

LONGEST_NAME = 200
MORE = 8  # times the letters that are shown: what's beyond isn't composed, which takes long for marks upon marks
JOINERS = "\u200c\u200d"  # Persian and several Indian scripts need them in names


def visible(text: str) -> str:
    """Return the text with everything written out that a terminal or browser would act on instead of showing it.

    Line ends stay, and a tab becomes four spaces. Right-to-left writing stays too, but not the marks that turn the
    direction of other text.
    """
    return "".join(map(_shown, text.replace("\r\n", "\n").replace("\t", "    ")))


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """Return the text as a name on one line: single spaces, composed, visible, at most `longest` characters."""
    whole = " ".join(text.split())
    line = visible(unicodedata.normalize("NFC", whole[: MORE * longest]))
    return line if len(line) <= longest and len(whole) <= MORE * longest else line[: longest - 1] + "…"


def bounded(text: str, most: int) -> str:
    """Return the text cut to `most` bytes of UTF-8, with a mark where it was cut."""
    data = text.encode()
    return text if len(data) <= most else data[: most - 3].decode("utf-8", "ignore") + "…"


def _shown(character: str) -> str:
    if character == "\n" or character in JOINERS:
        return character
    kind = unicodedata.category(character)
    if kind not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
