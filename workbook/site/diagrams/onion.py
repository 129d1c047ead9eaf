"""The middlewares of stage 02 as layers: the request goes in, the response comes out."""

from .canvas import WIDTH, Box, Canvas

# From the outermost to the innermost, as the app of stage 02 builds them.
LAYERS = (
    ("last_added", "added last, so the outermost"),
    ("first_added", "added before it"),
    ("RequestLogMiddleware", "first of the app’s list: logs"),
    ("ApiKeyMiddleware", "second: guards /internal"),
    ("ResponseHeadersMiddleware", "third: adds headers"),
    ("HeadMiddleware", "fourth: HEAD becomes GET"),
)
GUARD = 3
TOP, STRIP, INSET, TURN = 34, 48, 11, 32
IN, OUT = 66, WIDTH - 66
TOLD = (
    "Middlewares lie around the route like the layers of an onion. The one added last is the outermost: it sees the "
    "request first and the response last. From the outside in: last_added, first_added, RequestLogMiddleware, "
    "ApiKeyMiddleware, ResponseHeadersMiddleware, HeadMiddleware, and in the middle the route. Without the key, "
    "ApiKeyMiddleware answers 401 by itself: the layers inside never see the request, and the refusal lacks the "
    "headers that they add."
)


def draw_onion() -> str:
    canvas = Canvas("onion", "Middlewares are layers around the route", TOLD)
    tops = [TOP + STRIP * n + (TURN if n > GUARD else 0) for n in range(len(LAYERS) + 1)]
    route = Box(len(LAYERS) * INSET - 4, tops[-1] + 4, WIDTH - 2 * (len(LAYERS) * INSET - 4), 40)
    for n, (name, does) in enumerate(LAYERS):
        bottom = route.bottom + (len(LAYERS) - n) * INSET
        at = Box(1 + n * INSET, tops[n], WIDTH - 2 - 2 * n * INSET, bottom - tops[n])
        canvas.box(at, ("code", name), ("text", does), kind="layer", top=6)
    canvas.box(route, ("name", "the route"), kind="accent")
    canvas.arrow((IN, 24), (IN, route.y))
    canvas.arrow((OUT, route.y), (OUT, 22))
    turn = tops[GUARD] + STRIP + 14
    canvas.arrow((IN, turn), (OUT, turn), kind="no")
    canvas.dot(IN, turn, kind="no")
    canvas.text(WIDTH / 2, turn - 6, ("text", "✗ no key: 401"), anchor="middle", kind="no")
    canvas.text(IN, 16, ("name", "request"), anchor="middle")
    canvas.text(OUT, 16, ("name", "response"), anchor="middle")
    return canvas.svg(route.bottom + len(LAYERS) * INSET + 2)
