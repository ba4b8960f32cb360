"""A real HTTP server on a real port, in a thread of its own, that can be closed and opened at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.protocols.http.h11_impl import H11Protocol
    from uvicorn.server import ServerState

__all__ = ["Server"]

_Result = TypeVar("_Result")
_Application = Callable[[Any, Any, Any], Awaitable[None]]
_BACKLOG = 1024
_KEEP_ALIVE_SECONDS = 300


class Server:
    """Serves an ASGI application with uvicorn's protocol.

    uvicorn's own `Server` looks every tenth of a second whether it is to end, and its port is open or it is over;
    here a test opens thousands, and closes the port in the middle. So uvicorn reads and writes HTTP, and asyncio
    listens.

    Args:
        application: the ASGI application.
        host: the address to listen on.
        port: the port, 0 for one that is free.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, application: _Application, *, host: str, port: int) -> None:
        self._config = _config(application)
        self._state = _state()
        self._host = host
        self._listener = _bound(host, port)
        self._closed_port = _bound(host, 0)
        self.port = int(self._listener.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._listening: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="aoai-emulator", daemon=True)
        self._thread.start()
        try:
            self._run(self._open())
        except OSError:
            self.close()
            raise

    @property
    def closed_port(self) -> int:
        """A port of this machine that is ours, and refuses every connection."""
        return int(self._closed_port.getsockname()[1])

    def transport(self, client: object) -> asyncio.Transport | None:
        """The connection of a client's address."""
        return next((each.transport for each in self._connections if each.client == client), None)

    @property
    def _connections(self) -> list[H11Protocol]:
        return [cast("H11Protocol", each) for each in self._state.connections]

    @contextlib.contextmanager
    def refusing(self) -> Generator[None]:
        """Inside the block the port is closed: connections are refused, and idle ones are gone."""
        self._run(self._shut())
        try:
            yield
        finally:
            if not self._loop.is_closed():
                self._run(self._open())

    def close(self) -> None:
        """End everything: listening, connections, requests in progress, the thread."""
        if self._loop.is_closed():
            return
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listener.close()
        self._closed_port.close()

    def _run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> None:
        self._listening = await self._loop.create_server(
            self._protocol, sock=self._listener, backlog=_BACKLOG, start_serving=True
        )

    def _protocol(self) -> H11Protocol:
        from uvicorn.protocols.http.h11_impl import H11Protocol

        protocol = H11Protocol(config=self._config, server_state=self._state, app_state={}, _loop=self._loop)
        protocol.access_log = False  # whatever the program does with uvicorn's loggers
        return protocol

    async def _shut(self) -> None:
        """Stop listening, and keep the port: bound and not listening, it refuses and nobody else gets it."""
        self._stop_listening()
        for protocol in self._connections:
            protocol.shutdown()  # at once where it is idle, otherwise after its answer
        self._listener.close()
        self._listener = _bound(self._host, self.port)

    def _stop_listening(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    async def _end(self) -> None:
        self._stop_listening()
        for protocol in self._connections:
            protocol.transport.abort()
        await asyncio.sleep(0)
        running = set(self._state.tasks)
        if running:
            await asyncio.wait(running)


def _config(application: _Application) -> Config:
    from uvicorn import Config

    config = Config(
        application,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    config.load()
    return config


def _state() -> ServerState:
    from uvicorn.server import ServerState

    return ServerState()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it each answer takes 40 ms.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere it would let another program take the port
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened
