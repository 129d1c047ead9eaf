"""Numbers in a sentence, and how the commands for a class are typed."""

FOR_A_CLASS = "uv run --group grading"  # what grades isn't among the packages of learners


def number_of(number: int, noun: str) -> str:
    """Return `1 page`, `2,000 pages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
