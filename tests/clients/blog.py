"""What a Python program does with the client that openapi-python-client made of final's OpenAPI; prints JSON."""

import json
import sys
from io import BytesIO
from pathlib import Path

from blog_client import AuthenticatedClient, Client  # type: ignore[import-not-found]
from blog_client.api.authentication import login, register  # type: ignore[import-not-found]
from blog_client.api.posts import create_post, delete_post, read_post  # type: ignore[import-not-found]
from blog_client.api.uploads import upload_image, upload_multiple  # type: ignore[import-not-found]
from blog_client.models import (  # type: ignore[import-not-found]
    BodyUploadImage,
    BodyUploadMultiple,
    LoginRequest,
    PostCreate,
    UserCreate,
)
from blog_client.types import File  # type: ignore[import-not-found]

url, picture = sys.argv[1], Path(sys.argv[2]).read_bytes()
ada = {"email": "ada@example.com", "password": "correct horse battery"}


def photo() -> File:
    return File(payload=BytesIO(picture), file_name="photo.png", mime_type="image/png")


client = Client(base_url=url)
user = register.sync(client=client, body=UserCreate(name="Ada", **ada))
token = login.sync(client=client, body=LoginRequest(**ada))
member = AuthenticatedClient(base_url=url, token=token.access_token)
post = create_post.sync(client=member, body=PostCreate(title="Hello", content="World"))
stored = upload_image.sync(client=member, body=BodyUploadImage(file=photo()))
several = upload_multiple.sync(client=member, body=BodyUploadMultiple(files=[photo(), photo()]))
missing = read_post.sync(client=client, post_id=999)
refused = register.sync(client=client, body=UserCreate(name="Ada", email="nope", password="x"))
gone = delete_post.sync_detailed(client=member, post_id=post.id)
print(
    json.dumps(
        {
            "user": user.to_dict(),
            "post": post.to_dict(),
            "stored": stored.to_dict(),
            "several": several.uploaded,
            "missing": missing.to_dict(),
            "refused": [one.field for one in refused.errors],
            "gone": gone.status_code,
        }
    )
)
