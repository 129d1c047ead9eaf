"""What several routers share."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session


def paginate(session: Session, query: Select[Any], page: int, per_page: int) -> Any:
    """One page of what `query` finds, and where that page lies.

    `query` has its filters and its order, and neither an offset nor a limit; `page`
    counts from 1.
    Returns `data` (the rows of this page), `total` (all rows that `query` finds),
    `page`, `per_page`, `total_pages`, `has_next` and `has_prev`: as a model of
    schemas.py, say `Page[PostPublic]`.
    """
    raise NotImplementedError(
        "TODO: count, cut out the page, and use this function in the three routes"
    )
