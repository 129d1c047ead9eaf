"""`workbook run`: a step, served as its users would see it."""

import contextlib
import signal
import smtplib
import socket
import sqlite3
import time
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from ..golden import Screens
from ..runners import Running, Workbook, free_port, is_free, replace_in, sole_use_of, wait_until

pytestmark = pytest.mark.exhaustive(sample=6, of="file")


def get(url: str) -> httpx.Response | None:
    """Return the response, or None if there's no server."""
    try:
        return httpx.get(url, trust_env=False, timeout=10)
    except httpx.TransportError:
        return None


def serve(workbook: Workbook, *words: str) -> tuple[Running, str]:
    """Serve a step on a free port; return it with its address as soon as it responds."""
    port = free_port()
    running = workbook.start("run", *words, "--port", str(port))
    running.wait_for("Ctrl-C ends it.")
    return running, f"http://127.0.0.1:{port}"


def own_lines(out: str) -> str:
    """Return what `run` wrote itself, without uvicorn's log, whose order depends on the moment."""
    return "\n".join(line for line in out.splitlines() if not line.startswith("INFO: "))


def test_run_serves_the_copy_with_its_settings(workbook: Workbook, screens: Screens) -> None:
    """`run` serves your copy with the step's settings and says where; Ctrl-C ends it with exit 0."""
    workbook("start", "02")

    running, url = serve(workbook, "02")

    assert httpx.post(f"{url}/notes/milk", trust_env=False).json() == {"note": "milk"}
    ended = running.end(signal.SIGINT)
    assert ended.status == 0
    screens("run-stage", own_lines(ended.out))
    assert (workbook.work / "data/02-notes/notes.txt").read_text(encoding="utf-8") == "milk\n"


def test_run_shipped_says_where_the_copy_is(workbook: Workbook) -> None:
    """Beside a copy, `run --shipped` says that it serves the original, and how to serve the copy."""
    workbook.put_into_work("02-notes")

    running, _ = serve(workbook, "02", "--shipped")

    said = running.end().out
    assert "Notes, stages/02-notes" in said
    assert "This is the original. Yours is in work/02-notes: uv run workbook run 02-notes" in " ".join(said.split())


def has_kept(url: str) -> bool:
    """Return whether the app has the latest edit. There may be none while one replaces the other."""
    with contextlib.suppress(httpx.TransportError):
        return bool(httpx.post(f"{url}/notes/a", trust_env=False).json() == {"kept": "a"})
    return False


def test_a_save_replaces_the_app(workbook: Workbook, screens: Screens) -> None:
    """A save is served at once; a syntax error is shown with its line, and once it's fixed you're served again."""
    workbook("start", "02")
    main = workbook.work / "02-notes/app/main.py"
    running, url = serve(workbook, "02")

    replace_in(main, '{"note": text}', '{"kept": text}')
    wait_until(lambda: (response := get(f"{url}/openapi.json")) and response.status_code == 200, lambda: running.text)
    wait_until(lambda: has_kept(url), lambda: running.text)

    replace_in(main, "app = FastAPI()", "app = FastAPI(")
    running.wait_for("Correct it and save")
    assert get(f"{url}/notes") is None

    replace_in(main, "app = FastAPI(\n", "app = FastAPI()\n")
    wait_until(lambda: get(f"{url}/notes"), lambda: running.text)
    _, fail, card = running.end().out.rpartition(" FAIL ")
    screens("run-syntax-error", fail + card.partition("Saved; ")[0])


def test_data_stays_between_runs_and_fresh_keeps_it(workbook: Workbook, screens: Screens) -> None:
    """Stored data is there in the next run; --fresh begins empty and moves the old data aside."""
    running, url = serve(workbook, "02")
    httpx.post(f"{url}/notes/milk", trust_env=False)
    running.end()
    running, url = serve(workbook, "02")
    again = httpx.get(f"{url}/notes", trust_env=False).json()
    running.end()

    running, url = serve(workbook, "02", "--fresh")
    fresh = httpx.get(f"{url}/notes", trust_env=False).json()
    said = running.end().out

    assert (again, fresh) == (["milk"], [])
    (old,) = (folder for folder in (workbook.work / "data").iterdir() if folder.name != "02-notes")
    assert (old / "notes.txt").read_text(encoding="utf-8") == "milk\n"
    screens("run-fresh", own_lines(said), old=old.name)


