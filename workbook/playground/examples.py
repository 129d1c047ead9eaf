"""What each stage shows in the page: its app, requests to it, and the promises that the page can check."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from workbook.course.changes import Experiment, left_out
from workbook.course.model import Course, Step
from workbook.course.promises import read_promises
from workbook.course.tomlfile import Strict, read_toml
from workbook.errors import UserError
from workbook.playground.inside.requests import BadRequest, parse

FOLDER = Path(__file__).parent / "examples"
Need = Literal["database", "passwords", "pictures"]


class Expect(Strict):
    """What a response has to be like: texts are regular expressions. `request` counts from 1 (default: the last)."""

    request: Annotated[int, Field(ge=1)] | None = None
    status: int | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    without_headers: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    body_without: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    log_without: tuple[str, ...] = ()


class ExampleCheck(Strict):
    """A promise of the stage, as far as requests can show it."""

    promise: str
    requests: str
    expect: Annotated[tuple[Expect, ...], Field(min_length=1)]


class Example(Strict):
    """The playground of one stage.

    `needs` are bundles, and packages that the page replaces. `notes` say on the page what's different there. `not_here`
    are the experiments, by number, that no page can show, each with the reason. `elsewhere` are tests that no page can
    run, the stage's own by name and its tasks' as `TASK/TEST`, each with what it needs. `cells_elsewhere` are the same
    for cells of the notebook, by number.
    """

    needs: tuple[Need, ...] = ()
    first: str
    env: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    requests: str
    not_here: dict[str, str] = Field(default_factory=dict)
    elsewhere: dict[str, str] = Field(default_factory=dict)
    cells_elsewhere: dict[str, str] = Field(default_factory=dict)
    check: tuple[ExampleCheck, ...] = ()


def stages(course: Course) -> list[Step]:
    """Return the stages that have a playground."""
    return [step for step in course.steps if step.kind == "stage" and has_example(step)]


def has_example(step: Step) -> bool:
    """Return whether the step has an example to run in the page."""
    return _file(step).is_file()


def _file(step: Step) -> Path:
    return FOLDER / f"{step.name}.toml"


def read_example(step: Step) -> Example:
    """Return the step's example. Raises `UserError` that names the file and what's wrong in it."""
    file = _file(step)
    example = read_toml(file, Example, table="check", called=file.name, cure=f"put {file.name} right")
    texts = {"requests": example.requests} | {check.promise: check.requests for check in example.check}
    for name, text in texts.items():
        try:
            parse(text)
        except BadRequest as error:
            raise UserError(f"{file.name}, {name}, line {error.line}: {error}", f"put {file.name} right") from error
    return example


def app_files(folder: Path) -> dict[str, str]:
    """Return the app of a stage, texts by path: the whole of `app/`, or `main.py` and the modules beside it."""
    beside = (path for path in folder.glob("*.py") if not path.name.startswith("test_"))
    found = (folder / "app").rglob("*.py") if (folder / "app").is_dir() else beside
    inside = {path.relative_to(folder): path for path in sorted(found)}
    return {
        name.as_posix(): path.read_text(encoding="utf-8")
        for name, path in inside.items()
        if not any(left_out(str(folder), [part]) for part in name.parts)
    }


def job(course: Course, step: Step, example: Example) -> dict[str, Any]:
    """Return what a run takes: files, env, requests, and what has to be loaded for them."""
    return {
        "files": app_files(course.folder(step)),
        "env": step.run.env | example.env,
        "needs": example.needs,
        "requests": example.requests,
    }


def expectations(check: ExampleCheck) -> list[dict[str, Any]]:
    return [expect.model_dump(exclude_defaults=True) for expect in check.expect]


def list_experiments(course: Course, step: Step, example: Example) -> list[tuple[int, Experiment]]:
    """Return the experiments that the page can show, with their numbers."""
    numbered = enumerate(course.experiments(step), 1)
    return [(number, one) for number, one in numbered if str(number) not in example.not_here]


def as_json(course: Course) -> str:
    """Return all examples as the JSON that the page reads."""
    return json.dumps({step.name: _told(course, step) for step in stages(course)}, ensure_ascii=False, indent=0)


def _told(course: Course, step: Step) -> dict[str, Any]:
    example = read_example(step)
    checked = [check.promise for check in example.check]
    texts = {promise.name: promise.text for promise in read_promises(course.folder(step))}
    experiments: list[dict[str, Any]] = [
        {
            "number": number,
            "title": one.title,
            "question": one.question.replace("\n", " "),
            "edits": [vars(edit) for edit in one.edits],
            "hidden": one.hidden,
            "choices": one.choices,
            "answer": one.answer,
            "why": one.why.replace("\n", " "),
            "unseen": [name for name in texts if name in one.red - set(checked)],
        }
        for number, one in list_experiments(course, step, example)
    ]
    wanted = {name for one in experiments for name in [*checked, *one["unseen"]]} | set(checked)
    return job(course, step, example) | {
        "first": example.first,
        "tasks": bool(course.tasks(step)),
        "notes": [
            *example.notes,
            *(f"Experiment {number} is left out: {why}" for number, why in example.not_here.items()),
        ],
        "promises": {name: texts[name] for name in texts if name in wanted},
        "checks": [{"promise": c.promise, "requests": c.requests, "expect": expectations(c)} for c in example.check],
        "experiments": experiments,
    }
