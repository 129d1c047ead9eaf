"""Clients that generators make of final's OpenAPI, in two languages: they register, log in, post and upload."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from workbook.serving import ServedApp, choose_launcher

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(__file__).parent / "clients"
FOR_PYTHON = "openapi-python-client==0.29.1"
FOR_TYPESCRIPT = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@22.20.7")
COMPILER = {"strict": True, "module": "nodenext", "target": "es2022", "outDir": "out", "types": ["node"]}
# In openapi-typescript's own words: a field with a default may be left out of a request.
DEFAULTS = "--default-non-nullable=false"


@pytest.fixture
def blog() -> Iterator[ServedApp]:
    app = ServedApp(choose_launcher("spawn"), ROOT / "final", env={"SECRET_KEY": "s" * 32})
    yield app
    app.stop()


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    ended = subprocess.run(
        list(map(str, command)), cwd=cwd, env=os.environ | env, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    return ended.stdout


def in_python(folder: Path, url: str, photo: Path) -> str:
    """Make a client with openapi-python-client, and return what our program prints."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("no uv, which runs openapi-python-client")
    (folder / "names.yaml").write_text("package_name_override: blog_client\n", encoding="utf-8")
    options = ("--path", "openapi.json", "--output-path", "made", "--config", "names.yaml")
    said = run(uv, "tool", "run", "--quiet", FOR_PYTHON, "generate", "--fail-on-warning", *options, cwd=folder)
    assert "WARNING" not in said
    return run(sys.executable, PROGRAMS / "blog.py", url, photo, cwd=folder, PYTHONPATH=str(folder / "made"))


def in_typescript(folder: Path, url: str, photo: Path) -> str:
    """Make types with openapi-typescript, compile our program strictly, and return what it prints."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("no npm, which brings openapi-typescript")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER, "files": ["blog.ts"]}))
    shutil.copy(PROGRAMS / "blog.ts", folder)
    run(npm, "install", "--silent", "--no-audit", "--no-fund", *FOR_TYPESCRIPT, cwd=folder)
    tools = folder / "node_modules/.bin"
    run(tools / "openapi-typescript", "openapi.json", DEFAULTS, "--output", "schema.d.ts", cwd=folder)
    run(tools / "tsc", cwd=folder)
    return run(node, "out/blog.js", url, photo, cwd=folder)


@pytest.mark.exhaustive(of="suite")
@pytest.mark.parametrize("program", [in_python, pytest.param(in_typescript, marks=pytest.mark.exhaustive)])
def test_a_generated_client_works(program: Callable[..., str], blog: ServedApp, tmp_path: Path) -> None:
    """A client made by a generator can register, log in, post, upload one picture and two, and read each refusal."""
    described = httpx.get(f"{blog.url}/openapi.json").text
    (tmp_path / "openapi.json").write_text(described, encoding="utf-8")
    photo = tmp_path / "photo.png"
    Image.new("RGB", (8, 8), "teal").save(photo)

    found: dict[str, Any] = json.loads(program(tmp_path, blog.url, photo))

    assert (found["user"]["name"], found["user"]["email"]) == ("Ada", "ada@example.com")
    assert (found["post"]["title"], found["post"]["published"]) == ("Hello", False)
    assert httpx.get(blog.url + found["stored"]["url"]).headers["content-type"] == "image/png"
    assert found["several"] == 2
    assert found["missing"] == {"success": False, "message": "Post not found", "errors": []}
    assert found["refused"] == ["body.email", "body.password"]
    assert found["gone"] == 204
