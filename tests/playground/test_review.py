"""Review in the page: the same questions on the same day as in the terminal, and progress that travels both ways."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbook.course.model import Course
from workbook.course.questions import read_across
from workbook.journal import Entry, Journal
from workbook.learner.progress import Progress
from workbook.learner.review import _due, due_questions

from ..runners import Workbook
from .beside import COURSE, ROOT
from .conftest import tab_on

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.usefixtures("bundles")
SURE = ("a guess", "fairly sure", "certain", "")
NOW = datetime.now(UTC).replace(microsecond=0)
DUE = """async ([build, histories]) => {
  const { dueAt } = await import("/assets/playground/deck.js");
  const library = await import(`/assets/playground/${build}/fsrs.js`);
  return histories.map((history) => dueAt(library, history));
}"""
CARDS = """async (build) => {
  const { dueCards } = await import("/assets/playground/deck.js");
  const { progress } = await import("/assets/playground/progress.js");
  const library = await import(`/assets/playground/${build}/fsrs.js`);
  const deck = await (await fetch("/assets/playground/deck.json")).json();
  return dueCards(library, deck, progress()).map(({ card }) => [card.step, card.title]);
}"""


@pytest.fixture
def page(browser: "Browser", origin: str) -> Iterator["Page"]:
    with tab_on(browser, f"{origin}/review.html") as page:
        yield page


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[Workbook]:
    """Return the command in the real course, with nothing done yet."""
    for name in ("workbook.toml", "stages", "exercises", "final"):
        (tmp_path / name).symlink_to(ROOT / name)
    command = Workbook(tmp_path)
    yield command
    command.close()


def journal_of(learner: Workbook) -> Journal:
    return Journal(learner.work / "journal.sqlite")


def predict(learner: Workbook, step: str, number: int, days_ago: float, **more: Any) -> str:
    """Record a prediction in the terminal's journal; return its title."""
    title = COURSE.experiments(COURSE.step(step))[number - 1].title
    facts = {"prediction": [1], "right": True, "sure": "fairly sure"} | more
    journal_of(learner).record_at(NOW - timedelta(days=days_ago), "predicted", step, {"experiment": title} | facts)
    return title


def show(page: "Page") -> None:
    page.get_by_role("button", name="Show my progress").click()
    page.get_by_text("Done in this browser").wait_for()


def bring(page: "Page", file: Path) -> str:
    """Import a file through the page, and return what the page says."""
    before = page.get_by_role("status").inner_text()
    page.get_by_label("A progress file").set_input_files(file)
    page.wait_for_function("before => document.querySelector('[role=status]').innerText !== before", arg=before)
    return page.get_by_role("status").inner_text()


