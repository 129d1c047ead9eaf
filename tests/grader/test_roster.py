"""Rosters, as people write them, spreadsheets save them and learning platforms export them."""

from pathlib import Path

import pytest

from workbook.errors import UserError
from workbook.grader.results import Learner
from workbook.grader.roster import read_cells, read_roster

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
        "Class list, autumn 2026;;\n;;\nId;Name;E-Mail\na1;Ada Lovelace;ada@example.com\n",
        '\u200bid,name,email\n"=""a1""",\u200eAda Lovelace\u200f,ada@example.com\u200b\n',
        "id,name,email,email,name\na1,,,ada@example.com,Ada Lovelace\n",
        "id,name,email,section\na1,Ada Lovelace,ada@example.com,1\na1,Ada Lovelace,ada@example.com,2\n",
        "UID,First,Last,Mail\na1,Ada,Lovelace,ada@example.com\n",
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
        ("id,name\n", "but no learners"),
        ("Ada Lovelace,ada\n", "line 1: no column is called id, and none email: it has Ada Lovelace, ada"),
        ("id,name\na1,Ada\n,Grace\n", "line 3: this learner doesn't have an id"),
        ("id,name\na1,Ada\n\na1,Grace\n", "line 4: the id a1 is that of line 2 already"),
        ("id,name\na1,Lovelace, Ada\n", "line 2: 3 cells, but the first line names 2 columns"),
        ('id,name\na1,"Ada\n', "line 2: unexpected end of data"),
        ("id,canvas\na1,7\na2,7\n", "line 3: the canvas number 7 is that of line 2 already"),
        (b"PK\x03\x04\0\0", "isn't a CSV file"),
        ("id,name\n2.02E+08,Ada\n", "line 2: 2.02E+08 is what a spreadsheet has made of a long number"),
        ("id;name\n2,02E+08;Ada\n", "line 2: 2,02E+08 is what a spreadsheet has made"),
        ("a1,Ada,ada@example.com\na2,Bo,bo@example.com\n", "line 1: this is a learner's line"),
        ("a1,Ada\na2,Bo\n", "line 1: no column is called id"),
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
    for path, words in ((tmp_path / "none.csv", "doesn't exist"), (tmp_path, "isn't a file")):
        with pytest.raises(UserError) as caught:
            read_roster(path)
        assert words in caught.value.message


CANVAS = 'Student,ID,SIS User ID,SIS Login ID,Section,A (77)\n"Lovelace, Ada",4711,a1,ada@example.com,One,\n'


@pytest.mark.parametrize(
    "above, below",
    [
        (",,,,,Manual Posting\n", ""),
        (",,,,,Manual Posting (scores hidden from instructors)\n    Points Possible,,,,,100\n", ""),
        (",,,,,Muted\n", '"Student, Test",4712,,abcdef,One,\n'),
        (",,,,,Muted\n", f'"essai, Étudiant d\'",4712,,{"0123456789abcdef" * 2}01234567,One,\n'),
        ("    Mögliche Punkte,,,,,100\n", "Test Student,4712,,abcdef,One,\n"),
    ],
)
def test_canvas_own_lines_are_nobody(tmp_path: Path, above: str, below: str) -> None:
    """Posting policies, points possible in any language, and the test student aren't taken for learners."""
    heading, ada = CANVAS.splitlines(keepends=True)

    (found,) = read_roster(write(tmp_path, heading + above + ada + below))

    assert found == Learner("a1", "Lovelace, Ada", "ada@example.com", {"canvas": "4711"})


