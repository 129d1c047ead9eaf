"""The pytest plugin: tests touch an app only over HTTP, and a failing one answers with a card.

Fixtures: `served`, `client`, `fresh_app`, `app_directory`, `app_env`, `unique`, `rng` (this module); `browser`,
`new_page`, `page`, `site` (browser.py); `mailbox` (mailbox.py); `members`, `ada`, `grace` (members.py).
"""

import json
import os
import random
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from workbook.serving import AppFailed, AppsAhead, Launcher, ServedApp, choose_launcher

from . import cards, results, submissions, whole_suite
from .browser import browser, new_page, page, site
from .client import Client
from .mailbox import mailbox
from .members import ada, grace, members
from .whole_suite import (
    pytest_collection_modifyitems,
    pytest_configure_node,
    pytest_load_initial_conftests,
    pytest_report_header,
)

__all__ = [
    "ada",
    "app_directory",
    "app_env",
    "browser",
    "client",
    "fresh_app",
    "grace",
    "launcher",
    "mailbox",
    "members",
    "new_page",
    "page",
    "pytest_collection_modifyitems",
    "pytest_configure_node",
    "pytest_load_initial_conftests",
    "pytest_report_header",
    "rng",
    "served",
    "site",
    "unique",
]

HUNG = pytest.StashKey[dict[Path, AppFailed]]()
KEPT = pytest.StashKey[dict[tuple[Path, frozenset[tuple[str, str]]], ServedApp]]()  # for the next module
AHEAD = pytest.StashKey[AppsAhead]()  # in a learner's loop, which knows what the last runs served


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("workbook")
    group.addoption(
        "--launcher",
        default="auto",
        choices=["auto", "spawn", "fork", "sandbox"],
        help="how served apps are started; auto takes the faster one that works here, for a submission the sandbox",
    )
    group.addoption("--submission", metavar="PATH", help="the folder or zip that exercises/NAME should test")
    group.addoption(
        "--unsafe", action="store_true", help="run the submission without a sandbox, because it's your own code"
    )
    group.addoption("--seed", type=int, help="make the random values of the tests those of an earlier run")
    group.addoption("--no-skips", action="store_true", help="a skipped test fails the run")
    group.addoption("--tracebacks", action="store_true", help="show Python tracebacks instead of failure cards")
    whole_suite.add_options(group)
    group.addoption("--workbook-results", metavar="FILE", help="append one line of JSON per promise to FILE")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "deeper: a promise beyond the stage's core promises")
    config.addinivalue_line("markers", "as_before: a task's promise that the stage keeps without the task, too")
    config.addinivalue_line("markers", "one_app: a module that shares its app with others of the same settings")
    config.addinivalue_line("markers", "slow: takes longer than a learner waits; not in a check of the project")
    whole_suite.declare_marker(config)
    submissions.register_submission(config)
    cards.register_cards(config)
    results.register_results(config)


@pytest.fixture(scope="session")
def launcher(request: pytest.FixtureRequest) -> Iterator[Launcher]:
    """Yield the launcher that starts this run's apps."""
    name = submissions.launcher_of(request.config)
    if name == "sandbox":
        from workbook.sandbox.opening import open_launcher  # late: learners' checks need no sandbox

        chosen: Launcher = open_launcher()
    else:
        chosen = choose_launcher(name, warm=os.environ.get("WORKBOOK_WARM_APPS"))
        if (wanted := os.environ.get("WORKBOOK_APPS_AHEAD")) and submissions.SUBMISSION not in request.config.stash:
            request.config.stash[AHEAD] = AppsAhead(chosen, [(app, env) for app, env in json.loads(wanted)])
    yield chosen
    for app in request.config.stash.get(KEPT, {}).values():
        app.stop()
    if ahead := request.config.stash.get(AHEAD, None):
        ahead.close()
    chosen.close()
    results.note_apps(request.config, getattr(chosen, "ended", []))


