"""Draw the README's picture: an edit that's saved, and the failure card that follows.

    python -m workbook.site.save_and_card --write

The card is the one on the page “How to use this workbook”, which a test compares with a real terminal.
"""

import argparse
import html
import re
import sys
from pathlib import Path

from workbook.course.model import Course

PICTURE = "docs/save-and-card.svg"
EDITED = "work/01-cors/main.py"
BEFORE, AFTER = 'expose_headers=["Location", "X-Process-Time"]', 'expose_headers=["Location"]'
_CARD = re.compile(r"^``` \{ \.text \.screen title=\"After a save: the first card\" \}\n(.*?)^```$", re.M | re.S)
_LABEL = re.compile(r" *(Expected|Got|Checked|Asked|More|Reply|Repeat it|Next|Edit|Or)(?=  )")
_LINE, _WIDTH, _CHARACTER, _MARGIN = 19, 740, 8.4, 20  # pixels; a monospace character of 14 px is 8.4 wide
_COLUMNS = int((_WIDTH - 2 * _MARGIN) / _CHARACTER)
# One file for both schemes: the picture follows what the reader's system asks for.
_STYLE = """
:root{--paper:#f6f8fa;--edge:#d0d7de;--ink:#1f2328;--dim:#59636e;--no:#a61b1b;--yes:#11632f}
@media(prefers-color-scheme:dark){
:root{--paper:#151b23;--edge:#3d444d;--ink:#f0f6fc;--dim:#9198a1;--no:#ffa198;--yes:#7ee2a0}}
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--ink);white-space:pre}
rect{fill:var(--paper);stroke:var(--edge)}
.dim{fill:var(--dim)}.no{fill:var(--no)}.yes{fill:var(--yes)}.strong{font-weight:700}
"""


def card_of(page: str) -> list[str]:
    """Return the lines of the page's card, from the broken promise to the last line above the rule."""
    found = _CARD.search(page)
    if not found:
        raise ValueError("the page shows no card")
    lines = found[1].rstrip().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(" ✗"))
    rule = next(n for n, line in enumerate(lines) if n > first and line.startswith("──"))
    return "\n".join(lines[first:rule]).rstrip().splitlines()


def draw(page: str) -> str:
    """Return the picture as SVG: the edit above, the card of the page below it."""
    edit = [f"- {BEFORE},", f"+ {AFTER},"]
    card = card_of(page)
    longest = max(map(len, card))
    if longest > _COLUMNS:
        raise ValueError(f"the card has a line of {longest} characters; the picture has room for {_COLUMNS}")
    top, drawn = 10.0, []
    for title, lines in ((f"you save {EDITED}", edit), ("and the terminal answers", card)):
        height = _LINE * len(lines) + 22
        drawn.append(_text(_MARGIN - 8, top + 14, [("dim", title)]))
        top += 24
        drawn.append(f'<rect x="8" y="{top:g}" width="{_WIDTH - 16}" height="{height}" rx="8"/>')
        drawn += [_text(_MARGIN, top + 24 + _LINE * n, _parts(line)) for n, line in enumerate(lines)]
        top += height + 16
    told = f"{edit[0]} becomes {edit[1]} in {EDITED}. The terminal answers: {' '.join(' '.join(card).split())}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top:g}" role="img" aria-labelledby="t d">'
        f'<title id="t">An edit, and the failure card that answers it</title><desc id="d">{html.escape(told)}</desc>'
        f'<style>{_STYLE}</style>\n<rect width="100%" height="100%" style="stroke:none"/>\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _parts(line: str) -> list[tuple[str, str]]:
    """Return a line as pieces, each with how it's drawn."""
    if line.startswith((" ✗", "- ")):
        return [("no", line)]
    if line.startswith((" ✓", "+ ")):
        return [("yes", line)]
    if label := _LABEL.match(line):
        return [("strong", label[0]), ("", line[label.end() :])]
    return [("dim" if line.startswith(" " * 12) else "", line)]


def _text(x: float, y: float, parts: list[tuple[str, str]]) -> str:
    spans = "".join(f'<tspan class="{kind}">{html.escape(part)}</tspan>' for kind, part in parts)
    return f'<text x="{x:g}" y="{y:g}" xml:space="preserve">{spans}</text>'


def main() -> None:
    """Compare the picture with the page, or write it."""
    parser = argparse.ArgumentParser(description="Draw the README's picture from the how-to page's card.")
    parser.add_argument("--write", action="store_true", help="write it instead of comparing")
    asked = parser.parse_args()
    root = Course.find(Path.cwd()).root
    drawn = draw((root / "docs/how-to-use.md").read_text(encoding="utf-8"))
    if asked.write:
        (root / PICTURE).write_text(drawn, encoding="utf-8", newline="\n")
    elif (root / PICTURE).read_text(encoding="utf-8") != drawn:
        sys.exit(f"{PICTURE} shows another card than the page: python -m workbook.site.save_and_card --write")


if __name__ == "__main__":
    main()
