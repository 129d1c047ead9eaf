"""`workbook tour`: questions about a project, answered with the names of its files."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest

from workbook.authoring.proofs import Finding, prove, tour_claims
from workbook.course.model import Course
from workbook.course.questions import line_of, meant_files, purpose, read_tour
from workbook.testrun import ColdRunner

from ..conftest import COURSE
from ..golden import Screens, transcript
from ..runners import COMMAND, Ended, Workbook, files_below, replace_in

PROJECT = COURSE / "final"
QUESTIONS = [question.question for question in read_tour(PROJECT)]
ANSWERS = ["main", "config", "database", "database", "books", "books", "test_books", "README"]
FILES = ["README.md", ".env.example", "app/__init__.py", "app/main.py", "app/storage.py", "app/routers/__init__.py"]
FILES += ["app/routers/users.py", "tests/test_users.py", "tests/README.md"]
PROMPT = "Which file?"


def answer(workbook: Workbook, *lines: str, words: tuple[str, ...] = ()) -> Ended:
    """Run the tour with these lines piped into it."""
    return workbook("tour", *words, stdin=None, input="".join(f"{line}\n" for line in lines))


def note_all(workbook: Workbook, number: int = 8) -> None:
    """Record the answers to the first questions, the second of them at the second try."""
    for n, question in enumerate(QUESTIONS[:number], 1):
        workbook.note("toured", "final", question=question, right=True, tries=2 if n == 2 else 1)


# --- what is meant


@pytest.mark.parametrize(
    "text, meant",
    [
        ("storage.py", ["app/storage.py"]),
        ("app/storage.py", ["app/storage.py"]),
        ("storage", ["app/storage.py"]),
        ("final/app/storage.py", ["app/storage.py"]),
        ("work/final/app/storage.py", ["app/storage.py"]),
        ("/home/ada/course/final/app/storage.py:61", ["app/storage.py"]),
        ("./app/storage.py", ["app/storage.py"]),
        ("APP\\Storage.PY", ["app/storage.py"]),
        ("final\\app\\storage", ["app/storage.py"]),
        ('  "app/storage.py" ', ["app/storage.py"]),
        ("routers/users", ["app/routers/users.py"]),
        ("users", ["app/routers/users.py"]),
        ("test_users", ["tests/test_users.py"]),
        ("main", ["app/main.py"]),
        ("readme.md", ["README.md"]),
        ("tests/readme", ["tests/README.md"]),
        (".env.example", [".env.example"]),
        ("app/__init__.py", ["app/__init__.py"]),
        ("__init__", ["app/__init__.py", "app/routers/__init__.py"]),
        ("torage.py", []),
        ("app", []),
        ("app/", []),
        (".py", []),
        ("py", []),
        ("..", []),
        ("../../app/main.py", []),
        ("/", []),
        (":", []),
        ("61", []),
        ("²", []),
        ("x" * 5000, []),
    ],
)
def test_a_file_by_many_names(text: str, meant: list[str]) -> None:
    """You can name a file by its path or the end of it, with or without extension and line, in any case."""
    assert meant_files(text, FILES, "final") == meant


def test_what_a_file_says_of_itself(tmp_path: Path) -> None:
    """A module's purpose is the first line of its docstring; without a docstring there's none."""
    texts = {"a.py": '"""Settings.\n\nMore."""\n', "b.py": "x = 1\n", "c.py": "def :", "d.md": "# Title\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "e.py").write_bytes(b"\xff\0")

    said = {name: purpose(tmp_path / name) for name in [*texts, "e.py", "gone.py"]}

    assert said == {"a.py": "Settings.", "b.py": "", "c.py": "", "d.md": "", "e.py": "", "gone.py": ""}


def test_where_a_text_stands(tmp_path: Path) -> None:
    """An answer's place is the line where its text begins, with any kind of line ending."""
    file = tmp_path / "a.py"
    file.write_bytes(b"one\r\ntwo\r\nthree two\r\n")

    assert [line_of(file, look) for look in ("one", "two", "three", "two\nthree", "four")] == [1, 2, 3, 2, None]
    assert line_of(tmp_path / "gone.py", "one") is None


# --- without a terminal


def test_nothing_to_read_shows_the_question(shared: Workbook, screens: Screens) -> None:
    """Without a terminal and input, the tour shows its question and how to answer it, and exits 0."""
    ended = shared("tour")

    assert (ended.status, ended.err) == (0, "")
    screens("tour-question", ended.out)


def test_a_right_answer(workbook: Workbook, screens: Screens) -> None:
    """After a correct answer you see the place and the reason; it's recorded, and the next question follows."""
    ended = answer(workbook, "app/main.py")

    assert (ended.status, ended.err) == (0, "")
    screens("tour-right", ended.out)
    assert [entry.data for entry in workbook.notes("toured")] == [{"question": QUESTIONS[0], "right": True, "tries": 1}]


