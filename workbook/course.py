"""The course: workbook.toml, loaded. The only list of its steps."""

import difflib
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .changes import Experiment, Task, read_experiments, read_tasks
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

    @classmethod
    def find(cls, start: Path) -> "Course":
        """The course that `start` lies in. Raises `UserError`."""
        for folder in (start, *start.parents):
            if (folder / FILE).is_file():
                return cls(folder)
        raise UserError(f"There is no course in {start} or above it.", f"cd into the folder that holds {FILE}")

    @cached_property
    def _by_any_name(self) -> dict[str, Step]:
        names = {name: step for step in self.steps for name in step.formerly}
        return names | {step.name: step for step in self.steps}

    def known(self, name: str) -> Step | None:
        """The step that is, or once was, called `name`."""
        return self._by_any_name.get(name)

    def step(self, text: str) -> Step:
        """The step meant by `text`: its name, its number, or a word or beginning of its name. Raises `UserError`."""
        asked = text.strip().rstrip("/\\").replace("\\", "/").rpartition("/")[2].lower()
        if found := self.known(asked):
            return found
        words = [step for step in self.steps if asked and asked in (*step.name.split("-"), step.name.partition("-")[2])]
        number = [step for step in self.steps if asked.isdigit() and step.name.startswith(f"{int(asked):02d}-")]
        starts = [step for step in self.steps if asked and step.name.startswith(asked)]
        for candidates in (number, words, starts):
            if len(candidates) == 1:
                return candidates[0]
        raise UserError(f"There is no step called “{text}”.{self._nearest(asked)}", "workbook list")

    def _nearest(self, asked: str) -> str:
        names = {part: step.name for step in self.steps for part in (*step.name.split("-"), step.name)}
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
        for name in (step.name, *step.formerly):
            if (self.work / name).is_dir():
                return self.work / name
        return self.work / step.name

    def experiments(self, step: Step) -> list[Experiment]:
        return read_experiments(self.folder(step))

    def tasks(self, step: Step) -> list[Task]:
        return read_tasks(self.folder(step))


def _load(path: Path) -> _File:
    try:
        text = path.read_text(encoding="utf-8")
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
        key = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise UserError(f"{path.name}, line {where}, key {key}: {first['msg']}.", _RESTORE) from error


_RESTORE = f"put the line right, or restore the file: git checkout {FILE}"


def _line_of(text: str, loc: tuple[int | str, ...]) -> int:
    """The line of the key at `loc` in workbook.toml, or of the table that should hold it."""
    lines = text.splitlines()
    start = 0
    if len(loc) > 1 and isinstance(loc[1], int):
        heads = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{loc[0]}\s*\]\]", line)]
        start = heads[loc[1]] if loc[1] < len(heads) else 0
    keys = [part for part in loc if isinstance(part, str)]
    key = keys[1] if start and len(keys) > 1 else keys[0] if keys else ""
    for n in range(start + bool(start), len(lines)):
        if start and lines[n].lstrip().startswith("[["):
            break
        if re.match(rf"\s*(\[+\s*)?{re.escape(key)}\b", lines[n]):
            return n + 1
    return start + 1
