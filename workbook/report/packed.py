"""A text held small, because the evidence of thousands of submissions would fill the memory."""

import zlib


class Packed:
    """A text of which memory has the packed form only. `str()` unpacks it."""

    __slots__ = ("_data",)

    def __init__(self, text: str) -> None:
        self._data = zlib.compress(text.encode("utf-8", "surrogatepass"), 3)

    def __str__(self) -> str:
        return zlib.decompress(self._data).decode("utf-8", "surrogatepass")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str | Packed) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))
