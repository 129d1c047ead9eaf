"""What operators read. `ApiKeyMiddleware` guards the whole prefix; the dependency tells the OpenAPI page so."""

from collections.abc import Sequence

from fastapi import APIRouter, Security

from .. import crud
from ..database import Db
from ..dependencies import Limit, Skip, api_key
from ..errors import documented
from ..models import LoginAttempt
from ..schemas import LoginAttemptResponse, Stats

router = APIRouter(prefix="/internal", tags=["Internal"], dependencies=[Security(api_key)], responses=documented(401))


@router.get("/stats")
def read_stats(db: Db) -> Stats:
    return Stats(**crud.count_rows(db))


@router.get("/logins", response_model=list[LoginAttemptResponse], responses=documented(422))
def list_logins(db: Db, skip: Skip = 0, limit: Limit = 10) -> Sequence[LoginAttempt]:
    """The latest attempts, failed ones too."""
    return crud.get_login_attempts(db, skip, limit)
