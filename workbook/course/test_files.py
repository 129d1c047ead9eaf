"""Where a step's tests are, the files of their failure cards, and the reference solutions of its tasks."""

import base64
import json
import zlib
from pathlib import Path

KEPT_IN = "work/data/cards"  # below the course's folder: what the requests on a card send
PACKED = "stages/solutions.pack"  # in the learner edition: one file, which no search in an editor finds


def find_tests(*folders: Path) -> list[Path]:
    """Return the test files that are directly in the folders, or anywhere below their tests/.

    Files and not folders go to pytest: it drops an argument that is below another one, so a task's folder beside its
    stage's would silently not run.
    """
    found = [(sorted(folder.glob("test_*.py")), sorted((folder / "tests").rglob("test_*.py"))) for folder in folders]
    return [file for own, below in found for file in (*own, *below)]


def solution_text(task: Path) -> str | None:
    """Return the text of a task's solution.toml, from its folder or from the pack; None if there's neither."""
    if (file := task / "solution.toml").exists():
        return file.read_text(encoding="utf-8")
    stage = task.parent.parent
    try:
        packed = (stage.parent / Path(PACKED).name).read_bytes()
        found = json.loads(zlib.decompress(base64.b85decode(packed.strip())))
        return str(found[f"{stage.name}/{task.name}"])
    except (OSError, ValueError, KeyError, zlib.error):
        return None
