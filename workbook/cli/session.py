"""`workbook` alone: where am I, what next; on a terminal it watches the step and reacts to keys."""

import contextlib
from collections.abc import Callable

from workbook.course.model import Step
from workbook.errors import UserError
from workbook.learner import workspace
from workbook.learner.step_check import StepResult, Subject
from workbook.learner.watch_loop import Event, KeyPress, Notice, Saved, SoFar, WatchLoop

from . import screens
from .break_ import try_experiment
from .check import judged, judged_so_far
from .compare import compare_solutions
from .context import Context
from .hint import take_hint, task_at_hand
from .keyboard import REDRAW, SingleKeys, forget_typed
from .list_ import list_steps
from .next_steps import arrive, lacking, show_head, show_next, show_where
from .read import clipped_panel, show_panel
from .run import run_step
from .submit import submit_exercise
from .terminal import report_error
from .tour import ask_questions

KEYS = "h hint  t task  p promises  m more  b break  n next  r run  l list  q quit"
KEYS_OF_AN_EXERCISE = KEYS.replace("b break", "s submit")
KEYS_OF_A_TOUR = "t tour  p promises  m more  n next  r run  l list  q quit"
PANELS = {"h": "hint", "t": "task", "p": "promises"}
AT_LEAST = 3  # rows of a hint that stay beside a card
BACK = "Enter brings you back … "
BRING_BACK = {"\n", "\r", "\x04"}  # Enter, and Ctrl-D


def open_session() -> None:
    """Show where the learner is; on a terminal, watch the step and react to keys."""
    here = Context()
    happened = arrive(here)
    if not here.terminal.interactive:
        show_where(here, happened)
        return
    with contextlib.suppress(KeyboardInterrupt):
        step: Step | None = here.progress.current
        while step:
            left, step = step, _Watch(here, step, happened).until_left()
            here = Context()  # with what has been recorded since
            if step:
                folder = screens.shown_path(here.course.copy(step))
                happened = f"Now in {step.name}: your copy is in {folder}. (Back: uv run workbook start {left.name})"
    here.terminal.line()
    here.terminal.line("Everything is kept. uv run workbook brings you back here.")


