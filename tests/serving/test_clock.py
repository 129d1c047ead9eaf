"""A clock that's ahead, in a separate process: everything you can ask for the time is ahead too."""

import subprocess
import sys

import pytest

START = "from workbook.serving.probes import move_clock; import time; real = time.time(); move_clock(36_000); "
HERE = "assert abs({} - real - 36_000) < 60"


@pytest.mark.parametrize(
    "code",
    [
        "import time; told = time.time()",
        "import time; told = time.time_ns() / 1e9",
        "import calendar, time; told = calendar.timegm(time.gmtime())",
        "import time; told = time.mktime(time.localtime())",
        "import time; told = time.mktime(time.strptime(time.strftime('%Y-%m-%d %H:%M:%S'), '%Y-%m-%d %H:%M:%S'))",
        "from datetime import UTC, datetime; told = datetime.now(UTC).timestamp()",
        "from datetime import UTC, datetime; told = datetime.utcnow().replace(tzinfo=UTC).timestamp()",
        "import logging; told = logging.LogRecord('', 0, '', 0, '', (), None).created",
    ],
)
def test_the_clock_is_ahead(code: str) -> None:
    """Whatever an app asks for the time, it's ten hours ahead."""
    subprocess.run([sys.executable, "-c", START + code + "; " + HERE.format("told")], check=True)


@pytest.mark.parametrize(
    "code",
    [
        "import logging, time; F = type('F', (logging.Formatter,), {'converter': time.gmtime}); "
        "F('%(asctime)s').format(logging.LogRecord('', 0, '', 0, '', (), None))",
        "import pydantic; from datetime import datetime; M = pydantic.create_model('M', at=(datetime, ...)); "
        "assert isinstance(M(at='2026-01-01T00:00:00Z').at, datetime)",
        "from datetime import datetime; from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column; "
        "B = type('B', (DeclarativeBase,), {}); type('T', (B,), {'__tablename__': 't', '__annotations__': {'id': "
        "Mapped[int], 'at': Mapped[datetime]}, 'id': mapped_column(primary_key=True)})",
    ],
)
def test_an_app_bears_it(code: str) -> None:
    """A formatter's converter, a model's field and a column of a table take the clock that is ahead."""
    subprocess.run([sys.executable, "-c", START + code], check=True)


@pytest.mark.parametrize(
    "told", ["datetime.now(UTC).timestamp()", "datetime.utcnow().replace(tzinfo=UTC).timestamp()", "time.time()"]
)
def test_a_clock_can_be_moved_twice(told: str) -> None:
    """A clock that's ahead can be moved once more: it's then ahead by the sum of both."""
    code = (
        f"move_clock(3_600); from datetime import UTC, datetime; told = {told}; assert abs(told - real - 39_600) < 60"
    )
    subprocess.run([sys.executable, "-c", START + code], check=True)
