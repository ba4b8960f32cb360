"""How an answer goes out: whole, cut off, drop by drop, never; on a real connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from enum import Enum, auto
from http.client import NO_CONTENT
from typing import TYPE_CHECKING, Any

from ._answer import Answer

if TYPE_CHECKING:
    from asyncio import Transport

__all__ = ["Delivery", "Wire"]

_DROPS = 24
_MISSING_BYTES = 64


class Delivery(Enum):
    """What happens to an answer on its way."""

    WHOLE = auto()
    RESET = auto()
    """The connection is reset (TCP RST) and nothing of the answer is sent."""
    HELD = auto()
    """Nothing is sent until the client gives up."""
    TRUNCATED = auto()
    """Half of the body is sent, and the connection is closed."""
    STALLED = auto()
    """Half of the body is sent, and nothing more until the client gives up."""
    SLOW = auto()
    """Everything is sent, in small pieces with pauses."""


class Wire:
    """One exchange on one connection.

    Args:
        receive, send: of the ASGI server.
        transport: the connection below it, None when it is gone.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
        transport: Transport | None,
    ) -> None:
        self._receive, self._send, self._transport = receive, send, transport

    async def deliver(self, answer: Answer, headers: Mapping[str, str], how: Delivery) -> None:
        """Send an answer in one of the ways; returns when it is sent, or the client is gone."""
        if how is Delivery.RESET:
            self._reset()
            await self._gone()
        elif how is Delivery.HELD:
            await self._gone()
        elif how in {Delivery.TRUNCATED, Delivery.STALLED}:
            await self._half(answer, headers, close=how is Delivery.TRUNCATED)
        else:
            await self._whole(answer, headers, slow=how is Delivery.SLOW)

    async def _start(self, answer: Answer, headers: Mapping[str, str], length: int | None) -> None:
        given = {"content-type": answer.media_type, **headers, **answer.headers}
        if length is not None:
            given["content-length"] = str(length)
        lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items()]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": lines})

    async def _piece(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def _whole(self, answer: Answer, headers: Mapping[str, str], *, slow: bool) -> None:
        if not answer.pieces and not slow:
            await self._start(answer, headers, None if answer.status == NO_CONTENT else len(answer.body))
            await self._piece(answer.body, more=False)
            return
        await self._start(answer, headers, None if answer.pieces else len(answer.body))
        for piece in _drops(answer.content) if slow else answer.pieces:
            await self._piece(piece, more=True)
            await asyncio.sleep(0.001 if slow else 0)
        await self._piece(b"", more=False)

    async def _half(self, answer: Answer, headers: Mapping[str, str], *, close: bool) -> None:
        """A promise of more bytes than come; `content-length` makes it one for an empty body, too."""
        half = answer.content[: len(answer.content) // 2]
        if answer.status == NO_CONTENT:  # which cannot promise a body
            answer = replace(answer, status=200)
        await self._start(answer, headers, len(answer.content) + _MISSING_BYTES)
        await self._piece(half, more=True)
        if close and self._transport is not None:
            self._transport.close()
        await self._gone()

    def _reset(self) -> None:
        if self._transport is None:
            return
        opened = self._transport.get_extra_info("socket")
        if opened is not None:
            # Closing a socket that lingers for 0 seconds sends RST instead of FIN.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _drops(data: bytes) -> Iterator[bytes]:
    size = max(1, -(-len(data) // _DROPS))
    return (data[at : at + size] for at in range(0, len(data), size))
