# hidden-from-learners-3b9f51c2
"""What's told once: no sentence of the READMEs and pages is in a second place, where it would drift."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from workbook.authoring.prose import Passage, pages

ROOT = Path(__file__).parents[2]
WORDS = 8  # fewer make a phrase that two pages may share
ALIKE = 0.85
RAREST = 4  # of a sentence's words; two that are nearly the same share one of them
# Either exercise can be solved without the other. A hint and the row of a table can't be filled in.
APART = {"exercises/avatar", "exercises/cover-image"}
# These name commands, files and steps, each its own.
OWN_NAMES = re.compile(
    r"^`code` (proves these|puts the stage|serves your copy)|^puts the project|^The starter, `code`,|^You need stage"
)


def told_twice(prose: list[Passage]) -> Iterator[str]:
    """Yield each pair of sentences in two files that have nearly the same words."""
    sentences = [
        (one.path, sentence, words)
        for one in prose
        for sentence in one.sentences
        if not OWN_NAMES.search(sentence)
        if (words := Counter(re.findall(r"[\w'’-]+", sentence.lower()))).total() >= WORDS
    ]
    common = Counter(word for _, _, words in sentences for word in words)
    having = defaultdict(list)
    for place, (_, _, words) in enumerate(sentences):
        for word in sorted(words, key=lambda word: (common[word], word))[:RAREST]:
            having[word].append(place)
    for first, second in sorted({pair for places in having.values() for pair in combinations(places, 2)}):
        (path, sentence, words), (other, _, others) = sentences[first], sentences[second]
        alike = (words & others).total() / max(words.total(), others.total())
        if alike >= ALIKE and path != other and {str(Path(path).parent), str(Path(other).parent)} != APART:
            yield f"{path}, {other}: {sentence}"


def test_no_sentence_is_told_twice() -> None:
    """No two files have nearly the same sentence, except for what's filled in from one source."""
    told = [one for one in pages(ROOT) if one.path.endswith(".md") and one.path != "CHANGELOG.md"]
    assert list(told_twice(told)) == []


def test_a_second_telling_is_found() -> None:
    """A sentence that's in a second file with another word is found; a short one, or one in the same file, isn't."""
    told = "The command applies the edit to a scratch copy and runs the tests."
    here = Passage("a.md", 1, "pages", f"{told} Look at the log.")
    there = Passage("b.md", 1, "pages", f"{told.replace('edit', 'change')} Look at the log.")

    assert list(told_twice([here, there])) == [f"a.md, b.md: {told}"]
    assert list(told_twice([here, here])) == []
