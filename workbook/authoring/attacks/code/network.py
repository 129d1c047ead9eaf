"""Tries to reach something: the machine, its neighbours, the world outside."""

import contextlib
import os
import re
import socket
import struct
from pathlib import Path
from typing import Any

from . import known

OUTSIDE = "192.0.2.1"  # reserved for documentation: no machine has it
SECONDS = 2.0


def reaches(family: int, address: Any) -> bool:
    # The listener may close at once: a connection is enough.
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.settimeout(SECONDS)
            tried.connect(address)
    except (OSError, AttributeError):
        return False
    return True


def opens(name: str, kind: int, protocol: int = 0) -> str:
    # The name of the family if the kernel gives a socket of it.
    try:
        socket.socket(getattr(socket, name), kind, protocol).close()
    except (OSError, AttributeError):
        return ""
    return name


def host() -> list[str]:
    """Connects to a server on the machine's own loopback."""
    seen = ["127.0.0.1"] if reaches(socket.AF_INET, ("127.0.0.1", known.PORT)) else []
    return seen + (["::1"] if reaches(socket.AF_INET6, ("::1", known.PORT6)) else [])


def ports_of_the_host() -> list[str]:
    """Knocks at the ports of the machine's loopback."""
    # If no process listens at a port, a socket that happens to have that port itself connects to itself.
    found = []
    for port in [
        *range(20, 120),
        *range(8000, 8100),
        3306,
        5432,
        6379,
        known.PORT,
        *range(known.PORT, known.PORT + 50),
    ]:
        with socket.socket() as tried:
            tried.settimeout(0.05)
            if tried.connect_ex(("127.0.0.1", port)) == 0 and tried.getsockname()[1] != port and not mine(port):
                found.append(str(port))
    return found


def mine(port: int) -> bool:
    # Whether the port is one that this sandbox listens at.
    lines = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    inodes = {line[9] for line in lines if int(line[1].rpartition(":")[2], 16) == port and line[3] == "0A"}
    links = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(str(link.readlink()))
    return any(f"socket:[{inode}]" in links for inode in inodes)


def outside() -> list[str]:
    """Sends something out of the machine, by TCP, by UDP and by a name that must be looked up."""
    seen = []
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        tried.sendto(b"found", (OUTSIDE, 53))
        seen.append("UDP")
    with contextlib.suppress(OSError), socket.socket() as tried:
        tried.settimeout(0.2)
        tried.connect((OUTSIDE, 80))
        seen.append("TCP")
    with contextlib.suppress(OSError):
        socket.getaddrinfo("example.com", 80)
        seen.append("a name")
    return seen


def unix_sockets() -> list[str]:
    """Connects to the machine's local sockets: by an abstract name, and by a path."""
    seen = [known.ABSTRACT] if reaches(socket.AF_UNIX, f"\0{known.ABSTRACT}") else []
    return seen + ([known.SOCKET] if reaches(socket.AF_UNIX, known.SOCKET) else [])


def neighbours() -> list[str]:
    """Connects to every socket of others that it hears of or finds."""
    names = (
        re.findall(r"\S+$", Path("/proc/net/unix").read_text(), re.MULTILINE) if os.access("/proc/net/unix", 4) else []
    )
    found = {f"\0{name[1:]}" for name in names if name.startswith("@")} | {n for n in names if n.startswith("/")}
    for place in ("/tmp", "/run", "/var/tmp", "/dev"):
        for folder, _, files in os.walk(place):
            found |= {str(Path(folder, name)) for name in files if Path(folder, name).is_socket()}
    return [repr(name) for name in sorted(found) if reaches(socket.AF_UNIX, name)]


def interfaces() -> list[str]:
    """Looks for a network card."""
    lines = Path("/proc/self/net/dev").read_text(encoding="utf-8").splitlines()[2:]
    return [name for line in lines if (name := line.partition(":")[0].strip()) != "lo"]


def odd_families() -> list[str]:
    """Opens sockets of families that reach into the kernel or out of it."""
    tried = [
        opens("AF_PACKET", socket.SOCK_RAW, socket.htons(3)),
        opens("AF_INET", socket.SOCK_RAW, 1),
        opens("AF_ALG", socket.SOCK_SEQPACKET),
        opens("AF_VSOCK", socket.SOCK_STREAM),
        opens("AF_BLUETOOTH", socket.SOCK_RAW, 1),
        opens("AF_CAN", socket.SOCK_RAW, 1),
        opens("AF_TIPC", socket.SOCK_STREAM),
        opens("AF_RDS", socket.SOCK_SEQPACKET),
    ]
    for number, called in ((15, "AF_KEY"), (31, "AF_BLUETOOTH"), (44, "AF_XDP"), (9, "AF_X25")):
        with contextlib.suppress(OSError):
            socket.socket(number, socket.SOCK_RAW, 2 if number == 15 else 0).close()
            tried.append(called)
    return [name for name in tried if name]


def configures() -> list[str]:
    """Asks the kernel over netlink for a new network card."""
    new_link, flags = 16, 0x601  # RTM_NEWLINK; request, create, exclusive
    kind = struct.pack("HH5sxxx", 9, 1, b"dummy")
    info = struct.pack("HH", 4 + len(kind), 18) + kind
    body = struct.pack("BxHiII", 0, 0, 0, 0, 0) + info
    message = struct.pack("IHHII", 16 + len(body), new_link, flags | 4, 1, 0) + body
    with contextlib.suppress(OSError), socket.socket(16, socket.SOCK_RAW, 0) as netlink:
        netlink.settimeout(SECONDS)
        netlink.send(message)
        answer = netlink.recv(4096)
        if struct.unpack_from("i", answer, 16) == (0,):
            return ["a new network card"]
    return []
