"""`workbook break`: predict what an edit breaks, then see."""

import threading
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from workbook.course.changes import BadChange, Experiment, scratch_copy
from workbook.course.model import Step
from workbook.course.promises import choices_for, read_promises, red_numbers
from workbook.course.step_files import find_tests
from workbook.errors import UserError
from workbook.testrun import Check, ColdRunner, Promise, Runner, run_tests
from workbook.wording import number_of

from . import screens
from .context import Context
from .predicting import (
    Asked,
    about_experiment,
    ask_prediction,
    how_sure,
    read_numbers,
    show_numbered,
    show_question,
    told_difference,
)
from .terminal import Terminal


def break_stage(name: str | None, number: int | None, predict: str) -> None:
    """List the stage's experiments, or try one."""
    here = Context()
    if name and name.isdecimal() and not name.startswith("0") and number is None:  # `break 2`, not `break 02`
        raise UserError("Say which stage, then which experiment.", f"workbook break {here.step(None).name} {name}")
    step = here.step(name)
    experiments = read_stage_experiments(here, step)
    if number is None:
        _list(here, step, experiments)
        return
    if number > len(experiments):
        raise UserError(
            f"{step.name} has {number_of(len(experiments), 'experiment')}, and number {number} isn't one of them.",
            f"workbook break {step.name}",
        )
    try_experiment(here, step, number, ColdRunner(), predict)


def read_stage_experiments(here: Context, step: Step) -> list[Experiment]:
    if experiments := here.course.experiments(step):
        return experiments
    raise UserError(f"{step.name} doesn't have experiments.", "workbook list", code=1)


def _list(here: Context, step: Step, experiments: list[Experiment]) -> None:
    terminal, untried = here.terminal, here.progress.untried(step)
    terminal.line(f"{step.title}: predict what breaks, then see", "bold")
    terminal.line()
    for number, experiment in enumerate(experiments, 1):
        note = "(its edit is hidden)" if experiment.hidden else ""
        terminal.outcome("open" if number in untried else "done", f"{number}  {experiment.title} {note}", hang=3)
    terminal.line()
    terminal.field("Next", [f"uv run workbook break {step.name} {untried[0] if untried else 1}"])


def try_experiment(here: Context, step: Step, number: int, runner: Runner, predict: str = "") -> None:
    """Ask for a prediction, apply the edits to a scratch copy, show what turned red and why."""
    experiments = read_stage_experiments(here, step)
    experiment = experiments[number - 1]
    choices = choices_for(experiment, read_promises(here.course.folder(step)))
    most = len(experiment.choices if experiment.hidden else choices)
    given = read_numbers(predict, most) if predict else None
    if predict and given is None:
        raise UserError(
            f"“{predict}” isn't a prediction. Give numbers from 0 to {most}, with commas, or none.",
            f"workbook break {step.name} {number} --predict none",
        )
    here.terminal.line(f"{step.title}, the original. Your own code isn't touched.", "dim")
    head = f"Experiment {number} of {len(experiments)}: {experiment.title}"
    trial = _Trial(here, step, experiment, runner)
    if experiment.hidden:
        _diagnose(here, step, experiment, head, trial, given)
    else:
        asked = about_experiment(here.terminal, head, experiment, here.course.folder(step), choices)
        _predict(here, step, experiment, asked, red_numbers(experiment, choices), trial, given)


class _Trial:
    """The experiment's run, begun while the learner still thinks."""

    def __init__(self, here: Context, step: Step, experiment: Experiment, runner: Runner) -> None:
        self._check: Check | None = None
        self._error: BaseException | None = None

        def run() -> None:
            try:
                with scratch_copy(here.course.folder(step), experiment.edits) as copy:
                    self._check = run_tests(runner, here.course.root, find_tests(copy))
            except BaseException as error:
                self._error = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def result(self, terminal: Terminal) -> Check:
        """Wait for the run, and show that something is going on."""
        with terminal.waiting("Breaking it, and running the tests …") if self._thread.is_alive() else nullcontext():
            self._wait()
        if isinstance(self._error, BadChange):
            raise UserError(f"The experiment doesn't fit the stage: {self._error}.", "git checkout stages", code=1)
        if self._error:
            raise self._error
        assert self._check
        if self._check.trouble:
            raise UserError(f"The tests couldn't run:\n{self._check.trouble}", "workbook doctor", code=1)
        return self._check

    def _wait(self) -> None:
        while self._thread.is_alive():
            self._thread.join(0.2)


