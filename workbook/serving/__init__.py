"""Served apps and the launchers that start them.

A served app is an app directory that uvicorn runs in a separate process. The process that starts it holds a line to it
(a pipe or a connection). When that line ends, however its holder died, the app ends too and removes its data folder.
"""

import sys

from .job import AppFailed, Job
from .served import AppsAhead, Launcher, ServedApp
from .spawn import SpawnLauncher

__all__ = ["AppFailed", "AppsAhead", "Job", "Launcher", "ServedApp", "SpawnLauncher", "choose_launcher"]


def choose_launcher(name: str = "auto", *, warm: str | None = None) -> Launcher:
    """Return the launcher called `name`: `spawn`, `fork`, or `auto`, the faster one that works on this platform.

    `warm` is the address of a fork helper that's already running, so that `fork` doesn't start another.
    """
    if name == "auto":
        name = "fork" if sys.platform == "linux" else "spawn"
    if name == "fork":
        if sys.platform != "linux":
            raise ValueError("the fork launcher needs Linux; use --launcher spawn")
        from .fork import ForkLauncher

        return ForkLauncher(warm)
    if name == "spawn":
        return SpawnLauncher()
    raise ValueError(f"unknown launcher {name!r}; there are auto, spawn and fork")
