# hidden-from-learners-3b9f51c2
"""`workbook author verify` on an exercise: it proves what's true, and finds what isn't."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbook.authoring.proofs import Verification, prove
from workbook.authoring.release import CANARY
from workbook.course.model import Course
from workbook.testrun import Runner
from workbook.testrun.kept_warm import kept_warm

from ..conftest import COURSE
from ..golden import Screens, transcript
from ..runners import Workbook, replace_in

Wrong = Callable[..., dict[str, str]]
COUNT = "exercises/count"
HIDDEN = f"{COUNT}/hidden"
CLAIMS = 22
pytestmark = pytest.mark.exhaustive(sample=4, of="file")


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with kept_warm(browser=False) as warm:
        yield warm


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a small course that tests can edit."""
    return shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture
def wrong(root: Path, runner: Runner) -> Wrong:
    """What is wrong with the claims whose subjects hold one of the words; with `last`, with the last one too."""

    def prove_some(*words: str, last: bool = False) -> dict[str, str]:
        course = Course(root)
        exercises = course.exercises()
        proof = Verification(root, exercises[0], exercises)
        claims = [claim for claim in proof.claims() if any(word in claim.subject for word in words)]
        assert claims
        found = [*prove(claims, runner, lanes=2), *(prove([proof.last_claim()], runner) if last else [])]
        return {finding.subject.removeprefix("count, "): finding.wrong for finding in found if finding.wrong}

    return prove_some


def listed(found: dict[str, str]) -> str:
    """Return findings as a screen: each claim, and what's wrong with it below."""
    return transcript((f"# {claim}", f"{said}\n") for claim, said in found.items())


@pytest.mark.exhaustive(of="suite")
def test_verify_proves_an_exercise(shared: Workbook, screens: Screens) -> None:
    """In a pipe, `verify` prints a plain line for every claim, in order, and exits 0 if all are proven."""
    ended = shared("verify", "--only", "count")

    assert (ended.status, ended.err) == (0, ""), ended.out
    screens("verify-exercise", ended.out)


def test_verify_on_a_terminal(workbook: Workbook) -> None:
    """On a terminal, `verify` shows its progress, keeps only the lines of what's wrong, and then exits 1."""
    replace_in(workbook.root / HIDDEN / "mutants.toml", "return len(set(found))", "return len(list(found))")

    screen = workbook.screen("verify", "--only", "count")
    status = screen.wait_for_end()

    assert status == 1
    assert re.search(rf"\d+/{CLAIMS}", screen.written), "no bar"
    shown = screen.text
    assert "✗ count, mutant: copies of a book are counted once\n       not caught by test_counts_books" in shown
    assert f"{CLAIMS - 1} of {CLAIMS} hold, in " in shown
    assert "✓ count" not in shown


def test_a_mutant_that_survives(root: Path, wrong: Wrong, screens: Screens) -> None:
    """`verify` finds a mutant that its promise doesn't catch, that names no promise, or that doesn't fit."""
    mutants = root / HIDDEN / "mutants.toml"
    replace_in(mutants, "return len(set(found))", "return len(list(found))")
    text = mutants.read_text(encoding="utf-8")
    head, begin, rest = text.partition('name = "nothing is counted"')
    mutants.write_text(head + begin + rest.replace('"test_counts_books"', '"test_nothing"', 1), encoding="utf-8")
    replace_in(mutants, 'find = "\\"/count\\""', 'find = "/nowhere"')

    found = wrong("mutant: copies", "mutant: nothing", "mutant: the route", "mutant: one book too many")

    screens("finding-mutants", listed(found))


def test_a_promise_without_a_mutant_of_its_own(root: Path, wrong: Wrong, screens: Screens) -> None:
    """If no mutant breaks only this promise, the last claim names it, because it proves nothing new."""
    mutants = root / HIDDEN / "mutants.toml"
    head, *tables = re.split(r"(?=^\[\[mutant\]\])", mutants.read_text(encoding="utf-8"), flags=re.MULTILINE)
    kept = [table for table in tables if 'caught_by = ["test_counts_books"]' not in table]
    mutants.write_text("".join([head, *kept]), encoding="utf-8")

    found = wrong("mutant:", "its files", last=True)

    screens("finding-promise-without-a-mutant", listed(found))


def test_solutions_that_lose_a_mark(root: Path, wrong: Wrong, screens: Screens) -> None:
    """`verify` names an alternative that breaks a promise, together with the promise, or that doesn't apply."""
    alternatives = root / HIDDEN / "alternatives"
    replace_in(alternatives / "in-the-database.patch", "count(*)", "count(DISTINCT title)")
    replace_in(alternatives / "first-letters.patch", " from fastapi import FastAPI", " from fastapi import Fast")

    screens("finding-alternatives", listed(wrong("alternative")))


