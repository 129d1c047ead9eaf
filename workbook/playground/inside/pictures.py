"""Pillow's place in a page: pictures that the browser decodes and encodes, with the part of the interface that's used.

What isn't there is asked of `missing`, so that a test which needs it can be skipped and say so.
"""

import contextlib
import copy
import io
import sys
import types
import zlib
from collections.abc import Callable
from typing import Any, NoReturn

from .files import gif_of, png_of

MORE = ("PIL.ImageChops", "PIL.ImageDraw", "PIL.MpoImagePlugin", "PIL.WebPImagePlugin", "PIL.PngImagePlugin")
COLOURS = {"RGB", "RGBA"}
ENCODERS = {"JPEG", "PNG", "WEBP"}


def refuse(name: str) -> NoReturn:
    """Refuse what isn't here."""
    raise AttributeError(f"the stand-in for Pillow has no {name}")


missing: Callable[[str], NoReturn] = refuse
waiting: Callable[[], Any] = contextlib.nullcontext  # around each wait for the browser


def _answer_of(ask: Callable[[], Any]) -> Any:
    """Wait for what the browser answers; it's asked within `waiting`, since a promise belongs to the running loop."""
    from pyodide.ffi import run_sync  # type: ignore[import-not-found]

    with waiting():
        return run_sync(ask())


class Picture:
    """A picture that the browser has decoded, or drawn."""

    MAX_IMAGE_PIXELS = 89_478_485

    def __init__(self, content: bytes, kind: str) -> None:
        self.format, self._content = kind, content
        self.mode = "RGB"  # what the browser makes of all of them
        self.info: dict[str, Any] = {}
        self._bitmap: Any = None
        self._scaled: tuple[int, int] | None = None
        self.width, self.height = _size(content, kind)
        image = sys.modules["PIL.Image"]
        if self.width * self.height > image.MAX_IMAGE_PIXELS:
            raise image.DecompressionBombError(f"{self.width} times {self.height} pixels")

    def __enter__(self) -> "Picture":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bitmap is not None:
            self._bitmap.close()
            self._bitmap = None

    def __getattr__(self, name: str) -> Any:
        return refuse(name) if name.startswith("_") else missing(name)

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    def draft(self, _: object, size: tuple[int, int]) -> None:
        """Leave the picture at its size: the browser can't decode it at another."""

    def verify(self) -> None:
        """Look at a PNG's chunks, as Pillow's does without decoding; of other formats it looks at nothing."""
        if self.format == "PNG" and not _is_whole(self._content, self.format):
            raise OSError("image file is truncated")

    def load(self) -> None:
        from js import Blob, createImageBitmap  # type: ignore[import-not-found]
        from pyodide.ffi import JsException, to_js

        if self._bitmap is None:
            if not _is_whole(self._content, self.format):
                raise OSError("image file is truncated")
            try:
                self._bitmap = _answer_of(lambda: createImageBitmap(Blob.new(to_js([self._content]))))
            except JsException:
                raise OSError("cannot identify image file") from None
            self.width, self.height = self._scaled or (self._bitmap.width, self._bitmap.height)

    def thumbnail(self, size: tuple[float, float], *_: Any, **__: Any) -> None:
        """Shrink it in place, so that it fits into the size and keeps its proportions; never enlarge it."""
        self.load()
        factor = min(size[0] / self.width, size[1] / self.height, 1)
        self._scale(max(1, round(self.width * factor)), max(1, round(self.height * factor)))

    def resize(self, size: tuple[int, int], *_: Any, **__: Any) -> "Picture":
        """Return a copy of that size."""
        resized = self.copy()
        resized._scale(*size)
        return resized

    def copy(self) -> "Picture":
        copied = copy.copy(self)
        copied.info, copied._bitmap = dict(self.info), None  # each closes its own
        return copied

    def _scale(self, width: int, height: int) -> None:
        self._scaled = self.width, self.height = width, height

    def convert(self, mode: str) -> "Picture":
        """Return it in other colours: those that a canvas has."""
        if mode not in COLOURS:
            missing(f"convert to {mode}")
        self.load()
        self.mode = mode
        return self

    def getpixel(self, at: tuple[int, int]) -> tuple[int, ...]:
        values = self._canvas().getContext("2d").getImageData(*at, 1, 1).data.to_py()
        return tuple(values[: len(self.mode)])

    def _canvas(self) -> Any:
        from js import OffscreenCanvas

        self.load()
        canvas = OffscreenCanvas.new(self.width, self.height)
        canvas.getContext("2d").drawImage(self._bitmap, 0, 0, self.width, self.height)
        return canvas

    def save(self, target: io.BytesIO, kind: str, quality: int = 75, **others: Any) -> None:
        from js import Object
        from pyodide.ffi import to_js

        if others or kind not in ENCODERS:
            missing(f"{kind} with {', '.join(others) or 'these pixels'}")
        wish = {"type": f"image/{kind.lower()}", "quality": quality / 100}
        canvas = self._canvas()
        blob = _answer_of(lambda: canvas.convertToBlob(to_js(wish, dict_converter=Object.fromEntries)))
        target.write(_answer_of(lambda: blob.arrayBuffer()).to_bytes())


