"""What `review` in the page asks: the same experiments and questions across stages as in the terminal."""

import difflib
import json
from typing import Any

from workbook.course.changes import Edit, Experiment
from workbook.course.model import Course, Step
from workbook.course.promises import choices_for, read_promises, red_numbers
from workbook.course.questions import AcrossQuestion, read_across


def deck_json(course: Course) -> str:
    """Return all that can be asked as the JSON that the page reads, and what progress is counted against."""
    steps = [step for step in course.steps if step.kind != "project"]
    cards = [_card(course, step, one) for step in steps for one in course.experiments(step)]
    cards += [_across_card(course, one) for one in read_across(course.root)]
    tasks = {step.name: _tasks(course, step) for step in steps}
    return json.dumps({"course": course.title, "tasks": tasks, "cards": cards}, ensure_ascii=False)


def _tasks(course: Course, step: Step) -> list[str]:
    return [step.name] if step.kind == "exercise" else [task.folder.name for task in course.tasks(step)]


def _card(course: Course, step: Step, experiment: Experiment) -> dict[str, Any]:
    choices = choices_for(experiment, read_promises(course.folder(step)))
    number = course.experiments(step).index(experiment) + 1
    return {
        "key": f"{step.name}/{number}",
        "step": step.name,
        "from": step.title,
        "title": experiment.title,
        "question": " ".join(experiment.question.split()),
        "edits": [{"file": edit.file, "lines": _difference(edit)} for edit in experiment.edits],
        "choices": [promise.text for promise in choices],
        "names": [promise.name for promise in choices],
        "right": [number - 1 for number in red_numbers(experiment, choices)],
        "why": " ".join(experiment.why.split()),
    }


def _across_card(course: Course, question: AcrossQuestion) -> dict[str, Any]:
    steps = [course.step(name) for name in question.about]
    return {
        "about": [step.name for step in steps],
        "step": steps[-1].name,
        "from": " and ".join(step.title for step in steps),
        "title": question.title,
        "question": " ".join(question.question.split()),
        "edits": [],
        "choices": question.choices,
        "names": question.choices,
        "right": [question.choices.index(question.answer)],
        "why": " ".join(question.why.split()),
    }


def _difference(edit: Edit) -> list[str]:
    old, new = edit.find.strip("\n").splitlines(), edit.replace.strip("\n").splitlines()
    return [line for line in difflib.ndiff(old, new) if not line.startswith("?")]
