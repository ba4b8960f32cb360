"""The three surfaces a training service is reached by, each with its simulated resource open to the test."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import httpx
import httpx2
import openai
import pytest

from aoai_finetune.backends import (
    ArmConfig,
    AzureOpenAIBackend,
    Backend,
    Fault,
    FaultKind,
    JobRecord,
    Limits,
    MockBackend,
    ScriptedEngine,
    SimulatedResource,
)
from aoai_finetune.backends._wire import job_record
from aoai_finetune.testing import Emulator

__all__ = ["SURFACES", "World"]

LIMITS = Limits(files=1_000, jobs=1_000, queued=100)
HELD = frozenset({FaultKind.TIME_OUT, FaultKind.ACTED_LATE, FaultKind.STALLED})
SHORT = {"connect": 5.0, "read": 0.02, "write": 5.0, "pool": 5.0}
"""Seconds that a caller waits for an answer that will not come."""


@dataclass(frozen=True, kw_only=True)
class World:
    """One resource and the backend that talks to it.

    Attributes:
        backend: what the library uses.
        simulated: the resource itself, where trainings are counted.
        calls: requests so far, by operation.
    """

    backend: Backend
    simulated: SimulatedResource
    calls: Callable[[], Mapping[str, int]]

    def jobs(self) -> list[JobRecord]:
        """All trainings that exist at the service, as the service counts them."""
        return [job_record(body) for body in _all(self.simulated.list_jobs)]

    def files(self) -> set[str]:
        """The names of the training files that exist at the service."""
        bodies = _all(self.simulated.list_files)
        return {str(body["filename"]) for body in bodies if body["purpose"] == "fine-tune"}

    def serving(self) -> int:
        """How many deployments cost by the hour."""
        return len(self.simulated.list_deployments()["value"])


def _all(fetch: Callable[..., Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    page = fetch(limit=100)
    found = list(page["data"])
    while page["has_more"]:
        page = fetch(limit=100, after=found[-1]["id"])
        found += page["data"]
    return found


def engine() -> ScriptedEngine:
    """Trains at once, and answers what a question about an entry expects."""
    return ScriptedEngine(lambda question: f"It is number {question.rstrip('?').rpartition(' ')[2]}.")


@contextmanager
def mock(faults: Sequence[Fault]) -> Generator[World]:
    """No wire: `MockBackend` in this process."""
    with MockBackend(faults=faults, limits=LIMITS, engine=engine(), require_deployments=True) as backend:
        yield World(backend=backend, simulated=backend.simulated, calls=lambda: backend.calls)


@contextmanager
def emulated(surface: Literal["dated", "v1"], faults: Sequence[Fault]) -> Generator[World]:
    """A client as a user makes it, which would send again by itself, and a real port."""
    with (
        Emulator(faults=faults, limits=LIMITS, engine=engine()) as emulator,
        pytest.MonkeyPatch.context() as patch,
        _client(surface, emulator.endpoint) as client,
    ):
        for library in (httpx, httpx2):
            transport = library.HTTPTransport
            send = _as_planned(transport.handle_request, emulator, faults)
            patch.setattr(transport, "handle_request", send)
        _, _, subscription, _, group, *_, account = emulator.account.split("/")
        arm = ArmConfig(subscription, group, account, token=lambda: "test", endpoint=emulator.arm_endpoint)
        backend = AzureOpenAIBackend(client, arm=arm, training_type="standard", clock=emulator.clock)
        yield World(backend=backend, simulated=emulator.simulated, calls=lambda: emulator.calls)


def _client(surface: Literal["dated", "v1"], endpoint: str) -> openai.OpenAI:
    # Loading certificates takes longer than most cells, and nothing here is encrypted.
    http = openai.DefaultHttpxClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    if surface == "v1":
        return openai.OpenAI(base_url=f"{endpoint}/openai/v1/", api_key="test", http_client=http)
    return openai.AzureOpenAI(
        azure_endpoint=endpoint, api_key="test", api_version="2025-04-01-preview", http_client=http
    )


def _as_planned(send: Callable[..., Any], emulator: Emulator, faults: Sequence[Fault]) -> Callable[..., Any]:
    """Sends requests as they are, but to a closed port where they are to be refused, and where no answer will come
    with little patience: a short time-out for everything would make a busy machine a fault of its own.
    """

    def send_as_planned(transport: Any, request: Any) -> Any:
        operation = emulator._app.routes.operation(request.method, request.url.path)
        number = emulator.calls.get(operation or "", 0)
        met = [f for f in faults if f.operation == operation and f.at <= number < f.at + f.times]
        if met and met[0].kind in HELD:
            request.extensions = {**request.extensions, "timeout": SHORT}
        if (port := emulator.refused_at(request.method, request.url.path)) is not None:
            request.url = request.url.copy_with(port=port)
        return send(transport, request)

    return send_as_planned


SURFACES: Mapping[str, Callable[[Sequence[Fault]], AbstractContextManager[World]]] = {
    "mock": mock,
    "dated": partial(emulated, "dated"),
    "v1": partial(emulated, "v1"),
}
