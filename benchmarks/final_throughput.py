"""How many requests a second final/ answers, what one costs in processor time, and what its middleware adds.

`GET /posts/{id}` is measured on final, on its bare routes, and on the naive form. The bare routes are in
peers/final_bare.py: the same query, models and dependencies without any middleware. The naive form is in
peers/final_naive.py: three functions under `@app.middleware("http")`, with print. If aiosqlite is there, so is
peers/final_async.py: the bare routes with SQLAlchemy's asyncio instead of threads. All of them run on uvicorn with one
worker and the same flags, on one SQLite file, and write their log to a file.

`POST /uploads/image` with a photo of about 4 MB is compared with Pillow only, which reads and writes the same photo in
a loop. Rounds are interleaved; you'll see medians with their range. The ratios come in two kinds: in processor time per
request, which other programs change less, and in requests per second (`_rate`). It needs wrk
(https://github.com/wg/wrk; Debian and Ubuntu: apt-get install wrk; macOS: brew install wrk).

    uv run --all-groups --with aiosqlite python benchmarks/final_throughput.py [--json] [--rounds 7] [--seconds 3]
"""

import argparse
import contextlib
import functools
import importlib.util
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil  # type: ignore[import-untyped]
from PIL import Image, ImageChops

ROOT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "peers"
APPS = {"final": "app.main:app", "bare": "final_bare:app", "naive": "final_naive:app"}
HAS_ASYNC = importlib.util.find_spec("aiosqlite") is not None
if HAS_ASYNC:
    APPS["async"] = "final_async:app"
FLAGS = ("--port", "0", "--no-access-log")
ACCOUNT = {"email": "ada@example.com", "password": "correct horse battery"}
PATIENCE = 30.0
UPLOAD_SCRIPT = """
local file = io.open(os.getenv("FORM"), "rb")
wrk.method, wrk.body = "POST", file:read("*a")
file:close()
"""


class Server(NamedTuple):
    url: str
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds of processor time, in Python and in the kernel, since it started."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


class Measured(NamedTuple):
    rate: float  # requests a second
    cpu: float  # seconds of processor time for each


