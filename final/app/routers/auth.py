"""Registration and login."""

from fastapi import APIRouter, BackgroundTasks, HTTPException, Request

from .. import crud, security, tasks
from ..database import Db
from ..dependencies import unauthorized
from ..errors import documented
from ..models import User
from ..schemas import AccountResponse, LoginRequest, TokenResponse, UserCreate

router = APIRouter(prefix="/auth", tags=["Authentication"], responses=documented(400, 422))


@router.post("/register", response_model=AccountResponse, status_code=201, responses=documented(409))
def register(new: UserCreate, db: Db, after: BackgroundTasks) -> User:
    user = User(name=new.name, email=new.email, hashed_password=security.hash_password(new.password))
    if not crud.try_save(db, user):
        raise HTTPException(409, "This email is registered already: log in, or take another")
    after.add_task(tasks.send_welcome, user.id)
    return user


@router.post("/login", responses=documented(401))
def login(given: LoginRequest, request: Request, db: Db, after: BackgroundTasks) -> TokenResponse:
    user = crud.get_user_by_email(db, given.email)
    db.commit()  # hashing takes long on purpose: nobody waits for a lock meanwhile
    known = security.verify_password(given.password, user.hashed_password if user else None)
    address = request.client.host if request.client else "-"
    if user is None or not known:
        tasks.record_login(given.email, False, address)  # now: an exception drops the tasks
        raise unauthorized("Email or password is wrong")
    after.add_task(tasks.record_login, given.email, True, address)
    return TokenResponse(access_token=security.create_token(user.id), user=AccountResponse.model_validate(user))
