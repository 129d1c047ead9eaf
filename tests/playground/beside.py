"""The same requests, sent to uvicorn, to compare the page's responses with."""

import contextlib
import http.client
import re
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbook.course.changes import Experiment, scratch_copy
from workbook.course.model import Course, Step
from workbook.playground import examples
from workbook.playground.examples import Example, ExampleCheck
from workbook.playground.inside.expect import broken
from workbook.playground.inside.requests import Ready, fill, learn, parse
from workbook.serving import Launcher, ServedApp

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)
STAGES = examples.stages(COURSE)
EXAMPLES = {step.name: examples.read_example(step) for step in STAGES}
EXPERIMENTS = [
    (step, number, one)
    for step in STAGES
    for number, one in examples.list_experiments(COURSE, step, EXAMPLES[step.name])
]
OF_THE_SERVER = {"date", "server", "connection", "transfer-encoding"}
# What differs from one run to the next, on the server and in the browser.
BY_CHANCE = (
    (re.compile(r"\b[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"(?<=access_token\":\")[^\"]+"), "<token>"),
    (re.compile(r"(?<=session=)[\w-]+"), "<token>"),
    (re.compile(r"\b[\d.]+ms\b"), "<ms>"),
    (re.compile(r"(?<=\"size\":)\d+(?=,\"uploaded_by)"), "<size>"),  # the page says so: another encoder than Pillow's
)
VARIES = {"content-length", "last-modified", "etag"}  # of a picture that was encoded again, or with one of the above


@contextlib.contextmanager
def served(
    launcher: Launcher, step: Step, example: Example, experiment: Experiment | None = None
) -> Iterator[ServedApp]:
    """Serve the stage with uvicorn as the page does: the same settings, and no mail server."""
    with (
        scratch_copy(COURSE.folder(step), experiment.edits if experiment else ()) as copy,
        ServedApp(launcher, copy, env=step.run.env | example.env) as app,
    ):
        yield app


def send(app: ServedApp, request: Ready) -> dict[str, Any]:
    """Return status, headers and body. A server may respond before it has read the body."""
    address = urlsplit(app.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    with contextlib.closing(connection):
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.endheaders()
        for at in range(0, len(request.body), 65536):
            if select.select([connection.sock], [], [], 0)[0]:
                break
            connection.send(request.body[at : at + 65536])
        reply = connection.getresponse()
        headers = [(name.lower(), value) for name, value in reply.getheaders()]
        asked = {"method": request.method, "target": request.target}
        return {**asked, "status": reply.status, "headers": headers, "body": reply.read()}


def send_all(app: ServedApp, text: str) -> list[dict[str, Any]]:
    """Return the responses to all requests of `text`; the log of each goes from its request to the end."""
    known: dict[str, str] = {}
    replies, sizes = [], []
    for request in parse(text):
        sizes.append(app.log_size)
        replies.append(send(app, fill(request, known)))
        learn(known, replies[-1]["body"])
    for reply, size in zip(replies, sizes, strict=True):
        reply |= {"body": reply["body"].decode("utf-8", "replace"), "log": app.log_since(size), "log_from": size}
    return replies


def verdict(app: ServedApp, check: ExampleCheck, patience: float = 2) -> str:
    """Return what breaks the promise, or nothing: log lines may come a moment after the response."""
    replies = send_all(app, check.requests)
    until = time.monotonic() + patience
    while True:
        for reply in replies:
            reply["log"] = app.log_since(reply["log_from"])
        found = [why for one in examples.expectations(check) if (why := broken(one, replies))]
        if not found or time.monotonic() > until:
            return "; ".join(found)
        time.sleep(0.02)


def comparable(reply: dict[str, Any]) -> dict[str, Any]:
    """Return what has to be the same in the page and with uvicorn."""
    headers = {name: value for name, value in reply["headers"] if name not in OF_THE_SERVER}
    changed = headers.get("content-type", "").startswith("image/") or without_chance(reply["body"]) != reply["body"]
    kept = {name: without_chance(value) for name, value in headers.items() if not (changed and name in VARIES)}
    body = "" if headers.get("content-type", "").startswith("image/") else without_chance(reply["body"])
    return {"status": reply["status"], "headers": kept, "body": body}


def without_chance(text: str) -> str:
    for pattern, name in BY_CHANCE:
        text = pattern.sub(name, text)
    return text
