"""The preflight of stage 01: what the browser asks before it sends something that no HTML form could send."""

from .canvas import WIDTH, Box, Canvas

PAGE, BROWSER, API = 46, 166, 292
TOLD = (
    "A page on another origin asks the browser to POST JSON. The browser first sends OPTIONS to the API, with the "
    "page's origin, the method and the headers. If the API answers 200 and names the origin in "
    "Access-Control-Allow-Origin, the browser sends the POST and shows the response to the page. If the API answers "
    "400, the POST is never sent and the page gets “Failed to fetch”. A simple request, such as a GET or the POST of "
    "a form, is sent without this question: it runs, no matter who may read the response."
)


def draw_preflight() -> str:
    canvas = Canvas("preflight", "A preflight: the browser asks before it sends", TOLD)
    _lifelines(canvas, 34, 112)
    for x, width, name in ((PAGE, 90, "the page"), (BROWSER, 92, "browser"), (API, 90, "the API")):
        canvas.box(Box(x - width / 2, 1, width, 32), ("name", name), kind="accent" if x == BROWSER else "plain")
    _message(canvas, PAGE, BROWSER, 68, "fetch(…)")
    _message(canvas, BROWSER, API, 102, "OPTIONS")
    canvas.text(WIDTH / 2, 130, ("text", "May this origin POST, with JSON?"), anchor="middle")

    canvas.box(Box(1, 144, WIDTH - 2, 148), kind="yes")
    canvas.text(12, 163, ("name", "✓ allowed: the API names the origin"), kind="yes")
    _lifelines(canvas, 174, 286)
    _message(canvas, API, BROWSER, 194, "200")
    _message(canvas, BROWSER, API, 224, "POST /posts")
    _message(canvas, API, BROWSER, 254, "201")
    _message(canvas, BROWSER, PAGE, 278, "the response")

    canvas.box(Box(1, 304, WIDTH - 2, 116), kind="no")
    canvas.text(12, 323, ("name", "✗ refused: the POST is never sent"), kind="no")
    _lifelines(canvas, 334, 392)
    _message(canvas, API, BROWSER, 356, "400")
    _message(canvas, BROWSER, PAGE, 384, "TypeError")
    canvas.text(12, 409, ("text", "all that the page learns: “Failed to fetch”"))

    simple = "There’s no such question for a GET, or for", "a POST that a form could send: they run."
    last = canvas.box(Box(1, 432, WIDTH - 2, 48), *(("text", line) for line in simple))
    return canvas.svg(last.bottom + 1)


def _lifelines(canvas: Canvas, top: float, bottom: float) -> None:
    for x in (PAGE, BROWSER, API):
        canvas.arrow((x, top), (x, bottom), kind="faint", head=False)


def _message(canvas: Canvas, start: float, end: float, y: float, words: str) -> None:
    canvas.arrow((start, y), (end, y))
    canvas.text((start + end) / 2, y - 6, ("text", words), anchor="middle")