class _Watch:
    """One step on the screen: redrawn at every save and key."""

    def __init__(self, here: Context, step: Step, happened: str) -> None:
        self.here, self.step, self.happened = here, step, happened
        self.verdict: StepResult | None = None
        self.edited = False
        self.panel = ""  # what stays on the screen while saves are answered: hint, task or promises
        self.unfolded = False  # whether the panel comes before the card, because its key was pressed last
        self.clipped = False
        self.aside = False  # whether a command's screen is shown, until Enter, another key or a save
        self.prompt = ""
        self.doing = ""
        self.has_tour = bool(here.course.tour(step))

    def until_left(self) -> Step | None:
        """Watch until the learner goes on, and return the step that comes then; None to quit."""
        subject = Subject.of(self.here.course, self.step)
        self._draw(f"{self.happened} Checking it …")
        loop = WatchLoop(self.here.course, subject, reports=True)
        with SingleKeys(loop.press) as keys, loop:
            loop.check()
            while True:
                key = self._until_key(loop)
                if key == "q":
                    return None
                if key == "n":
                    if after := self._next():
                        return after
                elif said := lacking(self.here, self.step, key, self.verdict):
                    self.happened = said
                elif key in PANELS and not (key == "t" and self.has_tour):
                    self._turn(PANELS[key])
                else:
                    with keys.paused():
                        self._do(key, loop)
                if not self.aside:
                    self._draw(self.doing)

    def _until_key(self, loop: WatchLoop) -> str:
        while True:
            event, doing = self._next_event(loop), self.doing
            if isinstance(event, UserError):  # no tests any more, for a moment perhaps: an editor replaces files
                self._cannot(event)
                doing = ""
            elif isinstance(event, KeyPress):
                if event.key in "htpmbnrlcqs":
                    self.here.read_again()
                    self.aside = False
                    return event.key
                if self.aside and event.key in BRING_BACK:
                    self.aside = False
                elif event.key != REDRAW:
                    continue
                elif self.aside:
                    self.prompt = "\r" + BACK
            elif isinstance(event, Notice):
                self.happened = event.text
            elif isinstance(event, SoFar):
                doing = f"{doing.rpartition('…')[0]}… {event.done} of {event.of}"
                self.verdict = judged_so_far(self.here, event.result) or self.verdict
            elif isinstance(event, Saved):
                self.edited, self.aside = True, False
                names = ", ".join(screens.shown_path(path) for path in event.files[:3])
                more = f" and {len(event.files) - 3} more" if len(event.files) > 3 else ""
                doing = f"Saved {names}{more}; checking …"
            else:
                self._take(event)
                doing = ""
            if self.aside:
                self.doing = doing
            else:
                self._draw(doing)

    def _next_event(self, loop: WatchLoop) -> Event:
        """Return what happens next; on a separate screen, say what leads back, and let Ctrl-C do that too."""
        try:
            if self.prompt:
                forget_typed()
                self.here.terminal.show([self.here.terminal.text(self.prompt)])
                self.prompt = ""
            return loop.next()
        except KeyboardInterrupt:
            if self.aside:
                return KeyPress("\n")
            raise

    def _take(self, found: StepResult) -> None:
        self.here.read_again()
        self.unfolded = False
        before = set(self.here.progress.of(self.step).solved)
        verdict = judged(self.here, found)
        solved = [name for name in verdict.solved if name not in before]
        broken = len(verdict.stage.broken)
        if solved and verdict.subject.exercise:
            self.happened = "The public tests are all green."
            self.panel = ""
        elif solved:
            numbers = " and ".join(name.partition("-")[0] for name in solved)
            done = f"Task {numbers} is done. Press c" if len(solved) == 1 else f"Tasks {numbers} are done. Press c"
            self.happened = f"{done} to compare yours with ours."
            if self.panel in {"hint", "task"}:
                self.panel = ""
        elif verdict.whole.trouble:
            self.happened = "The tests couldn't run."
        elif verdict.missing:
            self.happened = "Tests are missing, so nothing is known of what they prove."
        elif broken and verdict.subject.exercise:
            self.happened = f"{screens.count_broken(verdict.stage)} so far."
        elif broken:
            self.happened = f"{screens.count_broken(verdict.stage)} in your copy."
        elif self.edited and verdict.subject.exercise:
            self.happened = "It's as you found it: nothing to check yet." if not verdict.stage.passed else "All green."
        elif self.edited:
            self.happened = screens.say_all_kept(verdict)
        if self.edited:
            self.happened += f"  ({verdict.whole.seconds:.2f} s)"
        self.verdict = verdict

    def _cannot(self, error: UserError) -> None:
        then = f"uv run {error.then}" if error.then.startswith("workbook ") else error.then
        self.verdict, self.happened = None, f"{error.message} Next: {then}"

    def _turn(self, panel: str) -> None:
        """Show a panel, or the next hint; hide one whose key is pressed again, but first show all of it."""
        if self.panel == panel and self.clipped and not self.unfolded:
            self.unfolded = True
            return
        self.unfolded = True
        if panel == "hint":
            if task := task_at_hand(self.here, self.step):
                level, of = take_hint(self.here, self.step, task)
                which, then = (", the last", "") if level == of else ("", "; h for the next")
                self.panel = panel
                self.happened = f"Hint {level} of {of}{which}. It stays here while you save{then}."
            else:
                self.happened = "Every task is done, so there's nothing to hint at."
            return
        self.panel = "" if self.panel == panel else panel
        if self.panel:
            name = "contract" if self.step.kind == "exercise" and panel == "task" else panel
            self.happened = f"The {name}; {panel[0]} hides it."

    def _draw(self, doing: str = "") -> None:
        """Draw the screen so that what matters fits: what happened, what's next, what's broken; then the rest."""
        self.doing = doing
        terminal, verdict = self.here.terminal, self.verdict
        foot = self._foot(doing)
        head = terminal.lines_of(lambda: show_head(self.here, self.step))
        card = terminal.lines_of(self._card)
        panel = terminal.squeezed(terminal.lines_of(self._panel))
        rest = terminal.lines_of(lambda: screens.show_verdict(terminal, verdict)) if verdict else []
        room, points = terminal.height - terminal.rows(foot), list[str]()
        if terminal.rows([*head, *rest, *panel, *card]) > room:
            head = head[:1]
            rest = terminal.lines_of(lambda: screens.show_verdict(terminal, verdict, short=True)) if verdict else []
            points = rest[-1:] if verdict and verdict.subject.exercise else []
        for block in (head, rest):
            if terminal.rows([*head, *rest, *panel, *card]) > room and (panel or card):
                block.clear()
        if points and not rest and terminal.rows([*points, *panel, *card]) <= room:
            rest = points
        self.clipped = False
        if terminal.rows([*card, *panel]) > room and self.unfolded and panel:
            panel = self._clipped(panel, room)
            card = terminal.fitted(card, room - terminal.rows(panel))
        elif terminal.rows([*card, *panel]) > room:
            of_panel = max(AT_LEAST if panel else 0, room - terminal.rows(card))
            card = terminal.fitted(card, room - min(of_panel, terminal.rows(panel)))
            panel = self._clipped(panel, room - terminal.rows([*head, *rest, *card]))
        shown = terminal.fitted([*head, *rest, *panel, *card], room)
        terminal.clear()
        terminal.show([*shown, *foot])

    def _clipped(self, lines: list[str], room: int) -> list[str]:
        self.clipped = self.here.terminal.rows(lines) > room
        again = "" if self.unfolded else self.panel[:1]
        return clipped_panel(self.here, self.step, self.panel, lines, room, again)

    def _foot(self, doing: str) -> list[str]:
        """Return what's below: what happened, what's next, the keys; in a very low window only what happened."""
        terminal, verdict = self.here.terminal, self.verdict

        def show_way() -> None:
            show_next(terminal, self.here.course, self.here.progress, self.step, keys=True, result=verdict)
            terminal.line(self._keys(), "dim")

        rule = terminal.lines_of(terminal.rule)
        happened = terminal.lines_of(lambda: terminal.line(doing or self.happened, "bold"))
        way = terminal.lines_of(show_way)
        if terminal.rows([*rule, *happened, *way]) <= terminal.height:
            return [*rule, *happened, *way]
        return terminal.fitted([*happened, *way], terminal.height)

    def _keys(self) -> str:
        return KEYS_OF_A_TOUR if self.has_tour else KEYS_OF_AN_EXERCISE if self.step.kind == "exercise" else KEYS

    def _card(self, *, whole: bool = False) -> None:
        if self.verdict and not self.verdict.whole.trouble:
            cards = screens.cards_first(self.verdict)
            screens.show_cards(self.here.terminal, cards, limit=1, more="m", whole=whole, hint="press h")

    def _panel(self) -> None:
        show_panel(self.here, self.step, self.panel)

    def _next(self) -> Step | None:
        after = self.here.course.after(self.step)
        if after is None:
            self.happened = "This is the last step."
            return None
        try:
            workspace.put_into_work(self.here.course, self.here.step(after.name))
        except UserError as error:
            self.happened = f"{error.message} Next: {error.then}"
            return None
        self.here.note("started", after)
        return after

    def _do(self, key: str, loop: WatchLoop) -> None:
        """Run one of the commands on a separate screen, and come back here."""
        untried = self.here.progress.untried(self.step)
        number = untried[0] if untried else 1
        terminal = self.here.terminal
        commands: dict[str, tuple[Callable[[], None], str]] = {
            "m": (lambda: self._card(whole=True), "Back from the card."),
            "c": (lambda: compare_solutions(self.step.name, None), "Back from our solutions."),
            "l": (list_steps, "Back from the list."),
            "t": (lambda: ask_questions(self.here, self.step), "Back from the tour."),
            "b": (
                lambda: try_experiment(self.here, self.step, number, loop.runner),
                f"Back from experiment {number}.",
            ),
            "s": (lambda: submit_exercise(self.step.name), "Back from the zip."),
            "r": (lambda: run_step(self.step.name, shipped=False, port=8000, fresh=False), "The app is stopped."),
        }
        command, self.happened = commands[key]
        terminal.clear()
        try:
            command()
        except UserError as error:
            report_error(error)
        except KeyboardInterrupt:
            self.happened = "Left, unfinished."
            return
        self.here = Context()  # commands record progress: read it again
        self.aside, self.prompt = True, "\n" + BACK
