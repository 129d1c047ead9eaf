"""Mutants that no one thought of: mutmut's operators on the lines that a solution added."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbook.course.exercise import Exercise, project_copy
from workbook.course.tomlfile import Strict, read_toml


@dataclass(frozen=True)
class MachineMutant:
    """One file of the solution with one change, made by a machine. `name` is where, and the line before and after."""

    name: str
    file: str
    code: str


class Survivor(Strict):
    """Mutants that no test catches, by the beginning of their names, and why they keep the contract."""

    mutants: str
    why: str


class _Survivors(Strict):
    survivor: list[Survivor]


def read_survivors(exercise: Exercise) -> dict[str, str]:
    """Return the beginnings of the names of mutants that keep the contract, with the reason. Raises `UserError`."""
    file, called = exercise.folder / "hidden" / "survivors.toml", f"{exercise.name}/survivors.toml"
    found = read_toml(file, _Survivors, table="survivor", called=called, cure="correct it").survivor
    return {one.mutants: one.why for one in found}


def make_mutants(exercise: Exercise) -> list[MachineMutant]:
    """Return all mutants of the solution's own lines, in the order of the files. Raises `BadChange`."""
    with project_copy([exercise]) as before, project_copy([exercise], [exercise.solution]) as after:
        files = sorted(file.relative_to(after) for file in (after / "app").rglob("*.py"))
        pairs = [(file.as_posix(), _text(before / file), _text(after / file)) for file in files]
    return [mutant for file, old, new in pairs if old != new for mutant in _mutants_of(file, old, new)]


def _mutants_of(file: str, old: str, new: str) -> Iterator[MachineMutant]:
    import libcst  # late: only authors have these two
    from libcst.metadata import MetadataWrapper, PositionProvider
    from mutmut.mutation.mutators import mutation_operators

    wrapper = MetadataWrapper(libcst.parse_module(new))
    places, added = wrapper.resolve(PositionProvider), _added_lines(old, new)
    seen: dict[str, int] = {}
    for node, place in places.items():
        if place.start.line not in added or isinstance(node, libcst.Annotation):
            continue
        for kind, operator in mutation_operators:
            for changed in operator(node) if isinstance(node, kind) else ():
                code = getattr(wrapper.module.deep_replace(node, changed), "code", new)
                if code == new or not _compiles(code):
                    continue
                name = f"{file}: {_changed(new, code)}"
                seen[name] = seen.get(name, 0) + 1
                yield MachineMutant(name if seen[name] == 1 else f"{name} ({seen[name]})", file, code)


def _compiles(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _added_lines(old: str, new: str) -> set[int]:
    """Return the numbers of the lines of `new` that `old` lacks."""
    blocks = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False).get_opcodes()
    return {line + 1 for kind, _, _, start, end in blocks if kind != "equal" for line in range(start, end)}


def _changed(before: str, after: str) -> str:
    """Return the first line that differs, before and after."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    one, other = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    return f"{one.strip()} → {other.strip()}"


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""