def test_a_wrong_answer_is_asked_once_more(workbook: Workbook, screens: Screens) -> None:
    """After a wrong file you see what it's for and can try again; a correct second answer is recorded as such."""
    ended = answer(workbook, "config", "main")

    screens("tour-right-at-the-second-try", ended.out)
    assert [entry.data for entry in workbook.notes("toured")] == [{"question": QUESTIONS[0], "right": True, "tries": 2}]


def test_two_wrong_answers_are_told_the_right_one(workbook: Workbook, screens: Screens) -> None:
    """After a second wrong file you see the answer, its place and the reason, and the question counts."""
    ended = answer(workbook, "config", "README.md")

    screens("tour-wrong", ended.out)
    assert [entry.data for entry in workbook.notes("toured")] == [
        {"question": QUESTIONS[0], "right": False, "tries": 2}
    ]


def test_what_is_no_file_is_no_attempt(workbook: Workbook, screens: Screens) -> None:
    """A word that isn't a file of the project doesn't count; you see which files there are."""
    ended = answer(workbook, "sto\x1brage", "__init__", "main")

    screens("tour-no-file", ended.out)
    assert [entry.data["tries"] for entry in workbook.notes("toured")] == [2]


def test_a_name_of_several_files_is_no_attempt(workbook: Workbook, screens: Screens) -> None:
    """If several files have the name, the tour asks which one you mean, and it doesn't count as a try."""
    shutil.copy(workbook.root / "final/app/main.py", workbook.root / "final/tests/main.py")

    ended = answer(workbook, "main.py", "app/main.py")

    screens("tour-several-files", ended.out)
    assert [entry.data["tries"] for entry in workbook.notes("toured")] == [1]


def test_enter_alone_skips(workbook: Workbook, screens: Screens) -> None:
    """Enter without a name skips a question, even after a wrong answer, and it comes again next time."""
    ended = answer(workbook, "", "main", "", "database")

    screens("tour-skipped", ended.out)
    assert [entry.data["question"] for entry in workbook.notes("toured")] == [QUESTIONS[2]]
    again = answer(workbook, "main", "config")
    assert [entry.data["question"] for entry in workbook.notes("toured")[1:]] == QUESTIONS[:2]
    assert "Question 4 of 8" in again.lines, "what is answered is not asked again"


def test_one_of_several_right_answers(workbook: Workbook, screens: Screens) -> None:
    """If several files are correct, any of them is; you see the place in the first, and the others' names."""
    ended = answer(workbook, "main", words=("final", "6"))

    screens("tour-one-of-several-answers", ended.out)


def test_the_whole_tour(workbook: Workbook, screens: Screens) -> None:
    """At the end you see how many were correct at the first try and what's next, and the step is done."""
    ended = answer(workbook, "main", "main", *ANSWERS[1:])

    assert (ended.status, ended.err) == (0, "")
    screens("tour-whole", ended.out)
    workbook.note("current", "01-hello")
    assert workbook("list").lines[4].startswith(" DONE final ")


def test_an_answered_tour_repeats_one(workbook: Workbook, screens: Screens) -> None:
    """If you've answered everything, the tour says so; with a number you can answer that one again."""
    note_all(workbook)

    done = workbook("tour")
    again = answer(workbook, "config", words=("final", "2"))

    screens("tour-answered", done.out)
    screens("tour-question-again", again.out)


def test_a_question_that_is_changed_is_asked_again(workbook: Workbook, screens: Screens) -> None:
    """Answers belong to a question's text: a new order changes nothing, but a changed question is open again."""
    note_all(workbook)
    replace_in(workbook.root / "final/tour.toml", QUESTIONS[4], "Something else?")

    ended = workbook("tour")

    screens("tour-changed-question", ended.out)


def test_bytes_that_are_no_text(workbook: Workbook) -> None:
    """Bytes that aren't text, a closed input or a very long line don't end the tour."""
    strict = workbook.env | {"PYTHONIOENCODING": "utf-8:strict"}  # as with the locale of most machines
    for given in (b"\xff\xfe\n\0\n", b"x" * 100_000, b"main"):
        ended = subprocess.run([*COMMAND, "tour"], cwd=workbook.root, env=strict, input=given, capture_output=True)
        assert (ended.returncode, ended.stderr) == (0, b"")
    assert len(workbook.notes("toured")) == 1, "a last line without its end is an answer"
    closed = workbook("tour", before=["sh", "-c", 'exec "$@" <&-', "sh"])
    assert (closed.status, closed.err, closed.lines[0]) == (0, "", "Question 2 of 8")


def test_a_tour_changes_no_file(workbook: Workbook) -> None:
    """The tour writes only your progress."""
    before = files_below(workbook.root)

    answer(workbook, *ANSWERS)

    after = files_below(workbook.root)
    assert {name for name in after if after[name] != before.get(name)} == {"work/journal.sqlite"}


# --- which tour


