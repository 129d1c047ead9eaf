"""Which submissions share their own code: copies are found, and what everyone was given doesn't count."""

import random
import time

import pytest

from workbook.grader.similarity import FEWEST, compare_all

MAIN = """from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def root():
    return {}
"""
GIVEN = {"app/main.py": MAIN}
FIRST = '''
def total_of(rows, wanted):
    """Count what is wanted."""
    found = 0
    for row in rows:
        if row.title.startswith(wanted) and row.published:
            found += 1
    return {"count": found, "of": len(rows)}


class Page:
    def __init__(self, number, size):
        self.number, self.size = number, size

    def cut(self, rows):
        first = (self.number - 1) * self.size
        return rows[first : first + self.size]
'''
# The same with other names, another order, other comments and another layout.
COPY = """
class Slice:
    def __init__(self, index, length):
        self.index, self.length = index, length

    def take(self, items):
        begin = (self.index - 1) * self.length
        return items[begin : begin + self.length]

def how_many(items, start):
    n = 0  # nothing yet
    for item in items:
        if (item.heading.startswith(start)
                and item.visible):
            n += 1
    return {"count": n, "of": len(items)}
"""
OTHER = """
def total_of(rows, wanted):
    return {"count": sum(1 for row in rows if row.published and row.title[: len(wanted)] == wanted), "of": len(rows)}


def page_of(rows, number=1, size=10):
    pages = [rows[at : at + size] for at in range(0, len(rows), size)]
    try:
        return pages[number - 1]
    except IndexError:
        return []


def numbers(rows, size):
    whole, rest = divmod(len(rows), size)
    return list(range(1, whole + bool(rest) + 1))
"""


def of(text: str) -> dict[str, str]:
    return {**GIVEN, "app/own.py": text}


def test_a_renamed_and_reordered_copy_is_found() -> None:
    """Other names, another order of functions, other comments and layout hide nothing."""
    (pair,) = compare_all({"ada": of(FIRST), "bob": of(OTHER), "eve": of(COPY)}, [GIVEN])

    assert (pair.first, pair.second) == ("ada", "eve")
    assert pair.share > 0.7
    assert {path for path, _ in pair.lines["eve"]} == {"app/own.py"}
    assert ("app/own.py", 7) in pair.lines["eve"]


def test_independent_solutions_do_not_look_alike() -> None:
    """Two ways to solve the same share little, even if their names are the same."""
    pairs = compare_all({"ada": of(FIRST), "bob": of(OTHER)}, [GIVEN], least=0.01)

    assert all(pair.share < 0.2 for pair in pairs)


def test_what_everyone_was_given_does_not_count() -> None:
    """Submissions that are what they were handed, or nearly, aren't compared at all."""
    same = {"ada": {**GIVEN, "app/given.py": FIRST}, "bob": {**GIVEN, "app/given.py": FIRST}}

    assert compare_all(same, [GIVEN, {"app/given.py": FIRST}], least=0.01) == []


def test_what_many_have_does_not_count() -> None:
    """Code that a good part of the class shares is how the exercise is solved."""
    class_ = {f"learner-{n}": of(FIRST) for n in range(9)}

    assert compare_all(class_, [GIVEN], least=0.01) == []


def test_too_little_says_nothing() -> None:
    """Submissions with a handful of own lines aren't compared, although those are equal."""
    class_ = {"ada": of("def f(x):\n    return [x, x + 1]\n"), "bob": of("def g(y):\n    return [y, y + 1]\n")}

    assert FEWEST > 20
    assert compare_all(class_, [GIVEN], least=0.01) == []


@pytest.mark.parametrize("broken", ["def f(:\n", "'''never ends", "\x00", "if x:\n  a\n b\n", "é" * 1000, "(" * 5000])
def test_code_that_cannot_be_read_costs_nothing(broken: str) -> None:
    """What Python can't read is compared up to there, and the rest of the class isn't disturbed."""
    class_ = {"ada": of(FIRST + broken), "bob": of(broken), "eve": of(COPY)}

    assert [(pair.first, pair.second) for pair in compare_all(class_, [GIVEN])] == [("ada", "eve")]


@pytest.mark.exhaustive(of="suite")
def test_a_large_class_is_compared_in_seconds() -> None:
    """Three hundred submissions of different code take seconds of processor time, not minutes."""
    rng = random.Random(1)
    words = ["for", "x", "in", "rows", "if", "(", ")", "+", "1", "==", "y", "[", "]", ",", "."]
    class_ = {
        f"learner-{n}": {"app/own.py": "\n".join(" ".join(rng.choices(words, k=12)) for _ in range(60))}
        for n in range(300)
    }
    began = time.process_time()
    compare_all(class_, [GIVEN])

    assert time.process_time() - began < 30