class _Drawn(Picture):
    """A picture that is made here, of one colour or of given pixels."""

    def __init__(self, mode: str, size: tuple[int, int], draw: Callable[[Any], None], rgb: bytes = b"") -> None:
        if mode not in COLOURS:
            missing(f"new {mode}")
        self.mode, self.format, self.info, self._bitmap = mode, "", {}, None
        self.width, self.height = size
        self._draw, self._rgb = draw, rgb

    def load(self) -> None: ...

    def _scale(self, width: int, height: int) -> None:
        missing("another size of a picture that's drawn")

    def save(self, target: io.BytesIO, kind: str, quality: int = 75, **others: Any) -> None:
        """Write it: a PNG or GIF at once, and other kinds by the browser."""
        if kind == "PNG" and self._rgb and not others:
            step = 3 * self.width
            rows = b"".join(b"\0" + self._rgb[at : at + step] for at in range(0, len(self._rgb), step))
            target.write(png_of(self.width, self.height, rows))
        elif kind == "GIF" and self._rgb and not others:
            target.write(gif_of(self.width, self.height, self._rgb[:3]))
        else:
            super().save(target, kind, quality, **others)

    def _canvas(self) -> Any:
        from js import OffscreenCanvas

        canvas = OffscreenCanvas.new(self.width, self.height)
        self._draw(canvas.getContext("2d"))
        return canvas


def _new(mode: str, size: tuple[int, int], color: Any = 0) -> Picture:
    values = color if isinstance(color, tuple) else (color,) * 3
    css = color if isinstance(color, str) else f"rgb({' '.join(map(str, values[:3]))} / {(*values, 255)[3] / 255})"

    def draw(context: Any) -> None:
        context.fillStyle = css
        context.fillRect(0, 0, *size)

    plain = isinstance(color, tuple | int) and mode == "RGB"
    return _Drawn(mode, size, draw, bytes(values[:3]) * (size[0] * size[1]) if plain else b"")


def _frombytes(mode: str, size: tuple[int, int], data: bytes) -> Picture:
    if mode != "RGB":
        missing(f"bytes of {mode}")
    pixels = bytearray(b"\xff" * (4 * size[0] * size[1]))
    for colour in range(3):
        pixels[colour::4] = data[colour::3]

    def draw(context: Any) -> None:
        from js import ImageData, Uint8ClampedArray
        from pyodide.ffi import to_js

        context.putImageData(ImageData.new(Uint8ClampedArray.new(to_js(bytes(pixels))), *size), 0, 0)

    return _Drawn(mode, size, draw, data)


def _size(content: bytes, kind: str) -> tuple[int, int]:
    """The size that the head of a PNG or a GIF names; for other kinds the browser reports it later."""
    if kind == "PNG" and len(content) >= 24:
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if kind == "GIF":
        return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    return 0, 0


def _is_whole(content: bytes, kind: str) -> bool:
    """Return whether a picture reaches its last pixel: some browsers show what there is of one that was cut off."""
    if kind == "JPEG":
        return content.rfind(b"\xff\xd9") > content.rfind(b"\xff\xda") >= 0
    if kind == "GIF":
        return content.endswith(b";")
    if kind == "WEBP":
        return len(content) >= 8 + int.from_bytes(content[4:8], "little")
    pixels, at = zlib.decompressobj(), 8
    while at + 8 <= len(content) and not pixels.eof:
        length = int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] == b"IDAT":
            try:
                pixels.decompress(content[at + 8 : at + 8 + length])
            except zlib.error:
                return False
        at += 12 + length
    return pixels.eof


_BEGINNINGS = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "WEBP": b"RIFF", "GIF": b"GIF8"}


def stand_in_for_pillow() -> None:
    """Make the app's imports of Pillow find this."""

    def open_image(file: Any, formats: Any = None) -> Picture:
        file.seek(0)  # as Pillow does: the app may have read it
        content = file.read()
        for kind, beginning in _BEGINNINGS.items():
            if content.startswith(beginning) and kind in (formats or _BEGINNINGS):
                return Picture(content, kind)
        raise image.UnidentifiedImageError("cannot identify image file")

    names = ("PIL", "PIL.Image", "PIL.ImageOps", "PIL.ImageCms")
    package, image, operations, colours = (types.ModuleType(name) for name in names)
    contents: dict[str, Any] = {
        "new": _new,
        "frombytes": _frombytes,
        "Image": Picture,
        "open": open_image,
        "MAX_IMAGE_PIXELS": Picture.MAX_IMAGE_PIXELS,
        "UnidentifiedImageError": type("UnidentifiedImageError", (OSError,), {}),
        "DecompressionBombError": type("DecompressionBombError", (Exception,), {}),
        "DecompressionBombWarning": type("DecompressionBombWarning", (RuntimeWarning,), {}),
    }
    vars(image).update(contents)
    # The browser can turn a photo upright while it decodes it.
    vars(operations)["exif_transpose"] = lambda picture, in_place=False: None if in_place else picture
    # It would also convert the colours, so a picture doesn't have a profile here.
    vars(colours)["PyCMSError"] = type("PyCMSError", (Exception,), {})
    vars(package).update(Image=image, ImageOps=operations, ImageCms=colours, __path__=[])
    others = [types.ModuleType(name) for name in MORE]
    vars(package).update({module.__name__.rpartition(".")[2]: module for module in others})
    for module in (image, operations, colours, *others):
        vars(module)["__getattr__"] = lambda name: refuse(name) if name.startswith("_") else missing(name)
    sys.modules.update({module.__name__: module for module in (package, image, operations, colours, *others)})
