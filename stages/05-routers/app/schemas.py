"""What comes in and what goes out."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field

ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"

Email = Annotated[EmailStr, AfterValidator(str.lower)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_LINE)]
Password = Annotated[str, Field(min_length=8, max_length=128)]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE)]
Content = Annotated[str, Field(max_length=20_000)]
# A field of a change that may be left out, and then keeps its value. Null is refused.
UNSET: Any = Field(default_factory=lambda: None)


class UserCreate(BaseModel):
    name: Name
    email: Email
    password: Password


class UserUpdate(BaseModel):
    name: Name = UNSET
    email: Email = UNSET


class UserPublic(BaseModel):
    """A user as others see them."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str


class AccountPublic(UserPublic):
    """A user as they see themselves."""

    email: str


class LoginRequest(BaseModel):
    email: Email
    password: Password


class TokenPublic(BaseModel):
    access_token: str
    token_type: str = "bearer"
    user: AccountPublic


class PostCreate(BaseModel):
    title: Title
    content: Content
    published: bool = False


class PostUpdate(BaseModel):
    title: Title = UNSET
    content: Content = UNSET
    published: bool = UNSET


class PostPublic(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str
    content: str
    published: bool
    author_id: int


class PostWithAuthor(PostPublic):
    author: UserPublic


class UploadPublic(BaseModel):
    message: str
    filename: str
    url: str
    uploaded_by: int
