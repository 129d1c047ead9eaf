"""Users. Every route needs a login, which the router says once."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, HTTPException

from .. import crud
from ..database import SessionDep
from ..dependencies import CurrentUser, Id, Limit, Skip, get_current_user
from ..models import User
from ..schemas import AccountPublic, UserPublic, UserUpdate

router = APIRouter(
    prefix="/users", tags=["Users"], dependencies=[Depends(get_current_user)]
)


@router.get("/me", response_model=AccountPublic)
def read_me(user: CurrentUser) -> User:
    return user


@router.patch("/me", response_model=AccountPublic)
def update_me(changes: UserUpdate, user: CurrentUser, session: SessionDep) -> User:
    crud.change(user, changes)
    if not crud.try_save(session, user):
        raise HTTPException(status_code=409, detail="Email already registered")
    return user


@router.delete("/me", status_code=204)
def delete_me(user: CurrentUser, session: SessionDep) -> None:
    crud.delete(session, user)


@router.get("", response_model=list[UserPublic])
def list_users(
    session: SessionDep, skip: Skip = 0, limit: Limit = 10
) -> Sequence[User]:
    return crud.get_users(session, skip, limit)


@router.get("/{user_id}", response_model=UserPublic)
def read_user(user_id: Id, session: SessionDep) -> User:
    user = crud.get_user(session, user_id)
    session.commit()  # gives the connection back
    if user is None:
        raise HTTPException(status_code=404, detail="User not found")
    return user
