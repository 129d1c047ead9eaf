"""Users. Every route needs a login, which the router says once."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, HTTPException

from .. import crud
from ..database import Db
from ..dependencies import CurrentUser, Id, Limit, Skip, get_current_user
from ..errors import documented
from ..models import User
from ..schemas import AccountResponse, UserResponse, UserUpdate

router = APIRouter(prefix="/users", tags=["Users"], dependencies=[Depends(get_current_user)], responses=documented(401))


@router.get("/me", response_model=AccountResponse)
async def read_me(user: CurrentUser) -> User:
    return user


@router.patch("/me", response_model=AccountResponse, responses=documented(400, 409, 422))
def update_me(changes: UserUpdate, user: CurrentUser, db: Db) -> User:
    crud.change(user, changes)
    if not crud.try_save(db, user):
        raise HTTPException(409, "This email is registered already: take another")
    return user


@router.delete("/me", status_code=204, responses=documented(409))
def delete_me(user: CurrentUser, db: Db) -> None:
    crud.delete(db, user)


@router.get("", response_model=list[UserResponse], responses=documented(422))
def list_users(db: Db, skip: Skip = 0, limit: Limit = 10) -> Sequence[User]:
    return crud.get_users(db, skip, limit)


@router.get("/{user_id}", response_model=UserResponse, responses=documented(404, 422))
def read_user(user_id: Id, db: Db) -> User:
    user = crud.get_user(db, user_id)
    if user is None:
        raise HTTPException(404, "User not found")
    return user
