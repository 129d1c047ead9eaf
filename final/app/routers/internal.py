"""What operators read. ApiKeyMiddleware guards it; the dependency documents that."""

from collections.abc import Sequence

from fastapi import APIRouter, Security

from .. import crud
from ..database import SessionDep
from ..dependencies import Limit, Skip, api_key
from ..errors import documented
from ..models import LoginAttempt
from ..schemas import LoginAttemptPublic, Stats

router = APIRouter(
    prefix="/internal",
    tags=["Internal"],
    dependencies=[Security(api_key)],
    responses=documented(401),
)


@router.get("/stats")
def read_stats(session: SessionDep) -> Stats:
    return Stats(**crud.count_rows(session))


@router.get(
    "/logins", response_model=list[LoginAttemptPublic], responses=documented(422)
)
def list_logins(
    session: SessionDep, skip: Skip = 0, limit: Limit = 10
) -> Sequence[LoginAttempt]:
    """The latest attempts, failed ones too."""
    return crud.get_login_attempts(session, skip, limit)
