"""A reader's project as the zip that `workbook submit` makes, and back: the same code does both."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

from workbook.errors import UserError
from workbook.submissions.packing import hand_in
from workbook.submissions.reading import BadSubmission, open_submission

from .session import WORK

PROJECT = "final"  # what the folder of a project is called


def hand(job_text: str) -> str:
    """Return the zip of the job's `files`, or the files of its `zip`, as JSON; `problem` says why that can't be."""
    job = json.loads(job_text)
    folder = WORK.with_name("handing")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        return json.dumps(_unpack(job, folder) if "zip" in job else _pack(job, folder))
    except (UserError, BadSubmission) as error:
        return json.dumps({"problem": str(error)})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pack(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    for name, text in job["files"].items():
        path = folder / PROJECT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    packed = hand_in(folder / PROJECT, folder / "zips", job["name"])
    zipped = base64.b64encode(packed.file.read_bytes()).decode()
    return {"name": packed.file.name, "zip": zipped, "files": packed.files, "left_out": packed.left_out}


def _unpack(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    given = folder / Path(job["name"]).name
    given.write_bytes(base64.b64decode(job["zip"]))
    files, others = {}, []
    with open_submission(given) as project:
        for path in sorted(path for path in project.rglob("*") if path.is_file()):
            name = path.relative_to(project).as_posix()
            try:
                files[name] = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
            except UnicodeDecodeError:  # a picture, say: the editor shows text
                others.append(name)
    return {"files": files, "left_out": others}
