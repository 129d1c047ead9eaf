"""Rosters, as people write them, spreadsheets save them and learning platforms export them."""

from pathlib import Path

import pytest

from workbook.errors import UserError
from workbook.grader.results import Learner
from workbook.grader.roster import read_roster

ADA = Learner("a1", "Ada Lovelace", "ada@example.com")


def write(tmp_path: Path, content: str | bytes) -> Path:
    file = tmp_path / "roster.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize(
    "content",
    [
        "id,name,email\na1,Ada Lovelace,ada@example.com\n",
        "\ufeffID;Name;E-Mail\r\n a1 ; Ada  Lovelace ;ada@example.com\r\n\r\n",
        "sep=;\nid;name;email\na1;Ada Lovelace;ada@example.com",
        "\n\nEmail address\tFirst name\tLast name\tID number\nada@example.com\tAda\tLovelace\ta1\n",
        'student id,name,email,\n"a1","Ada\nLovelace","ada@example.com",\n',
        "name,id,email,note\nAda Lovelace,a1,ada@example.com\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_rosters_are_read(tmp_path: Path, content: str, encoding: str) -> None:
    """A roster can have any usual header names, separators, quotes, byte order marks and encodings."""
    data = content.encode(encoding) if encoding == "utf-8" else content.removeprefix("\ufeff").encode(encoding)

    assert read_roster(write(tmp_path, data)) == [ADA]


def test_an_export_of_canvas_is_a_roster(tmp_path: Path) -> None:
    """In Canvas's gradebook, possible points and the test student aren't learners; ID is the user's number."""
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,avatar (77)\n"
        "    Points Possible,,,,,100\n"
        '"Lovelace, Ada",4711,a1,ada@example.com,One,\n'
        '"Student, Test",4712,,x,One,\n'
    )

    assert read_roster(write(tmp_path, text)) == [Learner("a1", "Lovelace, Ada", "ada@example.com", {"canvas": "4711"})]


def test_a_worksheet_of_moodle_is_a_roster(tmp_path: Path) -> None:
    """In Moodle's grading worksheet, the participant's number comes after a word."""
    text = "Identifier,Full name,Email address,Status\nParticipant 123,Ada Lovelace,ada@example.com,\n"

    (ada,) = read_roster(write(tmp_path, text))

    assert ada == Learner("ada@example.com", "Ada Lovelace", "ada@example.com", {"moodle": "123"})


def test_an_old_spreadsheet_is_read(tmp_path: Path) -> None:
    """A file that isn't UTF-8 is read as Windows-1252."""
    (zoe,) = read_roster(write(tmp_path, "id;name\nz1;Zoë Müller\n".encode("cp1252")))

    assert zoe.name == "Zoë Müller"


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "is empty"),
        ("id,name\n", "names the columns, and nobody"),
        ("Ada Lovelace,ada\n", "line 1: no column is called id, and none email: it has Ada Lovelace, ada"),
        ("id,name\na1,Ada\n,Grace\n", "line 3: this learner has no id"),
        ("id,name\na1,Ada\n\na1,Grace\n", "line 4: the id a1 is that of line 2 already"),
        ("id,name\na1,Lovelace, Ada\n", "line 2: 3 cells, but the first line names 2 columns"),
        ('id,name\na1,"Ada\n', "line 2: unexpected end of data"),
        ("id,canvas\na1,7\na2,7\n", "line 3: the canvas number 7 is that of line 2 already"),
        (b"PK\x03\x04\0\0", "is no CSV file"),
    ],
)
def test_what_is_wrong_is_told_by_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    """A roster that can't be used is misuse, and the message names the line."""
    with pytest.raises(UserError) as caught:
        read_roster(write(tmp_path, content))

    assert message in caught.value.message
    assert caught.value.code == 2


def test_a_roster_that_is_not_there(tmp_path: Path) -> None:
    """The messages for a missing roster and for a folder in its place differ."""
    for path, words in ((tmp_path / "none.csv", "is not there"), (tmp_path, "is no file")):
        with pytest.raises(UserError) as caught:
            read_roster(path)
        assert words in caught.value.message
