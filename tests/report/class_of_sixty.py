"""A class of sixty with two exercises, as each platform hands it out: downloads, rosters, and whose each file is.

No file holds a project that is graded: what counts here is whose mark a file becomes, and where that mark goes.
"""

import csv
import io
import json
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

EXERCISES = ("pagination", "avatar")
MANY = 60
GIVEN = ("Ada", "Grace", "Linus", "Margaret", "Alan", "Barbara", "Dennis", "Frances", "Ken", "Radia", "Zoë", "Hedy")
FAMILY = ("Okafor", "Lindqvist", "Moreau", "Tanaka", "Novák", "Silva", "Haddad", "Kowalska")
ODD = (
    "محمد بن عبد الله آل سعود",
    "王小明",
    "김민수",
    "김민수",  # two of one name
    "नीलम श्रीवास्तव",
    "Siobhán O’Brien",
    "Jean-Luc d'Arcy",
    "=HYPERLINK(1) Click",
    "Anna Maria von der Heide-Schmidt",
    "Plato",
    "Li 2 Na",
    unicodedata.normalize("NFD", "Zoë Åkesson"),
)


@dataclass(frozen=True)
class Person:
    """A learner with the numbers that each platform has for them."""

    id: str
    name: str
    number: int

    @property
    def email(self) -> str:
        return f"{self.id}@example.edu"

    @property
    def canvas(self) -> int:
        return 40_000 + self.number

    def moodle(self, exercise: str) -> int:
        """Return the participant's number, which is another one in each assignment."""
        return 70_000 + 1_000 * EXERCISES.index(exercise) + (self.number * 7) % MANY

    def points(self, exercise: str) -> float:
        """Return the mark that is theirs and no one else's."""
        return self.number + 0.25 * EXERCISES.index(exercise)


@dataclass
class Layout:
    """A platform's downloads below `folder`, one folder for each exercise, and each exercise's roster.

    `owners`: for each exercise whose a file is, by what the file is called in its folder.
    """

    folder: Path
    rosters: dict[str, Path] = field(default_factory=dict)
    owners: dict[str, dict[str, Person]] = field(default_factory=dict)

    def put(self, exercise: str, name: str, person: Person) -> None:
        """Write a file of this person's."""
        file = self.folder / exercise / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(project())
        self.owners.setdefault(exercise, {})[name] = person


def people() -> list[Person]:
    names = [*ODD, *(f"{GIVEN[n % len(GIVEN)]} {FAMILY[n % len(FAMILY)]}" for n in range(MANY - len(ODD)))]
    return [Person(f"s{n:03}", name, n) for n, name in enumerate(names)]


def handed_in(exercise: str) -> Iterator[Person]:
    """Yield those who hand in: every eleventh misses one of the two."""
    for one in people():
        if (one.number + 5 * EXERCISES.index(exercise)) % 11:
            yield one


def project() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app/main.py", "app = None\n")
    return packed.getvalue()


def canvas(folder: Path, export: str) -> Layout:
    """Canvas: flat files, some late, some in a second attempt; `export` is the gradebook."""
    layout = Layout(folder)
    for exercise in EXERCISES:
        for one in handed_in(exercise):
            slug = canvas_slug(one.name)
            late = "LATE_" if one.number % 9 == 0 else ""
            stem = f"{slug}_{late}{one.canvas}_{one.number + 500}"
            layout.put(exercise, f"{stem}_{exercise}{'-1' if one.number % 7 == 0 else ''}.zip", one)
        layout.rosters[exercise] = _write(folder / "export.csv", export)
    return layout


def canvas_slug(name: str) -> str:
    """Return what lib/content_zipper.rb of Canvas makes of a name: lower case, and only what's a [[:word:]] in Ruby."""
    sortable = ", ".join(reversed(name.split(" ", 1))).lower()
    kinds = {letter: unicodedata.category(letter) for letter in sortable}
    return "".join(letter for letter in sortable if kinds[letter][0] in "LM" or kinds[letter] in {"Nd", "Pc"})


def moodle(folder: Path, worksheets: dict[str, str], *, flat: bool) -> Layout:
    """Moodle: a folder for each participant, or all of it in a file's name; a worksheet for each assignment."""
    layout = Layout(folder)
    for exercise in EXERCISES:
        for one in handed_in(exercise):
            named = f"{one.name}_{one.moodle(exercise)}_assignsubmission_file_"
            layout.put(exercise, f"{named}{exercise}.zip" if flat else f"{named}/{exercise}.zip", one)
        layout.rosters[exercise] = _write(folder / f"{exercise}.csv", worksheets[exercise])
    return layout


def gradescope(folder: Path) -> Layout:
    """Gradescope: numbered folders, and a file that says whose they are."""
    layout = Layout(folder)
    for exercise in EXERCISES:
        told = {}
        for one in handed_in(exercise):
            name = f"submission_{one.number + 4000 + 100 * EXERCISES.index(exercise)}"
            layout.put(exercise, f"{name}/{exercise}.zip", one)
            told[name] = {":submitters": [{":name": one.name, ":sid": one.id, ":email": one.email}]}
        (folder / exercise / "submission_metadata.yml").write_text(
            json.dumps(told, ensure_ascii=False), encoding="utf-8"
        )
        layout.rosters[exercise] = _write(folder / "roster.csv", roster())
    return layout


def clones(folder: Path) -> Layout:
    """GitHub: a clone for each learner, named by the assignment and the user."""
    layout = Layout(folder)
    for exercise in EXERCISES:
        for one in handed_in(exercise):
            layout.put(exercise, f"{exercise}-{one.id}.zip", one)
        layout.rosters[exercise] = _write(folder / "roster.csv", roster())
    return layout


def roster() -> str:
    """A roster as a spreadsheet saves it."""
    out = io.StringIO()
    write = csv.writer(out, delimiter=";").writerow
    write(["id", "name", "email"])
    for one in people():
        write([one.id, one.name, one.email])
    return out.getvalue()


def _write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="")
    return file
