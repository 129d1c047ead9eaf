"""Changing what judges: other graders run the submission in the process of their tests."""

from .attack import attacks

attacks(
    "patching",
    "runs",
    "no credit",
    dict.fromkeys(("tests", "client", "equality", "clock", "server", "loop", "exits"), ""),
    base="starter",
)
