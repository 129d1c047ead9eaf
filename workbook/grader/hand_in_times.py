"""When something was handed in, as far as its name, its platform or its file says."""

import re
from datetime import UTC, datetime
from typing import Any

from .file_names import Named
from .found import Found

STAMP = re.compile(r"-(\d{4}-\d\d-\d\d)-(\d{6})(?!\d)")  # of `workbook submit`, in the learner's own time


def when_handed_in(found: Found) -> dict[str, Any]:
    """Return the fields of a `Result` about time: `handed_in`, "" if no one knows, and `late`, the platform's word.

    The platform's time comes first, then the stamp that `submit` put into the name. The time of the file itself counts
    only for an archive, and not for Canvas's or Brightspace's, because these have the time of the download. A folder's
    time says when it was unpacked or cloned.
    """
    at = _of_platform(found.named) or _of_stamp(found.file)
    if at:
        return {"handed_in": at.isoformat(), "late": found.named.late}
    is_archive = not found.place.download and found.place.kind() == "file"
    if found.named.lms in {"canvas", "brightspace"} or not found.modified or not is_archive:
        return {"handed_in": "", "late": found.named.late}
    try:
        modified = datetime.fromtimestamp(found.modified, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):  # a file's time can be any number
        modified = ""
    return {"handed_in": modified, "late": found.named.late}


def _of_platform(named: Named) -> datetime | None:
    """Return the time in the name that Blackboard or Brightspace gave to a file, in the platform's own timezone."""
    if named.lms == "blackboard":
        try:
            return datetime.strptime(str(named.order), "%Y%m%d%H%M%S")
        except ValueError:
            return None
    if named.lms == "brightspace" and named.order:
        return datetime.fromtimestamp(named.order, UTC).replace(tzinfo=None)
    return None


def _of_stamp(file: str) -> datetime | None:
    found = STAMP.search(file)
    try:
        return datetime.strptime("".join(found.groups()), "%Y-%m-%d%H%M%S") if found else None
    except ValueError:
        return None
