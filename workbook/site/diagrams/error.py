"""The way of an error through stage 06: whichever handler responds, the shape is the same."""

from .canvas import WIDTH, Box, Canvas, Words

# Who answers what, from the outside in: the layer, then what happens, then what the code does about it.
CRASH: list[Words] = [("text", "what no handler takes"), ("code", "→ failure: 500")]
TOO_LARGE: list[Words] = [("text", "over 256 KiB declared"), ("text", "→ 413, unread")]
HANDLERS = (("HTTPException", "refused"), ("RequestValidationError", "invalid"), ("SQLAlchemyError", "database_failed"))
IN, RAIL = 44, WIDTH - 24
ROW = 44
TOLD = (
    "A request passes CORSMiddleware, then ServerErrorMiddleware, then BodyLimitMiddleware, then the exception "
    "handlers, and reaches the route. Errors come back from inside. An HTTPException is answered by refused, a "
    "RequestValidationError by invalid, a SQLAlchemyError by database_failed. A body that declares more than 256 KiB "
    "is answered by BodyLimitMiddleware. Anything else is a crash: it passes the handlers and is answered by failure, "
    "in ServerErrorMiddleware, which then raises it again for the server's log. All of them call error_response, so "
    "all responses have the one shape, and all pass CORSMiddleware, so a page on an allowed origin can read them."
)


def draw_error() -> str:
    canvas = Canvas("error", "The way of an error to one shape", TOLD)
    layers = (
        (Box(1, 34, WIDTH - 2, 452), "CORSMiddleware"),
        (Box(11, 64, 276, 412), "ServerErrorMiddleware"),
        (Box(21, 148, 258, 320), "BodyLimitMiddleware"),
        (Box(31, 232, 240, 228), "exception handlers"),
    )
    for at, name in layers:
        canvas.box(at, kind="layer")
        canvas.text(IN + 12, at.y + 21, ("name" if " " in name else "code", name))
    rows = [canvas.box(Box(IN + 12, 94, 206, ROW), *CRASH), canvas.box(Box(IN + 12, 178, 206, ROW), *TOO_LARGE)]
    for n, (raised, handler) in enumerate(HANDLERS):
        at = Box(IN + 12, 262 + n * (ROW + 6), 206, ROW)
        rows.append(canvas.box(at, ("code", raised), ("code", f"→ {handler}")))
    route = Box(38, 418, 224, 34)
    canvas.arrow((IN, 22), (IN, route.y))
    canvas.box(route, ("name", "the route: ✗ raises"), kind="no")
    for at in rows:
        canvas.arrow((at.right, at.y + ROW / 2), (RAIL, at.y + ROW / 2), kind="accent", head=False)
        canvas.dot(RAIL, at.y + ROW / 2, kind="accent")
    canvas.arrow((RAIL, rows[-1].y + ROW / 2), (RAIL, 20), kind="accent")
    canvas.text(IN, 16, ("name", "request"), anchor="middle")
    canvas.text(WIDTH - 1, 16, ("name", "response"), anchor="end", kind="accent")
    shape = canvas.box(Box(1, 498, WIDTH - 2, 70), kind="accent")
    lines = '{"success": false, "message": "…",', '\u2007"errors": […]}'
    canvas.text(16, shape.y + 22, ("name", "There is one shape for all of them:"), *(("code", line) for line in lines))
    return canvas.svg(shape.bottom + 1)
