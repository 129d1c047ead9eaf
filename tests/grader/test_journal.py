"""A large journal: read in pages, filtered, and while others write to it; and a full disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from workbook.errors import UserError
from workbook.journal import PAGE, Journal
from workbook.sandbox import bubblewrap


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.db")


def test_entries_come_in_pages(journal: Journal) -> None:
    """Entries over several pages come whole, once and in order, including those written meanwhile."""
    for number in range(PAGE + 1):
        journal.record("graded", "count", number=number)
        journal.record("other", "count", number=number)

    found: list[int] = []
    for entry in journal.stream("graded"):
        if not found:
            journal.record("graded", "late", number=-1)  # nothing is locked meanwhile
        found.append(entry.data["number"])

    assert found == [*range(PAGE + 1), -1]
    assert len(list(journal.stream())) == 2 * PAGE + 3
    assert {entry.kind for entry in journal.stream("other", "graded")} == {"other", "graded"}


def test_fields_are_read_without_the_rest(journal: Journal) -> None:
    """Single fields come unchanged, even objects; a missing field comes as missing."""
    journal.record("graded", "count", learner="山田\ud800", key={"seed": 1}, evidence="x" * 100_000)
    journal.record("graded", "sum", learner="ada")

    assert list(journal.fields(["graded"], ["learner", "key"])) == [
        ("graded", ("山田\ud800", {"seed": 1})),
        ("graded", ("ada", None)),
    ]
    assert list(journal.fields(["class"], ["learner", "key"])) == []


FILL = """
import sys
from pathlib import Path
from workbook.errors import UserError
from workbook.journal import Journal
journal = Journal(Path(sys.argv[1]) / "journal.db")
kept = 0
try:
    while kept < 10_000:
        journal.record("graded", "count", number=kept, evidence="x" * 2000)
        kept += 1
except UserError as error:
    print(kept, [entry.data["number"] for entry in journal.stream()] == list(range(kept)), error.code)
    print(error.message)
    print(error.then)
"""


@pytest.mark.usefixtures("needs_sandbox")  # bubblewrap makes the small disk
def test_a_full_disk_keeps_what_is_there(tmp_path: Path) -> None:
    """If the disk is full, a sentence refuses the entry, and you can still read every earlier one."""
    small = ["--dev-bind", "/", "/", "--size", str(256 * 1024), "--tmpfs", str(tmp_path)]
    command = [str(bubblewrap.find_bwrap()), *small, sys.executable, "-c", FILL, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True)

    told, message, then = ended.stdout.splitlines()
    kept, whole, code = told.split()
    assert int(kept) > 10
    assert (whole, code) == ("True", "1")
    assert "can't be written: database or disk is full" in message
    assert then.startswith("free some space")


def test_a_damaged_journal_says_what_is_in_it(tmp_path: Path) -> None:
    """For a damaged journal, the message depends on whose it is."""
    (tmp_path / "journal.db").write_bytes(b"no database" * 100)

    with pytest.raises(UserError, match="It holds every mark"):
        list(Journal(tmp_path / "journal.db", lost="It holds every mark.").stream())
