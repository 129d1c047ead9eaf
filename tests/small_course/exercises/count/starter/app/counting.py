"""How many books there are."""


def count(letter: str | None = None) -> int:
    """How many titles there are; with `letter`, how many begin with it."""
    raise NotImplementedError("TODO: count the titles, and add the route")
