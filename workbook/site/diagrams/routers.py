"""The package of stage 05: which module imports which. Imports point down and never up."""

from .canvas import WIDTH, Box, Canvas

# Each row imports only from rows below it; `tests/site/test_diagrams.py` compares with the imports in the code.
ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("the title, the start, which routers", ("main",)),
    ("paths and statuses", ("routers/auth", "routers/users", "routers/posts", "routers/uploads")),
    ("who is calling, which post", ("dependencies",)),
    ("rows · passwords · files · in and out", ("crud", "security", "storage", "schemas")),
    ("the connection · the tables · the settings", ("database", "models", "config")),
)
HEIGHT, GAP = 74, 22
SIDE = 30
TOLD = (
    "The app package of stage 05 in five rows; each module imports only from rows below its own. At the top main.py: "
    "the title, the start, which routers there are. Below it the routers auth, users, posts and uploads: paths and "
    "statuses. Below them dependencies.py: who is calling, which post. Below it crud.py, which reads and writes rows "
    "and knows nothing of HTTP, security.py, storage.py and schemas.py. At the bottom database.py, models.py and "
    "config.py. A request goes down through these rows to the database, and the response comes back up."
)


def draw_routers() -> str:
    canvas = Canvas("routers", "One package: each module asks only those below it", TOLD)
    y: float = 36
    canvas.text(SIDE, 16, ("name", "request"), anchor="middle")
    canvas.text(WIDTH / 2, 16, ("text", "imports point down"), anchor="middle")
    canvas.text(WIDTH - 36, 16, ("name", "response"), anchor="middle")
    for n, (does, modules) in enumerate(ROWS):
        frame = Box(1, y, WIDTH - 2, HEIGHT)
        canvas.box(frame, ("text", does), kind="layer", top=5)
        width = (frame.width - 10 * (len(modules) + 1)) / len(modules)
        for m, module in enumerate(modules):
            at = Box(frame.x + 10 + m * (width + 10), y + 30, width, 34)
            label = module.removeprefix("routers/") if len(modules) > 3 else f"{module}.py"
            canvas.box(at, ("code", label), kind="accent" if label == "posts" else "plain")
        canvas.arrow((SIDE, 22 if n == 0 else y - GAP), (SIDE, y))
        canvas.arrow((WIDTH - SIDE, y), (WIDTH - SIDE, 22 if n == 0 else y - GAP))
        y = frame.bottom + GAP
    canvas.arrow((SIDE, y - GAP), (SIDE, y))
    canvas.arrow((WIDTH - SIDE, y), (WIDTH - SIDE, y - GAP))
    base = canvas.box(Box(1, y, WIDTH - 2, 36), ("code", "blog.db"), kind="code")
    return canvas.svg(base.bottom + 1)
