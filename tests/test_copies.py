"""Code that several steps have is a copy, on purpose: each step can be read alone. This holds the copies together."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from workbook.course.model import Course

COURSE = Course.find(Path(__file__).parent.parent)
ONLY_DOCUMENTS = {"responses", "openapi_extra"}  # arguments that only the OpenAPI page shows
# What isn't the same everywhere, and why: `04 05 | final` means that 04 and 05 have one form, and final another.
DIFFERENT = {
    "a stage's blog has only the fields, routes and settings that its concept needs": {
        "CurrentUser": "01 04 | 05 final",
        "LoginRequest": "03 | 05 | final",
        "POSTS": "01 | 02",
        "Post": "01 | 03 | 05 | final",
        "PostCreate": "01 | 03 | 05 | final",
        "PostPublic": "03 | 05 | final",
        "Settings": "01 | 03 | 04 | 05 | final",
        "ProfilePicturePublic": "04 | final",
        "StoredFile": "04 | final",
        "UploadsPublic": "04 | final",
        "UploadPublic": "05 | final",
        "User": "03 | 05 | 06 | final",
        "UserCreate": "03 | 05 | 06 | final",
        "UserPublic": "03 | 05 06 | final",
        "app": "01 | 02 | 03 | 04 | 05 | 06 | final",
        "crash": "01 02 | 06",
        "create_post": "01 | 05 final",
        "delete_post": "01 | 05 final",
        "get_current_user": "01 | 04 | 05 | final",
        "lifespan": "04 | 05 | 06 | final",
        "list_posts": "01 | 05 final",
        "list_users": "05 final | 06",
        "login": "03 | 05 | final",
        "read_me": "01 | 05 | final",
        "read_post": "01 | 02 | 05 | final",
        "read_user": "05 final | 06",
        "register": "03 | 05 | 06 | final",
        "root": "05 | final",
        "upload_image": "04 | 05 | final",
        "upload_multiple": "04 | final",
        "upload_profile_picture": "04 | final",
    },
    "final's models refuse fields that they don't know, and what PostgreSQL can't store": {
        "Content": "05 | final",
        "Email": "05 | final",
        "Password": "05 | final",
        "PostUpdate": "05 | final",
        "TokenPublic": "05 | final",
        "UserUpdate": "05 | final",
    },
    "final's errors say what to do next, all in the one shape of stage 06": {
        "ApiKeyMiddleware": "02 | final",
        "conflicting": "05 | final",
        "error_response": "06 | final",
        "get_own_post": "05 | final",
        "invalid": "01 03 04 05 | 06 | final",
        "refused": "06 | final",
        "update_me": "05 | final",
    },
    "01 allows `*`, to show what that does": {
        "check_origin": "01 | final",
    },
    "final saves the way into a thread where nothing waits: docs/final-why.md#async": {
        "get_session": "03 05 06 | final",
        "get_viewer": "05 | final",
    },
    "final's OpenAPI page also says how to log in, and which fields of an error are always there": {
        "Credentials": "05 | final",
        "ErrorResponse": "06 | final",
        "bearer": "01 05 | final",
    },
    "final's settings, engine and hashes are for production, and so is how it reads them": {
        "engine": "03 | 05 | 06 | final",
        "passwords": "03 | 05 final",
        "settings": "01 03 04 05 | final",
    },
    "final's log names requests and no people, and its headers are encoded once": {
        "RequestLogMiddleware": "02 | final",
        "SECURITY_HEADERS": "02 | final",
        "send_mail": "03 | final",
        "send_welcome": "03 | final",
    },
    "final takes PDFs too, and bounds the memory of many large photos by its decoders": {
        "InertFiles": "04 05 | final",
        "in_turn": "04 05 | final",
        "reencode": "04 | 05 | final",
        "to_srgb": "04 05 | final",
    },
    "06 finds a user by an id, final by a token": {
        "find_user": "06 | final",
    },
}


def without_words(tree: ast.Module) -> ast.Module:
    """Take out docstrings, and what a route's decorator has only for the OpenAPI page."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.Call):
            node.keywords = [given for given in node.keywords if given.arg not in ONLY_DOCUMENTS]
    return tree


def definitions(file: Path) -> Iterator[tuple[str, str]]:
    """Yield what a module defines at its top: names, and their code without comments and docstrings."""
    for node in without_words(ast.parse(file.read_text(encoding="utf-8"))).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, ast.unparse(node)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name, ast.unparse(node)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for target, value in zip(names, values, strict=True):
                    yield ast.unparse(target), f"{ast.unparse(target)} = {ast.unparse(value)}"


def forms() -> dict[str, str]:
    """Return the names that have more than one form, and which steps share one.

    A name that one step gives to several of its modules, such as `router`, is left out.
    """
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for step in COURSE.steps:
        if step.kind != "exercise":
            folder = COURSE.folder(step)
            beside = (file for file in folder.glob("*.py") if not file.name.startswith("test_"))
            files = (folder / "app").rglob("*.py") if (folder / "app").is_dir() else beside
            for name, code in (each for file in sorted(files) for each in definitions(file)):
                found[name][code].append(step.name if step.kind == "project" else step.name[:2])
    shared = {name: " | ".join(" ".join(steps) for steps in codes.values()) for name, codes in found.items()}
    return {name: form for name, form in shared.items() if "|" in form and not re.search(r"(\b\w+\b).*\b\1\b", form)}


def test_copies_are_equal() -> None:
    """What two steps define under one name is the same code, or the difference is listed here with its reason."""
    listed = {name: form for names in DIFFERENT.values() for name, form in names.items()}

    assert forms() == listed


def test_a_changed_copy_is_noticed(tmp_path: Path) -> None:
    """A changed line makes another form; a comment, a docstring or an entry of the OpenAPI page doesn't."""
    texts = {
        "first": "@get(responses=documented(404))\ndef read(): return 1",
        "the same": '@get()\ndef read():\n    """Read it."""\n    return 1  # one',
        "another": "@get()\ndef read(): return 2",
    }
    (first, same, another) = (tmp_path / name for name in texts)
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    assert [*definitions(first)] == [*definitions(same)] != [*definitions(another)]
