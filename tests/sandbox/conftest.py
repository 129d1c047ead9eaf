"""One open sandbox of each tier, and apps served in them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbook.plugin.client import Client
from workbook.sandbox import TIERS, Sandbox, open_sandbox
from workbook.sandbox.launcher import SandboxLauncher
from workbook.serving import ServedApp

from ..apps import write


@pytest.fixture(scope="session", params=TIERS)
def sandbox(needs_sandbox: None, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """An open sandbox of each tier."""
    with open_sandbox(tier=request.param) as made:
        yield made


@pytest.fixture
def serve(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Serve a main.py in the sandbox, and return a client for it; options are those of `ServedApp`."""
    clients: list[Client] = []

    def start(code: str, **options: Any) -> Client:
        folder = write(tmp_path / f"für {len(clients)}", {"main.py": code})
        clients.append(Client(ServedApp(SandboxLauncher(sandbox.folder), folder, **options), []))
        return clients[-1]

    yield start
    for client in clients:
        client.close()
        client.app.stop()
