"""Without the hidden parts, in the learner edition, there are no solutions that an attack could begin with."""

from collections.abc import Iterator

import pytest

from ..runners import helpers_forked
from .grading import exercise_of

collect_ignore = [] if exercise_of("count").solution.exists() else ["test_attacks.py"]


@pytest.fixture(scope="module", autouse=True)
def _helpers_forked() -> Iterator[None]:
    with helpers_forked():
        yield
