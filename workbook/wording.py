"""Numbers in a sentence."""


def number_of(number: int, noun: str) -> str:
    """Return `1 page`, `2,000 pages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
