"""The built site, served as an ordinary static host would: compressed, and cached for ten minutes."""

import contextlib
import functools
import gzip
import http.server
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

KEPT = "max-age=600"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
_COMPRESSED = {".css", ".html", ".js", ".json", ".svg", ".txt", ".xml"}


@contextlib.contextmanager
def serve_site(folder: Path, compresses: bool = True) -> Iterator[str]:
    """Serve the site in `folder` on 127.0.0.1; yields its origin."""
    handler = functools.partial(_Handler, Files(folder), compresses)
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Files:
    """The files of a site as a host sends them; each is compressed once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._compressed: dict[Path, bytes] = {}

    def find(self, path: str) -> Path | None:
        """Return the file that a path of a URL names, if there is one."""
        file = (self._folder / urllib.parse.unquote(path).lstrip("/")).resolve()
        if path.endswith("/"):
            file /= "index.html"
        return file if file.is_relative_to(self._folder) and file.is_file() else None

    def is_folder(self, path: str) -> bool:
        return self.find(path + "/") is not None

    def content(self, file: Path, compressed: bool) -> bytes:
        if not compressed:
            return file.read_bytes()
        if file not in self._compressed:
            self._compressed[file] = gzip.compress(file.read_bytes(), mtime=0)
        return self._compressed[file]

    def pages(self) -> Iterator[str]:
        """Yield the addresses of all pages, below the site's."""
        for path in sorted(self._folder.rglob("index.html")):
            folder = path.parent.relative_to(self._folder).as_posix()
            yield "" if folder == "." else f"{folder}/"

    @property
    def not_found(self) -> Path:
        return self._folder / "404.html"


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing if a browser goes away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, files: Files, compresses: bool, *more: Any) -> None:
        self._files = files
        self._compressed = _COMPRESSED if compresses else set()
        super().__init__(*more)

    def do_GET(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        file = self._files.find(path)
        if path == "/sitemap.xml":
            self._send_site_map()
        elif file:
            self._send(HTTPStatus.OK, file)
        elif self._files.is_folder(path):
            self._headers(HTTPStatus.MOVED_PERMANENTLY, {"Location": path + "/", "Content-Length": "0"})
        elif self._files.not_found.is_file():
            self._send(HTTPStatus.NOT_FOUND, self._files.not_found)
        else:
            self._headers(HTTPStatus.NOT_FOUND, {"Content-Length": "0"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, status: HTTPStatus, file: Path) -> None:
        compressed = file.suffix in self._compressed and "gzip" in self.headers.get("Accept-Encoding", "")
        body = self._files.content(file, compressed)
        headers = {
            "Content-Type": _TYPES.get(file.suffix, "application/octet-stream"),
            "Content-Length": str(len(body)),
            "Cache-Control": KEPT,
            "Vary": "Accept-Encoding",
        }
        self._headers(status, headers | ({"Content-Encoding": "gzip"} if compressed else {}))
        if self.command == "GET":
            self.wfile.write(body)

    def _send_site_map(self) -> None:
        """Send the site map that Material asks for, at this address: a site built without its address has none."""
        root = f"http://{escape(self.headers.get('Host', ''))}/"
        places = "".join(f"<url><loc>{root}{page}</loc></url>" for page in self._files.pages())
        body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'.encode()
        self._headers(HTTPStatus.OK, {"Content-Type": _TYPES[".xml"], "Content-Length": str(len(body))})
        if self.command == "GET":
            self.wfile.write(body)

    def _headers(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass
