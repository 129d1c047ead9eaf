"""Marks go back into Canvas and Moodle: every import is accepted and changes only what it should."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from workbook.course.points import Grading
from workbook.grader.exports import Export, read_export
from workbook.grader.results import Learner
from workbook.grader.roster import read_roster
from workbook.journal import Entry
from workbook.report import Target
from workbook.report.canvas import write_canvas
from workbook.report.feedback import write_feedback
from workbook.report.moodle import write_moodle

from .importers import CanvasCourse, CanvasStudent, MoodleAssignment, MoodleGrade, Refused, canvas_comments
from .synthetic import class_entry, class_of, graded, grading_of, result

FIRST = "test_a_list_is_a_page"
TITLES = {"pagination": "Pagination", "avatar": "Avatar"}
NAMES = ["Ada Lovelace", "Grace Hopper", "=HYPERLINK(1)", "Ana-María O'Brien", "王 小明", "Smith;=1+1 Pat"]
STUDENTS = [CanvasStudent(1000 + n, name, f"s{n}", f"u{n}@example.edu") for n, name in enumerate(NAMES)]
SCALE = [(2001, "Ada", ""), (2002, "Bo", "Good")]
NOW = datetime(2026, 11, 29, 12, 0)
ENGLISH = {
    "recordid": "Identifier",
    "gradenoun": "Grade",
    "lastmodifiedgrade": "Last modified (grade)",
    "comments": "Feedback comments",
    "hiddenuser": "Participant ",
    "decsep": ".",
}
LANGUAGES = {
    "en": (ENGLISH, ["Full name", "Email address", "Status"], "Maximum grade", "Grade can be changed", "Yes", "100.00"),
    "de": (
        {
            "recordid": "ID",
            "gradenoun": "Bewertung",
            "lastmodifiedgrade": "Zuletzt geändert (Bewertung)",
            "comments": "Feedback als Kommentar",
            "hiddenuser": "Teilnehmer/in",
            "decsep": ",",
        },
        ["Vollständiger Name", "E-Mail-Adresse", "Status"],
        "Maximale Bewertung",
        "Bewertung kann geändert werden",
        "Ja",
        "100,00",
    ),
    "ja": (
        {
            "recordid": "識別子",
            "gradenoun": "評点",
            "lastmodifiedgrade": "最終更新日時 (評定)",
            "comments": "フィードバックコメント",
            "hiddenuser": "参加者 ",
            "decsep": ".",
        },
        ["氏名", "メールアドレス", "ステータス"],
        "最大評点",
        "評点を変更することができます",
        "Yes",
        "100.00",
    ),
    "pl": (
        {
            "recordid": "Identyfikator",
            "gradenoun": "Ocena szczegółowa",
            "lastmodifiedgrade": "Ostatnio modyfikowane (ocena)",
            "comments": "Komentarz zwrotny",
            "hiddenuser": "Uczestnik ",
            "decsep": ",",
        },
        ["Nazwa", "Adres e-mail", "Status"],
        "Maksymalna ocena",
        "Ocena może zostać zmieniona",
        "Tak",
        "100,00",
    ),
    "es": (
        {
            "recordid": "Identificador",
            "gradenoun": "Calificación",
            "lastmodifiedgrade": "Última modificación (calificación)",
            "comments": "Comentarios de retroalimentación",
            "hiddenuser": "Participante",
            "decsep": ",",
        },
        ["Nombre completo", "Dirección de correo", "Estado"],
        "Calificación máxima",
        "La calificación puede ser cambiada",
        "Sí",
        "100,00",
    ),
    "fr": (
        {
            "recordid": "Identifiant",
            "gradenoun": "Note",
            "lastmodifiedgrade": "Dernière modification (note)",
            "comments": "Feedback par commentaires",
            "hiddenuser": "Participant ",
            "decsep": ",",
        },
        ["Nom complet", "Adresse de courriel", "Statut"],
        "Note maximale",
        "La note peut être modifiée",
        "Oui",
        "100,00",
    ),
    "hi": (
        {
            "recordid": "पहचानकर्ता",
            "gradenoun": "ग्रेड",
            "lastmodifiedgrade": "अंतिम संशोधित (ग्रेड)",
            "comments": "प्रतिक्रिया टिप्पणियाँ",
            "hiddenuser": "प्रतिभागी ",
            "decsep": ".",
        },
        ["पूरा नाम", "ईमेल पता", "स्थिति"],
        "अधिकतम ग्रेड",
        "ग्रेड बदला जा सकता है",
        "हाँ",
        "100.00",
    ),
}


def canvas_export(course: CanvasCourse, *, posting: bool = True, mark: str = "") -> str:
    """Return the gradebook as Canvas exports it, with columns that aren't ours, and its test student."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    names = ["LastName", "FirstName"] if course.split_names else ["Student"]
    sis = ["SIS User ID", "SIS Login ID"] if course.sis_columns else ["SIS Login ID"]
    titles = [f"{title} ({number})" for number, (title, _) in course.assignments.items()]
    write([*names, "ID", *sis, "Section", "Notes", *titles, "Current Score", "Final Grade"])
    width = len(names) + len(sis) + 3
    if posting:
        write([""] * width + ["Manual Posting"] * len(titles) + ["", ""])
    points = [f"{points:g}" for _, points in course.assignments.values()]
    write(["    Points Possible", *[""] * (width - 1), *points, "(read only)", "(read only)"])
    for one in [*course.students, CanvasStudent(9999, "Test Student", "", "a1b2c3")]:
        first, last = one.name.rsplit(" ", 1) if " " in one.name else ("", one.name)
        name = [last, first] if course.split_names else [f"{last}, {first}" if first else last]
        ids = [one.sis, one.login] if course.sis_columns else [one.login]
        scores = [course.scores.get((one.id, number), "") for number in course.assignments]
        write([*name, str(one.id), *ids, "Section 1", "", *scores, "", ""])
    return mark + out.getvalue()


