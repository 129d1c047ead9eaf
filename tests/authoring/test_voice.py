# hidden-from-learners-3b9f51c2
"""Prose is found wherever it is, and what should be reworded in it is named."""

from pathlib import Path

import pytest

from workbook.authoring import voice
from workbook.authoring.prose import Passage, passages, plain
from workbook.authoring.voice import FIGURES, TO_REWORD, figures, is_worse, kept_figures, measured, remarks, write_kept

ROOT = Path(__file__).parents[2]
LESSON = """# A lesson

Nobody reads `nobody`.

```python
else: nobody
```

- One point
- another
"""
EXPERIMENT = """[[experiment]]
title = "A title that is read"
edits = [{ find = "not prose at all" }]
"""
TEST = '''def test_x() -> None:
    """A post is stored."""
    # why it matters
    said = "it was refused" if FULL else f"it was lost {n} times"
    assert 1 == 2, "a post has a title"  # noqa: S101
'''
MESSAGE = '''def f(n: int) -> None:
    """Return nothing."""
    raise UserError(f"There are {n} files.", "Remove one.")
'''
NOTEBOOK = """{
 "cells": [
  {"cell_type": "code", "source": ["nobody = 1"]},
  {"cell_type": "markdown", "source": ["A cell that is read\\n", "twice"]}
 ]
}
"""
FILES = {
    "stages/01-x/README.md": LESSON,
    "stages/01-x/explore.ipynb": NOTEBOOK,
    "stages/01-x/experiments.toml": EXPERIMENT,
    "stages/01-x/test_x.py": TEST,
    "workbook/x.py": MESSAGE,
}


@pytest.fixture
def found(tmp_path: Path) -> list[Passage]:
    """What is found in a small repository."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return list(passages(tmp_path))


def test_each_kind_of_prose_is_found(found: list[Passage]) -> None:
    """Lessons, notebooks, experiments, promises, comments, docstrings and messages are found, and code isn't."""
    kinds = {(one.kind, " ".join(one.text.split()).strip(". ")) for one in found}

    assert {
        ("lessons", "Nobody reads `code`"),
        ("lessons", "A cell that is read twice"),
        ("tasks", "A title that is read"),
        ("promises", "A post is stored"),
        ("comments", "why it matters"),
        ("docstrings", "Return nothing"),
        ("messages", "There are value files.. Remove one"),
        ("messages", "a post has a title"),
        ("messages", "it was refused. it was lost value times"),
    } <= kinds
    assert not any("not prose" in text or "else" in text or "noqa" in text for _, text in kinds)


def test_a_passage_knows_its_line(found: list[Passage]) -> None:
    """The line of a passage is the one an editor jumps to."""
    lines = {one.text.strip(): (one.path, one.line) for one in found}

    assert lines["Nobody reads `code`."] == ("stages/01-x/README.md", 3)
    assert lines["A title that is read"] == ("stages/01-x/experiments.toml", 2)
    assert lines["A cell that is read\ntwice"] == ("stages/01-x/explore.ipynb", 4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The server is told to stop.", ["is told"]),
        ("Nobody knows; somebody does it anew.", ["Nobody", "somebody", "anew"]),
        ("It has no name, and it is no file.", ["has no", "is no"]),
        ("Do it, or else it fails.", ["or else"]),
        ("It runs in a process of its own.", ["of its own"]),
        ("Whoever stands there.", ["Whoever", "stands"]),
        ("word " * 31, ["word"]),
    ],
)
def test_what_should_be_reworded_is_found(text: str, words: list[str]) -> None:
    """Each word that voice.md avoids is found where it's used, and so is a sentence that's too long."""
    found = [remark.found for remark in remarks(Passage("x.md", 1, "pages", text))]

    assert len(found) == len(words)
    assert all(any(word in one for one in found) for word in words)


@pytest.mark.parametrize(
    "text",
    [
        "There's no longer a file.",
        "Something else happens, and nothing else does.",
        "If it fails, the `else` branch runs.",
        "An abbreviation stands for something.",
        "One sentence. " * 40,
    ],
)
def test_good_sentences_are_left_alone(text: str) -> None:
    """What only looks like one of those words isn't found."""
    assert list(remarks(Passage("x.md", 1, "pages", plain(text)))) == []


def test_figures_are_per_thousand_words() -> None:
    """A thousand words with ten contractions count as 10, and possessives aren't contractions."""
    counted = figures(["it's " * 10 + "the client's word " * 330])

    assert counted["words"] == 1000
    assert counted["contractions"] == 10
    assert set(counted) == {"words", *FIGURES}


@pytest.mark.parametrize(
    ("name", "now", "kept", "worse"),
    [
        ("contractions", 9.0, 12.0, False),  # still what's wanted
        ("contractions", 2.0, 3.0, True),
        ("contractions", 3.0, 3.0, False),
        ("stands, lies", 0.25, 0.0, False),
        ("stands, lies", 1.1, 0.8, True),
        ("stands, lies", 0.8, 0.8, False),
        (TO_REWORD, 4.0, 3.0, True),
        (TO_REWORD, 3.0, 3.0, False),
    ],
)
def test_a_figure_is_worse_only_below_what_is_wanted(name: str, now: float, kept: float, worse: bool) -> None:
    """A figure may get worse as long as it's still what's wanted."""
    assert is_worse(name, now, kept) is worse


def test_only_better_figures_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--keep` writes a figure that got better, and leaves one that got worse."""
    monkeypatch.setattr(voice, "KEPT", tmp_path / "voice.toml")
    first = measured([Passage("x.md", 1, "pages", "Nobody stands. " * 10)])
    write_kept(first)

    write_kept(measured([Passage("x.md", 1, "pages", "Nobody stands, nobody, nobody. " * 20)]))
    assert kept_figures()["pages"][TO_REWORD] == first["pages"][TO_REWORD] == 20

    write_kept(measured([Passage("x.md", 1, "pages", "It's here.")]))
    assert kept_figures()["pages"][TO_REWORD] == 0


def test_our_prose_sounds_no_worse() -> None:
    """No figure of our prose is worse than it was, unless it's still what's wanted; all are printed."""
    now, kept = measured(list(passages(ROOT))), kept_figures()
    for kind, column in now.items():
        print(kind, {name: round(value, 1) for name, value in column.items()})

    worse = [
        f"{kind}, {name}: {now[kind][name]:.1f}, was {value:.1f}"
        for kind, column in kept.items()
        for name, value in column.items()
        if is_worse(name, now[kind][name], value)
    ]
    assert set(kept) == set(now)
    assert worse == [], "see python -m workbook.authoring.voice PATH"
