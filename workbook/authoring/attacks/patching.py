"""Changing what judges: other graders run the submission in the process of their tests."""

from .attack import add_attacks

add_attacks(
    "patching",
    "runs",
    "no credit",
    dict.fromkeys(("tests", "client", "equality", "clock", "server", "loop", "exits"), ""),
    base="starter",
)
