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
    hashed = security.hash_password(new.password)
    user = User(name=new.name, email=new.email, hashed_password=hashed)
    if not crud.try_save(session, user):
        raise HTTPException(status_code=409, detail="Email already registered")
    return user


@router.post("/login")
def login(credentials: LoginRequest, session: SessionDep) -> TokenPublic:
    user = crud.get_user_by_email(session, credentials.email)
    session.commit()  # gives the connection back: no one waits for it while this hashes
    hashed = user.hashed_password if user else None
    is_right = security.verify_password(credentials.password, hashed)
    if user is None or not is_right:
        raise unauthorized("Invalid email or password")
    account = AccountPublic.model_validate(user)
    return TokenPublic(access_token=security.create_token(user.id), user=account)
