"""A step's files: where its tests are, and how to read what a learner shouldn't see too early.

In the full course hints, experiments, answers and solutions are files of their steps. In the learner edition all of
them are in one, which no search in an editor finds, and the command shows each when it's time.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

KEPT_IN = "work/data/cards"  # below the course's folder: what the requests on a card send
PACK = "stages/held-back.pack"  # below the learner edition's folder
HELD_BACK = (
    "exercises/*/hints.md",
    "final/tour.toml",
    "stages/*/experiments.toml",
    "stages/*/tasks/*/hints.md",
    "stages/*/tasks/*/solution.toml",
    "stages/review.toml",
)


def find_tests(*folders: Path) -> list[Path]:
    """Return the test files that are directly in the folders, or anywhere below their tests/.

    Files and not folders go to pytest: it drops an argument that is below another one, so a task's folder beside its
    stage's would silently not run.
    """
    found = [(sorted(folder.glob("test_*.py")), sorted((folder / "tests").rglob("test_*.py"))) for folder in folders]
    return [file for own, below in found for file in (*own, *below)]


def is_there(file: Path) -> bool:
    """Return whether a file of the course is in its place or, held back, in the pack."""
    return file.exists() or _held_back(file) is not None


def read_held_back(file: Path) -> str:
    """Return the text of a file that may be in the pack. Raises `OSError`, and `UnicodeDecodeError`."""
    if not file.exists() and (text := _held_back(file)) is not None:
        return text
    return file.read_text(encoding="utf-8-sig")  # some editors put a mark before UTF-8


def pack_held_back(texts: Mapping[str, str]) -> bytes:
    """Return the content of the pack that holds these texts, by their paths in the course."""
    return base64.b85encode(zlib.compress(json.dumps(texts, sort_keys=True).encode(), 9)) + b"\n"


def _held_back(file: Path) -> str | None:
    """Return the text that the pack of the file's course has of it, if there's a pack and it has one."""
    for root in file.parents:
        if (pack := root / PACK).is_file():
            status = pack.stat()
            return _unpack(pack, status.st_mtime_ns, status.st_size).get(file.relative_to(root).as_posix())
    return None


@lru_cache(maxsize=1)
def _unpack(pack: Path, _changed: int, _size: int) -> dict[str, str]:
    """Return the texts in a pack, until it changes; none if it's broken."""
    try:
        return dict(json.loads(zlib.decompress(base64.b85decode(pack.read_bytes().strip()))))
    except (OSError, ValueError, zlib.error):
        return {}
