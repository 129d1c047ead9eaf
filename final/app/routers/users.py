"""Users. Every route needs a login, which the router says once."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, HTTPException

from .. import crud
from ..database import SessionDep
from ..dependencies import CurrentUser, Id, Limit, Skip, get_current_user
from ..errors import documented
from ..models import User
from ..schemas import AccountPublic, UserPublic, UserUpdate

router = APIRouter(
    prefix="/users",
    tags=["Users"],
    dependencies=[Depends(get_current_user)],
    responses=documented(401),
)


@router.get("/me", response_model=AccountPublic)
async def read_me(user: CurrentUser) -> User:
    return user


@router.patch("/me", response_model=AccountPublic, responses=documented(400, 409, 422))
def update_me(changes: UserUpdate, user: CurrentUser, session: SessionDep) -> User:
    crud.change(user, changes)
    if not crud.try_save(session, user):
        detail = "This email is registered already: take another"
        raise HTTPException(status_code=409, detail=detail)
    return user


@router.delete("/me", status_code=204, responses=documented(409))
def delete_me(user: CurrentUser, session: SessionDep) -> None:
    crud.delete(session, user)


@router.get("", response_model=list[UserPublic], responses=documented(422))
def list_users(
    session: SessionDep, skip: Skip = 0, limit: Limit = 10
) -> Sequence[User]:
    return crud.get_users(session, skip, limit)


@router.get("/{user_id}", response_model=UserPublic, responses=documented(404, 422))
def read_user(user_id: Id, session: SessionDep) -> User:
    user = crud.get_user(session, user_id)
    session.commit()  # docs/final-why.md#transactions
    if user is None:
        raise HTTPException(status_code=404, detail="User not found")
    return user
