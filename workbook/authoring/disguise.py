"""Copies in disguise, as learners make them of each other's work: evidence for what similarity finds."""

import io
import keyword
import random
import re
import tokenize

from workbook.grader.similarity import Sources


def disguised(sources: Sources, given: Sources, seed: int) -> Sources:
    """Return a copy whose names, comments and order of functions are changed, and nothing else."""
    kept = {token for text in given.values() for token in re.findall(r"\w+", text)}
    new: dict[str, str] = {}
    draw = random.Random(seed)
    changed = {path: text for path, text in sources.items() if given.get(path) != text}
    return {**sources, **{path: _reordered(_renamed(text, kept, new), draw) for path, text in changed.items()}}


def _renamed(text: str, kept: set[str], new: dict[str, str]) -> str:
    tokens = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        words = token.string
        if token.type == tokenize.NAME and not keyword.iskeyword(words) and words not in kept:
            words = new.setdefault(words, f"other_{len(new)}")
        tokens.append((token.type, "# mine" if token.type == tokenize.COMMENT else words))
    return str(tokenize.untokenize(tokens))


def _reordered(text: str, draw: random.Random) -> str:
    """Return the text with what begins at the margin in another order, behind what comes first."""
    first, *blocks = re.split(r"\n(?=(?:@|def |class |async def ))", text)
    whole: list[str] = []
    for block in blocks:  # a decorator stays with what it decorates
        if whole and not re.search(r"^(def|class|async def) ", whole[-1], re.MULTILINE):
            whole[-1] += f"\n{block}"
        else:
            whole.append(block)
    draw.shuffle(whole)
    return "\n".join([first, *whole])