def test_a_starter_without_its_todo(root: Path, wrong: Wrong, screens: Screens) -> None:
    """`verify` finds a starter without a TODO, and one that would replace a file of the project."""
    starter = root / COUNT / "starter/app"
    replace_in(starter / "counting.py", "TODO: count", "count")
    (starter / "config.py").write_text('SHELF = "TODO: "\n', encoding="utf-8")

    found = wrong("its files")

    replace_in(starter / "config.py", "TODO", "")
    screens("finding-starter-without-todo", listed(found | wrong("its starter")))


def test_a_starter_that_is_done_or_breaks_the_project(root: Path, wrong: Wrong, screens: Screens) -> None:
    """`verify` finds a starter that leaves no test red, and one that breaks the project."""
    main = root / "final/app/main.py"
    whole = main.read_text(encoding="utf-8")
    main.write_text(
        f"{whole}\n\n@app.get('/count')\ndef count(letter: str = '') -> dict[str, int]:\n"
        "    return {'count': sum(title.startswith(letter) for title in books.titles())}\n",
        encoding="utf-8",
    )
    screens("finding-starter-done", listed(wrong("its starter")))

    main.write_text(whole.replace('{"title": books.add(title)}', '{"title": ""}'), encoding="utf-8")
    assert wrong("its starter") == {"its starter": "red: test_keeps_books, test_says_which_book"}


def test_a_grading_that_is_wrong(root: Path, wrong: Wrong, screens: Screens) -> None:
    """`verify` finds too many hidden points, promises without points, unknown promises, and broken files."""
    grading = root / COUNT / "grading.toml"
    whole = grading.read_text(encoding="utf-8")
    runs = []
    for old, new in (
        ("books = 70\ntest_counts_by_letter = 30", "books = 69\ntest_counts_by_letter = 31"),
        ("test_counts_books = 70", ""),
        ("test_counts_books = 70", "test_counts_books = 70\ntest_x = 1"),
        ("[points]", "[points"),
        ("[points]", "[bonus]\ntest_counts_books = 1\n[points]"),
        ("test_counts_books = 70", "test_counts_books = -70"),
    ):
        replace_in(grading, old, new)
        was, now = " and ".join(old.splitlines()), " and ".join(new.splitlines()) or "nothing"
        runs.append((f"# grading.toml: {now} instead of {was}", wrong("its files")["its files"] + "\n"))
        grading.write_text(whole, encoding="utf-8")

    screens("finding-grading", transcript(runs))


def test_files_that_are_wrong(root: Path, wrong: Wrong, screens: Screens) -> None:
    """`verify` finds missing files, a missing canary, a README that's too long, and hints with wrong names."""
    (root / HIDDEN / "notes.txt").write_text("no canary here", encoding="utf-8")
    (root / HIDDEN / "alternatives/async-route.patch").unlink()
    replace_in(root / COUNT / "hints.md", "## Approach", "## Way")
    readme = root / COUNT / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + "line\n" * 100, encoding="utf-8")

    screens("finding-files", wrong("its files")["its files"].replace("; ", ";\n"), canary=CANARY)
    (root / HIDDEN / "mutants.toml").unlink()
    (root / COUNT / "hints.md").unlink()
    screens("finding-missing-files", wrong("its files")["its files"])


def test_a_solution_that_is_wrong(root: Path, wrong: Wrong) -> None:
    """`verify` finds a solution that isn't typed or formatted, or that breaks the project."""
    solution = root / HIDDEN / "solution.patch"
    replace_in(solution, "+    return sum(title.startswith(letter) for title in found)", "+    return None")
    plain = '"""The list has no count."""\n\n\ndef test_none(client) -> None:\n    """There is none."""\n'
    plain += '    assert client.get("/count").status_code == 404\n'
    (root / "final/tests/test_plain.py").write_text(plain, encoding="utf-8")

    found = wrong("its solution")

    assert found["its solution"] == "red: test_counts_by_letter"
    assert found["its solution in the project's tests"] == "red: test_none"
    assert found["its solution's types and style"].startswith("mypy: app/counting.py:")
    grading = root / COUNT / "grading.toml"
    grading.write_text('replaces = ["tests/test_plain.py"]\n' + grading.read_text(encoding="utf-8"), encoding="utf-8")
    assert wrong("project's tests") == {}


def test_what_cannot_be_proven(root: Path, wrong: Wrong) -> None:
    """If a file is missing, each claim that needs it says so, and the other claims are still tried."""
    shutil.rmtree(root / COUNT / "starter")

    found = wrong("its", "alternative async", "mutant: one book too many")

    assert found["its files"] == "missing: starter"
    assert set(found) > {"its starter", "its solution", "alternative async-route", "mutant: one book too many"}
    assert "No such file or directory" in found["its starter"]
