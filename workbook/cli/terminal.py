"""What the command writes: colour, marks and redraws on a terminal; plain words in a pipe or a file."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from textwrap import fill, wrap
from typing import IO, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from workbook.errors import UserError
from workbook.wording import FOR_A_CLASS

# outcome: (mark, ASCII mark, word, colour)
MARKS = {
    "kept": ("✓", "+", "PASS", "green"),
    "broken": ("✗", "x", "FAIL", "red"),
    "waiting": ("…", ".", "WAIT", "yellow"),
    "not proven": ("?", "?", "SKIP", "yellow"),
    "open": ("·", "-", "OPEN", "cyan"),
    "done": ("✓", "+", "DONE", "green"),
    "here": ("›", ">", "HERE", "bold cyan"),
    "begun": ("~", "~", "PART", "cyan"),
}
ASCII = str.maketrans(
    {"–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "→": "->", "←": "<-", "·": "-", "›": ">"}
    | {"─": "-", "✓": "+", "✗": "x", "│": "|"}
)
WRAP: dict[str, Any] = {"break_on_hyphens": False, "break_long_words": False}  # paths stay whole, to be copied


class Terminal:
    """Standard output as a person sees it.

    `plain`: no colour, no redraw, no single keys, outcomes in words. `ascii`: nothing that the encoding cannot hold.
    """

    def __init__(self, *, plain: bool = False, file: IO[str] | None = None) -> None:
        out = file or sys.stdout
        is_terminal = out.isatty() and os.environ.get("TERM") != "dumb"
        self.plain = plain or not is_terminal or bool(os.environ.get("NO_COLOR"))
        self.ascii = not _can_write(out, "✓›─“…")
        width = None if is_terminal else 80
        self._console = Console(
            file=out, no_color=self.plain, force_terminal=False if self.plain else None, highlight=False, width=width
        )

    @property
    def width(self) -> int:
        """Columns to write in: those of the terminal, at most 100, at least 20."""
        return max(20, min(100, self._console.width))

    @property
    def interactive(self) -> bool:
        """Whether single keys can be read and the screen redrawn."""
        return not self.plain and sys.stdin is not None and sys.stdin.isatty()

    def text(self, text: str) -> str:
        """Return `text` in characters that this terminal can show."""
        if not self.ascii:
            return text
        encoding = self._console.encoding or "ascii"
        return text.translate(ASCII).encode(encoding, "backslashreplace").decode(encoding)

    def mark(self, outcome: str) -> str:
        mark, ascii_mark, word, _ = MARKS[outcome]
        return word if self.plain else ascii_mark if self.ascii else mark

    def line(self, text: str = "", style: str = "", *, indent: int = 0, hang: int = 0) -> None:
        """Write paragraphs, wrapped to the terminal; lines after the first are `hang` columns further in."""
        lead, rest = " " * indent, " " * (indent + hang)
        wrapped = "\n".join(self._fill(part, lead, rest) for part in self.text(text).split("\n"))
        self._write(Text(wrapped, style=style))

    def outcome(self, outcome: str, text: str, *, hang: int = 0) -> None:
        """Write a line that begins with an outcome's mark; `hang` is as for `line`."""
        mark, style = self.mark(outcome), MARKS[outcome][3]
        lead = " " * (len(mark) + 2)
        body = self._fill(self.text(text), lead, lead + " " * min(hang, self.width // 3))
        styled = Text(f" {mark} " + body[len(mark) + 2 :])
        styled.stylize(style, 0, len(mark) + 1)
        self._write(styled)

    def field(self, label: str, lines: Sequence[str], style: str = "", *, prose: bool = False) -> None:
        """Write a label and its lines beside it; below it on a narrow terminal. Only `prose` is wrapped, never code."""
        narrow = self.width < 60
        shown = [self.text(line) for line in lines] or [""]
        if prose:
            room = self.width - (3 if narrow else 12)
            shown = [row for line in shown for row in wrap(line, room, **WRAP) or [""]]
        head = Text(f" {self.text(label)}" if narrow else f"{self.text(label):>10}", style="bold")
        if narrow and label:  # without one, the lines go on below those of the field before
            self._write(head)
        for n, line in enumerate(shown):
            lead = Text("   ") if narrow else (head if n == 0 else Text(" " * 10))
            self._write(Text.assemble(lead, "" if narrow else "  ", (line, style)))

    def code(self, text: str, lexer: str = "diff") -> None:
        """Write source text, coloured where there is colour. A row of a diff that's wrapped keeps its sign."""
        shown = self.text(text.rstrip("\n"))
        if self.plain:
            self._write(Text(shown))
        else:
            if lexer == "diff":
                shown = "\n".join(row for line in shown.split("\n") for row in _rows_of_diff(line, self._console.width))
            from rich.syntax import Syntax  # late: it is slow to import, and most commands show no code

            self._console.print(Syntax(shown, lexer, theme="ansi_dark", background_color="default", word_wrap=True))

    def markdown(self, text: str) -> None:
        """Write a text in Markdown, rendered where there's colour, otherwise as it is."""
        if self.plain:
            self._write(Text(self.text(text.rstrip("\n"))))
        else:
            from rich.markdown import Markdown  # late, like the syntax above

            self._console.print(Markdown(self.text(text), code_theme="ansi_dark"), width=self.width)

    @contextlib.contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show that something is going on: a line, and on a terminal a sign that moves until the block ends."""
        if self.plain:
            self.line(text, "dim")
            yield
            return
        with _unechoed(), self._console.status(self.text(text), spinner="line" if self.ascii else "dots"):
            yield

    def moving(self, text: str) -> contextlib.AbstractContextManager[None]:
        """Show on a terminal that something is going on, and nothing elsewhere."""
        return contextlib.nullcontext() if self.plain else self.waiting(text)

    @contextlib.contextmanager
    def pager(self) -> Iterator[None]:
        """Show what's written in the block page by page, where there's a terminal and a pager."""
        if self.plain or sys.platform == "win32" or not sys.stdin.isatty():
            yield
            return
        os.environ.setdefault("LESS", "-R -PSpace for the next page, b for the one before, q to leave$")
        with self._console.pager(styles=True):
            yield

    def show_paged(self, write: Callable[[], object]) -> None:
        """Show what `write` writes, page by page if it's more than a screen."""
        lines = self.lines_of(write)
        if self.rows(lines) < self.height:
            self.show([*lines, ""])
            return
        with self.pager():
            for line in lines:
                self._write(Text.from_ansi(line))

    def rule(self) -> None:
        self._write(Text(self.text("─" * self.width), style="dim"))

    @contextlib.contextmanager
    def progress(self, count: int) -> Iterator[Callable[[str], None]]:
        """Show how many of `count` things are done and how long the rest will take; call with each that is done."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        room = max(10, self.width - 50)
        columns = (
            BarColumn(18),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("", total=count)

            def advance(done: str) -> None:
                said = self.text(done)
                bar.update(task, advance=1, description=said if len(said) <= room else said[: room - 1] + "…")

            yield advance

    def lines_of(self, write: Callable[[], object]) -> list[str]:
        """Return the lines that `write` writes here, colours included, instead of writing them."""
        with self._console.capture() as captured:
            write()
        text = captured.get()
        return text.removesuffix("\n").split("\n") if text else []

    def rows(self, lines: Sequence[str]) -> int:
        """Return how many rows of the screen the lines take; one that's too long takes several."""
        widths = (cell_len(Text.from_ansi(line).plain) for line in lines)
        return sum(max(1, -(-width // self._console.width)) for width in widths)

    def fitted(self, lines: Sequence[str], room: int) -> list[str]:
        """Return the first of the lines that fit into `room` rows."""
        found = list(lines)
        while found and self.rows(found) > room:
            found.pop()
        return found

    def squeezed(self, lines: Sequence[str]) -> list[str]:
        """Return the lines with one blank line where there are several."""
        blank = [not Text.from_ansi(line).plain.strip() for line in lines]
        return [line for n, line in enumerate(lines) if not (blank[n] and n and blank[n - 1])]

    def dense(self, lines: Sequence[str]) -> list[str]:
        """Return the lines without the blank ones."""
        return [line for line in lines if Text.from_ansi(line).plain.strip()]

    def show(self, lines: Sequence[str]) -> None:
        """Write lines that `lines_of` returned, without an end of line behind the last: the screen would scroll."""
        if self._console.legacy_windows:  # it would show the colours' escape sequences; rich knows its calls
            for line in lines[:-1]:
                self._write(Text.from_ansi(line))
            self._console.print(Text.from_ansi("".join(lines[-1:])), soft_wrap=True, end="")
            return
        self._console.file.write("\n".join(lines))
        self._console.file.flush()

    @property
    def height(self) -> int:
        """Rows of the terminal."""
        return self._console.height

    def clear(self) -> None:
        """Begin a new screen, where the terminal can."""
        if not self.plain:
            self._console.clear()

    def _fill(self, text: str, lead: str, rest: str) -> str:
        return fill(text, self.width, initial_indent=lead, subsequent_indent=rest, **WRAP)

    def _write(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True, crop=False, overflow="ignore")


@contextlib.contextmanager
def _unechoed() -> Iterator[None]:
    """Show nothing of what's typed in the block; it would break the line that moves."""
    if sys.platform == "win32" or sys.stdin is None or not sys.stdin.isatty():
        yield
        return
    import termios

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(fd, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSANOW, before)


def _can_write(out: IO[str], text: str) -> bool:
    try:
        text.encode(getattr(out, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def report_error(error: UserError) -> None:
    """Say what is wrong and what to do next, on standard error."""
    terminal = Terminal(plain="--plain" in sys.argv, file=sys.stderr)
    terminal.line(f"workbook: {error.message}", "red")
    if error.then:
        terminal.line(f"Next: {_run_by_uv(error.then)}")


def _run_by_uv(then: str) -> str:
    """Return what comes next; a command with what runs it, which for a class are also the packages that grade."""
    if then.startswith("workbook class "):
        return f"{FOR_A_CLASS} {then}"
    return f"uv run {then}" if then.startswith("workbook ") else then


def _rows_of_diff(line: str, width: int) -> list[str]:
    """Return a line of a diff as rows that fit: each begins with the line's sign, and later ones are indented more."""
    sign, code = line[:1], line[1:]
    if cell_len(line) <= width:
        return [line]
    indent = " " * min(len(code) - len(code.lstrip()) + 4, width // 2)
    return [sign + row for row in wrap(code, width - 1, subsequent_indent=indent, **WRAP)]
