"""What a promise asks of a response, and whether the response has it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Given = Mapping[str, Any]  # method, target, status, headers (pairs), body (text), log (text)


def broken(expected: Mapping[str, Any], replies: Sequence[Given]) -> str:
    """What is wrong with the reply that `expected` speaks of, in words; empty where nothing is."""
    number = expected.get("request", len(replies))
    if number > len(replies):
        return f"request {number} got no response"
    reply = replies[number - 1]
    headers = {name.lower(): value for name, value in reply["headers"]}
    where = f"{reply['method']} {reply['target']}: "
    if "status" in expected and reply["status"] != expected["status"]:
        return f"{where}its status is {reply['status']}, and {expected['status']} was promised"
    for name, value in expected.get("headers", {}).items():
        if name.lower() not in headers:
            return f"{where}it has no header {name}"
        if not re.fullmatch(value, headers[name.lower()]):
            return f"{where}its header {name} says “{headers[name.lower()]}”"
    for name in expected.get("without_headers", ()):
        if name.lower() in headers:
            return f"{where}it has the header {name}: “{headers[name.lower()]}”"
    for part, text in (("body", reply["body"]), ("log", reply["log"])):
        for pattern in expected.get(part, ()):
            if not re.search(pattern, text, re.MULTILINE):
                return f"{where}nothing in its {part} matches {pattern}"
        for pattern in expected.get(f"{part}_without", ()):
            if re.search(pattern, text, re.MULTILINE):
                return f"{where}something in its {part} matches {pattern}"
    return ""
