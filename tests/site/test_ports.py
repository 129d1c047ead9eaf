"""Ports on pages: tests replace them with free ones, and what's shown has the page's own."""

import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workbook.site import transcripts
from workbook.site.console import blocks_of
from workbook.site.ports import PORT, Ports, listening_ports

from .pages import PAGES, ROOT, needs_curl

PAGE = """```console
$ uv run python -m http.server 8004 --bind 127.0.0.1 > said.txt 2>&1 &
$ curl -I --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:8004/said.txt
…
HTTP/1.0 200 OK
…
$ kill %1; wait
…
$ cat said.txt
Serving HTTP on 127.0.0.1 port 8004 (http://127.0.0.1:8004/) ...
…
```

``` { .console .no-run }
$ uvicorn main:app --port 8999
```
"""


def test_a_page_listens_where_its_commands_do() -> None:
    """A page's ports are those that its commands listen on, not those that they only call."""
    commands = "uvicorn a:b --port 8006 &\n$ x --port=8007\n$ python -m http.server 8004\n$ x --port 8006\n"
    (block,) = blocks_of(f"```console\n$ {commands}$ curl http://127.0.0.1:4000 --max-time 1000\n```\n")
    assert listening_ports([block]) == ["8006", "8007", "8004"]


def test_only_ports_are_replaced() -> None:
    """Only ports are replaced, not the same digits elsewhere, and outputs show the page's port."""
    ports = Ports(["8004"])
    first, second = ports.free[PORT], ports.free["8004"]
    assert len({first, second, PORT, "8004"}) == 4

    written = "curl :8000/8004 -p 8004; serve --port 8004 --port=8000; http.server 8004; echo :80001 18004:8004x8000"
    typed = ports.to_type(written)

    expected = f"curl :{first}/8004 -p 8004; serve --port {second} --port={first}; http.server {second}; "
    assert typed == f"{expected}echo :80001 18004:8004x8000"
    assert ports.to_show(typed) == written
    assert ports.to_show(f"Serving on Port {second}") == "Serving on Port 8004"


@needs_curl
def test_two_runs_of_a_page_do_not_meet(tmp_path: Path) -> None:
    """Two runs of a page at once, with its port in use, both print what the page says."""
    page = tmp_path / "try.md"
    page.write_text(PAGE, encoding="utf-8")
    with contextlib.closing(socket.socket()) as taken, ThreadPoolExecutor(2) as pool:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # then another has it already
            taken.bind(("127.0.0.1", 8004))
            taken.listen()
        runs = list(pool.map(lambda _: transcripts.compare_transcripts(ROOT, page), range(2)))
    assert runs == ["", ""]


def test_no_page_listens_where_it_is_not_seen() -> None:
    """Every page that calls a local port also names it where a command listens, so it can be replaced."""
    for page in PAGES:
        blocks = [block for block in blocks_of(page.path.read_text(encoding="utf-8")) if block.runs]
        asked = {
            port
            for block in blocks
            for command in block.commands
            for port in ("8001", "8002", "8003", "8004", "8005", "8006", "8007", "8008", "8009", "8786")
            if f":{port}" in command.text
        }
        assert asked <= set(listening_ports(blocks)), page.name
