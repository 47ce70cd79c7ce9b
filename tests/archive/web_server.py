"""A web server on loopback that answers as it is told, as no archive should."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from viewer.domain.job import JobContext
from viewer.io.archive.description import Archive

NOTHING = JobContext()

Act = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers by what the server was told to do at the first path that fits."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        self.server.asked.append((self.path, dict(self.headers)))
        for part, act in self.server.acts.items():
            if part in self.path:
                act(self)
                return
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass

    def give(self, content: bytes, kind: str, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """A web server on loopback that does as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts: dict[str, Act] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def handle_error(self, *_: object) -> None:
        """Say nothing where the other side hangs up."""

    @property
    def archive(self) -> Archive:
        return Archive("Odd", url=f"http://127.0.0.1:{self.server_address[1]}/dicom-web", user="reader")


def as_json(value: Any, status: int = 200) -> Act:
    return lambda handler: handler.give(json.dumps(value).encode(), "application/dicom+json", status)


def raw(content: bytes, kind: str = "application/dicom+json", status: int = 200, **headers: str) -> Act:
    return lambda handler: handler.give(content, kind, status, **headers)


def part(content: bytes) -> Act:
    body = b"--here\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--here--\r\n"
    return raw(body, 'multipart/related; type="application/dicom"; boundary=here')
