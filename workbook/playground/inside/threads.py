"""What Python in a browser lacks: threads. Import this before anything that may use them.

Work for a thread pool runs at once, in place. `time.sleep` blocks where it would block on a server: left alone, a
browser's Python lets others run meanwhile, and a blocking `async def` would look harmless.
"""

import contextvars
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import anyio.lowlevel
import anyio.to_thread

_in_a_thread = contextvars.ContextVar("in_a_thread", default=False)
_sleep = time.sleep


def _sleep_as_on_a_server(seconds: float) -> None:
    if _in_a_thread.get():
        return _sleep(seconds)  # the event loop may go on, as it does beside a thread
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
    return None


async def _run_in_place(
    func: Callable[..., Any],
    *args: Any,
    abandon_on_cancel: bool = False,
    cancellable: bool | None = None,
    limiter: object = None,
) -> Any:
    await anyio.lowlevel.checkpoint()
    context = contextvars.copy_context()
    context.run(_in_a_thread.set, True)
    return context.run(func, *args)


def _submit_in_place(_: ThreadPoolExecutor, func: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
    done: Future[Any] = Future()
    context = contextvars.copy_context()
    context.run(_in_a_thread.set, True)
    try:
        done.set_result(context.run(func, *args, **options))
    except Exception as error:
        done.set_exception(error)
    return done


def patch() -> None:
    time.sleep = _sleep_as_on_a_server  # type: ignore[assignment]
    anyio.to_thread.run_sync = _run_in_place  # type: ignore[assignment]
    ThreadPoolExecutor.submit = _submit_in_place  # type: ignore[method-assign, assignment]