def test_mail_is_shown(workbook: Workbook, screens: Screens) -> None:
    """A step with a mailbox sends real mail to it, and `run` shows each mail."""
    running, url = serve(workbook, "02")

    assert httpx.post(f"{url}/notes/milk", params={"mail": "1"}, trust_env=False).status_code == 201

    running.wait_for("Subject: A note: milk")
    screens("run-mail", own_lines(running.end().out))


def test_mail_in_any_alphabet_is_shown(workbook: Workbook) -> None:
    """Mail with letters that an ASCII terminal doesn't have is shown anyway, and doesn't end `run`."""
    port = free_port()
    running = workbook.start("run", "02", "--port", str(port), env={"PYTHONIOENCODING": "ascii"})
    running.wait_for("Ctrl-C ends it.")
    mailbox = running.text.partition("Mail sent to 127.0.0.1:")[2].split()[0]
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Grüße"
    message.set_content("schön")

    with smtplib.SMTP("127.0.0.1", int(mailbox)) as smtp:
        smtp.send_message(message)

    running.wait_for("To: b@example.com")
    assert get(f"http://127.0.0.1:{port}/notes") is not None
    assert running.text.isascii()


def test_a_step_with_pages_serves_them_on_an_origin_of_their_own(workbook: Workbook, screens: Screens) -> None:
    """A step's page is served on port 3000, and `run` says which address to open."""
    with sole_use_of(3000):
        running, url = serve(workbook, "01")

        assert "A page on another origin" in httpx.get("http://127.0.0.1:3000/", trust_env=False).text
        assert httpx.get(f"{url}/hello/Ada", trust_env=False).json() == {"greeting": "Good day Ada"}
        screens("run-page", own_lines(running.end().out))
        assert is_free(3000)


def test_a_taken_page_port_is_told(workbook: Workbook, screens: Screens) -> None:
    """If port 3000 is in use, `run` says so and what to do, exits 1, and leaves nothing running."""
    with sole_use_of(3000), socket.create_server(("127.0.0.1", 3000)):
        ended = workbook("run", "01", "--port", str(free_port()))

    assert ended.status == 1
    screens("run-page-port-taken", ended.err)


def test_a_taken_port_is_told(shared: Workbook, screens: Screens) -> None:
    """If the app's port is in use, `run` says so, suggests another, exits 1, and leaves nothing running."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = shared("run", "02", "--port", str(port))

    assert ended.status == 1
    screens("run-port-taken", ended.err, port=str(port), next_port=str(port + 1))


def test_fresh_moves_nothing_from_under_a_running_app(workbook: Workbook) -> None:
    """If the port is in use, --fresh leaves the data where the app that runs there needs it, and stays in the hint."""
    running, url = serve(workbook, "02")
    httpx.post(f"{url}/notes/milk", trust_env=False)
    port = url.rpartition(":")[2]

    ended = workbook("run", "02", "--port", port, "--fresh")

    assert ended.status == 1
    assert f"run 02-notes --fresh --port {int(port) + 1}" in " ".join(ended.err.split())
    assert (workbook.work / "data/02-notes/notes.txt").read_text(encoding="utf-8") == "milk\n"
    running.end()


def test_a_port_that_is_none_is_refused(shared: Workbook, screens: Screens) -> None:
    """A number that can't be a port is misuse: exit 2, and nothing is served."""
    screens("run-bad-port", shared.refusals("run 02 --port 0", "run 02 --port 70000", "run 02 --port http"))


