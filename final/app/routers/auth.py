"""Registration and login."""

from fastapi import APIRouter, BackgroundTasks, HTTPException, Request

from .. import crud, security, tasks
from ..database import SessionDep
from ..dependencies import unauthorized
from ..errors import documented
from ..models import User
from ..schemas import AccountPublic, LoginRequest, TokenPublic, UserCreate

router = APIRouter(
    prefix="/auth", tags=["Authentication"], responses=documented(400, 422)
)


@router.post(
    "/register",
    response_model=AccountPublic,
    status_code=201,
    responses=documented(409),
)
def register(
    new: UserCreate, session: SessionDep, background_tasks: BackgroundTasks
) -> User:
    hashed = security.hash_password(new.password)
    user = User(name=new.name, email=new.email, hashed_password=hashed)
    if not crud.try_save(session, user):
        detail = "This email is registered already: log in, or take another"
        raise HTTPException(status_code=409, detail=detail)
    background_tasks.add_task(tasks.send_welcome, user.id)
    return user


@router.post("/login", responses=documented(401))
def login(
    credentials: LoginRequest,
    request: Request,
    session: SessionDep,
    background_tasks: BackgroundTasks,
) -> TokenPublic:
    email = credentials.email
    address = request.client.host if request.client else "-"
    user = crud.get_user_by_email(session, email)
    session.commit()  # hashing takes long on purpose: no one waits for a lock meanwhile
    hashed = user.hashed_password if user else None
    is_right = security.verify_password(credentials.password, hashed)
    if user is None or not is_right:
        tasks.record_login(email, False, address)  # now: an exception drops the tasks
        raise unauthorized("Email or password is wrong")
    background_tasks.add_task(tasks.record_login, email, True, address)
    account = AccountPublic.model_validate(user)
    return TokenPublic(access_token=security.create_token(user.id), user=account)
