"""Registration and login."""

from fastapi import APIRouter, HTTPException

from .. import crud, security
from ..database import Db
from ..dependencies import unauthorized
from ..models import User
from ..schemas import AccountOut, Login, TokenOut, UserCreate

router = APIRouter(prefix="/auth", tags=["Authentication"])


@router.post("/register", response_model=AccountOut, status_code=201)
def register(new: UserCreate, db: Db) -> User:
    user = User(name=new.name, email=new.email, hashed_password=security.hash_password(new.password))
    if not crud.try_save(db, user):
        raise HTTPException(409, "Email already registered")
    return user


@router.post("/login")
def login(given: Login, db: Db) -> TokenOut:
    user = crud.get_user_by_email(db, given.email)
    known = security.verify_password(given.password, user.hashed_password if user else None)
    if user is None or not known:
        raise unauthorized("Invalid email or password")
    return TokenOut(access_token=security.create_token(user.id), user=AccountOut.model_validate(user))