@pytest.mark.parametrize(
    "content, wanted",
    [
        (
            "LastName,FirstName,ID,SIS User ID,SIS Login ID,Section,A (1)\n    Points Possible,,,,,,100\n"
            "Lovelace,Ada,4711,a1,ada@example.com,One,\nStudent,Test,9,,x,One,\n",
            Learner("a1", "Ada Lovelace", "ada@example.com", {"canvas": "4711"}),
        ),
        (
            "Student,ID,SIS Login ID,Section\n김민수,1002,min@example.edu,One\n",
            Learner("min@example.edu", "김민수", "min@example.edu", {"canvas": "1002"}),
        ),
        ("Student,ID,Section\n김민수,1002,One\n", Learner("1002", "김민수", "", {"canvas": "1002"})),
        (
            'ID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung,"Maximale Bewertung","Zuletzt geändert"\n'
            '"Teilnehmer/in2001","Ada Lovelace",ada@example.com,Abgegeben,,"100,00",-\n',
            Learner("ada@example.com", "Ada Lovelace", "ada@example.com", {"moodle": "2001"}),
        ),
        (
            "Tunniste;Koko nimi;Sähköpostiosoite;Tila;Arvosana;Enimmäisarvosana;Muokattu\n"
            "Osallistuja 2001;Ada Lovelace;ada@example.com;Palautettu;;100,00;-\n",
            Learner("ada@example.com", "Ada Lovelace", "ada@example.com", {"moodle": "2001"}),
        ),
        (
            "Etunimi\tSukunimi\tSähköpostiosoite\tRyhmät\nAda\tLovelace\tada@example.com\tA\n",
            Learner("ada@example.com", "Ada Lovelace", "ada@example.com"),
        ),
        (
            "Identifier,Status,Grade,Maximum grade,Grade can be changed,Last modified (grade)\n"
            "Participant 2001,Submitted,,100.00,Yes,-\n",  # graded blind: no names
            Learner("2001", "2001", "", {"moodle": "2001"}),
        ),
        (
            "Tunniste,Nimi,Tila,Arvosana,Enimmäisarvosana,Muokattu\nOsallistuja2001,Ada Lovelace,Palautettu,,9,-\n",
            Learner("2001", "Ada Lovelace", "", {"moodle": "2001"}),
        ),
        (
            "编号,全名,电话,状态,成绩,最高分,最后修改 (成绩)\n参与者2001,王小明,5551234,已提交,,100.00,-\n",
            Learner("2001", "王小明", "", {"moodle": "2001"}),
        ),
        (
            '"identifier","github_username","github_id","name"\n"ada@example.com","adal","123",""\n',
            Learner("ada@example.com", "ada@example.com", "ada@example.com", {"github": "adal"}),
        ),
        (
            "assignment_name,github_username,roster_identifier,student_repository_name,points_awarded\n"
            "Pagination,adal,ada@example.com,pagination-adal,0\n",
            Learner("ada@example.com", "ada@example.com", "ada@example.com", {"github": "adal"}),
        ),
        (
            "name,canvas_user_id,user_id,login_id,sections,group_name,canvas_group_id,group_id\n"
            "Ada Lovelace,4711,a1,adal,One,Team Beta,7,\n",
            Learner("a1", "Ada Lovelace", "", {"canvas": "4711", "login": "adal"}, group="Team Beta"),
        ),
        (
            "Öğrenci No;Adı;Soyadı;Gruppenname\n007;Ada;Lovelace;Rot\n",  # noqa: RUF001
            Learner("007", "Ada Lovelace", group="Rot"),
        ),
        (
            "First Name,Last Name,SID,Email,Role\nAda,Lovelace,a1,ada@example.com,Student\n"
            "Tim,Teacher,t1,tim@example.com,Instructor\n",
            Learner("a1", "Ada Lovelace", "ada@example.com"),
        ),
        (
            "OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator\n"
            "#a1,#adal,Lovelace,Ada,ada@example.com,#\n",
            Learner("a1", "Ada Lovelace", "ada@example.com", {"login": "adal"}),
        ),
        (
            '"Last Name"\t"First Name"\t"Username"\t"Student ID"\n"Lovelace"\t"Ada"\t"adal"\t"a1"\n',
            Learner("a1", "Ada Lovelace", "", {"login": "adal"}),
        ),
        ("id:name:group\na1:Ada Lovelace:Team Beta\n", Learner("a1", "Ada Lovelace", group="Team Beta")),
        ("id|name\na1|Lovelace, Ada; née Byron\n", Learner("a1", "Lovelace, Ada; née Byron")),
        (
            "Numéro étudiant;Nom;Prénom;Équipe\na1;Lovelace;Ada;Rouge\n",
            Learner("a1", "Ada Lovelace", group="Rouge"),
        ),
        (
            "अनुक्रमांक,नाम,ईमेल,समूह\na1,नीलम श्रीवास्तव,ada@example.com,लाल\n",
            Learner("a1", "नीलम श्रीवास्तव", "ada@example.com", group="लाल"),
        ),
        (
            "Kennziffer;Nachname;Vorname;E-Mail\na1;Lovelace;Ada;ada@example.com\n",  # known by its place and cells
            Learner("a1", "Ada Lovelace", "ada@example.com"),
        ),
    ],
)
def test_exports_of_platforms_are_rosters(tmp_path: Path, content: str, wanted: Learner) -> None:
    """Canvas, Moodle in any language, GitHub Classroom, Gradescope, Brightspace and Blackboard are understood."""
    assert read_roster(write(tmp_path, content)) == [wanted]


