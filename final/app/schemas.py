"""What comes in and what goes out."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    computed_field,
)


def refuse_code(text: str) -> str:
    """Refuse =?utf-8?q?=0A?= and the like: a mail's header makes a line break of it."""
    if "=?" in text:
        raise ValueError("takes no =?")
    return text


ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
NO_NUL = r"^[^\x00]*$"  # PostgreSQL stores none
Email = Annotated[
    EmailStr,
    Field(max_length=254),
    AfterValidator(refuse_code),
    AfterValidator(str.lower),
]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_LINE)]
Password = Annotated[str, Field(min_length=8, max_length=128, pattern=NO_NUL)]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE)]
Content = Annotated[str, Field(max_length=20_000, pattern=NO_NUL)]
Description = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
# A field of a change that may be left out, and then keeps its value. Null is refused.
UNSET: Any = Field(default_factory=lambda: None)


class Input(BaseModel):
    """What a client sends: no other fields, and no "yes" where true is meant."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Output(BaseModel):
    """What a client gets: each field is always there, also if it has a default."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_serialization_defaults_required=True
    )


class UserCreate(Input):
    name: Name
    email: Email
    password: Password


class UserUpdate(Input):
    """The fields to change; one that's left out keeps its value."""

    name: Name = UNSET
    email: Email = UNSET


class LoginRequest(Input):
    email: Email
    password: Password


class PostCreate(Input):
    title: Title
    content: Content
    published: bool = False


class PostUpdate(Input):
    """The fields to change; one that's left out keeps its value."""

    title: Title = UNSET
    content: Content = UNSET
    published: bool = UNSET


class UserPublic(Output):
    """A user as others see them."""

    id: int
    name: str
    created_at: datetime


class AccountPublic(UserPublic):
    """A user as they see themselves."""

    email: str


class TokenPublic(Output):
    access_token: str
    token_type: str = "bearer"
    user: AccountPublic


class PostPublic(Output):
    id: int
    title: str
    content: str
    published: bool
    author_id: int
    created_at: datetime
    updated_at: datetime


class PostWithAuthor(PostPublic):
    author: UserPublic


class StoredFile(Output):
    filename: str
    original_name: str
    size: int
    uploaded_by: int

    @computed_field
    def url(self) -> str:
        return f"/files/{self.filename}"


class UploadPublic(StoredFile):
    message: str = "File uploaded successfully"


class UploadsPublic(Output):
    uploaded: int
    files: list[StoredFile]


class ProfilePicturePublic(StoredFile):
    user_id: int
    description: str


class LoginAttemptPublic(Output):
    at: datetime
    email: str
    success: bool
    address: str


class Stats(Output):
    users: int
    posts: int
    published: int


class Root(Output):
    message: str = "API is running"
    docs: str = "/docs"
