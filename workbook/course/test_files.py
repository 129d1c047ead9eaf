"""Where a step's tests are."""

from pathlib import Path


def find_tests(*folders: Path) -> list[Path]:
    """Return the test files that are directly in the folders, or in their tests/.

    Files and not folders go to pytest: it drops an argument that is below another one, so a task's folder beside its
    stage's would silently not run.
    """
    places = [place for folder in folders for place in (folder, folder / "tests")]
    return [file for place in places for file in sorted(place.glob("test_*.py"))]
