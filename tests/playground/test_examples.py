"""What the page claims about each stage is true with uvicorn too."""

from collections.abc import Callable
from typing import Any

import pytest

from workbook.course.changes import Experiment
from workbook.course.model import Step
from workbook.course.promises import read_promises
from workbook.serving import Launcher

from .beside import COURSE, EXAMPLES, EXPERIMENTS, STAGES, served, verdict

Asked = Callable[[Step, Launcher], list[dict[str, Any]]]


def names(one: object) -> str:
    return one.name if isinstance(one, Step) else str(one) if isinstance(one, int) else ""


@pytest.mark.parametrize("step", STAGES, ids=names)
def test_every_stage_keeps_what_its_page_checks(launcher: Launcher, step: Step) -> None:
    """Each check of a stage belongs to one of its promises, and the original stage keeps it."""
    example = EXAMPLES[step.name]
    promised = {promise.name for promise in read_promises(COURSE.folder(step))}
    assert {check.promise for check in example.check} <= promised
    for check in example.check:
        with served(launcher, step, example) as app:
            assert verdict(app, check) == "", check.promise


@pytest.mark.exhaustive(sample=4, at_most=8)
@pytest.mark.parametrize("step, number, experiment", EXPERIMENTS, ids=names)
def test_an_experiment_breaks_what_it_breaks_in_the_tests(
    launcher: Launcher, step: Step, number: int, experiment: Experiment
) -> None:
    """An experiment turns exactly those page checks red whose promises its tests turn red."""
    example = EXAMPLES[step.name]
    red = set()
    for check in example.check:
        with served(launcher, step, example, experiment) as app:
            if verdict(app, check, patience=2 if check.promise in experiment.red else 5):
                red.add(check.promise)

    assert red == {check.promise for check in example.check} & experiment.red
    assert bool(red) == bool(experiment.red), "nothing of it shows in the page: name it in not_here"


@pytest.mark.parametrize("step", STAGES, ids=names)
def test_every_request_is_answered(launcher: Launcher, step: Step, by_uvicorn: Asked) -> None:
    """Each request of an example reaches a route, a refusal or a crash that the stage teaches."""
    replies = by_uvicorn(step, launcher)

    assert len(replies) >= 4
    assert any(reply["status"] < 300 for reply in replies)


def test_every_stage_has_a_playground() -> None:
    """Every stage has a playground, and no example belongs to a stage that doesn't exist."""
    assert [step.name for step in STAGES] == [step.name for step in COURSE.steps if step.kind == "stage"]