def worksheet(
    language: str, people: dict[int, str], *, comments: bool = True, grades: dict[int, MoodleGrade] | None = None
) -> str:
    """Return the worksheet as Moodle writes it in a language."""
    strings, about, most, changed, yes, maximum = LANGUAGES[language]
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    header = [strings["recordid"], *about, strings["gradenoun"], most, changed, strings["lastmodifiedgrade"]]
    write([*header, *([strings["comments"]] if comments else [])])
    for number, name in people.items():
        there = (grades or {}).get(number)
        grade = f"{there.grade:.2f}".replace(".", strings["decsep"]) if there and there.grade >= 0 else ""
        modified = there.modified.strftime("%A, %d %B %Y, %I:%M %p") if there else "-"
        line = [f"{strings['hiddenuser']}{number}", name, f"{number}@example.edu", "x", grade, maximum, yes, modified]
        write([*line, *([there.comment if there else ""] if comments else [])])
    return "\ufeff" + out.getvalue()


def course(*, split_names: bool = False, sis_columns: bool = True) -> CanvasCourse:
    return CanvasCourse(
        list(STUDENTS),
        {4711: ("Pagination", 100.0), 4712: ("Avatar", 100.0), 4713: ("Essay", 20.0)},
        split_names=split_names,
        sis_columns=sis_columns,
    )


def roster_of(tmp_path: Path, text: str) -> tuple[list[Learner], Export]:
    file = tmp_path / "roster.csv"
    file.write_text(text, encoding="utf-8", newline="")
    ids = "SIS User ID" in text
    learners = [
        Learner(one.sis if ids else one.login, one.name, one.login, {"canvas": str(one.id)}) for one in STUDENTS
    ]
    export = read_export(file, learners)
    assert export
    return learners, export


