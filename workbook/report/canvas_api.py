"""Marks into Canvas by its API, in place of a file to import.

The calls are those of Canvas's own documentation: “Get a single assignment”, “List assignment submissions”, “Grade or
comment on multiple submissions”, “Query progress”. Who is excused stays so, and a mark that's there already isn't sent.
This has run against a server of ours that answers as the documentation says, never against a Canvas.
"""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from workbook.errors import UserError
from workbook.wording import number_of

from .lms import canvas_users
from .marks import ClassMarks, Graded
from .scaling import Scale
from .writing import number

TOKEN = "CANVAS_TOKEN"
COURSE = re.compile(r"(?P<host>https?://[^/]+)/courses/(?P<course>\d+)/?")
NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
PATIENCE, PAUSE = 120, 0.5  # seconds


@dataclass(frozen=True)
class Sent:
    """What has become of an exercise's marks, in a sentence."""

    about: str


class CanvasCourse:
    """A course in Canvas, by the address that a browser shows."""

    def __init__(self, address: str, token: str) -> None:
        """Begin a connection. Raises `UserError` if that's no address of a course."""
        found = COURSE.fullmatch(address)
        if not found:
            raise UserError(f"{address} isn't a course in Canvas.", "--canvas https://canvas.example.edu/courses/17")
        if not token:
            raise UserError(
                f"The variable {TOKEN} is empty.", f"make a token in Canvas: Account, Settings; export {TOKEN}=…"
            )
        base = f"{found['host']}/api/v1"
        self._course = f"{base}/courses/{found['course']}"
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30, follow_redirects=False)

    def send(self, marks: ClassMarks, exercise: Graded, assignment: str) -> Sent:
        """Send the marks of an exercise that aren't there yet. Raises `UserError`."""
        place = f"{self._course}/assignments/{assignment}"
        possible = float(self._json(self._http.get(place)).get("points_possible") or 0)
        scale = Scale.of(exercise, possible or None)
        there = _by_user(self._pages(f"{place}/submissions?per_page=100&include[]=user"))
        grades: dict[str, str] = {}
        excused = unknown = same = 0
        users = canvas_users(marks)
        for row in marks.enrolled:
            mark = row.marks[exercise.name]
            if not mark.counts:
                continue
            user = users[row.learner.id] or (f"sis_user_id:{row.learner.id}" if row.learner.on_roster else "")
            before = there.get(user, {})
            grade = number(scale(mark.points))
            if not before:  # someone of whom Canvas doesn't say whether they're excused doesn't get a mark
                unknown += 1
            elif before.get("excused"):
                excused += 1
            elif before.get("score") is not None and number(float(before["score"])) == grade:
                same += 1
            else:
                grades[f"grade_data[{user}][posted_grade]"] = grade
        if grades:
            self._wait(self._json(self._http.post(f"{place}/submissions/update_grades", data=grades)))
        said = [f"{exercise.title}: {number_of(len(grades), 'mark')} sent to Canvas", scale.in_words]
        said += [f"{same} there already" if same else "", f"{excused} excused, left so" if excused else ""]
        said += [f"{unknown} whom Canvas doesn't know in this course" if unknown else ""]
        return Sent("; ".join(filter(None, said)))

    def _pages(self, address: str) -> Iterator[dict[str, Any]]:
        while address:
            answer = self._http.get(address)
            yield from self._json(answer)
            further = NEXT.search(answer.headers.get("link", ""))
            address = further[1] if further and further[1].startswith(self._course) else ""

    def _wait(self, progress: dict[str, Any]) -> None:
        """Wait until Canvas has written the marks, which it does some time later. Raises `UserError`."""
        end = time.monotonic() + PATIENCE
        while progress.get("workflow_state") not in {"completed", "failed"} and time.monotonic() < end:
            time.sleep(PAUSE)
            address = self._course.partition("/courses/")[0]
            progress = self._json(self._http.get(f"{address}/progress/{progress['id']}"))
        if progress.get("workflow_state") != "completed":
            said = progress.get("message") or progress.get("workflow_state") or "no answer"
            raise UserError(
                f"Canvas hasn't written the marks: {said}.", "look into its gradebook before you try again", code=1
            )

    def _json(self, answer: httpx.Response) -> Any:
        if answer.status_code in {401, 403}:
            raise UserError(
                f"Canvas refuses the token ({answer.status_code}).", f"make one that may grade; {TOKEN}", code=1
            )
        if answer.status_code != 200:
            raise UserError(
                f"Canvas answered {answer.status_code} to {answer.request.url.path}.", "check the numbers", code=1
            )
        return answer.json()


def send_to_canvas(marks: ClassMarks, address: str, token: str, assignments: dict[str, str]) -> Iterator[Sent]:
    """Send the marks of the exercises whose assignment is known. Raises `UserError`."""
    wanted = [one for one in marks.exercises if one.name in assignments]
    if not wanted:
        names = " ".join(f"--assignment {one.name}=NUMBER" for one in marks.exercises)
        raise UserError("--canvas needs each assignment's number.", names)
    canvas = CanvasCourse(address, token)
    try:
        for exercise in wanted:
            yield canvas.send(marks, exercise, assignments[exercise.name])
    except httpx.HTTPError as error:
        raise UserError(
            f"Canvas can't be reached: {error}.", "try again; marks that are there aren't sent twice", code=1
        ) from error


def _by_user(submissions: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return submissions by Canvas's number for their learner, and by the school's id if the token may see it."""
    found = {}
    for one in submissions:
        found[str(one["user_id"])] = one
        if school := (one.get("user") or {}).get("sis_user_id"):
            found[f"sis_user_id:{school}"] = one
    return found
