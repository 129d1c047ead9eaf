"""The time that Brightspace writes into the name of what was handed in."""

import re
from datetime import UTC, datetime


def brightspace_time(text: str) -> int:
    """Return a time as Brightspace writes it in English, as a number that later ones exceed; 0 for another one."""
    plain = " ".join(text.replace("_", "").replace(":", "").split())
    plain = re.sub(r"^(\d\d?)\.? ([A-Za-z]{3})[a-z]*\.?,?", r"\2 \1,", plain)
    found = re.fullmatch(r"([A-Za-z]{3})[a-z]*\.? (\d\d?),? (\d{4}) (\d{3,4})( [AP]M)?", plain)
    if not found:
        return 0
    try:
        clock = "%I%M %p" if found[5] else "%H%M"
        time = datetime.strptime(
            f"{found[1]} {found[2]} {found[3]} {found[4]:0>4}{found[5] or ''}", f"%b %d %Y {clock}"
        )
    except ValueError:
        return 0
    return int(time.replace(tzinfo=UTC).timestamp())
