"""The life of a background task in stage 03: after the response, in order, and lost with the process."""

from .canvas import WIDTH, Box, Canvas, Words, stack

TASKS = (
    ("mail_author", "a mail to the author"),
    ("add_to_feed", "a line in the feed"),
    ("mail_subscribers", "a mail to all readers"),
)
ORDER = ("one after", "the other;", "if one raises,", "the rest are", "not called")
LEFT, COLUMN = 52, 118
TOLD = (
    "POST /posts reaches the route. It stores the post, notes three tasks and returns; none of them runs yet. The "
    "response, 201, is sent to the client, who may hang up: the tasks run anyway. Then the tasks run one after the "
    "other: mail_author, add_to_feed, mail_subscribers. Each takes the post's id and opens its own session. If one "
    "raises, the rest aren't called. SIGTERM waits for them. A crash, kill -9 or a power cut loses what hasn't run."
)


def draw_background() -> str:
    canvas = Canvas("background", "The life of a background task", TOLD)
    width = WIDTH - COLUMN - 2
    client = Box(1, 1, 102, 34)
    app = Box(COLUMN, 1, width, 34)
    canvas.arrow((LEFT, client.bottom), (LEFT, 194), kind="faint", head=False)
    canvas.box(client, ("name", "the client"))
    canvas.box(app, ("name", "the app"))
    route = Box(COLUMN, 52, width, 102)
    lines: list[Words] = [("name", "the route"), ("text", "commits the post"), ("code", "tasks.add_task(…)")]
    canvas.arrow((LEFT, 78), (route.x, 78))
    canvas.text((LEFT + route.x) / 2, 72, ("text", "POST"), anchor="middle")
    canvas.box(route, *lines, ("text", "three noted, none runs"), kind="accent")
    canvas.arrow((app.middle, route.bottom), (app.middle, 186), (LEFT, 186))
    canvas.text((LEFT + app.middle) / 2, 180, ("name", "201, the response"), anchor="middle")
    canvas.text(1, 216, ("text", "may hang up:"), ("text", "the tasks run"))

    after = Box(COLUMN - 8, 204, WIDTH - COLUMN + 7, 238)
    canvas.box(after, ("name", "after the response"), ("text", "each opens its own session"), kind="layer", top=6)
    boxes = stack(COLUMN + 4, after.y + 50, width - 10, [46] * len(TASKS), 18)
    for n, ((name, does), at) in enumerate(zip(TASKS, boxes, strict=True)):
        canvas.box(at, ("code", name), ("text", does))
        if n:
            canvas.arrow((at.middle, boxes[n - 1].bottom), (at.middle, at.y))
    canvas.text(1, boxes[0].bottom, *(("text", line) for line in ORDER))
    yes = Box(1, after.bottom + 10, WIDTH - 2, 32)
    canvas.box(yes, ("text", "✓ SIGTERM: the server waits for them"), kind="yes")
    no = Box(1, yes.bottom + 8, WIDTH - 2, 48)
    canvas.box(no, ("text", "✗ crash, kill -9, power cut:"), ("text", "what hasn’t run is lost"), kind="no")
    return canvas.svg(no.bottom + 1)
