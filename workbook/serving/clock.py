"""A clock that's ahead, with which tests see an app at another hour of the day."""

import datetime
import time
from typing import Any


class _Metaclass(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _REAL)


_REAL = datetime.datetime


def move_clock(seconds: int) -> None:
    """Let the clock be ahead by so many seconds for what's imported from now on: in `time` and in `datetime.datetime`.

    What was imported before keeps the real class; values of both are equal, compare, and are of the same type to
    `isinstance`, pydantic and SQLAlchemy.
    """
    ahead = datetime.timedelta(seconds=seconds)
    real_time, real_time_ns = time.time, time.time_ns
    real = {name: getattr(time, name) for name in ("gmtime", "localtime", "ctime")}

    def of_now(name: str) -> Any:
        return lambda secs=None: real[name](real_time() + seconds if secs is None else secs)

    real_strftime = time.strftime

    class Ahead(_REAL, metaclass=_Metaclass):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return _REAL.now(tz) + ahead

        @classmethod
        def utcnow(cls) -> Any:
            return _REAL.fromtimestamp(real_time() + seconds, datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return _REAL.now() + ahead

        @classmethod
        def __get_pydantic_core_schema__(cls, _: Any, handler: Any) -> Any:
            return handler(_REAL)

    time.time = lambda: real_time() + seconds
    time.time_ns = lambda: real_time_ns() + seconds * 1_000_000_000
    for name in real:
        setattr(time, name, of_now(name))
    time.strftime = lambda form, t=None: real_strftime(form, time.localtime() if t is None else t)
    datetime.datetime = Ahead  # type: ignore[misc]
