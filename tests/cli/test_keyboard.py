"""Keys from the terminal: none is lost, even if they come fast, and pasted text isn't a command."""

import pytest

from workbook.cli.keyboard import split_keys


@pytest.mark.parametrize(
    "pressed, keys",
    [
        (b"n", ["n"]),
        (b"nb", ["n", "b"]),
        (b"\x1b[A", ["\x1b"]),
        (b"\x1bOP", ["\x1b"]),
        ("é".encode(), ["é"]),
        (b"nothing of this is a command", []),
        (b"hhhhhh", ["h"]),
        (b"q" * 10_000, []),
        ("é".encode()[:1], []),
        (b"", ["q"]),
    ],
    ids=[
        "one",
        "two",
        "arrow",
        "F1",
        "letter of two bytes",
        "pasted",
        "held down",
        "pasted line",
        "half a letter",
        "the terminal has gone",
    ],
)
def test_keys_of_one_read(pressed: bytes, keys: list[str]) -> None:
    """Two keys typed quickly count as two, a special key or one that's held down as one, a pasted text as none."""
    assert split_keys(pressed) == keys
