"""What you can read from the name that a learning platform, or `workbook submit`, gave to a submission.

Canvas, “Download Submissions”: lovelaceada_LATE_4711_90125_avatar-1.zip. That's the learner's name in lower case
without spaces, LATE or nothing, the user's number, and the attachment's number (later ones are higher). The file's own
name comes last, and a second attempt adds -1 to it. If it's graded anonymously: anon_k3DfX_90125_avatar.zip. If the
learner typed a text: lovelaceada_4711_text.html.

Moodle, “Download all submissions”: a folder “Ada Lovelace_1234567_assignsubmission_file_”, or the same words in front
of the file's own name. A group's name and - may come before them.

Brightspace: “12345-67890 - Ada Lovelace - Nov 22, 2026 545 PM - avatar.zip”.

Blackboard: Avatar_s1_attempt_2026-11-22-17-45-01_avatar.zip.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from workbook.submissions.archives import SUFFIXES

from .brightspace import brightspace_time
from .sanitize import one_line

Platform = Literal["canvas", "moodle", "gradescope", "brightspace", "blackboard", ""]
STAMP = re.compile(r"-(\d{4}-\d\d-\d\d-\d{6})\+{0,9}")  # of `workbook submit`: avatar-2026-11-22-174501.zip
RENAMED = re.compile(r"-(\d{1,3})$")
HIGHEST_ATTEMPT = 50  # whatever a learner writes behind that isn't an attempt
LONGEST = 1000  # letters of a name that are looked at
CANVAS = re.compile(
    r"_(?P<late>LATE_)?(?P<id>\d{1,18})_(?:question_\d{1,18}_)?(?=(?P<order>\d{1,18})_(?P<rest>.))", re.DOTALL
)
CANVAS_TEXT = re.compile(
    r"(?P<name>.{0,200}?)_(?P<late>LATE_)?(?P<id>\d{1,18})_(?:text|link|question_\w{1,40})\.html?", re.DOTALL
)
ANONYMOUS = re.compile(
    r"(?:LATE_)?(?P<name>anon_(?P<id>[A-Za-z0-9]{4,8}))_(?:LATE_)?(?P<order>\d{1,18})_(?P<rest>.+)", re.DOTALL
)
MOODLE = re.compile(r"(?:_(?P<id>\d{1,18}))?_assignsubmission_(?P<kind>[a-z]{1,40})_?", re.DOTALL)
BRIGHTSPACE = re.compile(
    r"(?P<id>\d{1,12})-(?P<folder>\d{1,12}) ?- ?(?P<name>.{1,200}?) ?- ?(?P<date>[^-]{3,40}\d{4}[^-]{0,20})"
    r"(?: ?- ?(?P<rest>.+))?",
    re.DOTALL,
)
BLACKBOARD = re.compile(
    r"(?P<name>.{1,300})_attempt_(?P<date>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)(?:_(?P<rest>.+)|\.txt|)", re.DOTALL
)
# What a browser, Windows, a Mac or a shared folder adds to the name of a second copy.
COPY_WORDS = "copy|kopie|copie|copia|cópia|kopia|kopi|コピー|副本|복사본"
COPY = re.compile(rf"(?: ?\((\d{{1,3}})\)|(?: -)? (?:{COPY_WORDS})(?: (\d{{1,3}})| \((\d{{1,3}})\))?)$", re.IGNORECASE)
COPY_OF = re.compile(rf"(?:{COPY_WORDS})(?: \((\d{{1,3}})\))? (?:of|von|de|di|van|av|af|z) ", re.IGNORECASE)
MOST_ENDINGS = 3  # s1-avatar.zip (1).zip has two
ONLINE_TEXT = "It's text that was typed into the platform: not graded."
OF_TEST_STUDENT = "It's from Canvas's test student: not graded."
TEST_STUDENTS = {"studenttest", "teststudent"}  # as Canvas writes the name in a file's
RECEIPT = "It's the platform's own note on a submission: not graded."
AMBIGUOUS = "Its name tells of two learners, and a name can be chosen."


@dataclass(frozen=True)
class Named:
    """What a name says: whose it is (`learner`, `name`), for which exercise, and how late among several attempts.

    `order` is the platform's own number or time, `stamp` the time from `submit`, `copy` the number of a second
    download. `others` are further names that may mean the learner. `ignored` is why it isn't a submission at all, and
    `doubt` why the name shouldn't be used to find the learner. For Gradescope all of this, and `email`, comes from a
    file instead: see gradescope.py.
    """

    lms: Platform
    learner: str
    name: str
    exercise: str
    attempt: int
    order: int
    email: str = ""
    stamp: str = ""
    copy: int = 0
    late: bool = False
    others: tuple[str, ...] = ()
    ignored: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class OwnName:
    """What a file's own name says, without what a platform put around it."""

    exercise: str
    rest: str
    attempt: int
    stamp: str
    copy: int
    others: tuple[str, ...] = ()


