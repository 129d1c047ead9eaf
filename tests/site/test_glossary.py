"""The glossary: in order, short, and without broken links."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "glossary.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^### (.+)\n\n(.+)\n", PAGE, re.MULTILINE))
# The words that the whole project uses in one meaning.
OURS = """Step|Course|App directory|Served app|Launcher|Promise|Change|Experiment|Mutant|Solution|Check|Failure card
Submission|Grading|Journal|Report|Learner edition""".replace("\n", "|").split("|")
TERMS = ["Origin", "Preflight", "Middleware", "ASGI", "Lifespan", "Dependency", "Router"]


def test_the_words_are_there_in_order() -> None:
    """The glossary has the project's words and the stages' terms, alphabetically below their letters."""
    assert set(OURS + TERMS) <= set(ENTRIES)
    assert list(ENTRIES) == sorted(ENTRIES, key=str.lower)
    headings = re.findall(r"^##(#?) (.+)$", PAGE, re.MULTILINE)
    letters = [word for is_term, word in headings if not is_term]
    assert letters == sorted({word[0] for word in ENTRIES})
    for n, (is_term, word) in enumerate(headings):
        assert is_term or headings[n + 1][1].startswith(word)


def test_an_explanation_is_short() -> None:
    """Each entry has at most three sentences, and its links lead to something that exists."""
    anchors = {word.lower().replace(" ", "-") for word in ENTRIES}
    for word, text in ENTRIES.items():
        assert len(re.findall(r"[.?!](?= |$)", text)) <= 3, word
        for target in re.findall(r"\]\(([^)]+)\)", text):
            known = target[1:] in anchors if target.startswith("#") else (DOCS / target).is_file()
            assert known, (word, target)
