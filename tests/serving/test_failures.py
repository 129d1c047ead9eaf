"""Apps that don't start, and what the learner reads: word for word, and only with the learner's own frames."""

import errno
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workbook.serving import AppFailed, ServedApp

from ..apps import HELLO, without_marks

pytestmark = pytest.mark.exhaustive(sample=17, of="file")

Serve = Callable[..., ServedApp]

CASES: dict[str, tuple[dict[str, str], str, str]] = {
    "syntax": (
        {"main.py": "import os\n\nif os\n    pass\n"},
        "syntax",
        """\
The app has a syntax error:
  File "main.py", line 3
    if os
         ^
SyntaxError: expected ':'""",
    ),
    "syntax in a module of the package": (
        {"app/main.py": "from .routers import posts\n", "app/routers/posts.py": "def read(:\n    pass\n"},
        "syntax",
        """\
The app has a syntax error:
  File "app/routers/posts.py", line 1
    def read(:
             ^
SyntaxError: invalid syntax""",
    ),
    "a file that is written half": (
        {"main.py": 'def answer(path):\n    return {"title": "Hel'},
        "syntax",
        """\
The app has a syntax error:
  File "main.py", line 2
    return {"title": "Hel
                     ^
SyntaxError: unterminated string literal (detected at line 2)""",
    ),
    "a file that is empty": ({"main.py": ""}, "no-app", "main.py defines no `app`. It defines nothing."),
    "no app": (
        {"main.py": "import os\n\n_private = 1\n\ndef read_posts():\n    pass\n"},
        "no-app",
        "main.py defines no `app`. It defines os, read_posts.",
    ),
    "no app in the package": (
        {"app/main.py": "from fastapi import FastAPI\n\napi = FastAPI()\n"},
        "no-app",
        "app/main.py defines no `app`. Its FastAPI app is called `api`: call it `app`.",
    ),
    "an app that is none": (
        {"main.py": "app = None\n"},
        "no-app",
        "main.py defines `app`, but as None: not an app that can be served.",
    ),
    "neither file": ({"mian.py": ""}, "no-app", "There's no main.py and no app/main.py in my app/."),
    "exit": (
        {"main.py": "import settings\n", "settings.py": "import sys\n\nprint('set SECRET_KEY')\nsys.exit(4)\n"},
        "exit",
        """\
The app ended the program while it was imported:
Traceback (most recent call last):
  File "main.py", line 1, in <module>
    import settings
  File "settings.py", line 4, in <module>
    sys.exit(4)
SystemExit: 4
It had written:
set SECRET_KEY""",
    ),
    "exit at once": (
        {"main.py": "import os\n\nprint('good', end='')\nos.write(2, b'bye')\nos._exit(3)\n"},
        "exit",
        "The app ended by itself while it was starting, with exit status 3.\nIt had written:\nbye",
    ),
    "killed": (
        {"main.py": "import os\nimport signal\n\nos.kill(os.getpid(), signal.SIGTERM)\n"},
        "exit",
        "The app ended by itself while it was starting, killed by SIGTERM.",
    ),
    "not installed": (
        {"main.py": "import database\n", "database.py": "import motor_of_2031.client\n"},
        "missing",
        """\
The app imports 'motor_of_2031', which isn't installed (and isn't a file of the app):
Traceback (most recent call last):
  File "main.py", line 1, in <module>
    import database
  File "database.py", line 1, in <module>
    import motor_of_2031.client
ModuleNotFoundError: No module named 'motor_of_2031'""",
    ),
    "a module of the package that is not there": (
        {"app/__init__.py": "", "app/main.py": "from .routers import posts\n"},
        "missing",
        """\
The app imports 'app.routers', which isn't in its folder:
Traceback (most recent call last):
  File "app/main.py", line 1, in <module>
    from .routers import posts
ModuleNotFoundError: No module named 'app.routers'""",
    ),
    "circular": (
        {
            "app/__init__.py": "",
            "app/main.py": "from .models import Post\n",
            "app/models.py": "from .crud import read\n\nPost = read\n",
            "app/crud.py": "from .models import Post\n\nread = Post\n",
        },
        "import",
        """\
The app couldn't be imported:
Traceback (most recent call last):
  File "app/main.py", line 1, in <module>
    from .models import Post
  File "app/models.py", line 1, in <module>
    from .crud import read
  File "app/crud.py", line 1, in <module>
    from .models import Post
ImportError: cannot import name 'Post' from partially initialized module 'app.models' (most likely due to a circular \
import) (app/models.py)""",
    ),
    "an error while importing": (
        {"main.py": "def limit():\n    return int('ten')\n\nlimit()\n"},
        "import",
        """\
The app couldn't be imported:
Traceback (most recent call last):
  File "main.py", line 4, in <module>
    limit()
  File "main.py", line 2, in limit
    return int('ten')
           ^^^^^^^^^^
ValueError: invalid literal for int() with base 10: 'ten'""",
    ),
    "a group of errors while importing": (
        {"main.py": "raise ExceptionGroup('settings', [ValueError('PORT'), KeyError('HOST')])\n"},
        "import",
        """\
The app couldn't be imported:
  + Exception Group Traceback (most recent call last):
  |   File "main.py", line 1, in <module>
  |     raise ExceptionGroup('settings', [ValueError('PORT'), KeyError('HOST')])
  | ExceptionGroup: settings (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: PORT
    +---------------- 2 ----------------
    | KeyError: 'HOST'
    +------------------------------------""",
    ),
}

