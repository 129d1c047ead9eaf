"""What several routers share."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session


def paginate(session: Session, query: Select[Any], page: int, per_page: int) -> Any:
    """Return one page of what `query` finds, and where in the list that page is.

    `query` has its filters and its order, but no offset and no limit; `page` counts
    from 1.
    Returns `data` (the rows of this page), `total` (all rows that `query` finds),
    `page`, `per_page`, `total_pages`, `has_next` and `has_prev`, for example as a model
    of schemas.py such as `Page[PostPublic]`.
    """
    raise NotImplementedError(
        "TODO: count, cut out the page, and use this function in the three routes"
    )
