"""The workbook: the `workbook` command, the pytest plugin that touches apps only over HTTP, and the course's tools."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbook.plugin.client import serve

__all__ = ["serve"]


def __getattr__(name: str) -> object:
    if name == "serve":  # late: it imports httpx and the launchers, which no command needs for its start
        from workbook.plugin.client import serve

        return serve
    raise AttributeError(name)
