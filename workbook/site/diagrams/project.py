"""The finished project: a request's way through every layer, to the database, the files and the mail."""

from .canvas import WIDTH, Box, Canvas, Words

# From the outermost to the innermost, as the app builds them; `tests/site/test_diagrams.py` asks the app.
LAYERS = (
    ("RequestLogMiddleware", "id, time, a line in the log"),
    ("SecurityHeadersMiddleware", "headers on every response"),
    ("CORSMiddleware", "which pages may read it"),
    ("CrashMiddleware", "a bug becomes a 500"),
    ("RequestBodyLimitMiddleware", "too large: 413, unread"),
    ("ApiKeyMiddleware", "/internal without the key: 401"),
    ("HeadMiddleware", "HEAD becomes GET"),
)
ROUTERS = (("auth", "users", "posts"), ("uploads", "internal"))
# What routes call, what that does, and what it reaches.
REACHED = (
    ("crud.py", "rows", "database"),
    ("storage.py", "checked files", "files"),
    ("tasks.py", "sent later", "mail"),
)
TOP, STRIP, INSET, GAP = 34, 46, 5, 18
IN, OUT = 56, WIDTH - 56
TOLD = (
    "The way of a request through the finished project. It passes seven middlewares, from the outside in. "
    "RequestLogMiddleware gives it an id, times it and logs it; SecurityHeadersMiddleware puts three headers on every "
    "response; CORSMiddleware says which pages may read it; CrashMiddleware turns a bug into a 500; "
    "RequestBodyLimitMiddleware refuses a body that's too large; ApiKeyMiddleware guards /internal; "
    "HeadMiddleware makes a GET of a HEAD. Inside of them the handlers of errors.py give every refusal one "
    "shape. Then dependencies.py finds out who asks and for which post, and one of the routers auth, "
    "users, posts, uploads and internal answers. Routes reach the database through "
    "crud.py, the files through storage.py, and, after the response, mail through tasks.py. The response goes back out "
    "through all the layers."
)


def draw_project() -> str:
    canvas = Canvas("project", "The way of a request through the finished project", TOLD)
    inset = INSET * len(LAYERS)
    handlers = Box(1 + inset, TOP + STRIP * len(LAYERS), WIDTH - 2 - 2 * inset, 172)
    bottom = handlers.bottom + inset
    for n, (name, does) in enumerate(LAYERS):
        at = Box(1 + INSET * n, TOP + STRIP * n, WIDTH - 2 - 2 * INSET * n, bottom - INSET * n - TOP - STRIP * n)
        canvas.box(at, ("code", name), ("text", does), kind="layer", top=5)
    canvas.box(handlers, ("text", "errors.py: one shape"), kind="layer", top=4)
    asks = Box(handlers.x + 10, handlers.y + 28, OUT - handlers.x - 22, 46)  # the response passes beside it
    answers = Box(asks.x, asks.bottom + GAP, handlers.width - 20, 70)
    canvas.box(asks, ("code", "dependencies.py"), ("text", "who asks, which post"))
    names: list[Words] = [("code", " ".join(row)) for row in ROUTERS]
    canvas.box(answers, ("name", "the routers"), *names, kind="accent")
    canvas.arrow((IN, 22), (IN, asks.y))
    canvas.arrow((IN, asks.bottom), (IN, answers.y))
    canvas.arrow((OUT, answers.y), (OUT, 20))
    canvas.text(IN, 16, ("name", "request"), anchor="middle")
    canvas.text(OUT, 16, ("name", "response"), anchor="middle")
    width = (WIDTH - 2 - 2 * 9) / len(REACHED)
    for n, (module, does, reached) in enumerate(REACHED):
        at = canvas.box(Box(1 + n * (width + 9), bottom + GAP, width, 46), ("code", module), ("text", does))
        canvas.arrow((at.middle, answers.bottom), (at.middle, at.y))
        end = canvas.box(Box(at.x, at.bottom + GAP, width, 34), ("name", reached), kind="code")
        canvas.arrow((at.middle, at.bottom), (at.middle, end.y))
    return canvas.svg(end.bottom + 1)
