"""`workbook class grade`, as an instructor uses it: a class, what goes wrong in it, and a person's decisions."""

import contextlib
import csv
import os
import re
import signal
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from workbook.journal import VERSION, Journal

from ..apps import write
from ..golden import Screens, unwrapped
from ..grader.classes import HALF, NOTHING, RIGHT, hand_in, project
from ..grader.conftest import folder, school
from ..runners import Ended, Workbook, wait_until
from ..sandbox.test_lifetime import descendants

pytestmark = pytest.mark.exhaustive(sample=7, of="file")

__all__ = ["folder", "school"]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def results(school: Workbook, kind: str = "graded") -> list[dict[str, Any]]:
    return [entry.data for entry in Journal(school.root / "results/journal.db").stream(kind)]


def grade(school: Workbook, *words: str, **options: Any) -> Ended:
    ended = school("grade", "class", "--unsafe", *words, **options)
    assert "Traceback" not in ended.out + ended.err, ended.err
    return ended


def told(text: str) -> str:
    return " ".join(text.split())


def test_a_class_is_graded(school: Workbook, folder: Path, screens: Screens) -> None:
    """Every learner gets a line and a mark, whatever they handed in; other files are listed; exit 0."""
    (school.root / "roster.csv").write_text(
        "id,name,canvas\na1,Ada Lovelace,11\ng1,Grace Hopper,12\nt1,山田太郎,\nm1,Mary Ward,14\n", encoding="utf-8"
    )
    hand_in(folder, "lovelaceada_11_1_count.zip", NOTHING)
    hand_in(folder, "lovelaceada_LATE_11_2_count-1.zip", RIGHT)
    hand_in(folder, "hoppergrace_12_3_count.zip", HALF)
    hand_in(folder, "山田太郎_9_assignsubmission_file_/count.zip", b"")
    hand_in(folder, "eve\x1b[31m_99_9_count.zip", RIGHT)
    (folder / "notes.txt").write_text("hello", encoding="utf-8")

    ended = grade(school, "--roster", "roster.csv", "--lanes", "1")

    assert (ended.status, ended.err) == (0, ""), ended.out
    screens("grade-class", ended.out)
    assert {one["learner"]: one["attempt"] for one in results(school)} == {"a1": 2, "g1": 1, "t1": 1, "99": 1}
    (the_class,) = results(school, "class")
    assert (the_class["exercises"], the_class["unsafe"], the_class["not_handed_in"]) == (
        ["count"],
        True,
        {"count": ["m1"]},
    )


def test_a_second_run_does_no_work(school: Workbook, folder: Path, screens: Screens) -> None:
    """A second run grades only new files, even if the points have changed; --force grades all again."""
    hand_in(folder, "ada.zip", HALF)
    assert grade(school).status == 0
    seed = results(school, "class")[0]["seed"]
    grading = school.root / "exercises/count/grading.toml"
    grading.write_text(grading.read_text(encoding="utf-8").replace("= 70", "= 50"), encoding="utf-8")

    again = grade(school)

    screens("grade-again", again.out)
    assert len(results(school)) == 1
    hand_in(folder, "grace.zip", RIGHT)
    screens("grade-one-more", grade(school).out)
    screens("grade-force", grade(school, "--force", "--lanes", "1").out)
    one, two, *_ = sorted(results(school), key=lambda result: result["learner"])
    assert one["verdicts"] == two["verdicts"]
    assert {entry["seed"] for entry in results(school, "class")} == {seed}