def take(page: "Page", file: Path) -> Path:
    """Export from the page to a file."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Export to a file").click()
    download.value.save_as(file)
    return file


def test_the_same_answers_are_due_on_the_same_day(page: "Page", bundles: Path) -> None:
    """For 300 histories of answers, at any pace, the page and the terminal name the same time for the next."""
    chance = random.Random(21)
    histories = []
    for _ in range(300):
        at = NOW
        told: list[dict[str, Any]] = []
        for _ in range(chance.randint(1, 9)):
            told.append({"when": at.isoformat(), "right": chance.random() < 0.7, "sure": chance.choice(SURE)})
            at += timedelta(days=chance.choice((0.01, 0.6, 1, 3.4, 20, 200)) * chance.uniform(0.5, 1.5))
        histories.append(told)
    there = [
        _due([Entry(datetime.fromisoformat(one["when"]), "predicted", "", one) for one in told]) for told in histories
    ]

    here = page.evaluate(DUE, [bundles.name, histories])

    late = [abs(ours / 1000 - theirs.timestamp()) for ours, theirs in zip(here, there, strict=True)]
    assert max(late) < 1


def test_the_same_questions_are_due_in_the_same_order(
    page: "Page", bundles: Path, learner: Workbook, tmp_path: Path
) -> None:
    """From one file, the page and the terminal ask the same, across stages too, the certain and wrong ones first."""
    for step in ("01-cors", "02-middleware"):
        for number, one in enumerate(COURSE.experiments(COURSE.step(step)), 1):
            predict(learner, step, number, 3 + number, right=number != 2, sure=SURE[len(one.title) % 3])
    predict(learner, "01-cors", 1, 30, right=False, sure="certain")
    assert learner("progress", "export", "told.json").status == 0

    show(page)
    bring(page, tmp_path / "told.json")
    here = page.evaluate(CARDS, bundles.name)

    there = due_questions(COURSE, journal_of(learner).entries())
    assert [(step, title) for step, title in here] == [(one.step.name, one.subject.title) for one in there]
    assert any(title == one.title for one in read_across(ROOT) for _, title in here)
    assert len(here) > 4


def test_progress_travels_there_and_back(page: "Page", learner: Workbook, tmp_path: Path) -> None:
    """You can go on in the page with what you did in the terminal, and back, and nothing counts twice."""
    title = predict(learner, "01-cors", 1, 9, right=False, sure="certain")
    learner.note("solved", "02-middleware", task="1-admin-origin", code="x")
    told = learner("progress", "export", "told.json")
    assert "told.json has your progress: 1 task, 1 prediction and 0 reviews." in told.out

    show(page)
    assert bring(page, tmp_path / "told.json") == "New from told.json: 1 task, 1 prediction."
    assert bring(page, tmp_path / "told.json") == "You have all of told.json already."
    page.get_by_role("button", name="Review 1 question").click()
    assert "Last time you were certain" in page.get_by_role("status").inner_text()
    assert page.evaluate("document.activeElement.innerText") == f"1 of 1, from CORS: {title}"
    page.get_by_role("button", name="Answer").click()
    assert page.get_by_role("status").inner_text() == "Choose first."
    page.get_by_role("checkbox", name="None of them").check()
    page.get_by_role("checkbox").first.check()
    assert not page.get_by_role("checkbox", name="None of them").is_checked()
    page.get_by_role("button", name="Answer").click()
    assert page.get_by_role("status").inner_text() == "How sure are you?"
    page.get_by_role("radio", name="certain").check()
    page.get_by_role("button", name="Answer").click()
    assert page.get_by_role("status").inner_text() in ("That's right.", "Not quite.")
    page.get_by_role("button", name="Next").click()
    assert page.get_by_role("status").inner_text() == "That was all that's due today."
    assert "1 of " in page.locator("workbook-playground").inner_text()
    page.evaluate("""async () => {
      const { keep, predicted, progress } = await import("/assets/playground/progress.js");
      predicted("02-middleware/3", { title: "", answer: [], sure: "a guess", right: true });
      const all = progress();
      for (const task of ["pagination", "02-middleware/1-admin-origin"]) all.tasks[task] = "2026-01-01T00:00:00Z";
      keep(all);
    }""")
    back = take(page, tmp_path / "back.json")

    assert learner("progress", "import", back.name).out.startswith("New from ")
    entries = journal_of(learner).entries()
    third = COURSE.experiments(COURSE.step("02-middleware"))[2].title
    assert [(one.kind, one.data["experiment"]) for one in entries if "experiment" in one.data] == [
        ("predicted", title),
        ("reviewed", title),
        ("predicted", third),
    ]
    done = Progress(Course(tmp_path))
    assert done.of(COURSE.step("pagination")).solved == {"pagination"}
    again = learner("progress", "import", back.name)
    assert again.out == "You have all of back.json already.\n"
    assert len(journal_of(learner).entries()) == len(entries)
    learner("progress", "export", "all.json")
    whole = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert whole["tasks"]["02-middleware/1-admin-origin"].startswith("2026-01-01")
    assert set(whole["experiments"]) == {"01-cors/1", "02-middleware/3"}


@pytest.mark.parametrize(
    "text, says",
    [
        ("not json", "isn't a progress file"),
        ("[]", "isn't a progress file"),
        ('{"course": "Another", "tasks": {"01-hello/1-x": "2026-01-01T00:00:00Z"}}', "progress in another course"),
        ('{"course": "C", "experiments": {"01-cors/1": {"right": true, "when": "soon"}}}', "isn't a progress file"),
        ('{"course": "C", "tasks": ["01-cors"]}', "isn't a progress file"),
    ],
    ids=["text", "list", "foreign", "no time", "no table"],
)
def test_a_broken_or_foreign_file_gets_one_sentence(
    page: "Page", learner: Workbook, tmp_path: Path, text: str, says: str
) -> None:
    """A file that isn't progress in this course changes nothing, and page and terminal say so in one sentence."""
    file = tmp_path / "file.json"
    file.write_text(text, encoding="utf-8")
    ended = learner("progress", "import", "file.json")
    show(page)
    told = bring(page, file)

    assert ended.status == 2
    assert says in ended.err.splitlines()[0]
    assert "Traceback" not in ended.err
    assert says.replace("isn't", "That isn't", 1) in told or says in told
    assert told.count(". ") == 0
    assert journal_of(learner).entries() == []
    assert page.evaluate("localStorage.getItem('workbook-progress')") is None


def test_an_export_replaces_nothing_else(learner: Workbook, tmp_path: Path) -> None:
    """`progress export` can renew a file that it wrote, but won't overwrite one of another kind."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    refused = learner("progress", "export", "notes.txt")
    assert refused.status == 2
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"

    assert learner("progress", "export", "told.json").status == 0
    predict(learner, "01-cors", 1, 2)
    assert "1 prediction" in learner("progress", "export", "told.json").out
