"""`workbook break`: predict, then see."""

import pytest

from ..runners import Workbook, files_below

# --- where am I


def test_break_lists_the_experiments(workbook: Workbook) -> None:
    """`break STAGE` lists the experiments, which were tried, and the next one."""
    workbook.note("predicted", "01-hello", experiment="Everybody is welcome", right=False)

    ended = workbook("break", "01")

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "Hello: predict what breaks, then see",
        "",
        " DONE 1  Everybody is welcome",
        " OPEN 2  Another sentence",
        " OPEN 3  Something in the greeting (its edit is hidden)",
        "",
        "      Next  uv run workbook break 01-hello 2",
    ]


def test_a_right_prediction(workbook: Workbook) -> None:
    """`break` shows the question, the edit, the promises to choose from, what turned red, the judgement and why."""
    ended = workbook("break", "01", "1", "--predict", "2")

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "Hello, as shipped. Your own code is not touched.",
        "Experiment 1 of 3: Everybody is welcome",
        "",
        "The refusal of nobody is gone.",
        "",
        "--- main.py",
        '-    if name == "nobody":',
        '-        raise HTTPException(404, "Nobody is here")',
        "",
        "Which promises will break?",
        "  1  Whoever asks is greeted by name.",
        "  2  Nobody is not greeted: the reply is 404.",
        "  3  The load balancer is told that the app lives.",
        "  0  none of them",
        "",
        "─" * 80,
        " FAIL Nobody is not greeted: the reply is 404.",
        " PASS 2 of 3 promises are kept",
        "",
        "That is what you predicted.",
        "",
        "Why",
        "Nothing else refuses.",
        "",
    ]
    (entry,) = workbook.notes("predicted")
    assert entry.data == {"experiment": "Everybody is welcome", "prediction": [2], "right": True, "sure": ""}


@pytest.mark.parametrize(
    "number, prediction, judgement",
    [
        ("1", "1, 3", "It came otherwise: you did not expect 2 and you expected 1 and 3, which is kept."),
        ("2", "none", "That is what you predicted."),
        ("2", "1", "It came otherwise: you expected 1, which is kept."),
    ],
)
def test_predictions_are_judged(shared: Workbook, number: str, prediction: str, judgement: str) -> None:
    """A prediction is compared with what turned red; none is a prediction too."""
    ended = shared("break", "01", number, "--predict", prediction)

    assert (ended.status, judgement in ended.lines) == (0, True), ended.out


def test_without_a_prediction_nothing_is_recorded(workbook: Workbook) -> None:
    """Without a terminal and without --predict the outcome is shown, and the experiment stays open."""
    ended = workbook("break", "01", "1")

    assert ended.status == 0
    assert " FAIL Nobody is not greeted: the reply is 404." in ended.lines
    assert "predicted" not in ended.out
    assert workbook.notes("predicted") == []


@pytest.mark.parametrize("prediction", ["six", "²"])
def test_garbage_is_no_prediction(shared: Workbook, prediction: str) -> None:
    """A prediction that is none is refused before anything runs: exit 2, what is allowed, and an example."""
    ended = shared("break", "01", "1", f"--predict={prediction}")

    assert (ended.status, ended.out) == (2, "")
    assert "is no prediction: numbers from 0 to 3, with commas, or none." in " ".join(ended.err.split())
    assert "Next: uv run workbook break 01-hello 1 --predict none" in ended.err


def test_a_hidden_experiment_shows_its_card_alone(shared: Workbook) -> None:
    """A hidden experiment shows what turned red and the choices, not the edit."""
    ended = shared("break", "01", "3")

    assert (ended.status, ended.err) == (0, "")
    assert "upper" not in ended.out
    assert "  2  the name is written in capitals" in ended.lines
    assert ended.lines[-1] == "Run this on a terminal, or with --predict N, to see what was done."
    # The card names the stage's own test and the request: the folder and the app of the experiment are gone.
    assert "   test_greets_by_name, stages/01-hello/test_hello.py:6" in ended.lines
    assert "     Asked  curl -i http://127.0.0.1:8000/hello/Ada" in ended.lines
    assert "workbook-scratch" not in ended.out
    assert "workbook hint" not in ended.out


@pytest.mark.parametrize(
    "choice, judgement", [("1", "It was another: the name is written in capitals."), ("2", "That is it.")]
)
def test_a_diagnosis_is_judged(shared: Workbook, choice: str, judgement: str) -> None:
    """With the answer to a hidden experiment comes its edit."""
    ended = shared("break", "01", "3", "--predict", choice)

    assert ended.status == 0
    assert judgement in ended.lines
    assert "+{GREETING} {name.upper()}" in ended.lines


def test_an_experiment_touches_neither_stage_nor_copy(workbook: Workbook) -> None:
    """An experiment runs on a scratch copy that is gone afterwards."""
    workbook.put_into_work("01-hello")
    before = files_below(workbook.root / "stages"), files_below(workbook.work / "01-hello")

    workbook("break", "01", "1", "--predict", "2")

    assert (files_below(workbook.root / "stages"), files_below(workbook.work / "01-hello")) == before
    assert list(workbook.temporary.iterdir()) == []


@pytest.mark.parametrize(
    "words, message, then",
    [
        (["break", "2"], "Say which stage, then which experiment.", "uv run workbook break 01-hello 2"),
        (["break", "01", "7"], "01-hello has 3 experiments; there is no number 7.", "uv run workbook break 01-hello"),
    ],
)
def test_break_says_how_it_is_meant(shared: Workbook, words: list[str], message: str, then: str) -> None:
    """An experiment that is not named fully, or does not exist, exits 2 and shows the command that works."""
    ended = shared(*words)

    assert (ended.status, ended.out, ended.err) == (2, "", f"workbook: {message}\nNext: {then}\n")


# --- hint