def test_a_file_that_comes_back_counts_again(school: Workbook, folder: Path) -> None:
    """A later attempt that's taken away, or a file that's put back, is what reports show; nothing else is graded."""

    def mark() -> tuple[int, str]:
        """Grade, and return how many gradings there were and what the report says."""
        assert grade(school, "--roster", "roster.csv").status == 0
        assert school("class", "report", "results/journal.db", "--format", "csv").status == 0
        (row,) = csv.DictReader((school.root / "results/report/marks.csv").read_text(encoding="utf-8-sig").splitlines())
        return len(results(school)), row["Count (100)"]

    (school.root / "roster.csv").write_text("id,name\na1,Ada Lovelace\n", encoding="utf-8")
    first, second = folder / "lovelaceada_11_1_count.zip", "lovelaceada_11_2_count-1.zip"
    hand_in(folder, first.name, RIGHT)
    marks = [mark()]
    first.rename(school.root / "right.zip")
    hand_in(folder, first.name, NOTHING)
    marks.append(mark())
    hand_in(folder, second, HALF)
    marks.append(mark())
    (folder / second).unlink()
    (school.root / "right.zip").replace(first)
    marks += [mark(), mark()]

    assert marks == [(1, "100"), (2, "0"), (3, "70"), (4, "100"), (4, "100")]


def test_killed_at_any_moment_it_goes_on(school: Workbook, folder: Path) -> None:
    """A grading that's killed again and again loses no result, has none twice, and repeats no finished one."""
    starts = school.root / "starts"
    starts.mkdir()
    names = [f"learner{number}" for number in range(8)]
    for name in names:
        note = f"\nwith open({str(starts / name)!r}, 'a') as file:\n    file.write('x')\n"
        hand_in(folder, f"{name}.zip", note + RIGHT)

    def started() -> dict[str, int]:
        return {path.name: len(path.read_text()) for path in starts.iterdir()}

    finished: dict[str, int] = {}
    for number in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
        before = len(finished)
        running = school.start("grade", "class", "--unsafe", "--lanes", "2")
        wait_until(lambda before=before: len(results(school)) > before, lambda: results(school))  # type: ignore[misc]
        running.end(number)
        school.wait_until_gone()
        now = started()
        for result in results(school):
            finished.setdefault(result["learner"], now[result["learner"]])
    ended = grade(school, "--lanes", "2")

    assert ended.status == 0, ended.out
    assert Counter(result["learner"] for result in results(school)) == dict.fromkeys(names, 1)
    assert 2 < len(finished) < len(names), "the kills came too late to prove anything"
    assert {name: started()[name] for name in finished} == finished


@pytest.mark.usefixtures("needs_sandbox")
def test_a_sandbox_that_dies_does_not_end_the_class(school: Workbook, folder: Path) -> None:
    """If the fork server is killed while it's needed, another starts, and everyone still gets their marks."""
    slow = RIGHT.replace("    return", "    __import__('time').sleep(0.5)\n    return")
    names = [f"learner{number}" for number in range(4)]
    for name in names:
        hand_in(folder, f"{name}.zip", slow)

    def fork_servers() -> list[int]:
        found = []
        for pid in sorted(descendants(running.process.pid)):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                found += (
                    [pid]
                    if words[0].endswith(b"python") and b"workbook.sandbox.inside.forks" in b" ".join(words)
                    else []
                )
        return found

    running = school.start("grade", "class", "--lanes", "1")
    wait_until(lambda: results(school), lambda: running.text)
    wait_until(lambda: len(fork_servers()) > 1, lambda: running.text)  # it has forked
    os.kill(fork_servers()[0], signal.SIGKILL)
    wait_until(lambda: running.process.poll() is not None, lambda: running.text)

    assert running.process.returncode == 0, running.text
    assert {one["learner"]: (score_of(one), one["flags"]) for one in results(school)} == dict.fromkeys(names, (2, []))
    school.wait_until_gone()


def score_of(result: dict[str, Any]) -> int:
    return sum(verdict["outcome"] == "kept" for verdict in result["verdicts"])


def test_gradescopes_export_is_a_class(school: Workbook, folder: Path, screens: Screens) -> None:
    """A folder exported from Gradescope can be graded unchanged, because its file says whose each submission is."""
    people = ["{':name': Ada Lovelace, ':sid': a1}", "{':name': Grace Hopper, ':email': grace@example.com}"]
    metadata = "".join(f"submission_{n}: {{':submitters': [{one}]}}\n" for n, one in enumerate(people))
    write(folder, {"submission_metadata.yml": metadata})
    for number, code in enumerate((RIGHT, HALF)):
        write(folder / f"submission_{number}", project(code))

    ended = grade(school, "--exercise", "count", "--lanes", "1")

    assert (ended.status, ended.err) == (0, "")
    screens("grade-gradescope-export", ended.out)
    assert [one["learner"] for one in results(school)] == ["a1", "grace@example.com"]