@pytest.fixture(scope="module")
def app_directory(request: pytest.FixtureRequest) -> Path:
    """Return the submission; without one, the nearest folder above the test's file with main.py or app/main.py."""
    if submission := request.config.stash.get(submissions.SUBMISSION, None):
        return submission
    for folder in request.path.parents:
        if (folder / "main.py").exists() or (folder / "app" / "main.py").exists():
            return folder
        if (folder / "pyproject.toml").exists():
            break
    folder = request.path.parent
    failure = AppFailed("no-app", f"There's no main.py and no app/main.py in {folder.name}/ or above it.")
    raise cards.AppDoesNotStart(failure, folder, {})


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    """Return the environment variables of this module's `served`; override it in a test module."""
    return {}


@pytest.fixture(scope="module")
def served(
    launcher: Launcher, app_directory: Path, app_env: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[ServedApp]:
    """Yield the app directory's app, served for this module, with `url`, `data`, `log` and `pid`.

    Modules that are marked `one_app` and have the same settings share one, because starting takes a while.
    """
    kept = request.config.stash.setdefault(KEPT, {})
    settings = app_directory, frozenset(app_env.items())
    app = kept.pop(settings, None) if _shares(request.node) else None
    if app and not _listens(app):
        _stop(app, request.config)
        app = None
    app = app or _serve(launcher, app_directory, app_env, request.config)
    yield app
    if _shares(request.node) and _another_comes(request.node, app_directory):
        kept[settings] = app
    else:
        _stop(app, request.config)


def _shares(module: pytest.Item | pytest.Collector) -> bool:
    return module.get_closest_marker("one_app") is not None


def _another_comes(module: pytest.Collector, directory: Path) -> bool:
    """Return whether a module that comes after this one in the run shares its app directory's app."""
    items = module.session.items
    last = max((n for n, item in enumerate(items) if module in item.iter_parents()), default=len(items))
    return any(_shares(item) and item.path.is_relative_to(directory) for item in items[last + 1 :])


def _listens(app: ServedApp) -> bool:
    try:
        app.connect().close()
    except OSError:
        return False
    return True


@pytest.fixture
def client(served: ServedApp, request: pytest.FixtureRequest) -> Iterator[Client]:
    """Yield an `httpx.Client` for the served app; a failure card shows what it sent."""
    with Client(served, cards.exchanges_of(request.node)) as opened:
        yield opened


@pytest.fixture
def fresh_app(
    launcher: Launcher, app_directory: Path, app_env: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Client]]:
    """Serve the app once more, with an empty state and the given environment variables, and return a client for it.

    `fresh_app(ENVIRONMENT="production")`; the client's `app` is the served app.
    """
    opened: list[Client] = []

    def serve(**env: str) -> Client:
        app = _serve(launcher, app_directory, app_env | env, request.config)
        opened.append(Client(app, cards.exchanges_of(request.node)))
        return opened[-1]

    yield serve
    for one in opened:
        one.close()
        _stop(one.app, request.config)


@pytest.fixture(scope="session")
def unique(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Make a name that no other test uses: `unique("ada")` is, say, `ada-3f9c01`. The same `--seed` draws the same."""
    seed = request.config.getoption("--seed")
    source = random.SystemRandom() if seed is None else random.Random(f"{seed} unique")
    used: set[int] = set()

    def name(stem: str) -> str:
        number = next(one for _ in repeat(None) if (one := source.randrange(16**6)) not in used)
        used.add(number)
        return f"{stem}-{number:06x}"

    return name


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Return a source of random values, the same ones for the same `--seed` and test."""
    seed = request.config.getoption("--seed")
    return random.Random(None if seed is None else f"{seed} {request.node.name}")


def _serve(launcher: Launcher, directory: Path, env: dict[str, str], config: pytest.Config) -> ServedApp:
    hung = config.stash.setdefault(HUNG, {})
    try:
        if directory in hung:  # it would hang again, and you'd wait for that in every module
            raise hung[directory]
        results.note_served(config, directory, env)
        app = config.stash[AHEAD].take(directory, env) if AHEAD in config.stash else None
        return app or ServedApp(launcher, directory, env=env, probes=submissions.SUBMISSION in config.stash)
    except AppFailed as failure:
        if failure.kind == "hang":
            hung[directory] = failure
        raise cards.AppDoesNotStart(failure, directory, env) from None


def _stop(app: ServedApp, config: pytest.Config) -> None:
    if ahead := config.stash.get(AHEAD, None):
        ahead.stop(app)
    else:
        app.stop()
