"""What takes long to start, begun while this process still finds out what it is to grade. Imports little."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workbook.testrun.runner import Runner, warm_runner

from .isolation import Isolation, open_isolation

Warm = Callable[[], tuple[Isolation, Runner]]


@contextlib.contextmanager
def warming_up(*, unsafe: bool) -> Iterator[Warm]:
    """Start a runner and open what keeps submissions apart, for the course around this folder.

    What it yields waits for them. Raises `UserError`.
    """
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        runner = warm_runner(apps=unsafe)
        stack.callback(runner.close)
        opening = pool.submit(lambda: stack.enter_context(open_isolation(_course(), unsafe=unsafe)))
        yield lambda: (opening.result(), runner)


def _course() -> Path | None:
    """Return the folder that `Course.find` would find, without importing it, which takes longer."""
    place = Path.cwd()
    return next((folder for folder in (place, *place.parents) if (folder / "workbook.toml").is_file()), None)
