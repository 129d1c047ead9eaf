"""final/ without the course: copied out, installed from its requirements, started as its README says."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .runners import free_port

pytestmark = pytest.mark.exhaustive(sample=1, of="file")

ROOT = Path(__file__).parent.parent
FINAL = ROOT / "final"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of final/ outside the course, in a virtual environment with only its requirements."""
    uv = os.environ.get("UV") or shutil.which("uv")
    assert uv, "uv is not installed: pip install uv"
    copy = tmp_path_factory.mktemp("elsewhere") / "my-blog"
    shutil.copytree(FINAL, copy, ignore=shutil.ignore_patterns("__pycache__", "*.db*", "uploads"))
    env = {name: value for name, value in os.environ.items() if not name.startswith("VIRTUAL_ENV")}
    subprocess.run([uv, "venv", "--quiet", str(copy / ".venv")], env=env, check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(copy / ".venv"), "-r", "requirements.txt"]
    # What this environment was installed from is in uv's cache: no network is needed, unless that was cleaned.
    if subprocess.run([*install, "--offline"], cwd=copy, env=env, capture_output=True).returncode:
        subprocess.run(install, cwd=copy, env=env, check=True)
    return copy


@pytest.fixture(params=["fastapi run --port PORT", "uvicorn app.main:app --port PORT"])
def url(copied: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the copied app's address, after starting it with one of the commands in its README."""
    port = free_port()
    program, *arguments = request.param.replace("PORT", str(port)).split()
    env = {"PATH": os.environ["PATH"], "HOME": str(copied)}
    with (copied / "output.txt").open("w+b") as output:
        command = [str(copied / ".venv" / "bin" / program), *arguments]
        process = subprocess.Popen(command, cwd=copied, env=env, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
                    break
                except httpx.TransportError:
                    assert process.poll() is None, (copied / "output.txt").read_text()
                    assert time.monotonic() < deadline, (copied / "output.txt").read_text()
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def test_a_copy_runs_on_its_own(url: str, copied: Path) -> None:
    """A copy of final/ outside the course starts with each command of its README, and keeps its data beside it."""
    with httpx.Client(base_url=url, trust_env=False) as client:
        new = {"name": "Ada", "email": f"ada-{url[-5:]}@example.com", "password": "correct horse"}
        assert client.post("/auth/register", json=new).status_code == 201
        login = client.post("/auth/login", json={"email": new["email"], "password": new["password"]})
        headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
        assert client.get("/users/me", headers=headers).json()["email"] == new["email"]
        assert client.get("/docs").status_code == 200

    assert (copied / "blog.db").is_file()
    assert (copied / "uploads").is_dir()
