"""The map of the course: its stages, the project, its exercises, from workbook.toml."""

from pathlib import Path

from workbook.course.model import Course, Step

from .canvas import WIDTH, Box, Canvas

FOLDERS = {"stage": "stages/", "exercise": "exercises/", "project": ""}
GAP, HEIGHT, FRAME = 10, 50, 34


def draw_course() -> str:
    course = Course.find(Path(__file__).parent)
    parts = {kind: [step for step in course.steps if step.kind == kind] for kind in FOLDERS}
    stages, projects, exercises = parts["stage"], parts["project"], parts["exercise"]
    canvas = Canvas("course", "The map of the course", _told(stages, projects, exercises))
    below = _frame(canvas, 1, stages, f"{len(stages)} stages, in this order", _minutes(stages))
    for project in projects:
        canvas.arrow((WIDTH / 2, below), (WIDTH / 2, below + 24))
        at = Box(1, below + 24, WIDTH - 2, HEIGHT + 6)
        does = f"all of it in one app · {project.minutes} min"
        canvas.box(at, ("name", project.title), ("text", does), kind="accent", link=link_target(project))
        below = at.bottom
    canvas.arrow((WIDTH / 2, below), (WIDTH / 2, below + 24))
    below = _frame(canvas, below + 24, exercises, f"{len(exercises)} exercises that extend it", _minutes(exercises))
    return canvas.svg(below + 1)


def link_target(step: Step) -> str:
    """Return the path of the step's page, seen from the home page."""
    return f"{FOLDERS[step.kind]}{step.name}/"


def _frame(canvas: Canvas, y: float, steps: list[Step], called: str, minutes: int) -> float:
    """Draw two columns of steps in a frame, and return how far down it reaches."""
    rows = -(-len(steps) // 2)
    frame = Box(1, y, WIDTH - 2, FRAME + rows * (HEIGHT + GAP))
    canvas.box(frame, kind="layer")
    canvas.text(frame.x + 12, y + 22, ("name", called))
    canvas.text(frame.right - 12, y + 22, ("text", f"{minutes // 60} h {minutes % 60:02} min"), anchor="end")
    width = (frame.width - 3 * GAP) / 2
    for n, step in enumerate(steps):
        at = Box(frame.x + GAP + n % 2 * (width + GAP), y + FRAME + n // 2 * (HEIGHT + GAP), width, HEIGHT)
        number, _, _ = step.name.partition("-")
        time = f"{number} · {step.minutes} min" if number.isdecimal() else f"{step.minutes} min"
        canvas.box(at, ("name", step.title), ("text", time), link=link_target(step))
    return frame.bottom


def _minutes(steps: list[Step]) -> int:
    return sum(step.minutes for step in steps)


def _told(stages: list[Step], projects: list[Step], exercises: list[Step]) -> str:
    def listed(steps: list[Step]) -> str:
        return ", ".join(f"{step.title} ({step.minutes} minutes)" for step in steps)

    return f"First the stages, in order: {listed(stages)}. Then: {listed(projects)}. Then, in it: {listed(exercises)}."
