"""Apps for notebooks: `serve` starts one and gives a client for it."""

import atexit
from pathlib import Path

from workbook.serving import ServedApp, choose_launcher

from .client import Client


def serve(app_directory: str | Path = ".", **env: str) -> Client:
    """Serve an app directory and return an `httpx.Client` for it.

    `env` becomes the app's environment. The app runs until the notebook's kernel ends; the client's `app` has its
    `url`, its `log` (all that it wrote) and its `data` (the folder it works in). Raises `AppFailed`.
    """
    app = ServedApp(choose_launcher("spawn"), Path(app_directory), env=env)
    atexit.register(app.stop)
    return Client(app, [])
