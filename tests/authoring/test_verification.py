# hidden-from-learners-3b9f51c2
"""`workbook author verify` on an exercise: it proves what holds, and finds what does not."""

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


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with kept_warm(browser=False) as warm:
        yield warm


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The small course, to be edited."""
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
    """Findings as a screen: each claim, and below it what is wrong."""
    return transcript((f"# {claim}", f"{said}\n") for claim, said in found.items())


def test_verify_proves_an_exercise(shared: Workbook, screens: Screens) -> None:
    """Piped, `verify` has a plain line for every claim, in order; it exits 0 when all hold."""
    ended = shared("verify", "--only", "count")

    assert (ended.status, ended.err) == (0, ""), ended.out
    screens("verify-exercise", ended.out)


def test_verify_on_a_terminal(workbook: Workbook) -> None:
    """On a terminal `verify` shows how far it is, and keeps a line for what does not hold alone; it exits 1 then."""
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
    """A mutant is found that its promise does not catch, that names no promise, or that does not fit."""
    mutants = root / HIDDEN / "mutants.toml"
    replace_in(mutants, "return len(set(found))", "return len(list(found))")
    text = mutants.read_text(encoding="utf-8")
    head, begin, rest = text.partition('name = "nothing is counted"')
    mutants.write_text(head + begin + rest.replace('"test_counts_books"', '"test_nothing"', 1), encoding="utf-8")
    replace_in(mutants, 'find = "\\"/count\\""', 'find = "/nowhere"')

    found = wrong("mutant: copies", "mutant: nothing", "mutant: the route", "mutant: one book too many")

    screens("finding-mutants", listed(found))


def test_a_promise_without_a_mutant_of_its_own(root: Path, wrong: Wrong, screens: Screens) -> None:
    """A promise that no mutant breaks alone proves nothing that the others do not: the last claim names it."""
    mutants = root / HIDDEN / "mutants.toml"
    head, *tables = re.split(r"(?=^\[\[mutant\]\])", mutants.read_text(encoding="utf-8"), flags=re.MULTILINE)
    kept = [table for table in tables if 'caught_by = ["test_counts_books"]' not in table]
    mutants.write_text("".join([head, *kept]), encoding="utf-8")

    found = wrong("mutant:", "its files", last=True)

    screens("finding-promise-without-a-mutant", listed(found))


def test_solutions_that_lose_a_mark(root: Path, wrong: Wrong, screens: Screens) -> None:
    """An alternative that breaks a promise is named with it, and one that does not apply too."""
    alternatives = root / HIDDEN / "alternatives"
    replace_in(alternatives / "in-the-database.patch", "count(*)", "count(DISTINCT title)")
    replace_in(alternatives / "first-letters.patch", " from fastapi import FastAPI", " from fastapi import Fast")

    screens("finding-alternatives", listed(wrong("alternative")))


def test_a_starter_without_its_todo(root: Path, wrong: Wrong, screens: Screens) -> None:
    """A starter that does not say what is to be done, or would replace a file of the project, is found."""
    starter = root / COUNT / "starter/app"
    replace_in(starter / "counting.py", "TODO: count", "count")
    (starter / "config.py").write_text('SHELF = "TODO: "\n', encoding="utf-8")

    found = wrong("its files")

    replace_in(starter / "config.py", "TODO", "")
    screens("finding-starter-without-todo", listed(found | wrong("its starter")))


def test_a_starter_that_is_done_or_breaks_the_project(root: Path, wrong: Wrong, screens: Screens) -> None:
    """A starter with which nothing is red, or with which the project is not green, is found."""
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
    """Hidden points above 30 %, promises without points, points without promises and broken files are found."""
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
    """Missing files, hidden files without the canary, too long a README and hints of other names are found."""
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
    """A solution is to be typed and formatted, and to leave the project green but for what it replaces."""
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
    """What is missing altogether is told of each claim that needs it, and ends nothing."""
    shutil.rmtree(root / COUNT / "starter")

    found = wrong("its", "alternative async", "mutant: one book too many")

    assert found["its files"] == "missing: starter"
    assert set(found) > {"its starter", "its solution", "alternative async-route", "mutant: one book too many"}
    assert "No such file or directory" in found["its starter"]
