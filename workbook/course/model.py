"""The course, loaded from workbook.toml, which is the only list of its steps."""

import difflib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from workbook.errors import UserError

from .changes import BadChange, Experiment, Task, read_experiments, read_tasks
from .exercise import Exercise
from .questions import Question, read_tour
from .tomlfile import Strict, read_toml

FILE = "workbook.toml"
FOLDERS = {"stage": "stages", "exercise": "exercises", "project": "."}
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
_RESTORE = f"put the line right, or restore the file: git checkout {FILE}"


class RunSettings(Strict):
    """What `workbook run` gives the app: variables, a folder of pages on another origin, a local mailbox."""

    env: dict[str, str] = Field(default_factory=dict)
    page: str | None = None
    mailbox: bool = False


class Step(Strict):
    """A stage, an exercise or a project.

    `outcome` goes on after "afterwards you can"; `formerly` are the names of earlier editions.
    """

    name: Name
    kind: Literal["stage", "exercise", "project"]
    title: str
    concept: str
    outcome: str = ""
    minutes: Annotated[int, Field(gt=0)]
    formerly: tuple[Name, ...] = ()
    run: RunSettings = RunSettings()


class _File(Strict):
    title: str
    step: Annotated[list[Step], Field(min_length=1)]


class Course:
    """A course in the folder `root`."""

    def __init__(self, root: Path) -> None:
        """Load `root`/workbook.toml. Raises `UserError` that names the line."""
        self.root = root
        file = read_toml(root / FILE, _File, table="step", called=FILE, cure=_RESTORE)
        self.title = file.title
        self.steps = file.step
        self._by_any_name = self._names()

    @classmethod
    def find(cls, start: Path) -> "Course":
        """Return the course that `start` is in. Raises `UserError`."""
        for folder in (start, *start.parents):
            if (folder / FILE).is_file():
                return cls(folder)
        raise UserError(f"Neither {start} nor a folder above it is a course.", f"cd into the folder that holds {FILE}")

    def _names(self) -> dict[str, Step]:
        names: dict[str, Step] = {}
        for step in self.steps:
            for name in (step.name, *step.formerly):
                if name in names:
                    raise UserError(f"{FILE}: two steps are or were called {name}.", _RESTORE)
                names[name] = step
        return names

    def known(self, name: str) -> Step | None:
        """Return the step that is, or once was, called `name`, if there's one."""
        return self._by_any_name.get(name)

    def step(self, text: str) -> Step:
        """Return the step meant by `text`: name, number, or a word or the beginning of its name. Raises `UserError`."""
        asked = text.strip().rstrip("/\\").replace("\\", "/").rpartition("/")[2].lower()
        if found := self.known(asked):
            return found
        words = [step for step in self.steps if asked and asked in (*step.name.split("-"), step.name.partition("-")[2])]
        digits = asked.lstrip("0").zfill(2) if asked.isdecimal() else "-"
        number = [step for step in self.steps if step.name.startswith(f"{digits}-")]
        starts = [step for step in self.steps if asked and step.name.startswith(asked)]
        for candidates in (number, words, starts):
            if len(candidates) == 1:
                return candidates[0]
        raise UserError(f"No step is called “{text}”.{self._nearest(asked)}", "workbook list")

    def _nearest(self, asked: str) -> str:
        names = {step.name: step.name for step in self.steps}
        names |= {word: step.name for step in self.steps for word in step.name.split("-") if not word.isdecimal()}
        near = dict.fromkeys(names[match] for match in difflib.get_close_matches(asked, names, n=3, cutoff=0.5))
        return f" Nearest: {', '.join(near)}." if near else ""

    def after(self, step: Step) -> Step | None:
        """Return the step that follows `step`, if there's one."""
        index = self.steps.index(step) + 1
        return self.steps[index] if index < len(self.steps) else None

    def folder(self, step: Step) -> Path:
        """Return the path of the step's folder in the course."""
        return self.root / FOLDERS[step.kind] / step.name

    def place(self, step: Step) -> str:
        """Return the step's folder as it's written from the course's own."""
        return self.folder(step).relative_to(self.root).as_posix()

    @property
    def work(self) -> Path:
        """The learner's own folder."""
        return self.root / "work"

    def copy(self, step: Step) -> Path:
        """Return the path that the learner's copy of the step has or will have; for an exercise, the project's.

        A copy made under an earlier name is kept there.
        """
        return self._below(self.work, self.project if step.kind == "exercise" else step)

    def data(self, step: Step) -> Path:
        """Return the path where `workbook run` keeps what the step's app stores; an earlier name's, if that exists."""
        return self._below(self.work / "data", self.project if step.kind == "exercise" else step)

    def _below(self, parent: Path, step: Step) -> Path:
        folders = [parent / name for name in (step.name, *step.formerly)]
        return next((folder for folder in folders if folder.is_dir()), folders[0])

    def experiments(self, step: Step) -> list[Experiment]:
        """Return the step's experiments. Raises `UserError`."""
        try:
            return read_experiments(self.folder(step))
        except BadChange as error:
            raise UserError(f"{step.name}: {error}.", f"git checkout {self.place(step)}") from error

    def tasks(self, step: Step) -> list[Task]:
        return read_tasks(self.folder(step))

    @property
    def project(self) -> Step:
        """The project that the exercises extend. Raises `UserError`."""
        for step in self.steps:
            if step.kind == "project":
                return step
        raise UserError(f"{FILE} doesn't have a project that exercises could extend.", _RESTORE)

    def exercise(self, step: Step) -> Exercise:
        return Exercise(self.folder(step), self.folder(self.project))

    def exercises(self) -> list[Exercise]:
        """Return all exercises, in the order in which learners meet them and their solutions fit on one another."""
        return [self.exercise(step) for step in self.steps if step.kind == "exercise"]

    def tour(self, step: Step) -> list[Question]:
        """Return the questions of the step's tour; only a project has one. Raises `UserError`."""
        return read_tour(self.folder(step)) if step.kind == "project" else []
