import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from workbook.plugin.client import Client
from workbook.serving import AppFailed

if TYPE_CHECKING:
    from .conftest import Lifeline

GOOD_SECRET = "a-secret-of-more-than-32-characters!"
TEXTS = {
    "SECRET_KEY": GOOD_SECRET,
    "API_KEY": "a-key",
    "DATABASE_URL": "sqlite:///blog.db",
    "SMTP_HOST": "localhost",
    "SMTP_USER": "blog",
    "SMTP_PASSWORD": "a-password",
    "MAIL_FROM": "Blog <blog@example.com>",
}


@pytest.fixture(scope="module")
def new_database() -> Callable[[], str]:
    return lambda: "sqlite:///blog.db"  # settings are read before a database is


class Start:
    """A process that imports the app as uvicorn would, with these settings only, and what came of it."""

    def __init__(
        self,
        lifeline: "Lifeline",
        app_directory: Path,
        folder: Path,
        env: dict[str, str],
        code: str = "import app.main",
    ) -> None:
        command = [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(app_directory)!r}); {code}",
        ]
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            self.returncode = lifeline.run(
                "code",
                [str(app_directory), code],
                command=command,
                cwd=folder,
                env=env,
                output=output,
                errors=errors,
            )
            output.seek(0)
            errors.seek(0)
            self.stdout, self.stderr = output.read().decode(), errors.read().decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    "env, said",
    [
        (
            {"ENVIRONMENT": "prod"},
            "ENVIRONMENT: Input should be 'development' or 'production'",
        ),
        ({"ENVIRONMENT": "production"}, "SECRET_KEY: everyone knows this one"),
        (
            {"ENVIRONMENT": "production", "SECRET_KEY": ""},
            "SECRET_KEY: String should have at least 32 characters",
        ),
        (
            {"ENVIRONMENT": "production", "SECRET_KEY": "short"},
            "SECRET_KEY: String should have at least 32 characters",
        ),
        ({"SECRET_KEY": ""}, "SECRET_KEY: String should have at least 32 characters"),
        ({"TOKEN_MINUTES": "0"}, "TOKEN_MINUTES: Input should be greater than 0"),
        (
            {"TOKEN_MINUTES": "99999999999999"},
            "TOKEN_MINUTES: Input should be less than or equal to 525600",
        ),
        (
            {"ARGON2_PARALLELISM": "8", "ARGON2_MEMORY_COST": "8"},
            "ARGON2_MEMORY_COST: takes 8 * ARGON2_PARALLELISM or more",
        ),
        ({"UPLOAD_DIR": "/etc/passwd"}, "UPLOAD_DIR: /etc/passwd is a file"),
        ({"UPLOAD_DIR": "/etc/passwd/x"}, "UPLOAD_DIR: /etc/passwd/x is a file"),
        *(
            ({"DATABASE_URL": url}, "DATABASE_URL: takes sqlite:///FILE or postgresql")
            for url in (
                "sqlite:///",
                "sqlite:///:memory:",
                "sqlite:///blog.db?timeout=x",
                "sqlite:///blog.db?timeout=1&timeout=2",
                "sqlite:///blog.db?timeout=-1",
                "sqlite:///blog.db?timeout=inf",
                "sqlite:///blog.db?timeout=nan",
                "sqlite:///blog.db?wait=1",
                "sqlite:///file:blog?mode=memory&uri=true",
                "postgresql+psycopg://u:p@h:x/n",
            )
        ),
        (
            {"DATABASE_URL": "sqlite:////nowhere/blog.db"},
            "DATABASE_URL: there's no folder /nowhere",
        ),
        ({"DATABASE_URL": "sqlite:///."}, "is a folder; name a file"),
        *(
            ({"UPLOAD_DIR": folder}, "UPLOAD_DIR: everyone could read the app's own")
            for folder in ("", ".", "..", "/")
        ),
        ({"TOKEN_MINUTES": "soon"}, "TOKEN_MINUTES: Input should be a valid integer"),
        (
            {"DATABASE_URL": "mysql://x"},
            "DATABASE_URL: takes sqlite:///FILE or postgresql+psycopg://",
        ),
        (
            {"ALLOWED_ORIGINS": "https://example.com/"},
            "ALLOWED_ORIGINS: no browser sends 'https://example.com/', but 'https://example.com'",
        ),
        (
            {"ALLOWED_ORIGINS": "https://bücher.example:443"},
            "ALLOWED_ORIGINS: no browser sends 'https://bücher.example:443', but 'https://xn--bcher-kva.example'",
        ),
        (
            {"ALLOWED_ORIGINS": "null"},
            "ALLOWED_ORIGINS: any local file and any sandboxed page sends 'null'",
        ),
        ({"ALLOWED_ORIGINS": "*"}, "ALLOWED_ORIGINS: '*' is no origin"),
        (
            {"ALLOWED_ORIGINS": "wss://example.com"},
            "ALLOWED_ORIGINS: 'wss://example.com' is no origin",
        ),
        *(
            ({"ALLOWED_ORIGINS": origins}, "ALLOWED_ORIGINS: ")
            for origins in ('["http://a", "http://b"]', "http://a/ b http://C")
        ),
        *(
            ({name: f"{value}{end}"}, f"{name}: takes UTF-8 in one line, without")
            for name, value in TEXTS.items()
            for end in ("\n", "\udcff", "\x1b")
        ),
        *(
            ({"MAIL_FROM": sender}, "MAIL_FROM: takes an address, like Blog <blog@")
            for sender in ("", "Blog", "<>", "blog at example.com")
        ),
        (
            {"SMTP_PORT": "99999"},
            "SMTP_PORT: Input should be less than or equal to 65535",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start(
    lifeline: "Lifeline",
    app_directory: Path,
    tmp_path: Path,
    env: dict[str, str],
    said: str,
) -> None:
    """A wrong setting stops the start with its name and what it accepts, and without a traceback."""
    ended = Start(lifeline, app_directory, tmp_path, env)

    assert (ended.returncode, ended.stdout) == (1, "")
    first, second = ended.stderr.splitlines()  # one wrong setting is one line
    assert first == "The app does not start, because of its settings:"
    assert said in second


@pytest.mark.parametrize(
    "written",
    [
        "TOKEN_MINUTES=60\r\n".encode(
            "utf-16"
        ),  # `echo TOKEN_MINUTES=60 > .env` in PowerShell 5
        "TOKEN_MINUTES=60\r\n".encode("utf-16-le"),
        "TOKEN_MINUTES=60\r\n".encode("utf-16-be"),
        "TOKEN_MINUTES=60\r\n".encode("utf-32-le"),
        "MAIL_FROM=Blög <blog@example.com>\r\n".encode("cp1252"),  # `Set-Content .env`
        "MAIL_FROM=Блог <blog@example.com>\n".encode("koi8-r"),
    ],
    ids=["UTF-16", "UTF-16 LE", "UTF-16 BE", "UTF-32 LE", "ANSI", "KOI8-R"],
)
def test_an_env_file_in_another_encoding_is_named(
    lifeline: "Lifeline", app_directory: Path, tmp_path: Path, written: bytes
) -> None:
    """A `.env` that isn't in UTF-8 stops the start, and the one line names the file and the cure."""
    (tmp_path / ".env").write_bytes(written)

    ended = Start(lifeline, app_directory, tmp_path, {})

    said = f"  {tmp_path / '.env'} is not in UTF-8: save it with that encoding"
    assert (ended.returncode, ended.stderr.splitlines()[1:]) == (1, [said])


def test_an_env_file_may_begin_with_a_mark(
    lifeline: "Lifeline", app_directory: Path, tmp_path: Path
) -> None:
    """Notepad's UTF-8, which begins with a byte order mark, is read from its first setting on."""
    (tmp_path / ".env").write_text(
        "TOKEN_MINUTES=61\r\nSMTP_PORT=26\r\n", encoding="utf-8-sig", newline=""
    )

    asked = Start(
        lifeline,
        app_directory,
        tmp_path,
        {},
        "import app.config as c; print(c.settings.token_minutes)",
    )

    assert (asked.stdout, asked.stderr) == ("61\n", "")


def test_no_secret_is_repeated(
    lifeline: "Lifeline", app_directory: Path, tmp_path: Path
) -> None:
    """What stops the start repeats no secret."""
    wrong = {
        "SECRET_KEY": "hunter2-hunter2",
        "DATABASE_URL": "mysql://me:hunter2@host/db",
    }

    ended = Start(lifeline, app_directory, tmp_path, wrong)

    assert ended.returncode == 1
    assert "hunter2" not in ended.stderr


def test_the_example_starts_once_its_secret_is_replaced(
    lifeline: "Lifeline", app_directory: Path, tmp_path: Path
) -> None:
    """`.env.example` copied to `.env` is refused in production until its secret is replaced; then the app starts."""
    example = (app_directory / ".env.example").read_text(encoding="utf-8")
    secret = next(
        line for line in example.splitlines() if line.startswith("SECRET_KEY=")
    )
    (tmp_path / ".env").write_text(example, encoding="utf-8")

    refused = Start(lifeline, app_directory, tmp_path, {"ENVIRONMENT": "production"})
    (tmp_path / ".env").write_text(
        example.replace(secret, f"SECRET_KEY={GOOD_SECRET}"), encoding="utf-8"
    )
    ended = Start(lifeline, app_directory, tmp_path, {"ENVIRONMENT": "production"})

    assert "SECRET_KEY: everyone knows this one" in refused.stderr
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_example_names_every_setting(
    lifeline: "Lifeline", app_directory: Path, tmp_path: Path
) -> None:
    """`.env.example` names every setting that the app reads, and no other."""
    names = "import json, app.config; print(json.dumps(sorted(app.config.Settings.model_fields)))"
    asked = Start(lifeline, app_directory, tmp_path, {}, names)
    example = (app_directory / ".env.example").read_text(encoding="utf-8").splitlines()
    told = {
        found[1].lower()
        for line in example
        if (found := re.match(r"([A-Z0-9_]+)=", line))
    }

    assert told == set(json.loads(asked.stdout))


def test_a_misspelt_setting_is_told(
    lifeline: "Lifeline", app_directory: Path, tmp_path: Path
) -> None:
    """A name in `.env` that is nearly a setting's is mentioned; any other belongs to another program."""
    given = "ALOWED_ORIGINS=https://example.com\nexport POSTGRES_PASSWORD=x\nCOMPOSE_PROJECT_NAME=blog\nDB_URL=y\n"
    (tmp_path / ".env").write_text(given, encoding="utf-8")

    ended = Start(lifeline, app_directory, tmp_path, {})

    said = ".env: ALOWED_ORIGINS isn't a setting. Is ALLOWED_ORIGINS meant?\n"
    assert (ended.returncode, ended.stderr) == (0, said)


def test_origins_come_from_the_settings(fresh_app: Callable[..., Client]) -> None:
    """Development allows the page on this machine; production allows only the origins that are named."""
    local, named = "http://localhost:3000", "https://app.example.com"

    def allowed(client: Client, origin: str) -> str | None:
        given: str | None = client.get("/", headers={"Origin": origin}).headers.get(
            "access-control-allow-origin"
        )
        return given

    development = fresh_app()
    production = fresh_app(ENVIRONMENT="production", ALLOWED_ORIGINS="")
    both = fresh_app(
        ENVIRONMENT="production", ALLOWED_ORIGINS=f"{named}, https://b.example.com"
    )

    assert (allowed(development, local), allowed(development, named)) == (local, None)
    assert (allowed(production, local), allowed(production, named)) == (None, None)
    assert (allowed(both, local), allowed(both, named)) == (None, named)


def test_a_database_that_is_not_there_stops_the_start(
    fresh_app: Callable[..., Client],
) -> None:
    """A database that doesn't answer stops the start and is named as the reason."""
    pytest.importorskip(
        "psycopg", reason="psycopg is not installed (uv sync --group tests)"
    )
    with pytest.raises(BaseException) as caught:
        fresh_app(DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:9/none")

    failure = caught.value.__context__
    assert isinstance(failure, AppFailed)
    assert "OperationalError" in failure.text