@pytest.mark.parametrize("whole", [False, True], ids=["short", "--all"])
def test_a_crash_leaves_room_for_the_log(workbook: Workbook, whole: bool) -> None:
    """On a terminal, a crash's traceback is your own files' lines, below the log; with --all it's all of it."""
    main = workbook.put_into_work("01-hello") / "main.py"
    replace_in(main, 'raise HTTPException(404, "Nobody is here")', 'raise RuntimeError("a bug")')
    port = free_port()
    with sole_use_of(3000):
        screen = workbook.screen("run", "01", "--port", str(port), *(["--all"] if whole else []), lines=24)
        assert "Hello, work/01-hello" in screen.wait_for("Ctrl-C ends it.")

        assert httpx.get(f"http://127.0.0.1:{port}/hello/nobody", trust_env=False).status_code == 500
        screen.wait_for("RuntimeError: a bug")
        wait_until(lambda: whole or "--all shows" in screen.text, lambda: screen.text)

        assert ("500 Internal" in screen.text) is not whole
        assert ("site-packages" in screen.written) is whole
        assert 'File "main.py", line' in screen.text or whole
        screen.press("\x03")
        assert screen.wait_for_end() == 0


# --- a database that is older than the models


OLDER = "have a column shelf: it's older than the models."


@pytest.fixture
def old_data(workbook: Workbook) -> Path:
    """Return a project's data from before a column was added to a model."""
    data = workbook.work / "data/final"
    data.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(data / "shelf.db")) as db, db:
        db.execute("CREATE TABLE book (title TEXT)")
    return data


