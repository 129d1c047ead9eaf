"""Commands of several lines in a page's HTML: what follows the shell's second prompt was typed too.

Pygments takes such a line for output unless the one before it ends in a backslash.
"""

import html
import re

from .console import continues

_BLOCK = re.compile(r'(<div class="[^"]*\blanguage-console\b.*?<code[^>]*>)(.*?)(</code>)', re.DOTALL)
_OUTPUT = re.compile(r'<span class="go">(.*?)</span>')
_PROMPT = '<span class="gp">'


def whole_commands(page: str) -> str:
    """Return the page with each line of a command, in console blocks, marked as a prompt and what is typed."""
    return _BLOCK.sub(lambda block: block[1] + _typed(block[2]) + block[3], page)


def _typed(code: str) -> str:
    lines, typing = [], False
    for line in code.split("\n"):
        output = _OUTPUT.fullmatch(line)
        if output is None:
            typing = _PROMPT in line or (typing and bool(line))  # an empty line that was typed doesn't have a mark
            lines.append(line)
        elif typing and continues(said := html.unescape(output[1])):
            lines.append(f"{_PROMPT}{html.escape(said[:2])}</span>{html.escape(said[2:], quote=False)}")
        else:
            typing = False
            lines.append(line)
    return "\n".join(lines)