@contextlib.contextmanager
def served(app: str, data: Path) -> Iterator[Server]:
    """Run the app with uvicorn in the folder `data`."""
    log = data / f"{app.partition(':')[0]}.log"
    paths = os.pathsep.join([str(ROOT / "final"), str(PEERS)])
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", app, *FLAGS],
            cwd=data,
            env={**os.environ, "PYTHONPATH": paths, "DATABASE_URL": "sqlite:///blog.db"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(r"running on (http://\S+)", log.read_text("utf-8"))):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"{app} did not start:\n{log.read_text('utf-8')}")
            time.sleep(0.05)
        yield Server(found[1], psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(20)


def wrk(server: Server, path: str, seconds: int, connections: int, *options: str, **env: str) -> Measured:
    """Send requests, all of which have to be answered well."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", *options, server.url + path]
    before = server.cpu()
    said = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=seconds + 30)
    used = server.cpu() - before
    found = re.search(r"(\d+) requests in .*Requests/sec:\s+([\d.]+)", said.stdout, re.DOTALL)
    if not found or found[1] == "0" or "Non-2xx" in said.stdout or "Socket errors" in said.stdout:
        raise RuntimeError(f"{' '.join(command)}:\n{said.stdout}{said.stderr}")
    return Measured(float(found[2]), used / int(found[1]))


def photo() -> bytes:
    """A JPEG of about 4 MB: gradients, and the noise that every sensor makes."""
    size, seed = (4000, 2600), random.Random(4)
    noise = Image.frombytes("L", (1500, 1000), seed.randbytes(1_500_000)).resize(size).point(lambda value: value // 3)
    ramp = Image.linear_gradient("L").resize(size).point(lambda value: value * 2 // 3)
    bands = [ImageChops.add(ramp.rotate(90 * turn).resize(size), noise) for turn in range(3)]
    encoded = BytesIO()
    Image.merge("RGB", bands).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()


def encode_anew(content: bytes, seconds: int) -> Measured:
    """Read the photo and write it with Pillow only, in this process."""
    started, before, done = time.perf_counter(), time.process_time(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        with Image.open(BytesIO(content)) as image:
            image.save(BytesIO(), "JPEG", quality=90)
        done += 1
    return Measured(done / elapsed, (time.process_time() - before) / done)


def token_and_post(url: str) -> tuple[str, str]:
    """Register, log in and publish; returns the token and the post's path."""
    with httpx.Client(base_url=url, trust_env=False) as client:
        client.post("/auth/register", json={"name": "Ada", **ACCOUNT}).raise_for_status()
        token = client.post("/auth/login", json=ACCOUNT).raise_for_status().json()["access_token"]
        new = {"title": "Hello", "content": "A post of some length. " * 20, "published": True}
        post = client.post("/posts", json=new, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        return token, f"/posts/{post.json()['id']}"


def measure(rounds: int, seconds: int) -> dict[str, list[Measured]]:
    """Measure each way in each round; the first one warms up and is dropped."""
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="final-throughput-")))
        servers = {name: stack.enter_context(served(app, data)) for name, app in APPS.items()}
        token, path = token_and_post(servers["final"].url)
        content, form, script = photo(), data / "form", data / "upload.lua"
        request = httpx.Request("POST", servers["final"].url, files={"file": ("photo.jpg", content, "image/jpeg")})
        form.write_bytes(request.read())
        script.write_text(UPLOAD_SCRIPT, encoding="utf-8")
        headers = ("-H", f"Authorization: Bearer {token}", "-H", f"Content-Type: {request.headers['content-type']}")

        def upload() -> Measured:
            found = wrk(servers["final"], "/uploads/image", seconds, 1, "-s", str(script), *headers, FORM=str(form))
            for stored in (data / "uploads").iterdir():
                stored.unlink()
            return found

        ways: dict[str, Callable[[], Measured]] = {
            name: functools.partial(wrk, server, path, seconds, 8) for name, server in servers.items()
        }
        ways |= {"upload": upload, "pillow": lambda: encode_anew(content, seconds)}
        found: dict[str, list[Measured]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name in sorted(ways, reverse=bool(number % 2)):
                found[name].append(ways[name]())
    return {name: values[1:] for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="how long each way is measured in each round")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: apt-get install wrk (Debian, Ubuntu) or brew install wrk (macOS)")
    rounds = measure(options.rounds, options.seconds)
    rates = {name: [each.rate for each in values] for name, values in rounds.items()}
    millis = {name: [each.cpu * 1000 for each in values] for name, values in rounds.items()}
    figures = {}
    pairs = [("final", "bare"), ("final", "naive"), ("upload", "pillow"), *([("async", "bare")] if HAS_ASYNC else [])]
    for over, under in pairs:
        name = f"{over}_over_{under}"
        figures[name] = [a / b for a, b in zip(millis[under], millis[over], strict=True)]
        figures[f"{name}_rate"] = [a / b for a, b in zip(rates[over], rates[under], strict=True)]
    if options.json:
        medians = {name: statistics.median(values) for name, values in figures.items()}
        print(json.dumps({**medians, "requests_per_second": rates, "cpu_milliseconds": millis}, indent=2))
        return
    print(f"{options.rounds} rounds of {options.seconds} s, the load is {os.getloadavg()[0]:.1f}")
    for name, what in {
        "final": "GET /posts/1, final",
        "bare": "GET /posts/1, bare routes",
        "naive": "GET /posts/1, naive form",
        **({"async": "GET /posts/1, bare routes, asyncio"} if HAS_ASYNC else {}),
        "upload": "POST /uploads/image, 4 MB",
        "pillow": "Pillow alone, the same",
    }.items():
        print(row(f"{what}, a second", rates[name], 1))
        print(row(f"{what}, CPU ms", millis[name], 3))
    for name, values in figures.items():
        print(row(name, values, 2))


def row(name: str, values: list[float], digits: int) -> str:
    numbers = statistics.median(values), min(values), max(values)
    return f"{name:<40}" + "".join(f"{number:>10.{digits}f}" for number in numbers)


if __name__ == "__main__":
    main()
