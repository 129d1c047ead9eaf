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
        (b"nothing of this is a command", ["n"]),
        ("é".encode()[:1], []),
        (b"", ["q"]),
    ],
    ids=["one", "two", "arrow", "F1", "letter of two bytes", "pasted", "half a letter", "the terminal has gone"],
)
def test_keys_of_one_read(pressed: bytes, keys: list[str]) -> None:
    """Two keys typed quickly count as two; a special key or a pasted text counts as its first character."""
    assert split_keys(pressed) == keys
