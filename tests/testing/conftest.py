"""An emulator, plain HTTP to it, and a client of each face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from aoai_finetune.testing import Emulator
from testing.clients import NAME, NO_TLS, Http, make_client


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A fresh resource on a port of its own."""
    with Emulator(name=NAME) as started:
        yield started


@pytest.fixture
def http(emulator: Emulator) -> Iterator[Http]:
    """Sends one request to the emulator with its key: `http("GET", "/openai/v1/files")`."""
    with httpx.Client(base_url=emulator.endpoint, timeout=10.0, verify=NO_TLS) as client:

        def send(method: str, path: str, **more: Any) -> httpx.Response:
            secret = {"authorization": "Bearer test"} if "/subscriptions/" in path else {"api-key": "test"}
            headers = secret | more.pop("headers", {})
            return client.request(method, path, headers=headers, **more)

        yield send


@pytest.fixture(params=["v1", "dated"])
def surface(request: pytest.FixtureRequest) -> str:
    """Each face of the data plane in turn."""
    return str(request.param)


@pytest.fixture
def client(emulator: Emulator, surface: str) -> Iterator[openai.OpenAI]:
    """The unmodified client of that face, which tries once."""
    with make_client(emulator, surface) as made:
        yield made