def a_class(learners: list[Learner], export: Export, *, absent: int = 1) -> list[Entry]:
    """Return a class in which all but the last keep pagination's promises, and the first has an avatar mark."""
    entries = [class_entry(learners, list(TITLES), export=export.as_dict())]
    entries += [
        graded(result(one, "pagination", {FIRST: "broken"} if n == 0 else {})) for n, one in enumerate(learners)
    ]
    return [*entries[: len(entries) - absent], graded(result(learners[0], "avatar"))]


def imported(folder: Path, there: CanvasCourse, name: str = "canvas-pagination.csv") -> dict[int, str]:
    """Return what an import makes of Pagination, after checking that it changes nothing else."""
    found = there.import_file((folder / name).read_bytes())
    assert (found.new_assignments, found.new_students, found.erased) == ([], [], [])
    return {student: mark for (student, number), mark in found.marks.items() if number == 4711}


@pytest.mark.parametrize("posting", [True, False])
@pytest.mark.parametrize("split_names", [True, False])
@pytest.mark.parametrize("sis_columns", [True, False])
def test_canvas_takes_its_own_export_back(tmp_path: Path, posting: bool, split_names: bool, sis_columns: bool) -> None:
    """Whatever an export looks like, everyone with a mark gets theirs, no assignment is made, no mark is erased."""
    there = course(split_names=split_names, sis_columns=sis_columns)
    there.scores = {(1005, 4711): "EX", (1001, 4713): "17"}
    learners, export = roster_of(tmp_path, canvas_export(there, posting=posting))
    marks = class_of(a_class(learners, export), {name: grading_of(name) for name in TITLES}, TITLES)

    list(write_canvas(marks, Target(tmp_path)))

    assert len(learners) == len(STUDENTS)
    assert imported(tmp_path, there) == {1000: "80", 1001: "100", 1002: "100", 1003: "100", 1004: "100"}
    assert (there.scores[1005, 4711], there.scores[1001, 4713]) == ("EX", "17")
    assert imported(tmp_path, there) == {}


def test_who_is_excused_stays_so(tmp_path: Path) -> None:
    """A mark doesn't overwrite the EX that the export has, and the command says whose isn't in the file."""
    there = course()
    there.scores = {(1001, 4711): "EX", (1002, 4711): "ex", (1003, 4711): "40"}
    learners, export = roster_of(tmp_path, canvas_export(there))
    marks = class_of(a_class(learners, export, absent=0), {}, TITLES)

    written = [one.about for one in write_canvas(marks, Target(tmp_path))]

    assert imported(tmp_path, there) == {1000: "80", 1003: "100", 1004: "100", 1005: "100"}
    assert "without 2 learners whom Canvas has as excused" in written[0]


def test_a_groups_file_gives_its_number_to_one_member(tmp_path: Path) -> None:
    """A group's file, or a member's, holds one person's number: no other member's mark or page goes to that person."""
    for file, numbers in (("teamred_1001_7_pagination.zip", {}), ("hoppergrace_1001_7_pagination.zip", {"s1": "1001"})):
        people = [
            Learner(f"s{n}", NAMES[n], lms={"canvas": numbers[f"s{n}"]} if f"s{n}" in numbers else {}, group="Team red")
            for n in (0, 1)
        ]
        entries = [class_entry(people, ["pagination"])]
        entries += [graded(result(one, "pagination", file=file)) for one in people]
        marks = class_of(entries, {}, TITLES)

        list(write_canvas(marks, Target(tmp_path)))
        list(write_feedback(marks, Target(tmp_path)))

        rows = list(csv.reader(io.StringIO((tmp_path / "canvas.csv").read_text(encoding="utf-8"))))[2:]
        assert {row[2]: row[1] for row in rows} == {"s0": "", "s1": ""} | numbers
        if numbers:
            page = canvas_comments((tmp_path / "feedback-canvas-pagination.zip").read_bytes(), {7: 1001})[1001]
            (name,) = (packed := zipfile.ZipFile(io.BytesIO(page))).namelist()
            assert b"Grace Hopper" in packed.read(name)