def test_ctrl_c_says_how_to_go_on(school: Workbook, folder: Path, screens: Screens) -> None:
    """Ctrl-C ends every lane at once, keeps the results so far, and says how to go on; exit 130."""
    slow = RIGHT.replace("    return", "    __import__('time').sleep(8)\n    return")
    for name in ("ada", "grace", "mary"):
        hand_in(folder, f"{name}.zip", slow)
    hand_in(folder, "a.zip", RIGHT)
    running = school.start("grade", "class", "--unsafe", "--lanes", "2")
    running.wait_for("a  count 100/100")

    ended = running.end(signal.SIGINT)

    assert ended.status == 130
    screens("grade-interrupted", ended.out)
    school.wait_until_gone()
    assert [result["learner"] for result in results(school)] == ["a"]


def test_one_grading_at_a_time(school: Workbook, folder: Path, screens: Screens) -> None:
    """While one grading runs, a second into the same folder is refused, but an override isn't."""
    hand_in(folder, "a.zip", RIGHT)
    hand_in(folder, "b.zip", RIGHT.replace("    return", "    __import__('time').sleep(8)\n    return"))
    running = school.start("grade", "class", "--unsafe", "--lanes", "1")
    running.wait_for("a  count 100/100")

    refused = school.refusals("grade class --unsafe", status=1)
    decided = school("grade", "override", "a", "test_counts_books", "5", "--why", "late")

    screens("grade-already-running", refused)
    assert decided.status == 0, decided.err
    running.end(signal.SIGTERM)


def test_a_decision_stays(school: Workbook, folder: Path, screens: Screens) -> None:
    """An override sets one promise's points until the next override, even if the submission is graded again."""
    hand_in(folder, "ada.zip", HALF)
    grade(school)

    for points, why in (("1", "typo"), ("12.5", "nearly,\nseen")):
        decided = school("grade", "override", "ada", "test_counts_by_letter", points, "--why", why)
        assert (decided.status, decided.err) == (0, "")

    screens("override", decided.out)
    assert "ada  count 82.5/100" in grade(school, "--force").out
    last = {"learner": "ada", "exercise": "count", "promise": "test_counts_by_letter", "points": 12.5}
    assert results(school, "override")[-1] == last | {"why": "nearly, seen"}


def test_a_decision_about_nothing_is_refused(graded: Workbook, screens: Screens) -> None:
    """An override without a known learner and promise, points and a reason is misuse and records nothing."""
    lines = (
        "ada",
        "ada test_counts_books 5",
        "ada test_counts_books many --why x",
        "ada test_counts_books nan --why x",
        "ad test_counts_books 5 --why x",
        "ada test_counts 5 --why x",
        "ada test_counts_books 5 --why x --exercise sum",
        "ada test_counts_books 5 --why x --out gone",
    )

    screens("override-refused", graded.refusals(*(f"grade override {line}" for line in lines)))
    assert results(graded, "override") == []


@pytest.fixture
def graded(school: Workbook) -> Workbook:
    """Return a journal with one result, without grading anything."""
    verdicts = [
        {"promise": name, "text": "", "hidden": False, "outcome": "kept", "evidence": ""}
        for name in ("test_counts_books", "test_counts_by_letter")
    ]
    key = {"submission": "", "tests": "", "environment": "", "seed": 1}
    rest: dict[str, Any] = {"points": {}, "bonus": {}, "flags": [], "file": "ada.zip", "attempt": 1}
    journal = Journal(school.root / "results/journal.db")
    learners = [{"id": "ada", "name": "Ada"}]
    journal.record("class", "", learners=learners, exercises=["count"], seed=1)
    journal.record("graded", "count", learner="ada", exercise="count", key=key, verdicts=verdicts, **rest)
    return school


