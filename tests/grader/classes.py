"""Classes to grade: submissions of the small course's exercise, right, wrong and worse."""

import io
import shutil
import zipfile
from pathlib import Path

from ..conftest import COURSE

RIGHT = """

@app.get("/count")
def count(letter: str = "") -> dict[str, int]:
    return {"count": sum(title.startswith(letter) for title in books.titles())}
"""
HALF = RIGHT.replace("title.startswith(letter)", "letter in title")
NOTHING = ""
# What the learner edition leaves out. Written here, so that these tests run there as well.
HIDDEN_TEST = '''import random

from workbook.plugin.client import Client


def test_counts_by_letter(client: Client, rng: random.Random) -> None:
    """With a letter GET /count says how many titles begin with it."""
    first, second = rng.sample("ABCDEFGHIJ", 2)
    for title in (first + second, second + first, second):
        client.post(f"/books/{title}")
    wanted = sum(title.startswith(second) for title in client.get("/books").json())

    assert client.get("/count", params={"letter": second}).json() == {"count": wanted}
'''


def complete(root: Path) -> Path:
    """Add the hidden test of its exercise to the copy of the small course, if it's missing."""
    hidden = root / "exercises/count/hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "test_count_hidden.py").write_text(HIDDEN_TEST, encoding="utf-8")
    return root


def project(code: str, **files: str) -> dict[str, str]:
    """Return the files of a project whose app/main.py ends in `code`; names have __ instead of /."""
    found = {
        path.relative_to(COURSE / "final").as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((COURSE / "final/app").rglob("*.py"))
    }
    found["app/main.py"] += code
    return found | {name.replace("__", "/") + ".py": text for name, text in files.items()}


def zipped(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"final/{name}", (2026, 1, 1, 0, 0, 0)), text)
    return packed.getvalue()


def hand_in(folder: Path, name: str, code: str | bytes) -> Path:
    """Put a zip of the project with `code`, or these bytes, into the class folder."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(code if isinstance(code, bytes) else zipped(project(code)))
    return file


def course_in(folder: Path) -> Path:
    """Return a copy of the small course."""
    shutil.copytree(COURSE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return complete(folder)