@pytest.mark.parametrize(
    "name, encoding",
    [
        ("Zoë Müller", "cp1252"),
        ("Łukasz Żółciński", "cp1250"),
        ("Иван Петров", "cp1251"),
        ("Γιώργος Παπαδόπουλος", "cp1253"),
        ("김민수", "cp949"),
        ("山田たろう", "cp932"),
        ("山田ローラ", "cp932"),
        ("Jiří Dvořák", "cp1250"),
        ("Věra Němečková", "cp1250"),
        ("Ödön Győrfi Ákos", "cp1250"),
        ("Petar Kovačić", "cp1250"),
        ("Ioniţă Ştefan", "cp1250"),
        ("Bjørn Ærø Åse", "cp1252"),
        ("João Simões", "cp1252"),
        ("Tõnu Põld", "cp1252"),
        ("Niccolò Forlì", "cp1252"),
        ("王小明", "gb18030"),
        ("محمد", "cp1256"),
        ("Zoë Müller", "utf-16-le"),
        ("Zoë Müller", "utf-16-be"),
        ("Zoë Müller", "mac_roman"),
        ("José Núñez", "cp850"),
        ("Gülşah Yağmur", "cp1254"),
        ("Jónas Þór Sigurðsson", "cp1252"),
        ("Nový Müller", "cp1252"),
        ("דוד כהן", "cp1255"),
    ],
)
def test_rosters_in_the_code_page_of_a_machine(tmp_path: Path, name: str, encoding: str) -> None:
    """A file that isn't UTF-8 is read in the code page in which its names look like names."""
    (found,) = read_roster(write(tmp_path, f"id;name\r\nz1;{name}\r\n".encode(encoding)))

    assert (found.id, found.name) == ("z1", name)


def test_a_worksheet_in_a_code_page_keeps_its_headings(tmp_path: Path) -> None:
    """Headings in katakana go back as they came too, because Moodle compares them."""
    lines = [
        "識別子,氏名,メールアドレス,ステータス,評点,最大評点,最終更新",
        "参加者 2001,山田 太郎,t@example.jp,提出済み,,100.00,-",
    ]

    rows = read_cells(write(tmp_path, "\n".join(lines).encode("cp932")))

    assert rows == [line.split(",") for line in lines]


def test_numbers_of_lines_are_no_ids(tmp_path: Path) -> None:
    """A first column that only counts the lines doesn't identify anyone, so the address does."""
    text = "Nr.;Name;E-Mail\n1;Ada;ada@example.com\n2;Bo;bo@example.com\n"

    assert [one.id for one in read_roster(write(tmp_path, text))] == ["ada@example.com", "bo@example.com"]


def test_ids_that_differ_in_case_are_two_people(tmp_path: Path) -> None:
    """AB1 and ab1 are two ids."""
    assert [one.id for one in read_roster(write(tmp_path, "id,name\nAB1,Ann\nab1,Bob\n"))] == ["AB1", "ab1"]
