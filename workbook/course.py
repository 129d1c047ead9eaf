"""The course: workbook.toml, loaded. The only list of its steps."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .changes import BadChange, Experiment, Task, read_experiments, read_tasks
from .errors import UserError

FILE = "workbook.toml"
FOLDERS = {"stage": "stages", "exercise": "exercises"}
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunSettings(_Strict):
    """What `workbook run` gives the app: variables, a folder of pages on another origin, a local mailbox."""

    env: dict[str, str] = {}
    page: str | None = None
    mailbox: bool = False


class Step(_Strict):
    """A stage or an exercise. `formerly` are the names that it had in earlier editions of the course."""

    name: Name
    kind: Literal["stage", "exercise"]
    title: str
    concept: str
    minutes: Annotated[int, Field(gt=0)]
    formerly: tuple[Name, ...] = ()
    run: RunSettings = RunSettings()


class _File(_Strict):
    title: str
    step: Annotated[list[Step], Field(min_length=1)]


class Course:
    """A course in the folder `root`."""

    def __init__(self, root: Path) -> None:
        """Load `root`/workbook.toml. Raises `UserError` that names the line."""
        self.root = root
        file = _load(root / FILE)
        self.title = file.title
        self.steps = file.step
        self._by_any_name = self._names()

    @classmethod
    def find(cls, start: Path) -> "Course":
        """The course that `start` lies in. Raises `UserError`."""
        for folder in (start, *start.parents):
            if (folder / FILE).is_file():
                return cls(folder)
        raise UserError(f"There is no course in {start} or above it.", f"cd into the folder that holds {FILE}")

    def _names(self) -> dict[str, Step]:
        names: dict[str, Step] = {}
        for step in self.steps:
            for name in (step.name, *step.formerly):
                if name in names:
                    raise UserError(f"{FILE}: two steps are or were called {name}.", _RESTORE)
                names[name] = step
        return names

    def known(self, name: str) -> Step | None:
        """The step that is, or once was, called `name`."""
        return self._by_any_name.get(name)

    def step(self, text: str) -> Step:
        """The step meant by `text`: its name, its number, or a word or beginning of its name. Raises `UserError`."""
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
        raise UserError(f"There is no step called “{text}”.{self._nearest(asked)}", "workbook list")

    def _nearest(self, asked: str) -> str:
        names = {step.name: step.name for step in self.steps}
        names |= {word: step.name for step in self.steps for word in step.name.split("-") if not word.isdecimal()}
        near = dict.fromkeys(names[match] for match in difflib.get_close_matches(asked, names, n=3, cutoff=0.5))
        return f" Nearest: {', '.join(near)}." if near else ""

    def after(self, step: Step) -> Step | None:
        """The step that follows `step`, if one does."""
        index = self.steps.index(step) + 1
        return self.steps[index] if index < len(self.steps) else None

    def folder(self, step: Step) -> Path:
        """Where the step lies in the course."""
        return self.root / FOLDERS[step.kind] / step.name

    @property
    def work(self) -> Path:
        """The learner's own folder."""
        return self.root / "work"

    def copy(self, step: Step) -> Path:
        """Where the learner's copy of the step is or will be; a copy made under an earlier name is kept there."""
        return self._below(self.work, step)

    def data(self, step: Step) -> Path:
        """Where `workbook run` keeps what the step's app stores; under an earlier name if it is there."""
        return self._below(self.work / "data", step)

    def _below(self, parent: Path, step: Step) -> Path:
        folders = [parent / name for name in (step.name, *step.formerly)]
        return next((folder for folder in folders if folder.is_dir()), folders[0])

    def experiments(self, step: Step) -> list[Experiment]:
        """The step's experiments. Raises `UserError`."""
        try:
            return read_experiments(self.folder(step))
        except BadChange as error:
            raise UserError(f"{step.name}: {error}.", f"git checkout {FOLDERS[step.kind]}/{step.name}") from error

    def tasks(self, step: Step) -> list[Task]:
        return read_tasks(self.folder(step))


def _load(path: Path) -> _File:
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before UTF-8
        return _File.model_validate(tomllib.loads(text))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name} is not UTF-8 (byte {error.start}).", _RESTORE) from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path.name} is not valid TOML: {error}", _RESTORE) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = _line_of(text, first["loc"])
        keys = ".".join(part for part in first["loc"] if isinstance(part, str) and part != "step") or "step"
        raise UserError(f"{path.name}, line {where}, key {keys}: {first['msg']}.", _RESTORE) from error


_RESTORE = f"put the line right, or restore the file: git checkout {FILE}"


def _line_of(text: str, loc: tuple[int | str, ...]) -> int:
    """The line of the key at `loc` in workbook.toml, or of the head of the table that should hold it."""
    lines = text.splitlines()
    heads = [n for n, line in enumerate(lines) if re.match(r"\s*\[\[\s*step\s*\]\]", line)]
    first, key = -1, loc[0]
    if len(loc) > 1 and isinstance(loc[1], int) and loc[1] < len(heads):
        first, key = heads[loc[1]], loc[2] if len(loc) > 2 else loc[0]
    last = next((head for head in heads if head > first), len(lines))
    for n in range(first + 1, last):
        if re.match(rf"\s*\[?\s*(step\.)?{re.escape(str(key))}\b", lines[n]):
            return n + 1
    return max(first, 0) + 1