def read_name(name: str, exercises: Collection[str]) -> Named:
    """Return what the name of a file or folder says; `exercises` are the names of all exercises in the course."""
    name = unicodedata.normalize("NFC", name[:LONGEST])  # cut first: many marks on a letter take long to put in order
    own = _of_nobody(name, exercises)
    named = (
        _of_moodle(name, exercises)
        or _of_canvas(name, exercises)
        or _of_blackboard(name, exercises)
        or _of_brightspace(name, exercises)
        or own
    )
    # Where a platform would put the learner there may be only spaces, or nothing.
    return named if named.learner else replace(named, learner=own.learner)


def _of_nobody(name: str, exercises: Collection[str]) -> Named:
    own = read_own_name(name, exercises)
    learner = one_line(own.rest or _stem(name)[0]) or "unnamed"
    return Named("", learner, learner, own.exercise, own.attempt, 0, stamp=own.stamp, copy=own.copy, others=own.others)


def _of_moodle(name: str, exercises: Collection[str]) -> Named | None:
    found = list(MOODLE.finditer(name))
    if not found or found[0].start() == 0:
        return None
    match = found[0]
    whole, own = one_line(name[: match.start()]), read_own_name(name[match.end() :], exercises)
    is_doubtful = len(found) > 1 or _canvas_places(name[: match.start()] + "_x")
    return Named(
        "moodle",
        match["id"] or whole,  # of those who are in no team there's no number
        whole,
        own.exercise,
        own.attempt,
        0,
        stamp=own.stamp,
        copy=own.copy,
        others=tuple(one_line(whole[place + 1 :]) for place, letter in enumerate(whole) if letter == "-"),
        ignored="" if match["kind"] == "file" else ONLINE_TEXT,
        doubt=AMBIGUOUS if is_doubtful else "",
    )


def _canvas_places(name: str) -> list[re.Match[str]]:
    """Return where a name may hold a user's number and an attachment's, but for what looks like a date or a count."""
    found = list(CANVAS.finditer(name))
    return [match for n, match in enumerate(found) if n == 0 or min(int(match["id"]), int(match["order"])) > 31]


def _of_canvas(name: str, exercises: Collection[str]) -> Named | None:
    if match := CANVAS_TEXT.fullmatch(name):
        whole = one_line(match["name"])
        return Named("canvas", match["id"], whole, "", 1, 0, late=bool(match["late"]), ignored=ONLINE_TEXT)
    if match := ANONYMOUS.fullmatch(name):
        own, who = read_own_name(match["rest"], exercises), match["name"]
        order, late = int(match["order"]), "LATE_" in name[: match.start("rest")]
        return Named("canvas", who, who, own.exercise, own.attempt, order, stamp=own.stamp, copy=own.copy, late=late)
    places = _canvas_places(name)
    if not places:
        return None
    match = places[0]
    own = read_own_name(name[match.start("rest") :], exercises)
    return Named(
        "canvas",
        match["id"],
        one_line(name[: match.start()]),
        own.exercise,
        own.attempt,
        int(match["order"]),
        stamp=own.stamp,
        copy=own.copy,
        late=bool(match["late"]),
        doubt=AMBIGUOUS if len(places) > 1 else "",
    )


def _of_blackboard(name: str, exercises: Collection[str]) -> Named | None:
    match = BLACKBOARD.fullmatch(name)
    if not match:
        return None
    own = read_own_name(match["rest"] or "", exercises)
    title, _, user = match["name"].rpartition("_")
    parts = match["name"].split("_")
    others = tuple(one_line("_".join(parts[place:])) for place in range(len(parts) - 2, -1, -1))
    exercise = own.exercise or exercise_in(title, exercises)
    order = int(match["date"].replace("-", ""))
    ignored = "" if match["rest"] else RECEIPT
    user = one_line(user)
    return Named("blackboard", user, user, exercise, 1, order, stamp=own.stamp, others=others, ignored=ignored)


