"""Stand-ins for packages that can't run in a browser: argon2, python-jose's elliptic curves, and Pillow.

The page names each. They keep the interface that the stages use, and nothing else.
"""

import errno
import importlib
import io
import socket
import sys
import types
from collections.abc import Iterable
from typing import Any, NoReturn


def install_shims(needs: Iterable[str]) -> None:
    """Put the stand-ins that an example needs in their places; other needs have none."""
    for need in needs:
        {"database": _database, "passwords": _passwords, "pictures": _pictures}[need]()


def refuse_input(prompt: object = "") -> NoReturn:
    """Take the place of `input`: as under uvicorn, no person sits at the app's terminal."""
    raise EOFError(
        "input() waits for someone at a terminal, and a server has none. Let a request bring the value: declare a "
        "parameter of the route, or a body."
    )


def refuse_connections() -> None:
    """A page reaches no server: connecting is refused, as on a machine where none listens."""

    def refused(*_: object, **__: object) -> NoReturn:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")

    socket.create_connection = refused


def _database() -> None:
    """Nothing stands in here: imported now, it does not cost the first run its time."""
    for name in ("sqlalchemy.dialects.sqlite", "sqlalchemy.orm"):
        importlib.import_module(name)


def _passwords() -> None:
    from passlib.hash import pbkdf2_sha256
    from passlib.registry import register_crypt_handler

    class argon2(pbkdf2_sha256):  # noqa: N801
        """Another hash under argon2's name, with one round: quick to make, and of use only to this page."""

        name = "argon2"
        default_rounds = min_rounds = 1

        @classmethod
        def using(cls, **settings: Any) -> Any:  # type: ignore[override]
            theirs = ("time_cost", "memory_cost", "parallelism")
            kept = {name: value for name, value in settings.items() if name not in theirs}
            return super().using(**kept)  # type: ignore[no-untyped-call]

    register_crypt_handler(argon2, force=True)
    # What python-jose imports for keys on elliptic curves; the stages sign with a secret.
    names = ("ecdsa", "ecdsa.ecdsa", "jose.backends.ecdsa_backend")
    curves = {name: types.ModuleType(name) for name in names}
    vars(curves["ecdsa.ecdsa"])["int_to_string"] = vars(curves["jose.backends.ecdsa_backend"])["ECDSAECKey"] = None
    sys.modules.update(curves)
    for name in ("jose.jwt", "passlib.context"):
        importlib.import_module(name)


class _Image:
    """A picture that the browser has decoded."""

    MAX_IMAGE_PIXELS = 89_478_485
    mode = "RGB"  # what the browser makes of all of them

    def __init__(self, content: bytes, kind: str) -> None:
        self.format, self._content = kind, content
        self.info: dict[str, Any] = {}
        self._bitmap: Any = None
        self.width, self.height = _size(content, kind)
        image = sys.modules["PIL.Image"]
        if self.width * self.height > image.MAX_IMAGE_PIXELS:
            raise image.DecompressionBombError(f"{self.width} times {self.height} pixels")

    def __enter__(self) -> "_Image":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bitmap is not None:
            self._bitmap.close()
            self._bitmap = None

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    def draft(self, _: object, size: tuple[int, int]) -> None:
        """Leave the picture at its size: the browser can't decode it at another."""

    def load(self) -> None:
        from js import Blob, createImageBitmap  # type: ignore[import-not-found]
        from pyodide.ffi import JsException, run_sync, to_js  # type: ignore[import-not-found]

        if self._bitmap is None:
            try:
                self._bitmap = run_sync(createImageBitmap(Blob.new(to_js([self._content]))))
            except JsException:
                raise OSError("cannot identify image file") from None
            self.width, self.height = self._bitmap.width, self._bitmap.height

    def save(self, target: io.BytesIO, kind: str, quality: int = 75) -> None:
        from js import Object, OffscreenCanvas
        from pyodide.ffi import run_sync, to_js

        self.load()
        canvas = OffscreenCanvas.new(self.width, self.height)
        canvas.getContext("2d").drawImage(self._bitmap, 0, 0)
        wish = {"type": f"image/{kind.lower()}", "quality": quality / 100}
        blob = run_sync(canvas.convertToBlob(to_js(wish, dict_converter=Object.fromEntries)))
        target.write(run_sync(blob.arrayBuffer()).to_bytes())


def _size(content: bytes, kind: str) -> tuple[int, int]:
    """The size that the head of a PNG names; of other kinds the browser tells it later."""
    if kind == "PNG" and len(content) >= 24:
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    return 0, 0


_BEGINNINGS = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "WEBP": b"RIFF"}


def _pictures() -> None:
    def open_image(file: Any, formats: Any = None) -> _Image:
        content = file.read()
        for kind, beginning in _BEGINNINGS.items():
            if content.startswith(beginning) and kind in (formats or _BEGINNINGS):
                return _Image(content, kind)
        raise image.UnidentifiedImageError("cannot identify image file")

    names = ("PIL", "PIL.Image", "PIL.ImageOps", "PIL.ImageCms")
    package, image, operations, colours = (types.ModuleType(name) for name in names)
    contents: dict[str, Any] = {
        "Image": _Image,
        "open": open_image,
        "MAX_IMAGE_PIXELS": _Image.MAX_IMAGE_PIXELS,
        "UnidentifiedImageError": type("UnidentifiedImageError", (OSError,), {}),
        "DecompressionBombError": type("DecompressionBombError", (Exception,), {}),
        "DecompressionBombWarning": type("DecompressionBombWarning", (RuntimeWarning,), {}),
    }
    vars(image).update(contents)
    # The browser turns a photo upright while it decodes it.
    vars(operations)["exif_transpose"] = lambda picture, in_place=False: None if in_place else picture
    # It also converts the colours, so a picture has no profile here.
    vars(colours)["PyCMSError"] = type("PyCMSError", (Exception,), {})
    vars(package).update(Image=image, ImageOps=operations, ImageCms=colours, __path__=[])
    sys.modules.update({module.__name__: module for module in (package, image, operations, colours)})
