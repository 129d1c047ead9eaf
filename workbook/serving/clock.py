"""A clock that's ahead, with which tests see an app at another hour of the day."""

import datetime
import time
from collections.abc import Callable
from typing import Any

_REAL = datetime.datetime


class _Metaclass(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _REAL)


class _Function:
    """A function that stays one as a class's attribute, as those of `time` do: it isn't bound to an instance."""

    def __init__(self, called: Callable[..., Any]) -> None:
        self._called = called

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._called(*given, **named)


def move_clock(seconds: int) -> None:
    """Let the clock be ahead by so many seconds for what's imported from now on: in `time` and in `datetime.datetime`.

    What was imported before keeps the real class; values of both are equal, compare, and are of the same type to
    `isinstance`, pydantic and SQLAlchemy.
    """
    ahead = datetime.timedelta(seconds=seconds)
    now, nanoseconds = time.time, time.time_ns
    before = datetime.datetime  # the real one, or one that was moved before: then this one adds up

    class Ahead(_REAL, metaclass=_Metaclass):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return before.now(tz) + ahead

        @classmethod
        def utcnow(cls) -> Any:
            return _REAL.fromtimestamp(now() + seconds, datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return before.now() + ahead

        @classmethod
        def __get_pydantic_core_schema__(cls, _: Any, handler: Any) -> Any:
            from pydantic_core import core_schema  # late: only apps that have models need it

            return core_schema.datetime_schema()

    def of_now(real: Callable[[float], Any]) -> Any:
        return _Function(lambda secs=None: real(now() + seconds if secs is None else secs))

    moved: dict[str, Any] = {
        "time": _Function(lambda: now() + seconds),
        "time_ns": _Function(lambda: nanoseconds() + seconds * 1_000_000_000),
        **{name: of_now(getattr(time, name)) for name in ("gmtime", "localtime", "ctime")},
    }
    strftime, asctime = time.strftime, time.asctime
    moved["strftime"] = _Function(lambda form, t=None: strftime(form, moved["localtime"]() if t is None else t))
    moved["asctime"] = _Function(lambda t=None: asctime(moved["localtime"]() if t is None else t))
    for name, function in moved.items():
        setattr(time, name, function)
    datetime.datetime = Ahead  # type: ignore[misc]
