# hidden-from-learners-3b9f51c2
"""Solutions that others wrote from the READMEs alone: right ones have full marks, wrong ones don't."""

import io
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.course.exercise import Exercise, apply_patch
from workbook.course.model import Course
from workbook.testrun import Runner, run_tests
from workbook.testrun.kept_warm import kept_warm

from ..test_repo import ROOT

EXERCISES = Course.find(ROOT).exercises()
CASES = [
    pytest.param(exercise, patch, id=f"{exercise.name}-{kind}-{patch.stem}")
    for exercise in EXERCISES
    for kind in ("right", "wrong")
    for patch in sorted((exercise.strangers / kind).glob("*.patch"))
]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with kept_warm() as opened:
        yield opened


def unpack_base(exercise: Exercise, patch: Path, folder: Path) -> None:
    """Write the project that `workbook start` made at the commit that this stranger had."""
    told = tomllib.loads((exercise.strangers / "strangers.toml").read_text(encoding="utf-8"))
    base = told[patch.parent.name][patch.stem].get("base", told["base"])
    for place in ("final", f"exercises/{exercise.name}/starter"):
        archived = subprocess.run(["git", "archive", base, place], cwd=ROOT, capture_output=True, check=False)
        if archived.returncode:
            pytest.skip(f"this clone has no commit {base[:10]}")
        with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content and not member.name.startswith("final/tests"):
                    target = folder / member.name.removeprefix(place).lstrip("/")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content.read())


@pytest.mark.exhaustive(sample=1, at_most=12)
@pytest.mark.parametrize("exercise, patch", CASES)
def test_a_strangers_solution_is_judged_rightly(
    runner: Runner, exercise: Exercise, patch: Path, tmp_path: Path
) -> None:
    """A right solution of someone who hasn't seen the hidden tests keeps every promise; a wrong one breaks one."""
    project = tmp_path / "final"
    unpack_base(exercise, patch, project)
    apply_patch(patch, project)

    tests = [*exercise.public_tests, *exercise.hidden_tests]
    found = run_tests(runner, ROOT, tests, ["--submission", str(project), "--unsafe", "--seed", "11"])

    assert not found.trouble
    assert bool(found.red) == (patch.parent.name == "wrong"), sorted(found.red)