def test_headings_and_ids_go_back_as_they_came(tmp_path: Path) -> None:
    """Every cell up to the section is the export's own, apart from a name that a spreadsheet would run."""
    text = canvas_export(course())
    learners, export = roster_of(tmp_path, text)
    marks = class_of(a_class(learners, export, absent=0), {}, TITLES)

    list(write_canvas(marks, Target(tmp_path)))

    came = {row[1]: row[:5] for row in csv.reader(io.StringIO(text))}
    back = list(csv.reader(io.StringIO((tmp_path / "canvas-pagination.csv").read_text(encoding="utf-8"))))
    assert back[0] == [*came["ID"], "Pagination (4711)"]
    assert back[1][0] == "    Points Possible"
    changed = [row for row in back[2:] if row[:5] != came[row[1]]]
    assert sorted(row[0] for row in changed) == ["'=HYPERLINK(1)", "Pat, Smith;'=1+1"]
    assert all(row[1:5] == came[row[1]][1:] for row in back[2:])


def test_points_are_those_of_the_assignment(tmp_path: Path) -> None:
    """After a promise is dropped and another made a bonus, full marks are still the assignment's, and it's said."""
    there = course()
    learners, export = roster_of(tmp_path, canvas_export(there))
    points = {name: worth for name, worth in grading_of("pagination").points.items() if name != FIRST}
    bonus = {"test_filters_apply_before_counting": points.pop("test_filters_apply_before_counting")}
    grading = Grading(points=points, bonus=bonus, dropped={FIRST: 20})  # 70, and 10 more
    marks = class_of(a_class(learners, export), {"pagination": grading}, TITLES)

    written = [one.about for one in write_canvas(marks, Target(tmp_path))]

    assert "scaled from 70 to the assignment's 100 points" in written[0]
    assert imported(tmp_path, there)[1001] == "114.29"
    assert (tmp_path / "canvas-pagination.csv").read_text(encoding="utf-8").splitlines()[1].endswith(",100")


def test_an_assignment_that_the_export_lacks_is_not_made(tmp_path: Path) -> None:
    """Without a column for the exercise, no file is written unless you give the assignment's number."""
    there = replace(course(), assignments={4799: ("Pages of posts", 50.0)})
    learners, export = roster_of(tmp_path, canvas_export(there))
    marks = class_of(a_class(learners, export), {}, TITLES)

    (refused, _) = write_canvas(marks, Target(tmp_path / "without"))
    list(write_canvas(marks, Target(tmp_path, {"pagination": "4799"})))

    assert refused.path is None
    assert "--assignment pagination=NUMBER" in refused.about
    found = there.import_file((tmp_path / "canvas-pagination.csv").read_bytes())
    assert (found.new_assignments, found.marks[1001, 4799]) == ([], "50")


def test_an_assignment_that_is_not_clear_is_said(tmp_path: Path) -> None:
    """Two assignments of one title are both named, and a number that the export doesn't have comes with a warning."""
    there = replace(course(), assignments={4711: ("Pagination", 100.0), 4799: ("pagination", 50.0)})
    learners, export = roster_of(tmp_path, canvas_export(there))
    marks = class_of(a_class(learners, export), {}, TITLES)

    (refused, _) = write_canvas(marks, Target(tmp_path / "without"))
    (written, _) = write_canvas(marks, Target(tmp_path, {"pagination": "4777"}))

    assert "several columns: Pagination (4711), pagination (4799); --assignment pagination=NUMBER" in refused.about
    assert "the export has no assignment 4777" in written.about


