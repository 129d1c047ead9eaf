"""An attack: a hostile submission, and the verdict that the grader must come to."""

import ast
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .bait import Bait

CODE = Path(__file__).parent / "code"
MAIN = "app/main.py"

Verdict = Literal["no credit", "honest", "no more"]
Base = Literal["solution", "starter"]


class Project:
    """The project that an attack turns into its submission: a separate folder, copied from the attack's base."""

    def __init__(self, folder: Path, bait: Bait, mark: str) -> None:
        """Begin with the project in `folder`; `mark` is a word that no other submission has."""
        self.folder, self.bait, self.mark = folder, bait, mark

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file into the project, in the place of what is there."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def begin(self, code: str) -> None:
        """Put the code before all of the project's own."""
        main = self.folder / MAIN
        main.write_text(f"{code}\n{main.read_text(encoding='utf-8')}", encoding="utf-8")

    def end(self, code: str) -> None:
        """Put the code after all of the project's own, where `app` is defined."""
        with (self.folder / MAIN).open("a", encoding="utf-8") as main:
            main.write(f"\n{code}\n")

    def hostile(self, code: str, *beside: str) -> None:
        """Add `code/<code>.py` as `app/hostile.py`, what is beside it, and where the bait is as `app/known.py`."""
        shutil.copy(CODE / f"{code}.py", self.folder / "app" / "hostile.py")
        for name in beside:
            shutil.copy(CODE / f"{name}.py", self.folder / "app")
        known = {**self.bait.addresses, "mark": self.mark}
        self.write("app/known.py", "".join(f"{name.upper()} = {value!r}\n" for name, value in known.items()))

    def runs(self, code: str, function: str) -> None:
        """Call the function of `code/<code>.py` when the app is imported."""
        self.hostile(code)
        self.end(f"from . import hostile\n\nhostile.{function}()")

    def tells(self, code: str, function: str) -> None:
        """Call it when the app is imported; if it has reached anything, every response says what."""
        self.hostile(code, "telling")
        self.end(f"from . import hostile, telling\n\ntelling.add_to(app, hostile.{function}())")

    def answers(self, code: str, function: str) -> None:
        """Make it, an ASGI app, answer requests for /count."""
        self.hostile(code, "instead", "answering")
        self.end(f"from . import hostile, instead\n\ninstead.add_to(app, hostile.{function})")

    def explodes(self, code: str, function: str) -> None:
        """Call it at a request for /count, where it blocks everything; the response is what it has reached."""
        self.hostile(code, "instead")
        self.end(f"from . import hostile, instead\n\ninstead.add_to(app, instead.exploding(hostile.{function}))")

    def zipped(self) -> Path:
        """Write a zip of the folder beside it, and return its path."""
        file = self.folder.with_suffix(".zip")
        with zipfile.ZipFile(file, "w") as archive:
            for path in sorted(self.folder.rglob("*")):
                archive.write(path, path.relative_to(self.folder))
        return file


Make = Callable[[Project], "Path | None"]


@dataclass(frozen=True)
class Attack:
    """What is handed in is what `make` returns, or the project's folder.

    `no credit`: not more points than the starter has. `honest`: those of the base, neither more nor fewer. `no more`:
    not more than those of the base, because it costs what it does to its own data. `reason`: a
    pattern that the result's trouble, flags or evidence hold. `times`: how often it is graded; the last one counts.
    `endless`: it goes on until its grading is ended, and what is said of it is that.
    `harmless`: it may run without a sandbox, where it succeeds, which proves that it is an attack.
    """

    family: str
    name: str
    what: str
    make: Make
    verdict: Verdict
    reason: str = ""
    base: Base = "solution"
    exercise: str = "count"
    times: int = 1
    endless: bool = False
    harmless: bool = False

    @property
    def patience(self) -> float:
        """Seconds until its grading is ended; an honest one takes one or two."""
        if self.endless:
            return 10.0
        return 25.0 if self.verdict == "no credit" and self.exercise == "count" else 120.0

    @property
    def subject(self) -> str:
        return f"{self.family}: {self.name}"


ATTACKS: dict[str, Attack] = {}


def add(one: Attack) -> None:
    if one.subject in ATTACKS:
        raise ValueError(f"there are two attacks called {one.subject}")
    ATTACKS[one.subject] = one


def attack(verdict: Verdict, reason: str = "", **more: Any) -> Callable[[Make], Make]:
    """Make an attack of the function: its name, what its docstring says, and what it does to the project."""

    def register(make: Make) -> Make:
        family, name = make.__module__.rpartition(".")[2], make.__name__.replace("_", " ")
        add(Attack(family, name, (make.__doc__ or "").strip(), make, verdict, reason, **more))
        return make

    return register


Way = Literal["runs", "tells", "answers", "explodes"]


def add_attacks(
    code: str, way: Way, verdict: Verdict, reasons: Mapping[str, str], prefix: str = "", **more: Any
) -> None:
    """Make an attack of each named function of `code/<code>.py`, with its reason, and its docstring as what it does."""
    functions = {node.name: node for node in ast.parse((CODE / f"{code}.py").read_text(encoding="utf-8")).body
                 if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}  # fmt: skip
    for function, reason in reasons.items():
        what = ast.get_docstring(functions[function]) or ""

        def make(project: Project, function: str = function) -> None:
            getattr(project, way)(code, function)

        add(Attack(code, f"{prefix}{function}".replace("_", " "), what, make, verdict, reason, **more))
