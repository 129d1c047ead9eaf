"""The course's own TOML files, checked against a model; the error about what doesn't fit names its line and key."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from workbook.errors import UserError

from .step_files import read_held_back


class Strict(BaseModel):
    """A table of such a file: it may hold only what the model knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=Strict)
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

# What the libraries say, in words that name the cure.
CLEARER = {
    "Input should have timezone info": "a time needs its timezone, as in 2026-11-22T23:59:00+01:00",
    "Cannot overwrite a value": "a key is in this table twice",
}


def read_toml(path: Path, model: type[Model], *, table: str, called: str, cure: str) -> Model:
    """Read `path`, which holds `[[table]]`s. Raises `UserError`: in it the file is `called`, and `cure` comes next."""
    try:
        text = read_held_back(path)
        return model.model_validate(tomllib.loads(text))
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{called} isn't UTF-8 (byte {error.start}).", cure) from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{called} isn't valid TOML: {_clearer(str(error))}", cure) from error
    except ValidationError as error:
        first = error.errors()[0]
        where, key = _place(text, first["loc"], table)
        raise UserError(f"{called}, line {where}, key {key}: {_clearer(first['msg'])}.", cure) from error


def _clearer(message: str) -> str:
    """Return what a library says, with its least clear words in clearer ones."""
    for said, better in CLEARER.items():
        message = message.replace(said, better)
    return message


def _place(text: str, loc: tuple[int | str, ...], table: str) -> tuple[int, str]:
    """Return the line and name of the key at `loc`, or the line of its table's head if the key is missing."""
    lines = text.splitlines()
    heads = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{table}\s*\]\]", line)]
    first, keys = -1, loc
    if len(loc) > 1 and loc[0] == table and isinstance(loc[1], int) and loc[1] < len(heads):
        first, keys = heads[loc[1]], loc[2:] or loc[:1]
    name = ".".join(key for key in keys if isinstance(key, str))
    last = next((head for head in heads if head > first), len(lines))
    place = first
    for n in range(first + 1, last):
        if keys and re.match(rf"\s*\[?\s*({table}\.)?{re.escape(str(keys[0]))}\b", lines[n]):
            place, keys = n, keys[1:]
            if not lines[n].lstrip().startswith("["):  # in a separate table the key is further down
                break
    return max(place, 0) + 1, name
