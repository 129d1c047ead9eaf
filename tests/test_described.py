"""Every stage as others meet it: through its own description, by Schemathesis, and through `fastapi dev`."""

import contextlib
import http.client
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from workbook.course.changes import scratch_copy
from workbook.plugin.client import Client
from workbook.serving import Launcher, ServedApp

from .apps import wait_until
from .test_deep_bodies import enter
from .test_hostile_requests import COURSE, ENV, FAILING, STAGES

CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"
LEAST = """
from {module} import app

async def least(scope, receive, send):
    optional = {{"raw_path", "root_path", "client", "server", "state", "extensions"}}
    await app({{name: value for name, value in scope.items() if name not in optional}}, receive, send)
"""
COMMAND = "from schemathesis.cli import schemathesis; schemathesis()"  # apart: its hooks and warnings stay for good


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("step", STAGES)
def test_a_stage_is_as_it_describes_itself(launcher: Launcher, step: str, tmp_path: Path) -> None:
    """Requests made from a stage's own description never get a 500, nor a body that the description doesn't have."""
    if importlib.util.find_spec("schemathesis") is None:
        pytest.skip("not proven: schemathesis is not installed (uv sync --group tests)")
    with ServedApp(launcher, COURSE.folder(COURSE.step(step)), env=ENV) as app, Client(app, []) as client:
        described = client.get("/openapi.json").json()
        usual = {"Authorization": "Bearer token-of-ada", "X-API-Key": "key", **enter(client, described["paths"])}
        options = ["--no-color", "run", f"{app.url}/openapi.json", "--checks", CHECKS, "--max-examples", "10"]
        options += ["--generation-deterministic", "--suppress-health-check", "all"]
        for name, value in usual.items():
            options += ["--header", f"{name}: {value}"]
        for path in sorted({path for _, path in FAILING} & set(described["paths"])):
            options += ["--exclude-path", path]
        ended = subprocess.run(
            [sys.executable, "-c", COMMAND, *options],
            cwd=tmp_path,  # Schemathesis leaves folders where it runs
            env=os.environ | {"NO_PROXY": "127.0.0.1", "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=300,
        )
    if ended.returncode:
        pytest.fail(ended.stdout[-6000:])
    tested = re.search(r"Tested: +(\d+)", ended.stdout)
    assert tested, ended.stdout
    assert int(tested.group(1)) > 0, ended.stdout


@contextlib.contextmanager
def started(step: str, log: Path, *command: str, wrapper: str = "") -> Iterator[str]:
    """Start a step's app with this command, as a learner would, and yield its address. `wrapper` is put beside it."""
    with scratch_copy(COURSE.folder(COURSE.step(step))) as folder:
        (folder / "wrapper.py").write_text(wrapper, encoding="utf-8")
        with log.open("wb") as opened:
            server = subprocess.Popen(
                [sys.executable, "-m", *command, "--port", "0"],
                cwd=folder,
                env=os.environ | ENV | {"NO_COLOR": "1"},
                stdout=opened,
                stderr=opened,
            )
        try:
            found: list[str] = []

            def is_serving() -> bool:
                assert server.poll() is None, log.read_text(encoding="utf-8")
                found[:] = re.findall(r"running on (http://[\d.]+:[1-9]\d*)", log.read_text(encoding="utf-8"))
                return bool(found)

            wait_until(is_serving, lambda: log.read_text(encoding="utf-8"))
            yield found[0]
        finally:
            server.terminate()
            server.wait(30)


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("step", [*STAGES, "final"])
def test_fastapi_dev_serves_it(step: str, tmp_path: Path) -> None:
    """`fastapi dev` finds the app of every stage and of the finished project by itself, and serves it."""
    with started(step, tmp_path / "dev.log", "fastapi", "dev", "--no-reload") as url:
        assert httpx.get(f"{url}/openapi.json", trust_env=False, timeout=30).status_code == 200


@pytest.mark.parametrize("step", STAGES)
def test_a_lesson_shows_fastapi_dev_where_it_serves_the_app(step: str) -> None:
    """Each lesson shows `fastapi dev` where it first starts the stage, and git ignores what that writes."""
    lesson = (COURSE.folder(COURSE.step(step)) / "README.md").read_text(encoding="utf-8")
    written = [f"stages/{step}/{name}" for name in ("blog.db", "blog.db-wal", "login.log", "feed.txt", "uploads/a.jpg")]
    ignored = subprocess.run(["git", "check-ignore", *written], cwd=COURSE.root, capture_output=True, encoding="utf-8")

    assert (
        f"uv run --directory stages/{step} fastapi dev`"
        in lesson.partition(f"$ uv run workbook run {step}\n")[2][:1000]
    )
    assert ignored.stdout.split() == written


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("step", [*STAGES, "final"])
def test_it_runs_on_a_server_that_says_the_least(step: str, tmp_path: Path) -> None:
    """Servers may leave out what ASGI calls optional, such as `raw_path`: every request is answered and logged."""
    package = "app." if (COURSE.folder(COURSE.step(step)) / "app").is_dir() else ""
    wrapper = LEAST.format(module=f"{package}main")
    log = tmp_path / "server.log"
    with started(step, log, "uvicorn", "wrapper:least", wrapper=wrapper) as url:
        statuses = [
            httpx.request(method, f"{url}/{path}", trust_env=False, timeout=30).status_code
            for method in ("GET", "HEAD", "OPTIONS", "POST")
            for path in ("openapi.json", "posts/1", "missing%0Aline", "internal/stats", "files/x")
        ]

    text = log.read_text(encoding="utf-8")
    assert [status for status in statuses if status >= 500] == []
    assert "Traceback" not in text
    if step in {"02-middleware", "final"}:
        assert re.search(r"GET /missing%0Aline 404 \d+ms", text)


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("step, app, path", [("06-errors", "main:app", "/users"), ("final", "app.main:app", "/posts")])
def test_a_length_with_zeros_is_refused_in_the_one_shape(step: str, app: str, path: str, tmp_path: Path) -> None:
    """A body's length with zeros before it, which uvicorn's faster parser takes, gets a 413 in the one shape."""
    with started(step, tmp_path / "server.log", "uvicorn", app, "--http", "httptools") as url:
        address = httpx.URL(url)
        connection = http.client.HTTPConnection(address.host, address.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", path, headers={"Content-Length": "300000".zfill(28)})
            response = connection.getresponse()
            body = json.loads(response.read())

    assert (response.status, set(body), body["success"]) == (413, {"success", "message", "errors"}, False)
