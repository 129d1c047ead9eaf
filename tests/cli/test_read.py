"""What the session's `t` shows: what a task or an exercise asks for."""

from pathlib import Path

import pytest

from workbook.cli.read import task_table
from workbook.course.changes import Task
from workbook.course.model import Course, Step

COURSE = Course.find(Path(__file__).parents[2])
EXERCISES = [step for step in COURSE.steps if step.kind == "exercise"]
TASKS = [(step, task) for step in COURSE.steps for task in COURSE.tasks(step)]


@pytest.mark.parametrize("step", EXERCISES, ids=lambda step: step.name)
def test_an_exercise_shows_its_contract(step: Step) -> None:
    """Of an exercise it's the section that says what to build, not the table of commands, and nothing of the marks."""
    shown = task_table(COURSE, step, Task(COURSE.folder(step), step.title))

    assert len(shown.split()) > 80
    assert "| command |" not in shown
    assert "How it's graded" not in shown
    assert "points" not in shown


@pytest.mark.parametrize("step, task", TASKS, ids=lambda part: getattr(part, "title", ""))
def test_a_task_says_which_it_is(step: Step, task: Task) -> None:
    """Of a task it's the title and every table, the one of when it's done among them."""
    shown = task_table(COURSE, step, task)

    assert shown.startswith(f"**Task {task.number}: {task.title}**")
    assert "it's done when" in shown
