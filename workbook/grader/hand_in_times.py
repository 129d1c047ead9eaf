"""When something was handed in, as far as its name, its platform or its file says."""

import re
from datetime import UTC, datetime
from typing import Any

from .found import Found

# lovelaceada_LATE_4711_90125_avatar.zip: the mark that Canvas gives to what comes after the due date
CANVAS_LATE = re.compile(r"_LATE_\d+_\d+_")
STAMP = re.compile(r"-(\d{4}-\d\d-\d\d)-(\d{6})(?!\d)")  # of `workbook submit`, in the learner's own time


def when_handed_in(found: Found) -> dict[str, Any]:
    """Return the fields of a `Result` about time: `handed_in`, "" if no one knows, and `late`, the platform's word.

    The platform's time comes first, then the stamp that `submit` put into the name. The time of the file itself counts
    only for what isn't Canvas's, whose downloads have the time of the download.
    """
    late = found.named.lms == "canvas" and bool(CANVAS_LATE.search(found.file))
    if stamp := STAMP.search(found.file):
        try:
            at = datetime.strptime("".join(stamp.groups()), "%Y-%m-%d%H%M%S")
        except ValueError:
            pass
        else:
            return {"handed_in": at.isoformat(), "late": late}
    if found.named.lms == "canvas" or not found.modified:
        return {"handed_in": "", "late": late}
    return {"handed_in": datetime.fromtimestamp(found.modified, UTC).isoformat(timespec="seconds"), "late": late}
