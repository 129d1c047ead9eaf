"""What instructors download, made for a test: files below each name, and whose they turn out to be."""

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from workbook.grader.folder import find_submissions
from workbook.grader.identity import TheClass, identify
from workbook.grader.owners import Owners
from workbook.grader.results import Learner

NAMES = ["avatar", "cover-image", "pagination", "request-log"]
ADA = Learner("s1", "Lovelace, Ada", "ada@example.edu", {"canvas": "1001", "moodle": "2001", "github": "adal"})
GRACE = Learner("s2", "Grace Hopper", "grace@example.edu", {"canvas": "1002", "moodle": "2002", "github": "gh"})
PAT = Learner("s3", 'Pat O\'Brien: "Bé" & Co', "pat@example.edu", {"canvas": "1016", "moodle": "2003"})
MIN = Learner("s4", "김민수", "min@example.edu", {"canvas": "1004", "moodle": "3002"})
ROSTER = [ADA, GRACE, PAT, MIN]


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


PROJECT = zipped({"final/app/main.py": b"app = 1\n"})


def put(folder: Path, *names: str) -> Path:
    """Put a project at each name: a zip, or a folder if it ends in /."""
    for age, name in enumerate(names):
        path = folder / (f"{name}app/main.py" if name.endswith("/") else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name.endswith("/") else PROJECT)
        os.utime(path, (1000 + age, 1000 + age))
    return folder


def look(
    *paths: Path | tuple[str, Path], roster: list[Learner] = ROSTER, assigned: Mapping[str, str] | None = None
) -> TheClass:
    found = find_submissions(paths, NAMES, known=Owners(roster).knows)
    exercises = [name for name in NAMES if name in {one.meant for one in found}]
    return identify(found, roster, exercises or ["pagination"], all_exercises=False, assigned=assigned)


def work(the_class: TheClass) -> dict[tuple[str, str], str]:
    return {(one.learner.id, one.exercise): one.found.file for one in the_class.work}


def whose(folder: Path, name: str, roster: list[Learner] = ROSTER) -> list[str]:
    """The ids of those whose one file it is; strangers have none."""
    the_class = look(put(folder, name), roster=roster)
    return [one.learner.id for one in the_class.work if one.learner.on_roster]