def test_points_do_not_replace_the_words_of_a_scale(tmp_path: Path) -> None:
    """A worksheet whose grades are words stays unwritten, and the command says what to change in Moodle."""
    heading = "Identifier,Full name,Email address,Status,Grade,Scale,Grade can be changed,Last modified (grade)"
    lines = [f'Participant {n},{name},{n}@example.edu,x,{said},"Bad, Good",Yes,-' for n, name, said in SCALE]
    (tmp_path / "worksheet.csv").write_text("\n".join([heading, *lines]), encoding="utf-8")
    learners = read_roster(tmp_path / "worksheet.csv")
    export = read_export(tmp_path / "worksheet.csv", learners)
    assert export
    entries = [class_entry(learners, ["pagination"], export=export.as_dict())]
    marks = class_of([*entries, *(graded(result(one, "pagination")) for one in learners)], {}, TITLES)

    (refused,) = write_moodle(marks, Target(tmp_path))

    assert refused.path is None
    assert "has “Good” as a grade" in refused.about


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("comments", [True, False])
def test_moodle_takes_its_own_worksheet_back(tmp_path: Path, language: str, comments: bool) -> None:
    """In any language a worksheet comes back with its headings, and everyone's mark and comment in it."""
    people = {2000 + n: name for n, name in enumerate(NAMES)}
    strings = LANGUAGES[language][0]
    there = MoodleAssignment(strings, set(people), 100.0, has_comments=comments)
    there.grades[2005] = MoodleGrade(55.0, NOW, "By hand.")
    text = worksheet(language, people, comments=comments, grades=there.grades)
    header = text.removeprefix("\ufeff").splitlines()[0].split(",")
    learners = [Learner(f"s{n}", name, lms={"moodle": str(n)}) for n, name in people.items()]
    (tmp_path / "worksheet.csv").write_text(text, encoding="utf-8", newline="")
    export = read_export(tmp_path / "worksheet.csv", learners)
    assert export
    marks = class_of(a_class(learners, export), {name: grading_of(name) for name in TITLES}, TITLES)

    list(write_moodle(marks, Target(tmp_path)))

    data = (tmp_path / "moodle-pagination.csv").read_bytes()
    assert next(csv.reader(io.StringIO(data.decode("utf-8-sig")))) == header
    found = there.import_worksheet(data, NOW)
    assert found.marks == {2000: 80.0, 2001: 100.0, 2002: 100.0, 2003: 100.0, 2004: 100.0}
    assert (found.skipped, found.unknown) == ({}, [])
    assert bool(found.comments) is comments
    assert there.grades[2005] == MoodleGrade(55.0, NOW, "By hand.")


def line_back(folder: Path) -> list[str]:
    """Grade the first learner on a worksheet; return the one line that Moodle gets back."""
    learners = read_roster(folder / "worksheet.csv")
    export = read_export(folder / "worksheet.csv", learners)
    assert export
    entries = [class_entry(learners, ["pagination"], export=export.as_dict())]
    entries += [graded(result(learners[0], "pagination"))]

    list(write_moodle(class_of(entries), Target(folder)))

    _, line = csv.reader(io.StringIO((folder / "moodle-pagination.csv").read_text(encoding="utf-8-sig")))
    return line


@pytest.mark.parametrize("lines", [1, 2])
def test_numbers_of_a_person_are_no_marks(tmp_path: Path, lines: int) -> None:
    """A site may show numbers of a person in a worksheet; the mark goes behind them, in front of the maximum."""
    header = "Tunniste,Koko nimi,Numero,Osasto,Osoite,Tila,Arvosana,Enimmäisarvosana,Muutettavissa,Muokattu,Palaute"
    line = 'Osallistuja{0},Ada Lovelace,7{0},5,a{0}@example.edu,Palautettu,,"20,00",Kyllä,-,'
    lines_ = [header, *(line.format(2000 + n) for n in range(lines))]
    (tmp_path / "worksheet.csv").write_text("\n".join(lines_), encoding="utf-8")
    back = line_back(tmp_path)

    assert back[2:8] == ["72000", "5", "a2000@example.edu", "Palautettu", "20", "20,00"]
    assert back[-1] == "100 of 100 points."


