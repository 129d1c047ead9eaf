"""Carry the exercises' patches over to a changed final/: `python -m workbook.authoring.repatch BASE_COMMIT`."""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from workbook.course.changes import BadChange
from workbook.course.exercise import Exercise, apply_patch, project_copy
from workbook.course.model import Course
from workbook.errors import UserError

from .release import CANARY

COMMAND = "uv run --all-groups python -m workbook.authoring.repatch"
MARKER = "<<<<<<< "
# Nothing that a person has set up for their own repositories may change what a patch looks like.
PLAIN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
AUTHOR = {f"GIT_{who}_{what}": "repatch" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def repatch(course: Course, base: str) -> list[str]:
    """Write every patch below the exercises' hidden/ again, for the working tree; return what a person has to solve.

    `base` is a commit that the patches fit. Each one is merged with the changes to final/ and starter/ since then.
    If that conflicts, the patch stays as it was, and the merged project is left below work/repatch/, markers included.
    Once the conflicts are solved, the same call picks it up.
    Raises `UserError` where the commit isn't known.
    """
    exercises = [exercise for exercise in course.exercises() if exercise.is_for_authors]
    shared, stack = _shared_files(exercises), not _wrong_stack(exercises)
    open_questions: list[str] = []
    for exercise in exercises:
        for patch in sorted((exercise.folder / "hidden").rglob("*.patch")):
            if "strangers" in patch.parts:  # they fit the commit that they were written for
                continue
            name = f"{exercise.name}/{patch.relative_to(exercise.folder / 'hidden').with_suffix('').as_posix()}"
            solved = course.work / "repatch" / name
            try:
                new = _solved(solved) or _merged(exercise, patch, base, solved)
                if not (stack and _result(exercise, patch) == new):
                    patch.write_text(_difference(exercise, new, shared), encoding="utf-8")
                open_questions += _unfit(exercise) if patch == exercise.solution else []
            except BadChange as error:
                open_questions.append(f"{name}: {error}")
    if wrong := _wrong_stack(exercises):
        open_questions.append(f"the solutions, one after another: {wrong}")
    return open_questions


def _merged(exercise: Exercise, patch: Path, base: str, conflicts: Path) -> dict[str, bytes]:
    """Return the solved project after the merge. Raises `BadChange` after leaving the conflicts in their folder."""
    with tempfile.TemporaryDirectory(prefix="workbook-repatch-") as folder:
        repository = Path(folder)
        _git(repository, "init", "--quiet", "--initial-branch=base")
        _write_tree(repository, _project_at(exercise, base))
        _commit(repository)
        try:
            apply_patch(patch, repository)
        except BadChange:
            if now := _result(exercise, patch):  # written for the working tree already
                return now
            raise
        _git(repository, "checkout", "--quiet", "-b", "patched")
        _commit(repository)
        _git(repository, "checkout", "--quiet", "-b", "now", "base")
        with project_copy([exercise]) as project:
            _write_tree(repository, _files(project))
        _commit(repository)
        merged = _git(repository, "cherry-pick", "--no-commit", "patched", check=False)
        unmerged = _git(repository, "diff", "--name-only", "--diff-filter=U").stdout.decode().split()
        if unmerged or merged.returncode:
            shutil.copytree(repository, conflicts, ignore=shutil.ignore_patterns(".git"))
            raise BadChange(f"conflicts in {', '.join(unmerged)}; solve them in {conflicts}, then the same command")
        return _files(repository)


def _result(exercise: Exercise, patch: Path) -> dict[str, bytes]:
    """Return the project that the patch makes of the working tree's; nothing if it doesn't fit."""
    try:
        with project_copy([exercise], [patch]) as project:
            return _files(project)
    except BadChange:
        return {}


def _solved(folder: Path) -> dict[str, bytes]:
    """Return the project of which a person solved the conflicts, and remove it, if there is one. Raises `BadChange`."""
    if not folder.exists():
        return {}
    files = _files(folder)
    if marked := [name for name, content in files.items() if MARKER.encode() in content]:
        raise BadChange(f"{', '.join(marked)} still has conflicts in {folder}")
    shutil.rmtree(folder)
    return files


def _difference(exercise: Exercise, new: dict[str, bytes], shared: frozenset[str]) -> str:
    """Return the patch from the exercise's starter to the solved project, canary first.

    Hunks of files that other solutions change too have one line around them, so that they don't take in their lines.
    """
    with project_copy([exercise]) as before, tempfile.TemporaryDirectory(prefix="workbook-repatch-") as folder:
        old = _files(before)
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        _write_tree(Path(folder) / "a", {name: old[name] for name in changed if name in old})
        _write_tree(Path(folder) / "b", {name: new[name] for name in changed if name in new})
        parts = [f"# {CANARY}\n"]
        for name in changed:
            around = 1 if name in shared else 3
            sides = [f"{side}/{name}" if name in files else os.devnull for side, files in (("a", old), ("b", new))]
            words = ["diff", "--no-index", "--no-prefix", "--no-ext-diff", "--abbrev=7", f"--unified={around}", *sides]
            parts.append(_git(Path(folder), *words, check=False).stdout.decode())
    return "".join(parts)


def _wrong_stack(exercises: Sequence[Exercise]) -> str:
    """Return why the solutions don't apply one after another, in the order of the course; "" if they do."""
    try:
        with project_copy(exercises, [exercise.solution for exercise in exercises]):
            return ""
    except BadChange as error:
        return str(error)


def _shared_files(exercises: Sequence[Exercise]) -> frozenset[str]:
    """Return the files that more than one solution changes."""
    counted = Counter(
        line.removeprefix("+++ b/")
        for exercise in exercises
        for line in exercise.solution.read_text(encoding="utf-8").splitlines()
        if line.startswith("+++ b/")
    )
    return frozenset(name for name, count in counted.items() if count > 1)


def _unfit(exercise: Exercise) -> Iterator[str]:
    """Yield the exercise's mutants whose edits don't fit the new solution."""
    for mutant in exercise.mutants():
        try:
            with project_copy([exercise], [exercise.solution], mutant.edit):
                pass
        except BadChange as error:
            yield f"{exercise.name}/mutants.toml, {mutant.name}: {error}"


def _project_at(exercise: Exercise, commit: str) -> dict[str, bytes]:
    """Return the files of the project with the exercise's starter, as they were at the commit."""
    found: dict[str, bytes] = {}
    for folder in (exercise.project, exercise.folder / "starter"):
        archive = _git(folder, "archive", "--format=tar", commit, ".").stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                if content is not None:
                    found[member.name] = content.read()
    return found


def _files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if "__pycache__" not in path.parts}


def _write_tree(folder: Path, files: dict[str, bytes]) -> None:
    """Make the folder hold these files and no other, its .git apart."""
    for name in _files(folder).keys() - files.keys() if folder.exists() else ():
        (folder / name).unlink()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _commit(repository: Path) -> None:
    _git(repository, "add", "--all", "--force")
    _git(repository, "commit", "--quiet", "--allow-empty", "--message=x")


def _git(folder: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    ended = subprocess.run(["git", *words], cwd=folder, env=os.environ | PLAIN | AUTHOR, capture_output=True)
    if check and ended.returncode:
        raise UserError(f"git {words[0]} failed: {ended.stderr.decode(errors='replace').strip()}", "name a commit")
    return ended


def main() -> None:
    """Read the commit, write the patches, print what's left to solve."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Carry the exercises' patches over to a changed final/.")
    parser.add_argument("base", metavar="BASE_COMMIT", help="a commit that the patches fit, such as HEAD or main")
    arguments = parser.parse_args()
    try:
        left = repatch(Course.find(Path(__file__).parents[2]), arguments.base)
    except UserError as error:
        sys.exit(f"{error.message}\nNext: {error.then}")
    print("\n".join(left) or "Every patch fits.")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
