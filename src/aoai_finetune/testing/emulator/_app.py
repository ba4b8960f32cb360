"""The emulated service as an ASGI application: the gate, the fault plan, the operation, the answer."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from ...backends.mock import Fault, FaultPlan, ServiceFault, SimulatedResource
from ._answer import Answer, refusal
from ._ask import Ask, Surface
from ._delivery import Delivery, Wire
from ._endpoint import Endpoint
from ._gate import Keys, check, check_account
from ._mishaps import answer_instead, mishap
from ._routes import Found, Routes, all_routes

__all__ = ["App", "Seen"]

_LOG = logging.getLogger("aoai_finetune.testing")
_MOST_BYTES = 513 * 1024 * 1024
"""Of one request: a file of 512 MB, and the form around it."""
_TOO_LARGE = ServiceFault(413, "RequestEntityTooLarge", "The request body is too large.")
_NOWHERE = ServiceFault(404, "404", "Resource not found")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request the emulator met: no query, no header, no body. `status` is None where no answer was sent."""

    method: str
    path: str
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The service over one simulated resource.

    Attributes:
        resource: what is asked.
        plan: which requests go wrong, and how.
        keys: what lets a caller in.
        pool: threads that the resource is asked on, so that a training does not stop the event loop.
        latency: seconds before each answer.
        transport: the connection of a client's address.
        seen: the requests so far.
    """

    resource: SimulatedResource
    plan: FaultPlan
    keys: Keys
    pool: Executor
    latency: float
    transport: Callable[[Any], asyncio.Transport | None]
    routes: Routes = field(default_factory=all_routes)
    seen: list[Seen] = field(default_factory=list[Seen])

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """One HTTP request."""
        body, gone = await _body(receive)
        if gone:
            return
        answer, how = await self._answer(scope, body)
        if self.latency:
            await asyncio.sleep(self.latency)
        sent = None if how in {Delivery.RESET, Delivery.HELD} else answer.status
        self.seen.append(Seen(scope["method"], scope["path"], sent))
        wire = Wire(receive, send, self.transport(scope["client"]))
        await wire.deliver(answer, _ids(), how)

    async def _answer(self, scope: Mapping[str, Any], body: bytes | None) -> tuple[Answer, Delivery]:
        found = self.routes.find(scope["path"])
        if found is None:
            return refusal(_NOWHERE, _face(scope["path"])), Delivery.WHOLE
        if body is None:
            return refusal(_TOO_LARGE, found.surface), Delivery.WHOLE
        ask = _ask(scope, body, found)
        try:
            endpoint = self._admit(ask, found)
        except ServiceFault as refused:
            return refusal(refused, ask.surface), Delivery.WHOLE
        fault = self.plan.next(endpoint.counted)
        return await asyncio.get_running_loop().run_in_executor(self.pool, self._act, ask, endpoint, fault)

    def _admit(self, ask: Ask, found: Found) -> Endpoint:
        """The endpoint for those who may use it. Raises `ServiceFault`."""
        check(ask, self.keys)
        check_account(ask, self.resource.name)
        endpoint = found.methods.get(ask.method)
        if endpoint is None or not endpoint.serves(ask):
            raise ask.nothing_here()
        return endpoint

    def _act(self, ask: Ask, endpoint: Endpoint, fault: Fault | None) -> tuple[Answer, Delivery]:
        """Do what was asked for, or let a planned fault happen."""
        if fault is None:
            return self._reply(ask, endpoint)[0], Delivery.WHOLE
        course = mishap(fault)
        answer, reply = Answer(), None
        if course.late:
            self._receive_later(ask, endpoint, fault.delay)
        if course.acts:
            answer, reply = self._reply(ask, endpoint)
        if course.fails and reply is not None:
            code = fault.code or "internalFailure"
            self.resource.doom_job(job_id=reply["id"], code=code, message="The job failed (planned fault).")
        return answer_instead(fault, ask.surface, answer), course.delivery

    def _receive_later(self, ask: Ask, endpoint: Endpoint, delay: float) -> None:
        try:
            self.resource.receive_later(endpoint.operation, delay, endpoint.arguments(ask))
        except ServiceFault:
            return  # what cannot be read never arrives

    def _reply(self, ask: Ask, endpoint: Endpoint) -> tuple[Answer, Any]:
        """The answer, and the resource's reply behind it."""
        try:
            reply = getattr(self.resource, endpoint.operation)(**endpoint.arguments(ask))
            return endpoint.show(reply, ask), reply
        except ServiceFault as fault:
            return refusal(fault, ask.surface), None
        except Exception as why:  # noqa: BLE001 -- a server survives its mistakes, and says where they are
            last = traceback.extract_tb(why.__traceback__)[-1]
            _LOG.error("the emulator failed: %s at %s:%s", type(why).__name__, last.filename, last.lineno)
            failed = ServiceFault(500, "internalFailure", f"The emulator failed ({type(why).__name__}).")
            return refusal(failed, ask.surface), None


async def _body(receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> tuple[bytes | None, bool]:
    """The whole body, or None when it is too large; and whether the client went away before its end."""
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None, True
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size <= _MOST_BYTES:
            pieces.append(piece)
        else:
            pieces.clear()
    return (b"".join(pieces) if size <= _MOST_BYTES else None), False


def _ask(scope: Mapping[str, Any], body: bytes, found: Found) -> Ask:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host, port = scope["server"]
    return Ask(
        surface=found.surface,
        method=scope["method"],
        path=scope["path"],
        names=found.names,
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        body=body,
        origin=f"http://{host}:{port}",
    )


def _face(path: str) -> Surface:
    return "v1" if path.startswith("/openai/v1") else "dated" if path.startswith("/openai") else "arm"


def _ids() -> dict[str, str]:
    """The headers that name a request, as Azure sends them."""
    made = str(uuid4())
    return {
        "apim-request-id": made,
        "x-request-id": made,
        "x-ms-request-id": made,
        "x-ms-region": "Emulated",
        "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
        "x-content-type-options": "nosniff",
    }
