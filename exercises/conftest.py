"""What the tests of all exercises share: the settings that every submission is served with, and a restart."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbook.plugin.cards import exchanges_of
from workbook.plugin.client import Client
from workbook.plugin.members import CHEAP_HASHES
from workbook.serving import Launcher, ServedApp


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    """The settings that every submission gets."""
    return {"SECRET_KEY": "a-key-for-tests-and-for-nothing-else", **CHEAP_HASHES}


@pytest.fixture(scope="module")
def module_rng(request: pytest.FixtureRequest) -> random.Random:
    """Return a source of random values for a whole module, the same ones for the same `--seed`."""
    seed = request.config.getoption("--seed")
    return random.Random(None if seed is None else f"{seed} {request.path.name}")


@pytest.fixture
def restarted(
    launcher: Launcher,
    app_directory: Path,
    app_env: dict[str, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    fresh_app: object,  # not used: by this name a failing test is known for one of the course, and has a card
) -> Iterator[Callable[[], Client]]:
    """Serve the app on a data folder that stays, and return a client for it; each call ends the app before it."""
    opened: list[Client] = []

    def end() -> None:
        for client in opened:
            client.close()
            client.app.stop()

    def serve() -> Client:
        end()
        app = ServedApp(launcher, app_directory, env=app_env, data=tmp_path / "data", probes=True)
        opened.append(Client(app, exchanges_of(request.node)))
        return opened[-1]

    yield serve
    end()
