"""Ask what will break and how sure the learner is, and show how the answer differs from what happened."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from workbook.course.changes import Experiment
from workbook.course.promises import SURE as DEGREES
from workbook.course.promises import PromiseText

from . import screens
from .context import Context
from .keyboard import ask_line, can_ask, forget_typed, wait_for_enter
from .terminal import Terminal

PROMPTS = 3  # rows below a question: its answer, how sure, and the answer to that
NARROW = 60  # columns below which “how sure” takes two rows
HANGING = "     "  # what an answer's further lines begin with
LEAVE = "Ctrl-C leaves the question."
SURE = {str(number): words for number, words in enumerate(DEGREES, 1)}


def show_numbered(terminal: Terminal, answers: Iterable[str]) -> None:
    """Show the answers to choose from, with their numbers."""
    for n, answer in enumerate(answers, 1):
        terminal.line(f"{n}  {answer}", indent=2, hang=3)


def _show_choices(terminal: Terminal, choices: list[PromiseText]) -> None:
    """Show the promises among which a prediction chooses, numbered."""
    terminal.line("Which promises will break?", "bold")
    show_numbered(terminal, [promise.text for promise in choices])
    terminal.line("0  none of them", indent=2)
    terminal.line()


@dataclass(frozen=True)
class Asked:
    """A question whose answers are numbers, or only one: what it's about, that in brief, and the numbered answers."""

    about: Callable[[], object]
    brief: Callable[[], object]
    offer: Callable[[], object]
    most: int
    prompt: str = "Numbers, with commas: "
    see_again: str = "the edit"
    only_one: bool = False

    def read(self, text: str) -> list[int] | None:
        """Return the numbers in an answer; None if the text isn't an answer."""
        numbers = read_numbers(text, self.most)
        return None if self.only_one and len(numbers or []) != 1 else numbers

    @property
    def wanted(self) -> str:
        """What an answer looks like."""
        said = (
            f"One number from 1 to {self.most}."
            if self.only_one
            else f"Numbers from 0 to {self.most}, with commas; 0 for none."
        )
        return f"{said} {LEAVE}"


def about_experiment(
    terminal: Terminal, head: str, experiment: Experiment, folder: Path, choices: list[PromiseText]
) -> Asked:
    """Return the question which of the promises an experiment's edits of a folder break."""
    return Asked(
        about=lambda: screens.show_experiment(terminal, head, experiment, folder),
        brief=lambda: screens.show_experiment(terminal, head, experiment, None),
        offer=lambda: _show_choices(terminal, choices),
        most=len(choices),
    )


def show_question(terminal: Terminal, asked: Asked) -> bool:
    """Show what a question is about and its answers, and return True; if the screen is too low, only the first."""
    about, offer = terminal.lines_of(asked.about), terminal.lines_of(asked.offer)
    whole = [*about, *offer]
    tight = [*terminal.dense(about), *terminal.dense(offer)]
    for lines in (whole, tight):
        if not can_ask() or terminal.rows(lines) + PROMPTS <= terminal.height:
            terminal.show([*lines, ""])
            return True
    terminal.show([*(about if terminal.rows(about) + PROMPTS <= terminal.height else terminal.dense(about)), ""])
    return False


def ask_prediction(here: Context, asked: Asked) -> tuple[list[int] | None, str]:
    """Ask for numbers and for how sure the learner is; None and "" if there's no one to ask."""
    while (numbers := _ask_numbers(here, asked)) is not None:
        if sure := how_sure(here, again=True):
            return numbers, sure
        here.terminal.clear()
    return None, ""


def _ask_numbers(here: Context, asked: Asked) -> list[int] | None:
    """Show a question, and ask until numbers from 0 to the highest are typed; None if there's no one to ask."""
    terminal = here.terminal
    fits = show_question(terminal, asked)
    if not fits:
        _turn_the_page(here, asked)
    prompt = (
        asked.prompt if fits else f"{asked.prompt.partition(',')[0].rstrip(': ')}, or Enter for {asked.see_again}: "
    )
    while can_ask():
        answer = _ask(here, prompt)
        numbers = None if answer is None else asked.read(answer)
        if numbers is not None:
            return numbers
        if answer is None and fits:
            terminal.rule()
            show_question(terminal, asked)
        elif not fits and not (answer or "").strip():
            terminal.clear()
            terminal.show([*terminal.dense(terminal.lines_of(asked.about)), ""])
            _turn_the_page(here, asked)
            continue
        terminal.line(asked.wanted, "yellow")
    return None


def _turn_the_page(here: Context, asked: Asked) -> None:
    """Wait for Enter, then show the answers, below as much of the question as there's room for."""
    terminal = here.terminal
    wait_for_enter(terminal, "Enter shows what to choose from … ")
    terminal.clear()
    brief, offer = terminal.dense(terminal.lines_of(asked.brief)), terminal.dense(terminal.lines_of(asked.offer))
    room = terminal.height - PROMPTS - (terminal.width < NARROW)
    *pages, last = _pages(terminal, offer, room)
    for page in pages:
        terminal.show([*page, ""])
        wait_for_enter(terminal, "Enter shows more to choose from … ")
        terminal.clear()
    terminal.show([*(brief if not pages and terminal.rows([*brief, *last]) <= room else []), *last, ""])


def _pages(terminal: Terminal, offer: list[str], room: int) -> list[list[str]]:
    """Return the answers in parts that fit into `room` rows, each of whole answers."""
    page = terminal.fitted(offer, max(1, room)) or offer[:1]
    whole = list(page)
    while len(whole) > 1 and len(page) < len(offer) and offer[len(whole)].startswith(HANGING):
        whole.pop()
    if len(whole) > 1:
        page = whole
    rest = offer[len(page) :]
    return [page, *(_pages(terminal, rest, room) if rest else [])]


def how_sure(here: Context, *, again: bool = False) -> str:
    """Ask how sure the learner is; "" if there's no one to ask, or if `again` and they'd rather choose again."""
    if not can_ask():
        return ""
    choose = ", 0 choose again" if again else ""
    while True:
        here.terminal.line(f"How sure are you? 1 a guess, 2 fairly sure, 3 certain{choose}.", "bold")
        while (answer := _ask(here, "1, 2 or 3: ")) is not None:
            if again and answer.strip() == "0":
                return ""
            if answer.strip() in SURE:
                here.terminal.line()
                return SURE[answer.strip()]
            here.terminal.line(f"One number: 1, 2 or 3{', or 0' if again else ''}. {LEAVE}", "yellow")


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
    """Return how a prediction differs from what broke."""
    missed = [n for n in red if n not in numbers]
    wrongly = [n for n in numbers if n and n not in red]
    said = ["Not quite."]
    if missed:
        said.append(f"{_list_of(missed)} broke, which you didn't expect.")
    if wrongly:
        holds = "it still holds" if len(wrongly) == 1 else "they still hold"
        said.append(f"You expected {_list_of(wrongly)} to break, but {holds}.")
    return " ".join(said)


def _list_of(numbers: list[int]) -> str:
    return " and ".join(
        [", ".join(map(str, numbers[:-1])), str(numbers[-1])] if len(numbers) > 1 else map(str, numbers)
    )
