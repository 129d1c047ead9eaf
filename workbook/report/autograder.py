"""Whole autograders for Gradescope and for Classroom 50: what's uploaded as it is.

The formats are those of gradescope-autograders.readthedocs.io (specs, submission_metadata) and of the page “Advanced
Autograding” in the wiki of foundation50/classroom50. Gradescope's has the public tests, and once a class is graded the
results; Classroom 50 publishes its bundles, so that one has the public tests alone.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from workbook.grader.person_names import fold_name
from workbook.wording import number_of

from .machines import gradescope_results
from .marks import ClassMarks, Graded, Row
from .writing import LONG_AGO, Target, Written

CONTAINERS = Path(__file__).parent / "containers"
SUBMISSION = re.compile(r"(?:[^/]{0,200}export[^/]{0,200}/)?submission_(\d{1,20})(?:/.*)?", re.DOTALL)


def write_gradescope_autograders(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write gradescope/NAME-autograder.zip for each exercise."""
    for exercise in marks.exercises:
        graded = sum(row.marks[exercise.name].counts for row in marks.rows)
        path = target.place("gradescope", f"{exercise.name}-autograder.zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "run_autograder", _source("gradescope.py"), executable=True)
            _add(archive, "setup.sh", _source("setup.sh"), executable=True)
            _add(archive, "settings.json", json.dumps({"exercise": exercise.name}).encode())
            if graded:
                with archive.open(_info("verdicts.json"), "w") as file, io.TextIOWrapper(file, "utf-8") as text:
                    text.writelines(verdicts_of(marks, exercise))
            if target.edition:
                _add(archive, "public_tests.py", _source("public_tests.py"))
                for name, (content, executable) in _files(target.edition, exercise):
                    _add(archive, f"course/{name}", content, executable=executable)
        has = ["public tests"] if target.edition else []
        has += [number_of(graded, "result")] if graded else []
        yield Written(path, f"the autograder to upload to Gradescope, with {' and '.join(has) or 'nothing to say yet'}")


def write_classroom50(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write classroom50/NAME/, a folder to put into Classroom 50's configuration, for each exercise."""
    if not target.edition:
        yield Written(None, "no autograder for Classroom 50: nothing is committed here to make its public tests of")
        return
    for exercise in marks.exercises:
        folder = target.folder / "classroom50" / exercise.name
        files: dict[str, bytes] = {
            "autograder.py": _source("classroom50.py"),
            "public_tests.py": _source("public_tests.py"),
            "settings.json": json.dumps({"exercise": exercise.name}).encode(),
            **{f"course/{name}": content for name, (content, _) in _files(target.edition, exercise)},
        }
        for name, content in files.items():
            target.place("classroom50", exercise.name, *name.split("/")).write_bytes(content)
        yield Written(folder, "the autograder for Classroom 50: public tests, and no one's results")


def _files(edition: Mapping[str, tuple[bytes, bool]], exercise: Graded) -> Iterator[tuple[str, tuple[bytes, bool]]]:
    """Yield what the exercise's public tests need of the learner edition."""
    for name, content in edition.items():
        first, _, rest = name.partition("/")
        if not rest or first not in {"exercises", "stages", "docs"} or rest.startswith(f"{exercise.name}/"):
            yield name, content


def verdicts_of(marks: ClassMarks, exercise: Graded) -> Iterator[str]:
    """Yield a JSON object in pieces, because a class of thousands has many megabytes of evidence.

    It has the results by learner, and how the platform may name each: by submission's number, id, email or name. What
    two people share, a name for example, names neither.
    """
    submissions: dict[str, str] = {}
    people: dict[str, set[str]] = {}
    yield '{"results": {'
    comma = ""
    for row in marks.rows:
        mark = row.marks[exercise.name]
        if not mark.counts:
            continue
        yield f"{comma}{_json(row.learner.id)}: {_json(gradescope_results(mark, exercise))}"
        comma = ", "
        if found := SUBMISSION.fullmatch(mark.file):
            submissions[found[1]] = row.learner.id
        for said in _called(row):
            people.setdefault(said, set()).add(row.learner.id)
    alone = {said: next(iter(ids)) for said, ids in people.items() if len(ids) == 1}
    yield f'}}, "submissions": {_json(submissions)}, "people": {_json(alone)}}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _called(row: Row) -> set[str]:
    last, comma, first = row.name.partition(",")
    turned = f"{first} {last}" if comma else ""
    return {fold_name(said) for said in (row.learner.id, row.learner.email, row.name, turned)} - {""}


def _source(name: str) -> bytes:
    return (CONTAINERS / name).read_bytes()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, *, executable: bool = False) -> None:
    archive.writestr(_info(name, executable=executable), content)


def _info(name: str, *, executable: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    return info