def _predict(
    here: Context,
    step: Step,
    experiment: Experiment,
    asked: Asked,
    red: list[int],
    trial: _Trial,
    given: list[int] | None,
) -> None:
    terminal = here.terminal
    before = here.progress.of(step).tried.get(experiment.title)
    numbers, sure = given, ""
    if given is None and before is None:
        numbers, sure = ask_prediction(here, asked)
    elif given is None:
        asked.about()
        _say_that_it_was_asked(here, before=bool(before))
    else:
        show_question(terminal, asked)
        sure = how_sure(here)
    found = trial.result(terminal)
    _show_red(here, found)
    right = numbers is not None and sorted(numbers) == red
    if numbers is not None:
        _judge(here, right, sure, "That's what you predicted." if right else told_difference(numbers, red))
    _explain(here, experiment)
    if numbers is not None:
        here.note("predicted", step, experiment=experiment.title, prediction=sorted(numbers), right=right, sure=sure)


def _diagnose(
    here: Context, step: Step, experiment: Experiment, head: str, trial: _Trial, given: list[int] | None
) -> None:
    terminal = here.terminal
    screens.show_experiment(terminal, head, experiment, None)
    found = trial.result(terminal)
    stage = here.course.folder(step)
    evidence = [_as_evidence(promise, stage) for promise in found.broken]

    def show_evidence() -> None:
        _show_red(here, found)
        screens.show_cards(terminal, evidence, limit=screens.CARDS_SHOWN)

    before = here.progress.of(step).tried.get(experiment.title)
    if given is None and before is not None:
        show_evidence()
        _say_that_it_was_asked(here, before=before)
        terminal.line(f"It was: {experiment.answer}.")
        _reveal(here, step, experiment)
        return
    asked = Asked(
        about=show_evidence,
        brief=lambda: _show_red(here, found),
        offer=lambda: _show_options(terminal, experiment),
        most=len(experiment.choices),
        prompt="Its number: ",
        see_again="the card",
        only_one=True,
    )
    if given is not None:
        show_question(terminal, asked)
    numbers, sure = given, ""
    if given is not None:
        sure = how_sure(here)
    else:
        numbers, sure = ask_prediction(here, asked)
    if numbers is None:
        terminal.line("Run this on a terminal, or with --predict N, to see what was done.")
        return
    right = [experiment.choices[n - 1] for n in numbers if n] == [experiment.answer]
    _judge(here, right, sure, "That's it." if right else f"Not quite. It was: {experiment.answer}.")
    _reveal(here, step, experiment)
    here.note("predicted", step, experiment=experiment.title, prediction=numbers, right=right, sure=sure)


def _show_options(terminal: Terminal, experiment: Experiment) -> None:
    terminal.line("What was done?", "bold")
    show_numbered(terminal, experiment.choices)
    terminal.line()


def _show_red(here: Context, found: Check) -> None:
    terminal = here.terminal
    terminal.rule()
    for promise in found.broken:
        terminal.outcome("broken", promise.text)
    looked_at = len(found.promises) - len(found.not_proven)
    terminal.outcome(
        "kept", f"{len(found.kept)} of {number_of(looked_at, 'promise')} {'is' if looked_at == 1 else 'are'} kept"
    )
    screens.show_not_proven(terminal, found)
    terminal.line()


def _judge(here: Context, right: bool, sure: str, said: str) -> None:
    here.terminal.line(said, "green" if right else "yellow")
    if sure == "certain" and not right:
        here.terminal.line("You were certain. Being certain and wrong is what hurts in production, so read on.")
    elif sure == "a guess" and right:
        here.terminal.line("You said that it was a guess, so read why it's right.")
    here.terminal.line()


def _reveal(here: Context, step: Step, experiment: Experiment) -> None:
    """Show what a hidden experiment has edited, and why that breaks what it breaks."""
    screens.show_edits(here.terminal, experiment.edits, here.course.folder(step))
    here.terminal.line()
    _explain(here, experiment)


def _explain(here: Context, experiment: Experiment) -> None:
    here.terminal.line("Why", "bold")
    here.terminal.line(" ".join(experiment.why.split()))
    here.terminal.line()


def _as_evidence(promise: Promise, stage: Path) -> Promise:
    """Return a promise that an experiment broke, with the stage's test and the requests, but no commands or hints."""
    cards = []
    for card in promise.cards:
        asked = [line for label, lines in card["sections"] if label == "Repeat it" for line in lines[1:]]
        sections = [part for part in card["sections"] if part[0] not in {"Repeat it", "Hint"}]
        cards.append(card | {"sections": [("Asked", asked), *sections] if asked else sections})
    return replace(promise, file=stage / promise.file.name, cards=cards)


def _say_that_it_was_asked(here: Context, *, before: bool) -> None:
    """Say how the prediction went: it's asked once, and again by `workbook review` when it's due."""
    here.terminal.line(
        f"You've predicted this one before, and {'you were right' if before else 'you were wrong'}.", "bold"
    )
    here.terminal.line("uv run workbook review asks it again when it's due.", "dim")
    here.terminal.line()
