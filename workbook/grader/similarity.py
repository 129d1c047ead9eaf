"""How much of their code two submissions share. It says where to look; a person decides what it means.

What every submission starts from (the project, the starters, published solutions) is left out. Names that a learner
chose count as equal, and so does the order of functions, because those are what a copy changes first. The rest is
winnowing's idea (Schleimer, Wilkerson and Aiken, 2003) without its sampling: submissions are small enough to compare
every run of tokens.
"""

import io
import keyword
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

RUN = 9  # tokens that have to be equal in a row: about a line of code
FEWEST = 40  # runs that a submission has to add itself before it's compared: fewer would say nothing
COMMON = 0.2  # a run that more than this part of the class has is how the exercise is solved, not a copy
A_FEW = 3  # … and so many may always have it
_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
Sources = Mapping[str, str]  # the text of each Python file, by its path


@dataclass(frozen=True)
class Pair:
    """Two submissions and what they share: `share` of the smaller one's own code, from 0 to 1."""

    first: str
    second: str
    share: float
    lines: Mapping[str, frozenset[tuple[str, int]]] = field(compare=False)
    """The lines that are shared, by submission: pairs of path and line."""


@dataclass(frozen=True)
class _Run:
    key: int
    path: str
    first: int
    last: int


def compare_all(class_: Mapping[str, Sources], given: Iterable[Sources], *, least: float = 0.5) -> list[Pair]:
    """Return the pairs of submissions that share `least` or more of the smaller one's own code, the closest first.

    `class_` holds each submission's sources by its name, `given` the code that all of them were handed.
    """
    known = [source for sources in given for source in sources.values()]
    names = {token.string for text in known for token in _tokens(text) if token.type == tokenize.NAME}
    handed = {run.key for text in known for run in _runs({"": text}, names)}
    runs = {name: [run for run in _runs(sources, names) if run.key not in handed] for name, sources in class_.items()}
    runs = _without_common(runs)
    keys = {name: {run.key for run in found} for name, found in runs.items()}
    keys = {name: found for name, found in keys.items() if len(found) >= FEWEST}
    pairs = []
    for (first, second), shared in _shared(keys).items():
        share = shared / min(len(keys[first]), len(keys[second]))
        if share >= least:
            both = keys[first] & keys[second]
            lines = {name: frozenset(_lines(runs[name], both)) for name in (first, second)}
            pairs.append(Pair(first, second, share, lines))
    return sorted(pairs, key=lambda pair: (-pair.share, pair.first, pair.second))


def _without_common(runs: dict[str, list[_Run]]) -> dict[str, list[_Run]]:
    """Leave out what many solutions have, because there's little else to write."""
    having = Counter(key for found in runs.values() for key in {run.key for run in found})
    most = max(A_FEW, COMMON * len(runs))
    return {name: [run for run in found if having[run.key] <= most] for name, found in runs.items()}


def _shared(keys: dict[str, set[int]]) -> Counter[tuple[str, str]]:
    """Return how many runs each pair shares; a pair that shares none isn't in it."""
    holders: dict[int, list[str]] = defaultdict(list)
    for name in sorted(keys):
        for key in keys[name]:
            holders[key].append(name)
    return Counter(pair for names in holders.values() for pair in combinations(names, 2))


def _lines(runs: list[_Run], shared: set[int]) -> Iterator[tuple[str, int]]:
    for run in runs:
        if run.key in shared:
            yield from ((run.path, line) for line in range(run.first, run.last + 1))


def _runs(sources: Sources, names: set[str]) -> Iterator[_Run]:
    """Yield each run of tokens of the sources; names outside `names` count as equal."""
    for path, text in sources.items():
        tokens = [(_form(token, names), token.start[0]) for token in _tokens(text)]
        for n in range(len(tokens) - RUN + 1):
            run = tokens[n : n + RUN]
            yield _Run(hash(tuple(form for form, _ in run)), path, run[0][1], run[-1][1])


def _form(token: tokenize.TokenInfo, names: set[str]) -> str:
    """Return what of a token a copy can't change without changing what it does."""
    if token.type == tokenize.NAME:
        return token.string if token.string in names or keyword.iskeyword(token.string) else "name"
    if token.type == tokenize.STRING:
        return "text"
    return "0" if token.type == tokenize.NUMBER else token.string


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens that matter: no comments, no layout, no docstrings, no imports; up to what can't be read."""
    line: list[tokenize.TokenInfo] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE:
                yield from _statement(line)
                line = []
            elif token.type not in _SKIPPED:
                line.append(token)
    except (tokenize.TokenError, SyntaxError, SystemError):  # 3.12.1 has the last; what was read before it counts
        yield from _statement(line)


def _statement(line: list[tokenize.TokenInfo]) -> list[tokenize.TokenInfo]:
    docstring = all(token.type == tokenize.STRING for token in line)
    return [] if docstring or line[0].string in {"import", "from"} else line
