"""Questions that put several stages together, in stages/review.toml; `workbook review` asks them."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from workbook.tomlfile import Strict, Text, read_toml

FILE = "stages/review.toml"


class AcrossQuestion(Strict):
    """A question about the stages in `about`, its choices, and which of them is the answer."""

    title: Text
    about: Annotated[list[Text], Field(min_length=2)]
    question: Text
    choices: Annotated[list[Text], Field(min_length=2)]
    answer: Text
    why: Text

    @model_validator(mode="after")
    def _has_its_answer(self) -> Self:
        if self.answer not in self.choices:
            raise ValueError("the answer isn't one of the choices")
        return self


class _File(Strict):
    question: Annotated[list[AcrossQuestion], Field(min_length=1)]


def read_across(root: Path) -> list[AcrossQuestion]:
    """Return the questions across the stages of the course in `root`; none without such a file.

    Raises `UserError`.
    """
    file = root / FILE
    if not file.exists():
        return []
    cure = f"put the line right, or restore the file: git checkout {FILE}"
    return read_toml(file, _File, table="question", called=FILE, cure=cure).question