def test_misuse_is_told(shared: Workbook, screens: Screens) -> None:
    """If the arguments can't be meant, one sentence says so before anything is written; exit 2."""
    (shared.root / "class").mkdir(exist_ok=True)
    (shared.root / "exercises/count/hidden").mkdir(exist_ok=True)
    hand_in(shared.root, "ada.zip", RIGHT)
    lines = (
        "gone.zip",
        "class",
        "ada.zip --exercise 01-hello",
        "ada.zip --exercise cuont",
        "ada.zip --roster gone.csv",
        "ada.zip --scheduler tcp://127.0.0.1:1 --lanes 2",
        "ada.zip --why x",
        "ada.zip --lanes 0",
    )

    screens("grade-misuse", shared.refusals(*(f"grade {line} --unsafe" for line in lines)))
    assert not (shared.root / "results").exists()


def test_a_learner_edition_cannot_grade(school: Workbook, folder: Path, screens: Screens) -> None:
    """Without its hidden tests, an exercise isn't graded: exit 2."""
    hand_in(folder, "ada.zip", RIGHT)
    (school.root / "exercises/count/hidden").rename(school.root / "elsewhere")

    screens("grade-no-hidden-tests", school.refusals("grade class --unsafe"))


@pytest.mark.parametrize("kind", ["newer", "damaged", "locked", "a folder", "a file for its folder"])
def test_a_journal_that_cannot_be_used(school: Workbook, folder: Path, kind: str, screens: Screens) -> None:
    """A newer, damaged, locked or wrong journal isn't changed, and one sentence says what's wrong; exit 1."""
    hand_in(folder, "ada.zip", RIGHT)
    file = school.root / "results/journal.db"
    names = {
        "newer": "grade-journal-newer",
        "damaged": "grade-journal-damaged",
        "locked": "grade-journal-locked",
        "a folder": "grade-journal-is-a-folder",
        "a file for its folder": "grade-results-is-a-file",
    }
    db = None
    if kind == "a file for its folder":
        file.parent.write_text("")
    elif kind == "a folder":
        file.mkdir(parents=True)
    elif kind == "damaged":
        file.parent.mkdir()
        file.write_text("no database at all " * 100)
    else:
        Journal(file).record("class", "", seed=1, title="")
        db = sqlite3.connect(file, isolation_level=None)
        db.execute(f"PRAGMA user_version = {VERSION + 1}" if kind == "newer" else "BEGIN EXCLUSIVE")

    refused = school.refusals("grade class --unsafe", status=1)

    if db:
        db.close()
    screens(names[kind], unwrapped(refused), formats=f"format {VERSION + 1}; this one reads {VERSION}")


def test_what_cannot_be_read_fails_alone(school: Workbook, folder: Path, screens: Screens) -> None:
    """A pipe among the zips is reported and tried again next time; the others are graded; exit 1."""
    hand_in(folder, "ada.zip", RIGHT)
    os.mkfifo(folder / "bob.zip")

    ended = grade(school, "--lanes", "1")
    again = grade(school)

    assert (ended.status, again.status) == (1, 1)
    screens("grade-cannot-be-read", ended.out)
    assert results(school, "failed")[0]["file"] == "bob.zip"
    screens("grade-cannot-be-read-again", again.out)


@pytest.mark.parametrize("columns", [80, 40])
def test_on_a_terminal(school: Workbook, folder: Path, columns: int) -> None:
    """On a terminal there's a bar with the time left, the lines stay above it, and everything fits."""
    for name in ("ada", "grace", "mary"):
        hand_in(folder, f"{name}.zip", HALF)

    screen = school.screen("grade", "class", "--unsafe", "--lanes", "1", columns=columns)

    assert screen.wait_for_end() == 0
    assert re.search(r"1/3.*\d+:\d\d|1/3.*-:--", ESCAPES.sub("", screen.written)), "no bar"
    shown = screen.text
    for name in ("ada", "grace", "mary"):
        assert f"✗ {name}  count 70/100  1 not kept" in shown
    assert "graded mean full marks none count 3 70 0 0" in told(shown)
