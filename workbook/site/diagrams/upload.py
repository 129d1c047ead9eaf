"""The way of an upload through stage 04: what can still refuse it, and what's left of it then."""

from .canvas import WIDTH, Box, Canvas, stack

# what happens, how, and the status of who does not pass
STEPS = (
    ("limit it unread", "max_body_size", "413"),
    ("read the form", "at most max_files", "400"),
    ("who is calling?", "get_current_user", "401"),
    ("weigh the file", "upload.size", "413"),
    ("decode it", "Image.open, load", "415, 413"),
    ("encode it again", "pixels, nothing else", ""),
    ("name and store it", "uuid4, all or none", ""),
    ("serve it inert", "sandbox, nosniff", ""),
)
FILE = {"max_body_size", "get_current_user", "upload.size", "Image.open, load"}
REFUSED = 92
TOLD = (
    "An upload passes eight steps. First the limit max_body_size acts before the body is read: too large is 413. Then "
    "the form is read: too many files is 400. Then the token is looked at: 401. Then the file's own size: 413. Then "
    "Pillow decodes it: what isn’t a whole JPEG, PNG or WebP is 415, and too many pixels is 413. What passes is "
    "encoded again, so that only pixels are kept; it gets a name of the server's making, and is stored together with "
    "its companions or not at all. It is served with Content-Security-Policy sandbox and nosniff, so that no "
    "script runs."
)


def draw_upload() -> str:
    canvas = Canvas("upload", "The way of an upload", TOLD)
    width = WIDTH - REFUSED - 26
    canvas.text(1, 16, ("name", "bytes, a name and a label from a stranger"))
    boxes = stack(1, 46, width, [46] * len(STEPS), 18)
    canvas.arrow((boxes[0].middle, 22), (boxes[0].middle, boxes[0].y))
    for n, ((does, how, status), at) in enumerate(zip(STEPS, boxes, strict=True)):
        kept = not status
        canvas.box(at, ("name", does), ("code" if how in FILE else "text", how), kind="accent" if kept else "plain")
        if status:
            refused = canvas.box(Box(WIDTH - REFUSED - 1, at.y + 7, REFUSED, 32), ("text", f"✗ {status}"), kind="no")
            canvas.arrow((at.right, refused.y + 16), (refused.x, refused.y + 16), kind="no")
        if n + 1 < len(boxes):
            canvas.arrow((at.middle, at.bottom), (at.middle, boxes[n + 1].y))
    canvas.text(
        WIDTH - 1, boxes[6].y + 10, ("text", "only now"), ("text", "is anything"), ("text", "stored"), anchor="end"
    )
    return canvas.svg(boxes[-1].bottom + 2)