def _of_brightspace(name: str, exercises: Collection[str]) -> Named | None:
    match = BRIGHTSPACE.fullmatch(name)
    if not match:
        return None
    own, whole = read_own_name(match["rest"] or "", exercises), one_line(match["name"])
    return Named(
        "brightspace",
        match["id"],
        whole,
        own.exercise,
        own.attempt,
        brightspace_time(match["date"]),
        stamp=own.stamp,
        copy=own.copy,
    )


def read_own_name(name: str, exercises: Collection[str]) -> OwnName:
    """Return what a file's own name says: the exercise, the rest of the name, and how recent it is."""
    stem, copy = _stem(name)
    stamps = [found[1] for found in STAMP.finditer(stem) if _is_time(found[1])]
    stamp = stamps[-1] if stamps else ""
    stem = STAMP.sub("", stem).strip()
    flags, gap = re.IGNORECASE | re.DOTALL, r"[\W_]{1,9}"
    ordered = sorted(exercises, key=len, reverse=True)
    for exercise in ordered:
        words = _words_of(exercise)
        if match := re.fullmatch(rf"[\W_]{{0,3}}{words}(?:{gap}(?:(\d{{1,3}})|(.*)))?", stem, flags):
            return OwnName(exercise, match[2] or "", _attempt(match[1] or ""), stamp, copy)
    for exercise in ordered:
        words = _words_of(exercise)
        if match := re.fullmatch(rf"(.+?){gap}{words}(?:[\W_]{{1,3}}(\d{{1,3}}))?", stem, flags):
            return OwnName(exercise, match[1], _attempt(match[2] or ""), stamp, copy)
        if match := re.fullmatch(rf"(.+?){gap}{words}{gap}(.+)", stem, flags):
            return OwnName(exercise, match[1], 1, stamp, copy, (one_line(match[2]),))
    return OwnName("", "", 1, stamp, copy)


def _words_of(exercise: str) -> str:
    """Return a pattern for an exercise's name, however its words are put together."""
    return r"[\W_]{0,3}".join(map(re.escape, exercise.split("-")))


def _attempt(number: str) -> int:
    """Return the attempt that the number behind a name means: 1 if there's none, or one too high to be an attempt."""
    return 1 + int(number) if number and int(number) < HIGHEST_ATTEMPT else 1


def _is_time(stamp: str) -> bool:
    """Return whether a stamp is a time that can have been: a learner may write any other into a name."""
    try:
        time = datetime.strptime(stamp, "%Y-%m-%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    return time < datetime.now(UTC) + timedelta(days=1)


def exercise_in(text: str, exercises: Collection[str]) -> str:
    """Return the one exercise that a title or a folder's name speaks of; "" if there's none, or several."""
    found = []
    for exercise in exercises:
        if re.search(rf"(?<![^\W_]){_words_of(exercise)}(?![^\W_])", text, re.IGNORECASE):
            found.append(exercise)
    return found[0] if len(found) == 1 else ""


def copy_of(name: str) -> int:
    """Return the number of the copy that a file or folder is: what's downloaded once more is called “(1)”."""
    return _stem(name)[1]


def own_stem(name: str) -> str:
    """Return how a learner called a file, without what a platform, `submit` or a further attempt adds to it."""
    last = name.rpartition("/")[2]
    for pattern in (MOODLE, CANVAS):
        if found := pattern.search(last):
            last = last[found.end() :].lstrip("0123456789_") or last
            break
    return RENAMED.sub("", STAMP.sub("", _stem(last)[0])).casefold()


def _stem(name: str) -> tuple[str, int]:
    """Return a name without its endings and without what a second copy adds, and the number of that copy."""
    stem, copies = name, [0]
    for _ in range(MOST_ENDINGS):
        ending = next((one for one in sorted(SUFFIXES, key=len, reverse=True) if stem.lower().endswith(one)), "")
        without = stem[: len(stem) - len(ending)]
        if found := COPY.search(without):
            without, number = without[: found.start()], next((one for one in found.groups() if one), "1")
            copies.append(int(number))
        if without in {stem, ""}:
            break
        stem = without
    if found := COPY_OF.match(stem):
        stem, copies = stem[found.end() :], [*copies, int(found[1] or 1)]
    return stem, max(copies)
