"""What a promise asks of a reply, and whether it was given."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Given = Mapping[str, Any]  # status, headers (pairs), body (text), log (text)


def broken(expected: Mapping[str, Any], replies: Sequence[Given]) -> str:
    """What is wrong with the reply that `expected` speaks of, in words; empty where nothing is."""
    number = expected.get("request", len(replies))
    if number > len(replies):
        return f"request {number} got no reply"
    reply = replies[number - 1]
    headers = {name.lower(): value for name, value in reply["headers"]}
    where = f"request {number}: "
    if "status" in expected and reply["status"] != expected["status"]:
        return f"{where}status {expected['status']} was promised, {reply['status']} came"
    for name, value in expected.get("headers", {}).items():
        if not re.fullmatch(value, headers.get(name.lower(), "")):
            return f"{where}the header {name} is {headers.get(name.lower(), 'missing')!r}"
    for name in expected.get("without_headers", ()):
        if name.lower() in headers:
            return f"{where}the header {name} is there: {headers[name.lower()]!r}"
    for part, text in (("body", reply["body"]), ("log", reply["log"])):
        for pattern in expected.get(part, ()):
            if not re.search(pattern, text, re.MULTILINE):
                return f"{where}the {part} has no {pattern!r}"
        for pattern in expected.get(f"{part}_without", ()):
            if re.search(pattern, text, re.MULTILINE):
                return f"{where}the {part} has {pattern!r}"
    return ""