def test_what_learners_typed_runs_nowhere(tmp_path: Path) -> None:
    """A text that was typed into Moodle comes back so that no spreadsheet runs it, and the rest of its line stays."""
    header = "Identifier,Full name,Email address,Status,Grade,Maximum grade,Online text,Last modified (grade),Comments"
    typed = '=HYPERLINK(""http://192.0.2.1/"",""100"")' + "1." * 100_000
    line = f'Participant 2000,Ada Lovelace,a@example.edu,Submitted,,100.00,"{typed}",-,{"1." * 40_000}'
    (tmp_path / "worksheet.csv").write_text(f"{header}\n{line}\n", encoding="utf-8")
    back = line_back(tmp_path)

    assert back[6].startswith('\'=HYPERLINK("http://192.0.2.1/"')
    assert back[7] == "-"
    assert back[:2] == ["Participant 2000", "Ada Lovelace"]


def test_a_second_import_arrives(tmp_path: Path) -> None:
    """A changed mark goes into a newly downloaded worksheet, which Moodle accepts, and other words stay."""
    people = {2000: "Ada Lovelace", 2001: "Grace Hopper"}
    there = MoodleAssignment(ENGLISH, set(people), 100.0)
    learners = [Learner(f"s{n}", name, lms={"moodle": str(n)}) for n, name in people.items()]
    entries: list[Entry] = [graded(result(learners[0], "pagination", {FIRST: "broken"}))]
    seen = []
    for day in (0, 1):
        (tmp_path / "worksheet.csv").write_text(
            worksheet("en", people, grades=there.grades), encoding="utf-8", newline=""
        )
        export = read_export(tmp_path / "worksheet.csv", learners)
        assert export
        marks = class_of([class_entry(learners, ["pagination"]), *entries], {}, TITLES)
        list(write_moodle(marks, Target(tmp_path, exports={"pagination": export})))
        found = there.import_worksheet((tmp_path / "moodle-pagination.csv").read_bytes(), NOW + timedelta(days=day))
        seen.append(found.marks)
        there.grades[2000].comment = (
            f"Well done.<br>{there.grades[2000].comment}" if day == 0 else there.grades[2000].comment
        )
        entries.append(graded(result(learners[0], "pagination", tests="t2")))

    assert seen == [{2000: 80.0}, {2000: 100.0}]
    assert there.grades[2000].comment == "Well done.<br>100 of 100 points."


def test_moodle_never_gets_more_than_its_maximum(tmp_path: Path) -> None:
    """A bonus stops at the maximum, because Moodle refuses more, and the command says how often."""
    people = {2000: "Ada Lovelace"}
    there = MoodleAssignment(ENGLISH, set(people), 100.0)
    learners = [Learner("s0", "Ada Lovelace", lms={"moodle": "2000"})]
    (tmp_path / "worksheet.csv").write_text(worksheet("en", people), encoding="utf-8", newline="")
    export = read_export(tmp_path / "worksheet.csv", learners)
    assert export
    points = dict(grading_of("pagination").points)
    grading = Grading(bonus={FIRST: points.pop(FIRST)}, points=points)
    marks = class_of(
        [class_entry(learners, ["pagination"], export=export.as_dict()), graded(result(learners[0], "pagination"))],
        {"pagination": grading},
        TITLES,
    )

    (written,) = write_moodle(marks, Target(tmp_path))

    assert "1 mark cut to the maximum" in written.about
    assert there.import_worksheet((tmp_path / "moodle-pagination.csv").read_bytes(), NOW).marks == {2000: 100.0}


def test_the_importers_refuse_what_the_platforms_refuse(tmp_path: Path) -> None:
    """A mark in front of split names, a heading of another language, and empty cells: the importers see each."""
    split, plain = course(split_names=True), course()
    plain.scores[1001, 4711] = "90"
    emptied = canvas_export(course())

    with pytest.raises(Refused):
        split.import_file(canvas_export(split, mark="\ufeff").encode())
    with pytest.raises(Refused):
        MoodleAssignment(LANGUAGES["de"][0], {1}, 100.0).import_worksheet(worksheet("en", {1: "A"}).encode(), NOW)
    assert plain.import_file(emptied.encode()).erased == [(1001, 4711)]