def test_an_older_database_is_told(workbook: Workbook, old_data: Path, screens: Screens) -> None:
    """If a database lacks a column, `run` says so once per start, below the traceback, with the command that helps."""
    running, url = serve(workbook, "final")
    for _ in range(2):
        assert httpx.get(f"{url}/books", trust_env=False).status_code == 500
    assert httpx.post(f"{url}/books/Emma", trust_env=False).status_code == 500
    running.wait_for("--fresh")
    wait_until(lambda: running.text.count("sqlite3.OperationalError") == 3, lambda: running.text)
    end = len(running.text)

    main = workbook.put_into_work("final") / "app/main.py"
    ended = running.end()

    assert ended.status == 0
    assert ended.out.count(OLDER) == 1
    told = ended.out[ended.out.index("The database doesn't have ") :].partition("--fresh\n")
    screens("run-older-database", "".join(told[:2]), port=url.rpartition(":")[2])
    assert ended.out.index("sqlite3.OperationalError: no such column: shelf") < ended.out.index(OLDER)
    assert ended.out[end:].endswith("Stopped.\n")

    running, url = serve(workbook, "final")
    assert httpx.post(f"{url}/books/Emma", trust_env=False).status_code == 500
    seen = running.wait_for("--fresh")
    assert "has no column named shelf" in running.text, "SQLite says it in other words where a row is written"
    main.write_text(main.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    seen = running.wait_for("Ctrl-C ends it.", after=seen)
    assert httpx.get(f"{url}/books", trust_env=False).status_code == 500
    running.wait_for(OLDER, after=seen)
    running.end()

    running, url = serve(workbook, "final", "--fresh")
    assert httpx.get(f"{url}/books", trust_env=False).json() == []
    assert OLDER not in running.end().out
    assert len([folder for folder in (workbook.work / "data").iterdir() if folder != old_data]) == 1


AT_IMPORT = "\n\nbooks.titles()\n"
IN_LIFESPAN = """

async def lifespan(app):
    books.titles()
    yield


app.router.lifespan_context = __import__("contextlib").asynccontextmanager(lifespan)
"""


@pytest.mark.parametrize("when", [AT_IMPORT, IN_LIFESPAN], ids=["import", "lifespan"])
@pytest.mark.usefixtures("old_data")
def test_an_older_database_at_the_start(workbook: Workbook, when: str) -> None:
    """If the app needs the missing column to start, the traceback is followed by what it means."""
    main = workbook.put_into_work("final") / "app/main.py"
    with main.open("a", encoding="utf-8") as file:
        file.write(when)
    running = workbook.start("run", "final", "--port", str(free_port()))

    running.wait_for("Correct it and save")

    text = running.text
    assert text.index("sqlite3.OperationalError: no such column: shelf") < text.index(OLDER)
    assert text.count(OLDER) == 1


@pytest.mark.parametrize(
    "words",
    [
        "sqlalchemy.exc.ProgrammingError: (psycopg.errors.UndefinedColumn) column posts.shelf does not exist",
        'psycopg.errors.UndefinedColumn: column "shelf" of relation "post" does not exist',
    ],
)
def test_postgresql_says_it_in_its_own_words(workbook: Workbook, words: str) -> None:
    """PostgreSQL's message is recognised too; if DATABASE_URL names the database, the advice differs."""
    main = workbook.put_into_work("final") / "app/main.py"
    main.write_text(f"import sys\nprint({words!r}, file=sys.stderr)\n" + main.read_text(), encoding="utf-8")
    port = str(free_port())
    running = workbook.start("run", "final", "--port", port, env={"DATABASE_URL": "postgresql://127.0.0.1/shelf"})

    running.wait_for("DATABASE_URL names that database: name an empty one")

    assert "shelf: it's older than the models." in running.text
    assert "--fresh" not in running.text


def test_what_the_app_writes_is_passed_on(workbook: Workbook) -> None:
    """`run` shows everything that an app writes, even very long lines and bytes that aren't text."""
    main = workbook.put_into_work("final") / "app/main.py"
    script = "import sys\nsys.stderr.buffer.write(b'\\xff no such ' * 50_000 + b'end of it\\n')\n"
    main.write_text(script + main.read_text(encoding="utf-8"), encoding="utf-8")

    running, _ = serve(workbook, "final")

    running.wait_for("end of it\n")
    assert running.text.count(" no such ") == 50_000
    assert OLDER not in running.end().out


def test_ctrl_c_ends_it_while_the_app_starts(workbook: Workbook) -> None:
    """If you press Ctrl-C while the app is still starting, nothing waits for the time that it may take."""
    main = workbook.put_into_work("final") / "app/main.py"
    main.write_text("print('begun', flush=True)\nimport time\n\ntime.sleep(60)\n", encoding="utf-8")
    running = workbook.start("run", "final", "--port", str(free_port()))
    running.wait_for("begun")
    pressed = time.monotonic()

    ended = running.end(signal.SIGINT)

    assert (ended.status, ended.out.splitlines()[-1]) == (0, "Stopped.")
    assert time.monotonic() - pressed < 10, "an app may take longer than that to start"


def test_a_line_without_an_end_is_passed_on(workbook: Workbook) -> None:
    """You see what an app writes immediately, even before its line ends."""
    main = workbook.put_into_work("final") / "app/main.py"
    with main.open("a", encoding="utf-8") as file:
        file.write("\n\n@app.get('/half')\ndef half() -> None:\n    import time\n\n")
        file.write("    print('half a line', end='', flush=True)\n    time.sleep(5)\n")
    port = free_port()
    screen = workbook.screen("run", "final", "--port", str(port))
    screen.wait_for("Ctrl-C ends it.")

    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"http://127.0.0.1:{port}/half", trust_env=False, timeout=1)

    screen.wait_for("half a line")


def test_the_log_has_colours_on_a_terminal(workbook: Workbook) -> None:
    """On a terminal the app's log is in colour, but not with --plain."""
    for words, coloured in (([], True), (["--plain"], False)):
        screen = workbook.screen("run", "final", "--port", str(free_port()), *words)
        screen.wait_for("Application startup complete.", "Ctrl-C ends it.")
        screen.press("\x03")
        assert screen.wait_for_end() == 0
        assert ("\x1b[32mINFO" in screen.written) == coloured
