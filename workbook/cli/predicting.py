"""Ask what will break, how sure the learner is, and tell how the answer differs from what came."""

import hashlib
from collections.abc import Callable

from workbook.course.changes import Experiment
from workbook.course.promises import PromiseText

from .asking import ask_line, can_ask
from .context import Context
from .keyboard import forget_typed
from .terminal import Terminal

CHOICES = 8
SURE = {"1": "a guess", "2": "fairly sure", "3": "certain"}


def choices_for(experiment: Experiment, promises: list[PromiseText]) -> list[PromiseText]:
    """Return what the learner chooses among: every core promise, every one that breaks, and others up to eight.

    The others differ from one experiment to the next: otherwise what's new in the list would be what breaks.
    """
    clear = [promise for promise in promises if promise.name not in experiment.unclear]
    must = {promise.name for promise in clear if not promise.deeper or promise.name in experiment.red}
    spare = [promise.name for promise in clear if promise.name not in must]
    spare.sort(key=lambda name: hashlib.sha256(f"{experiment.title} {name}".encode()).digest())
    chosen = must | set(spare[: max(0, CHOICES - len(must))])
    return [promise for promise in clear if promise.name in chosen]


def show_choices(terminal: Terminal, choices: list[PromiseText]) -> None:
    """Show the promises among which a prediction chooses, numbered."""
    terminal.line("Which promises will break?", "bold")
    for n, promise in enumerate(choices, 1):
        terminal.line(f"{n}  {promise.text}", indent=2, hang=3)
    terminal.line("0  none of them", indent=2)
    terminal.line()


def predicted_numbers(here: Context, choices: list[PromiseText]) -> list[int] | None:
    """Ask which of the promises break, and return their numbers; None if there's no one to ask."""
    return ask_numbers(here, "Numbers, with commas: ", len(choices), lambda: show_choices(here.terminal, choices))


def ask_numbers(here: Context, prompt: str, most: int, show: Callable[[], None]) -> list[int] | None:
    """Ask until numbers from 0 to `most` are typed; `show` shows the question again behind a pasted text."""
    while can_ask():
        answer = _ask(here, prompt)
        numbers = None if answer is None else read_numbers(answer, most)
        if numbers is not None:
            return numbers
        if answer is None:
            here.terminal.rule()
            show()
        here.terminal.line(f"Numbers from 0 to {most}, with commas; 0 for none.", "yellow")
    return None


def how_sure(here: Context) -> str:
    if not can_ask():
        return ""
    while True:
        here.terminal.line("How sure are you? 1 a guess, 2 fairly sure, 3 certain.", "bold")
        while (answer := _ask(here, "1, 2 or 3: ")) is not None:
            if answer.strip() in SURE:
                here.terminal.line()
                return SURE[answer.strip()]


def _ask(here: Context, prompt: str) -> str | None:
    """Ask for one line; what was typed before the question isn't an answer."""
    forget_typed()
    return ask_line(here.terminal, prompt)


def read_numbers(text: str, most: int) -> list[int] | None:
    """Return the numbers in a prediction, sorted; `none` and 0 add no number. None if the text isn't a prediction."""
    words = text.replace(",", " ").replace("none", "0").split()
    known = {str(number): number for number in range(most + 1)}
    if not words or not all(word in known for word in words):
        return None
    return sorted({known[word] for word in words} - {0})


def told_difference(numbers: list[int], red: list[int]) -> str:
    missed = [n for n in red if n not in numbers]
    wrongly = [n for n in numbers if n and n not in red]
    said = [f"you did not expect {_list_of(missed)}"] if missed else []
    said += [f"you expected {_list_of(wrongly)}, which is kept"] if wrongly else []
    return f"It came otherwise: {' and '.join(said)}."


def _list_of(numbers: list[int]) -> str:
    return " and ".join(
        [", ".join(map(str, numbers[:-1])), str(numbers[-1])] if len(numbers) > 1 else map(str, numbers)
    )
