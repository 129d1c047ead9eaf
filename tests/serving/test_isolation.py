"""What an app sees and leaves behind: its current code, its own variables, its own folder."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from workbook.serving import Launcher, ServedApp

from ..apps import PLAIN, write

Serve = Callable[..., ServedApp]

TELL = """\
import json
import os
import sys
from pathlib import Path

print("from standard output")
print("from standard error: \\u00e9", file=sys.stderr)
os.write(1, b"past Python\\n")


def answer(path):
    environment = dict(os.environ)
    listed = sorted(file.name for file in Path().iterdir())
    return json.dumps({"environment": environment, "here": os.getcwd(), "listed": listed, "argv": sys.argv})
"""


def get(app: ServedApp, path: str = "/") -> str:
    return httpx.get(app.url + path, trust_env=False, timeout=60).text


def test_a_save_of_the_same_size_in_the_same_second_counts(launcher: Launcher, folder: Path, temporary: Path) -> None:
    """The last save runs, even if its size and second are those of the one before."""
    responses = []
    for word in ("one", "two", "six"):
        write(folder, {"main.py": "from words import WORD\n\n\ndef answer(path):\n    return WORD\n" + PLAIN})
        write(folder, {"words.py": f"WORD = '{word}'\n"})
        for file in folder.iterdir():
            os.utime(file, (1_700_000_000, 1_700_000_000))
        with ServedApp(launcher, folder) as app:
            responses.append(get(app))

    assert responses == ["one", "two", "six"]


def test_old_bytecode_is_not_run(serve: Serve, folder: Path) -> None:
    """Bytecode that another tool left in the app directory isn't run, even if it claims to fit."""
    import py_compile

    write(folder, {"main.py": "def answer(path):\n    return 'old'\n" + PLAIN})
    os.utime(folder / "main.py", (1_700_000_000, 1_700_000_000))
    py_compile.compile(str(folder / "main.py"), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)

    app = serve({"main.py": "def answer(path):\n    return 'new'\n" + PLAIN})

    assert get(app) == "new"


def test_nothing_is_written_into_the_app_directory(serve: Serve, folder: Path) -> None:
    """Serving an app doesn't change its directory: no __pycache__, no file of ours."""
    files = {"app/__init__.py": "", "app/main.py": "from .posts import answer\n" + PLAIN}
    app = serve(files | {"app/posts.py": "def answer(path):\n    return path\n"})
    get(app)
    app.stop()

    left = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    assert left == ["app", "app/__init__.py", "app/main.py", "app/posts.py"]


def test_only_given_variables_reach_the_app(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app sees the variables it's given, and none of the tester's that could configure it."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://production")
    monkeypatch.setenv("SECRET_KEY", "of the tester")

    app = serve({"main.py": TELL + PLAIN}, env={"SECRET_KEY": "für den Test", "EMPTY": ""})

    seen = json.loads(get(app))["environment"]
    assert "DATABASE_URL" not in seen
    assert [name for name in seen if name.startswith(("WORKBOOK", "PYTEST", "UV"))] == []
    assert (seen["SECRET_KEY"], seen["EMPTY"]) == ("für den Test", "")
    assert seen["PATH"] == os.environ["PATH"]


def test_the_environment_is_inherited_when_asked_for(serve: Serve) -> None:
    """With `inherit_env`, the app sees the tester's variables; those that it's given win."""
    app = serve({"main.py": TELL + PLAIN}, env={"PATH": "given"}, inherit_env=True)

    seen = json.loads(get(app))["environment"]
    assert (seen["PYTEST_VERSION"], seen["PATH"]) == (pytest.__version__, "given")


def test_the_data_folder_is_empty_and_the_working_directory(serve: Serve) -> None:
    """An app starts in a separate, empty data folder."""
    app = serve({"main.py": TELL + PLAIN})

    seen = json.loads(get(app))
    assert Path(seen["here"]).resolve() == app.data.resolve()
    assert seen["listed"] == []
    assert seen["argv"] == ["app"]


def test_the_data_folder_can_be_kept(serve: Serve, tmp_path: Path) -> None:
    """If the owner names a data folder, it's used unchanged, and stays."""
    data = write(tmp_path / "data of mine", {"blog.db": "rows"})

    app = serve({"main.py": TELL + PLAIN}, data=data)

    assert json.loads(get(app))["listed"] == ["blog.db"]
    app.stop()
    assert (data / "blog.db").read_text() == "rows"


def test_a_data_folder_may_be_named_from_here(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative data folder is below the owner's working directory, wherever the launcher runs."""
    monkeypatch.chdir(tmp_path)

    app = serve({"main.py": TELL + PLAIN}, data=Path("data"), log=Path("log"))

    assert Path(json.loads(get(app))["here"]) == (tmp_path / "data").resolve()
    assert "from standard output" in (tmp_path / "log").read_text(encoding="utf-8")


def test_an_unknown_option_leaves_nothing(serve: Serve) -> None:
    """A wrong option is reported before anything starts, and doesn't leave a folder."""
    with pytest.raises(TypeError, match="patiense"):
        serve({"main.py": TELL + PLAIN}, patiense=3)


def test_the_log_holds_both_streams(serve: Serve) -> None:
    """What the app writes to standard output and standard error is in its log at once, in order."""
    app = serve({"main.py": TELL + PLAIN})

    assert app.log.splitlines()[:3] == ["from standard output", "from standard error: é", "past Python"]


def test_the_log_can_be_read_from_a_point_on(serve: Serve) -> None:
    """You can read only what was written to the log since a certain moment."""
    say = "def answer(path):\n    print('asked for', path)\n    return path\n"
    app = serve({"main.py": say + PLAIN})
    get(app, "/before")
    size = app.log_size

    get(app, "/after")

    since = app.log_since(size)
    assert "asked for /after" in since
    assert "asked for /before" not in since


def test_two_apps_do_not_meet(serve: Serve) -> None:
    """Two apps served at once have separate ports, folders, variables and state."""
    count = (
        "import os\n\nseen = []\n\n\ndef answer(path):\n    seen.append(path)\n    return os.environ['NAME'], seen\n"
    )
    one = serve({"main.py": count + PLAIN}, env={"NAME": "one"})
    two = serve({"main.py": count + PLAIN}, env={"NAME": "two"})

    get(one, "/a")

    assert get(one, "/b") == "('one', ['/a', '/b'])"
    assert get(two, "/c") == "('two', ['/c'])"
    assert one.url != two.url
    assert one.data != two.data
