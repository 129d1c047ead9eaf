"""How the pages are written: short, plain, and every stage alike."""

import re

import pytest

from .pages import COURSE, PAGES, STAGES, Written

BANNED = ("just", "simply", "simple as", "easy", "easily", "obviously", "of course", "basically", "trivially", "merely")
LONGEST, MEAN = 30, 17  # words of a sentence
ADMONITIONS = 3
LINES_OF_PYTHON = 20
NOT_RUN = 2  # console blocks of a page
HEADINGS = [
    "Why",
    "The code",
    "The promises",
    "Break it",
    "Change it, make it",
    "Check yourself",
    "Look deeper",
    "If you're stuck",
    "Before production",
    "Where next",
]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
every_stage = pytest.mark.parametrize("page", STAGES, ids=lambda page: page.name)


@every_page
def test_no_word_belittles(page: Written) -> None:
    """No page belittles what a reader may find hard."""
    found = [word for word in BANNED if re.search(rf"\b{word}\b", page.prose, re.IGNORECASE)]
    assert found == []


@every_page
def test_no_word_is_doubled(page: Written) -> None:
    """No word appears twice in a row."""
    prose = re.sub(r"`code`", "", page.prose)
    assert re.findall(r"\b([a-z]+)[ \n]+\1\b", prose, re.IGNORECASE) == []


@every_page
def test_sentences_are_short(page: Written) -> None:
    """No sentence has more than thirty words, and a page's mean is at most seventeen."""
    lengths = {sentence: len(sentence.split()) for sentence in page.sentences}

    assert {sentence: n for sentence, n in lengths.items() if n > LONGEST} == {}
    assert not lengths or sum(lengths.values()) / len(lengths) <= MEAN


@every_page
def test_boxes_are_rare(page: Written) -> None:
    """A page has at most three open boxes; folded ones don't count."""
    assert len(re.findall(r"^ *!!! ", page.text, re.MULTILINE)) <= ADMONITIONS


@every_page
def test_code_in_pages_is_short(page: Written) -> None:
    """Python that's written in a page, instead of included from a tested file, has at most twenty lines."""
    blocks = re.findall(
        r"^ *```(?:python|\{[^}]*\.python[^}]*\})[^\n]*\n(.*?)^ *```", page.text, re.MULTILINE | re.DOTALL
    )
    assert [block for block in blocks if len(block.splitlines()) > LINES_OF_PYTHON] == []


@every_page
def test_few_commands_are_not_run(page: Written) -> None:
    """A page shows at most two blocks of commands that aren't run."""
    assert len(re.findall(r"\.no-run", page.text)) <= NOT_RUN


@every_page
def test_minutes_come_from_the_course(page: Written) -> None:
    """No page writes a step's minutes itself, because they come from workbook.toml."""
    names = {step.title.lower(): step.minutes for step in COURSE.steps}
    told = re.findall(r"(\d+) minutes", page.prose)
    step = COURSE.known(str(page.meta.get("step", "")))
    assert step is None or all(int(n) < step.minutes for n in told), (names, told)


@every_stage
def test_a_stage_page_has_its_length(page: Written) -> None:
    """A stage page has 900 to 1,400 words, without what's folded or filled in."""
    assert 900 <= page.words <= 1400


@every_stage
def test_a_stage_page_follows_the_path(page: Written) -> None:
    """Every stage page has the same headings in the same order, from the problem to the checklist."""
    found = re.findall(r"^## (.+)$", page.text, re.MULTILINE)
    assert [heading for heading in found if heading in HEADINGS] == HEADINGS

    warm_up, check = page.text.partition("\n## Why\n")[0], page.text.partition("\n## Check yourself\n")[2]
    assert warm_up.count("<summary") == 2
    assert check.partition("\n## ")[0].count("<summary") == 3
    assert 3 <= len(re.findall(r"^### \d", page.text, re.MULTILINE)) <= 6, "three to six turns of code"
    assert page.text.count("```diagram") == 1
    written = page.path.read_text(encoding="utf-8")
    for name in ("facts", "promises core", "experiments", "tasks", "promises deeper", "wrong", "onward"):
        assert f"<!-- {name} -->" in written
