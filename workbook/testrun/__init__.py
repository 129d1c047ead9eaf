"""Checks: running a step's tests, and reading what they found out."""

from .result import Check, Promise
from .runner import ColdRunner, Run, Runner, run_tests, warm_runner

__all__ = ["Check", "ColdRunner", "Promise", "Run", "Runner", "run_tests", "warm_runner"]