DATABASE = """\
import time


def connect():
    time.sleep(99)


connect()
"""
LIFESPAN = """\
import asyncio
import time
from contextlib import asynccontextmanager


async def connect():
    {connect}


@asynccontextmanager
async def lifespan(app):
    await connect()
    yield
"""
FASTAPI_LIFESPAN = """

from fastapi import FastAPI

app = FastAPI(lifespan=lifespan)
"""
PLAIN_LIFESPAN = """

async def app(scope, receive, send):
    async with lifespan(app):
        await receive()
"""


def failure(serve: Serve, files: dict[str, str], **options: float) -> AppFailed:
    with pytest.raises(AppFailed) as failed:
        serve(files, **options)
    return failed.value


@pytest.mark.parametrize("case", CASES)
def test_a_start_that_fails_is_told_to_the_author(serve: Serve, case: str) -> None:
    """The reason why an app doesn't start names the app's files, and none of ours."""
    files, kind, text = CASES[case]

    failed = failure(serve, files)

    assert without_marks(failed.text) == without_marks(text)
    assert failed.kind == kind


def test_a_file_with_null_bytes_is_named(serve: Serve) -> None:
    """A file that an editor left full of null bytes is named, although Python doesn't say which it is."""
    failed = failure(serve, {"main.py": "import posts\n", "posts.py": "title = 1\n\0\0"})

    assert failed.kind == "syntax"
    assert "null bytes" in failed.text
    assert "posts.py" in failed.text


@pytest.mark.parametrize(
    "files, told",
    [
        (
            {"app/main.py": "from . import database\n", "app/database.py": DATABASE},
            "app/database.py, line 5, in connect():\n    time.sleep(99)",
        ),
        ({"main.py": "while True: pass\n"}, "main.py, line 1:\n    while True: pass"),
        (
            {"main.py": "import re\n\nre.match('(a+)+$', 'a' * 99 + 'b')\n"},
            "main.py, line 3:\n    re.match('(a+)+$', 'a' * 99 + 'b')",
        ),
    ],
    ids=["waits", "runs", "lets no other thread run"],
)
def test_a_hang_at_import_names_its_line(serve: Serve, files: dict[str, str], told: str) -> None:
    """If an app hangs during its import, it's stopped, and the message shows the line."""
    failed = failure(serve, files, patience=1)

    assert failed.text == f"The app hadn't started after 1 s. It hangs at {told}"
    assert failed.kind == "hang"


@pytest.mark.parametrize(
    "connect, told",
    [
        ("await asyncio.sleep(99)", "The app's start-up, its lifespan, hadn't ended after 3 s. It waits at"),
        ("time.sleep(99)", "The app hadn't started after 3 s. It hangs at"),
    ],
    ids=["awaits", "blocks"],
)
def test_a_start_up_that_hangs_names_its_line(serve: Serve, connect: str, told: str) -> None:
    """If a lifespan doesn't reach its `yield`, the app is stopped, and the message shows the line."""
    failed = failure(serve, {"main.py": LIFESPAN.format(connect=connect) + PLAIN_LIFESPAN}, patience=3)

    assert failed.text == f"{told} main.py, line 7, in connect():\n    {connect}"
    assert failed.kind == "hang"


def test_a_start_up_that_fails_shows_its_own_frames(serve: Serve) -> None:
    """If a lifespan raises, the traceback has only the app's own frames."""
    connect = 'raise RuntimeError("no database")'

    failed = failure(serve, {"main.py": LIFESPAN.format(connect=connect) + FASTAPI_LIFESPAN})

    assert failed.kind == "startup"
    assert (
        failed.text
        == f"""\
The app was imported, but its start-up failed:
Traceback (most recent call last):
  File "main.py", line 12, in lifespan
    await connect()
  File "main.py", line 7, in connect
    {connect}
RuntimeError: no database"""
    )


def test_a_port_in_use_is_told(serve: Serve) -> None:
    """If the port is in use, the error names its number."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        failed = failure(serve, {"main.py": HELLO}, port=port)

    assert failed.kind == "port"
    assert failed.text == f"Port {port} can't be used: {os.strerror(errno.EADDRINUSE)}."


def test_a_start_that_is_given_up_leaves_nothing(serve: Serve, temporary: Path) -> None:
    """When an app that hung is reported, its folder is already deleted."""
    failure(serve, {"main.py": "import time\n\ntime.sleep(99)\n"}, patience=0.5)

    assert list(temporary.iterdir()) == []


def test_a_failure_is_told_at_once(serve: Serve) -> None:
    """If an app ends during its start, that's reported immediately, without waiting for the time limit."""
    before = time.monotonic()

    failure(serve, {"main.py": "import os\n\nos._exit(3)\n"}, patience=600)

    assert time.monotonic() - before < 300
