"""Tables as spreadsheets and learning platforms save them: rows of cells, in any encoding and with any delimiter."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from workbook.errors import UserError

LARGEST = 20 * 1024 * 1024
csv.field_size_limit(LARGEST)  # of a cell: what learners type into Moodle can be longer than Python's 128 KiB
USUAL, RARE = ",;\t|", ":^~"
LOOKED_AT = 30  # lines, to find out what divides cells
SEEN = 4096  # letters, to find out the encoding
LATIN = {"cp1252", "cp1250", "mac_roman", "cp850"}
VOWELS = "аеёиоуыэюяіїєαεηιουωάέήίόύώ"
# Letters of cp1250 as cp1252 shows them, beside others that no language has beside those.
CENTRAL = (
    r"ø[áéíýìèùšž]|[áéíýìèùšž][^\W\d_]{0,9}ø|ì(?=[^\W\d_]{2})|è(?:kov|ek|ka)|[^\W\d_]{2}(?:i|è)æ\b|ã[^\W\d_]{0,9}þ|þã"
)
Row = tuple[int, list[str]]


def read_rows(file: Path) -> list[Row]:
    """Return each row with the number of its first line, each cell as it is. Raises `UserError`."""
    return _rows(_text(file), file)


def _text(file: Path) -> str:
    try:
        if not file.is_file():
            wrong = "isn't a file" if file.exists() else "doesn't exist"
            raise UserError(f"The roster {file} {wrong}.", "name a CSV file")
        data = file.read_bytes() if file.stat().st_size <= LARGEST else b"\0"
    except OSError as error:
        raise UserError(f"{file} can't be read: {error.strerror}.", "give yourself access to it") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # what a spreadsheet calls “Unicode text”
        return data.decode("utf-16", "replace")
    if b"\0" in data[:2] != b"\0\0" and data.count(b"\0") * 3 > len(data):
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    if b"\0" in data or data.startswith(b"PK"):
        raise UserError(f"{file} isn't a CSV file.", "save the spreadsheet as CSV (UTF-8)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decoded(data)


def _decoded(data: bytes) -> str:
    """Return text in one of the code pages of Windows, a Mac or DOS: the first in which its words look like words."""
    for page, looks_right in PAGES:
        try:
            text = data.decode(page)
        except UnicodeDecodeError:
            continue
        odd = {character for character in text if not character.isascii()}
        if all(map(looks_right, odd)) and _are_words(text, page):
            other = _page_like_cp1252(text) if page == "cp1252" else ""
            return data.decode(other, "replace") if other else text
    return data.decode("cp1252", "replace")


def _are_words(text: str, page: str) -> bool:
    """Return whether words look like those of a language: in the wrong page, letters come in no order at all."""
    words = [str(word) for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    letters = "".join(words)
    if page in LATIN:  # most letters of a name are plain ones, and none in the middle is a capital
        has_jumps = any(map(_has_capital_inside, words)) or bool(re.search(r"[^\W\d_][‘“«]", text))
        return not has_jumps and sum(map(str.isascii, letters)) * 2 >= len(letters)
    if page in {"cp1251", "cp1253"}:
        has_jumps = any(one.islower() and two.isupper() for word in words for one, two in pairwise(word))
        has_names = any(word[0].isupper() for word in words)  # Hebrew's letters would all be small ones
        return has_names and not has_jumps and sum(letter in VOWELS for letter in letters.lower()) * 4 >= len(letters)
    return True


def _has_capital_inside(word: str) -> bool:
    """Return whether an accented capital is behind the first letter of a word that isn't all in capitals."""
    return not word.isupper() and any(letter.isupper() and not letter.isascii() for letter in word[1:])


def _page_like_cp1252(text: str) -> str:
    """Return the page that a text is in if it only looks like one in cp1252; "" if it is in that one.

    Czech ř, ě and č are ø, ì and è there, Hungarian ő is õ, Croatian ć is æ, Romanian ţ is þ, as is Turkish ş.
    """
    if re.search(CENTRAL, text, re.IGNORECASE):
        return "cp1250"
    # Portuguese has õ in front of e only, and Estonian, which has it anywhere, doesn't have acute accents.
    if re.search(r"[^\W\d_]õ(?![es])", text) and re.search("[áéíóú]", text, re.IGNORECASE):
        return "cp1250"
    is_turkish = re.search(r"[^\W\d_]þ|ý[^\W\d_]{1,20}ý", text)  # þ is inside a word, or ý twice in one
    return "cp1254" if is_turkish else ""


def _latin(character: str) -> bool:
    return character in "’‘“”–—…·\xa0«»ªº°" or (character.isalpha() and "LATIN" in unicodedata.name(character, ""))


def _script(*names: str) -> Callable[[str], bool]:
    """Return a function that says whether a character belongs to a script, or to the punctuation around it."""

    def belongs(character: str) -> bool:
        kind = unicodedata.category(character)
        return kind[0] in "PZ" or unicodedata.name(character, "").startswith(names)

    return belongs


PAGES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("cp1252", _latin),
    ("cp1250", _latin),
    ("mac_roman", _latin),
    ("cp850", _latin),
    ("cp1251", _script("CYRILLIC")),
    ("cp1253", _script("GREEK")),
    ("cp1255", _script("HEBREW LETTER")),
    ("cp1256", _script("ARABIC LETTER")),
    ("euc_kr", _script("HANGUL")),
    ("cp932", _script("CJK UNIFIED", "HIRAGANA LETTER", "KATAKANA", "IDEOGRAPHIC ITERATION", "FULLWIDTH")),
    ("gb18030", _script("CJK UNIFIED", "IDEOGRAPHIC ITERATION")),
    ("big5", _script("CJK UNIFIED", "IDEOGRAPHIC ITERATION")),
)


def _rows(text: str, file: Path) -> list[Row]:
    """Return the rows; a first line `sep=;` says what divides cells."""
    first, _, rest = text.partition("\n")
    skipped = 0
    if told := re.fullmatch(r"sep=(.)\r?", first, re.IGNORECASE):
        divider, text, skipped = told[1], rest, 1
    else:
        divider = _divider(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=divider, strict=True)
    rows, before = [], 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((skipped + before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        raise UserError(
            f"{file}, line {skipped + before + 1}: {error}.", "save the spreadsheet as CSV again"
        ) from error
    return rows


def _divider(text: str) -> str:
    """Return what divides the most lines as it divides the first one."""
    lines = [line for line in text.splitlines() if line.strip()][:LOOKED_AT]
    heading = lines[0] if lines else ""
    usual = [divider for divider in USUAL if divider in heading]
    found = usual or [divider for divider in RARE if divider in heading]
    return max(found, key=lambda divider: _evenness(lines, divider), default=",")


def _evenness(lines: Sequence[str], divider: str) -> tuple[int, int]:
    """Return how many lines have as many cells as the first one, and how many that are."""
    try:
        counts = [len(cells) for cells in csv.reader(lines, delimiter=divider)]
    except csv.Error:
        return 0, 0
    return sum(count == counts[0] > 1 for count in counts), counts[0]
