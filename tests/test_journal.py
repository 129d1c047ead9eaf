"""The journal keeps every entry whole, with several writers and across editions."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workbook.errors import UserError
from workbook.journal import VERSION, Entry, Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "work/journal.sqlite")


def test_entries_come_back_in_order(journal: Journal) -> None:
    """Entries come back in the order in which they were recorded, with a UTC time and their data unchanged."""
    before = datetime.now(UTC)
    journal.record("started", "01-hello")
    journal.record("predicted", "01-hello", experiment="“Größe” ☃", prediction=[1, 2], right=True, sure=None)

    first, second = journal.entries()

    assert (first.kind, first.step, first.data) == ("started", "01-hello", {})
    assert second == Entry(
        second.at,
        "predicted",
        "01-hello",
        {"experiment": "“Größe” ☃", "prediction": [1, 2], "right": True, "sure": None},
    )
    assert before <= first.at <= second.at <= datetime.now(UTC)
    assert first.at.utcoffset() == timedelta(0)


def test_reading_makes_no_file(journal: Journal) -> None:
    """Reading a journal that hasn't been written yet returns nothing and doesn't create a file."""
    assert journal.entries() == []
    assert not journal.path.parent.exists()


def test_an_empty_file_is_an_empty_journal(journal: Journal) -> None:
    """An empty file, as a killed writer leaves it, is an empty journal that can be written to."""
    journal.path.parent.mkdir()
    journal.path.touch()

    assert journal.entries() == []
    journal.record("started", "01-hello")
    assert [entry.kind for entry in journal.entries()] == ["started"]


def test_writers_at_once_lose_nothing(journal: Journal) -> None:
    """Eight writers that start before the file exists lose no entry, and each writer's entries stay in order."""

    def write(name: str) -> None:
        for number in range(10):
            Journal(journal.path).record("hint", name, number=number)

    threads = [threading.Thread(target=write, args=(f"writer-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    entries = journal.entries()
    assert len(entries) == 80
    for n in range(8):
        assert [entry.data["number"] for entry in entries if entry.step == f"writer-{n}"] == list(range(10))


def test_an_entry_interrupted_in_the_middle_is_gone_whole(journal: Journal) -> None:
    """If a writer ends in the middle of an entry, nothing of that entry is left."""
    journal.record("started", "01-hello")
    db = sqlite3.connect(journal.path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO entry (at, kind, step, data) VALUES ('', 'half', '', '{}')")
    db.close()

    assert [entry.kind for entry in journal.entries()] == ["started"]


def test_a_newer_format_is_refused(journal: Journal) -> None:
    """A journal in a newer format is neither read nor changed."""
    journal.record("started", "01-hello")
    db = sqlite3.connect(journal.path)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    content = journal.path.read_bytes()

    for use in (journal.entries, lambda: journal.record("started", "02-notes")):
        with pytest.raises(UserError) as caught:
            use()
        assert (caught.value.code, caught.value.then) == (2, "update the course: git pull")
    assert journal.path.read_bytes() == content


def test_a_locked_journal_is_waited_for(journal: Journal) -> None:
    """If another process is writing, a writer waits for it instead of failing."""
    journal.record("started", "01-hello")
    db = sqlite3.connect(journal.path, isolation_level=None, check_same_thread=False)
    db.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.3, db.rollback)
    release.start()

    journal.record("solved", "01-hello", task="1-farewell")

    release.join()
    db.close()
    assert [entry.kind for entry in journal.entries()] == ["started", "solved"]
