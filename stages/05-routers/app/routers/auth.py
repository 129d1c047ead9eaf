"""Registration and login."""

from fastapi import APIRouter, HTTPException

from .. import crud, security
from ..database import SessionDep
from ..dependencies import unauthorized
from ..models import User
from ..schemas import AccountPublic, LoginRequest, TokenPublic, UserCreate

router = APIRouter(prefix="/auth", tags=["Authentication"])


@router.post("/register", response_model=AccountPublic, status_code=201)
def register(new: UserCreate, session: SessionDep) -> User:
    user = User(
        name=new.name,
        email=new.email,
        hashed_password=security.hash_password(new.password),
    )
    if not crud.try_save(session, user):
        raise HTTPException(status_code=409, detail="Email already registered")
    return user


@router.post("/login")
def login(given: LoginRequest, session: SessionDep) -> TokenPublic:
    user = crud.get_user_by_email(session, given.email)
    known = security.verify_password(
        given.password, user.hashed_password if user else None
    )
    if user is None or not known:
        raise unauthorized("Invalid email or password")
    return TokenPublic(
        access_token=security.create_token(user.id),
        user=AccountPublic.model_validate(user),
    )
