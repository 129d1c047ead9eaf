"""final's `GET /posts/{id}` with SQLAlchemy's asyncio instead of threads; the same query, models and responses."""

from collections.abc import AsyncIterator
from typing import Annotated

from app.config import settings
from app.crud import visible_to
from app.dependencies import Credentials, Id
from app.models import Post, User
from app.schemas import PostWithAuthor
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import joinedload

url = settings.database_url.replace("sqlite:", "sqlite+aiosqlite:")  # psycopg's name is the same for both
engine = create_async_engine(url, pool_size=15, max_overflow=0)
app = FastAPI()


async def get_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def get_viewer(credentials: Credentials, session: SessionDep) -> User | None:
    """As in final, without reading a token: the benchmark sends none."""
    return None


Viewer = Annotated[User | None, Depends(get_viewer)]


async def get_visible_post(post_id: Id, viewer: Viewer, session: SessionDep) -> Post:
    wanted = select(Post).where(Post.id == post_id, visible_to(viewer))
    post = await session.scalar(wanted.options(joinedload(Post.author, innerjoin=True)))
    await session.commit()
    if post is None:
        raise HTTPException(status_code=404, detail="Post not found")
    return post


@app.get("/posts/{post_id}", response_model=PostWithAuthor)
async def read_post(post: Annotated[Post, Depends(get_visible_post)]) -> Post:
    return post
