"""A local server that stands for every host there is, and writes down what it is given."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import httpx2
import pytest
from typing_extensions import override

__all__ = ["Arrived", "Capture", "captured"]

_ORIGIN = "x-meant-for"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One request: the origin it was sent to, and everything that was sent."""

    origin: str
    path: str
    everything: str = field(repr=False)


@dataclass
class Capture:
    """What has arrived, and how the server answers."""

    status: int = 200
    location: str = ""
    body: bytes = b"{}"
    arrived: list[Arrived] = field(default_factory=list[Arrived])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    capture: Capture


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _answer(self) -> None:
        assert isinstance(self.server, _Server)
        capture, headers = self.server.capture, self.headers
        body = self.rfile.read(int(headers.get("content-length") or 0))
        if headers.get("transfer-encoding") == "chunked":
            body = self._chunks()
        everything = f"{self.path}\n{headers}\n{body.decode('utf-8', 'replace')}"
        capture.arrived.append(Arrived(str(headers[_ORIGIN]), self.path, everything))
        self.send_response(capture.status)
        if capture.location:
            self.send_header("location", capture.location)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(capture.body)))
        self.end_headers()
        self.wfile.write(capture.body)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


for _verb in ("GET", "POST", "PUT", "DELETE"):
    setattr(_Handler, f"do_{_verb}", _Handler._answer)


@contextmanager
def captured() -> Generator[Capture]:
    """Inside the block whatever httpx or httpx2 send, to any host, arrives at the local server."""
    capture, server = Capture(), _Server(("127.0.0.1", 0), _Handler)
    server.capture = capture
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            for library in (httpx, httpx2):
                _lead_here(patch, library, server.server_port)
            yield capture
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _lead_here(patch: pytest.MonkeyPatch, library: Any, port: int) -> None:
    send = library.HTTPTransport.handle_request

    def send_here(transport: Any, request: Any) -> Any:
        url = request.url
        origin = f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")
        led = library.Request(
            request.method,
            url.copy_with(scheme="http", host="127.0.0.1", port=port),
            headers=[*request.headers.multi_items(), (_ORIGIN, origin)],
            stream=request.stream,
            extensions=request.extensions,
        )
        return send(transport, led)

    patch.setattr(library.HTTPTransport, "handle_request", send_here)
