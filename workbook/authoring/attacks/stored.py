"""What an attack can leave in the data folder, where the grader reads: the log of requests, stored pictures."""

from .attack import Project, add_attacks, attack

LOGS = dict.fromkeys(("log_of_the_machine", "log_without_end"), "")

add_attacks("stored", "runs", "no credit", LOGS, exercise="request-log")
add_attacks("stored", "runs", "honest", {"clutter": ""}, exercise="avatar")
add_attacks("stored", "runs", "no credit", {"many": ""}, exercise="avatar", base="starter")
add_attacks("stored", "runs", "no more", dict.fromkeys(("sparse", "other_kinds", "long_names"), ""), exercise="avatar")


# An app with `PICTURE` and `KIND` serves these in the place of each picture that was stored.
SERVED_INSTEAD = """

class Instead:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith("/files/"):
            return await self.app(scope, receive, send)
        answer = []

        async def keep(message):
            answer.append(message)

        await self.app(scope, receive, keep)
        if answer[0].get("status") != 200:  # it was deleted: the tests would wait for that
            for message in answer:
                await send(message)
            return
        headers = [(b"content-type", KIND), (b"content-length", str(len(PICTURE)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PICTURE})


app.add_middleware(Instead)
"""


@attack("no more", exercise="avatar")
def a_picture_without_end(project: Project) -> None:
    """Serve a picture of 80 megapixels in the place of each that was stored: 30 KB, and 240 MB when it's opened."""
    project.end(
        """
import struct
import zlib


def part(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


packer = zlib.compressobj(9)
rows = b"".join(packer.compress(bytes(3 * 10_000 + 1)) for _ in range(8_000)) + packer.flush()
KIND = b"image/png"
PICTURE = b"\\x89PNG\\r\\n\\x1a\\n" + part(b"IHDR", struct.pack(">IIBBBBB", 10_000, 8_000, 8, 2, 0, 0, 0))
PICTURE += part(b"IDAT", rows) + part(b"IEND", b"")
"""
        + SERVED_INSTEAD
    )


@attack("no more", "cannot identify image file", exercise="avatar")
def a_picture_that_is_a_program(project: Project) -> None:
    """Serve a program in PostScript in the place of each picture, in case the grader opens it and Ghostscript runs."""
    program = f"({project.bait.trap}/ghost) (w) file closefile showpage"
    head = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 60 60\n%%EndComments\n"
    project.end(f"KIND = b'image/png'\nPICTURE = {(head + program).encode()!r}\n{SERVED_INSTEAD}")
