"""The ports that a page writes, and the free ones that replace them while its commands are typed.

So two runs at once, and a learner's own server, never meet on one port.
"""

import contextlib
import re
import socket
from collections.abc import Iterable, Sequence

from .console import Block

PORT = "8000"  # of the served step, as the pages write it
_LISTENS = re.compile(r"(?:--port[ =]|\bhttp\.server )(?P<port>\d{4,5})\b")


def listening_ports(blocks: Iterable[Block]) -> list[str]:
    """Return the ports on which commands of the blocks listen, in their order."""
    commands = (command.text for block in blocks for command in block.commands)
    return list(dict.fromkeys(found["port"] for text in commands for found in _LISTENS.finditer(text)))


class Ports:
    """A free port for each one on the page: the served step's, and the others given."""

    def __init__(self, listening: Sequence[str] = ()) -> None:
        with contextlib.ExitStack() as held:  # all at once, so that none is given twice
            probes = {port: held.enter_context(socket.socket()) for port in (PORT, *listening)}
            for probe in probes.values():
                probe.bind(("127.0.0.1", 0))
            self.free = {port: str(probe.getsockname()[1]) for port, probe in probes.items()}

    def to_type(self, command: str) -> str:
        """Return the command with free ports in place of the page's."""
        return _replaced(command, self.free)

    def to_show(self, text: str) -> str:
        """Return what was written, with the page's ports."""
        return _replaced(text, {free: port for port, free in self.free.items()})


def _replaced(text: str, ports: dict[str, str]) -> str:
    """Return `text` with `ports` replaced where one follows a colon, `port` or `http.server`, and only there."""
    known = "|".join(ports)
    named = re.compile(rf"(:|\bport[ =]|\bhttp\.server )({known})\b", re.IGNORECASE)
    return named.sub(lambda found: found[1] + ports[found[2]], text)
