"""`workbook break`: predict first, then see."""

import pytest

from ..golden import Screens
from ..runners import Workbook, files_below

# --- where am I


def test_break_lists_the_experiments(workbook: Workbook, screens: Screens) -> None:
    """`break STAGE` lists the experiments, shows which you've tried, and names the next one."""
    workbook.note("predicted", "01-hello", experiment="Everybody is welcome", right=False)

    ended = workbook("break", "01")

    assert (ended.status, ended.err) == (0, "")
    screens("break-list", ended.out)


def test_a_right_prediction(workbook: Workbook, screens: Screens) -> None:
    """`break` shows the question, the edit, the promises to choose from, what broke, your score and why."""
    ended = workbook("break", "01", "1", "--predict", "2")

    assert (ended.status, ended.err) == (0, "")
    screens("break-right-prediction", ended.out)
    (entry,) = workbook.notes("predicted")
    assert entry.data == {"experiment": "Everybody is welcome", "prediction": [2], "right": True, "sure": ""}


@pytest.mark.parametrize(
    "number, prediction, name",
    [
        ("1", "1, 3", "break-wrong-prediction"),
        ("2", "none", "break-none-predicted"),
        ("2", "1", "break-one-too-many-predicted"),
    ],
)
def test_predictions_are_judged(shared: Workbook, screens: Screens, number: str, prediction: str, name: str) -> None:
    """A prediction is compared with what turned red; “none” is a prediction too."""
    ended = shared("break", "01", number, "--predict", prediction)

    assert ended.status == 0
    screens(name, ended.out)


def test_without_a_prediction_nothing_is_recorded(workbook: Workbook, screens: Screens) -> None:
    """Without a terminal and --predict, you see the outcome, but the experiment stays open."""
    ended = workbook("break", "01", "1")

    assert ended.status == 0
    screens("break-no-prediction", ended.out)
    assert workbook.notes("predicted") == []


def test_garbage_is_no_prediction(shared: Workbook, screens: Screens) -> None:
    """If a prediction isn't one, nothing runs; the error says what's allowed, with an example; exit 2."""
    screens("break-bad-prediction", shared.refusals("break 01 1 --predict=six", "break 01 1 --predict=²"))


def test_a_hidden_experiment_shows_its_card_alone(shared: Workbook, screens: Screens) -> None:
    """A hidden experiment shows the broken promises and the choices, but not the edit."""
    ended = shared("break", "01", "3")

    assert (ended.status, ended.err) == (0, "")
    assert "upper" not in ended.out
    # The card names the stage's own test and the request: the folder and the app of the experiment are gone.
    assert "workbook-scratch" not in ended.out
    assert "workbook hint" not in ended.out
    screens("break-hidden", ended.out)


@pytest.mark.parametrize("choice, name", [("1", "break-hidden-wrong"), ("2", "break-hidden-right")])
def test_a_diagnosis_is_judged(shared: Workbook, screens: Screens, choice: str, name: str) -> None:
    """When you answer a hidden experiment, you see its edit."""
    ended = shared("break", "01", "3", "--predict", choice)

    assert ended.status == 0
    screens(name, ended.out)


def test_an_experiment_touches_neither_stage_nor_copy(workbook: Workbook) -> None:
    """An experiment runs on a scratch copy, which is deleted afterwards."""
    workbook.put_into_work("01-hello")
    before = files_below(workbook.root / "stages"), files_below(workbook.work / "01-hello")

    workbook("break", "01", "1", "--predict", "2")

    assert (files_below(workbook.root / "stages"), files_below(workbook.work / "01-hello")) == before
    assert list(workbook.temporary.iterdir()) == []


def test_break_says_how_it_is_meant(shared: Workbook, screens: Screens) -> None:
    """If an experiment is incomplete or unknown, `break` exits 2 and shows a command that works."""
    screens("break-no-such-experiment", shared.refusals("break 2", "break 01 7"))


# --- hint