def test_a_tour_that_there_is_not(shared: Workbook, screens: Screens) -> None:
    """For a step without a tour, or an unknown question, the tour exits 2 and names a command that works."""
    words = ("01", "01 2", "3", "final 9", "finale", "final 0", "final one", "final 1 2")

    screens("tour-refused", shared.refusals(*(f"tour {one}" for one in words)))


def test_of_several_projects_the_current_one(workbook: Workbook) -> None:
    """If there isn't exactly one project, the tour takes the step that you're in."""
    toml = workbook.root / "workbook.toml"
    project = toml.read_text(encoding="utf-8").partition('[[step]]\nname = "final"')[2].partition("[[step]]")[0]
    toml.write_text(toml.read_text(encoding="utf-8") + '\n[[step]]\nname = "other"' + project, encoding="utf-8")

    assert "01-hello" in workbook.refusals("tour")
    workbook.note("current", "final")
    assert workbook("tour").lines[0] == "Question 1 of 8"


def test_a_project_without_a_tour(workbook: Workbook, screens: Screens) -> None:
    """If a project's tour is missing, the error says how to get it back; the rest of the course works."""
    (workbook.root / "final/tour.toml").unlink()

    screens("tour-gone", workbook.refusals("tour", status=1))
    assert workbook("list").status == 0


# --- a tour that is not what it should be


def test_a_broken_tour(workbook: Workbook, screens: Screens) -> None:
    """For a broken tour.toml, the error has the file, line and key and the way to restore it; exit 2."""
    tour = workbook.root / "final/tour.toml"
    whole = tour.read_text(encoding="utf-8")
    runs = []
    for old, new in (
        ('question = "Which file names the routes?"', 'questoin = "x"'),
        ('answer = ["app/config.py"]', 'answer = "app/config.py"'),
        ('answer = ["app/config.py"]', "answer = []"),
        ('answer = ["app/config.py"]', "answer = [1]"),
        ('look = "os.environ"', 'look = " "'),
        ('look = "os.environ"', 'look = "os.environ"\nhint = ""'),
        ('look = "os.environ"', 'look = "os.environ'),
    ):
        replace_in(tour, old, new)
        runs.append((f"# tour.toml: {' and '.join(new.split(chr(10)))} instead of {old}", workbook.refusals("tour")))
        tour.write_text(whole, encoding="utf-8")

    screens("tour-broken", transcript(runs))


def found_in(project: Path) -> list[Finding]:
    with contextlib.closing(ColdRunner()) as runner:
        return list(prove(tour_claims(project), runner))


@pytest.mark.parametrize(
    "old, new, subject, wrong",
    [
        (QUESTIONS[1], QUESTIONS[0], "its tour", "a question is asked twice"),
        (f'question = "{QUESTIONS[1]}"\n', "", "its tour", "final/tour.toml, line 7, key question: Field required."),
        ('"app/config.py"', '"config.py"', "question 2", "there's no file config.py"),
        ('"app/config.py"', '"../app/config.py"', "question 2", "there's no file ../app/config.py"),
        ('"app/config.py"', '".env"', "question 2", "there's no file .env"),
        ('"os.environ"', '"os.getenv"', "question 2", "“os.getenv” does not occur in app/config.py"),
        ("reason to change", "reason", "question 1", "its why has 19 words, fewer than 20"),
    ],
)
def test_verify_finds_what_is_wrong(tmp_path: Path, old: str, new: str, subject: str, wrong: str) -> None:
    """`verify` finds an answer that isn't there, a place that isn't found, and a reason that's too short."""
    project = tmp_path / "final"
    shutil.copytree(PROJECT, project)
    (project / ".env").write_text("os.environ", encoding="utf-8")  # no copy of the project has it
    tour = project / "tour.toml"
    tour.write_text(tour.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    (finding,) = [finding for finding in found_in(project) if not finding.holds]

    assert finding.subject.startswith(f"final, {subject}")
    assert wrong in finding.wrong


@pytest.mark.parametrize("number", [0, 7, 9])
def test_verify_counts_the_questions(tmp_path: Path, number: int) -> None:
    """`verify` requires a tour of every project, and exactly eight questions in it."""
    shutil.copytree(PROJECT, tmp_path / "final")
    tour = tmp_path / "final/tour.toml"
    _, *questions = tour.read_text(encoding="utf-8").split("[[question]]")
    chosen = [*questions, questions[0].replace("Which", "And which")][:number]
    tour.write_text("".join(f"[[question]]{question}" for question in chosen), encoding="utf-8")
    if not number:
        tour.unlink()

    (finding,) = [finding for finding in found_in(tmp_path / "final") if not finding.holds]

    assert (finding.subject, finding.wrong) == ("final, its tour", f"{number} questions, not 8")


def test_the_small_tour_holds() -> None:
    """`verify` accepts the small course's tour, so each refusal above is because of its one fault."""
    findings = found_in(PROJECT)

    assert (len(findings), [finding for finding in findings if not finding.holds]) == (9, [])
    course = Course(COURSE)
    assert [question.question for question in course.tour(course.step("final"))] == QUESTIONS
    assert course.tour(course.step("01")) == []
