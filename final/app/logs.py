"""The log: one line each, in UTC, with the id of the request that it belongs to."""

import logging
import time
from contextvars import ContextVar
from functools import partial
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class LogFormatter(logging.Formatter):
    """A formatter that keeps each message on one line; only a traceback has several."""

    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.request_id = request_id.get()
        if not record.message.isprintable():
            shown = (c if c.isprintable() else repr(c)[1:-1] for c in record.message)
            record.message = "".join(shown)
        return super().formatMessage(record)


LINE = "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": partial(LogFormatter, LINE), "datefmt": "%Y-%m-%dT%H:%M:%SZ"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "blog": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        "uvicorn.access": {"handlers": [], "propagate": False},  # ours says more
    },
}
