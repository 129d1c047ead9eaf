"""Where a step's tests are, and where the files of their failure cards are kept."""

from pathlib import Path

KEPT_IN = "work/data/cards"  # below the course's folder: what the requests on a card send


def find_tests(*folders: Path) -> list[Path]:
    """Return the test files that are directly in the folders, or anywhere below their tests/.

    Files and not folders go to pytest: it drops an argument that is below another one, so a task's folder beside its
    stage's would silently not run.
    """
    found = [(sorted(folder.glob("test_*.py")), sorted((folder / "tests").rglob("test_*.py"))) for folder in folders]
    return [file for own, below in found for file in (*own, *below)]
