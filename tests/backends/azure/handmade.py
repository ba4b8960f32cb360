"""A service made by hand: it answers what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import openai

from aoai_finetune.backends import AzureOpenAIBackend, VirtualClock

KEY = "k-canary-0123456789"
HOST = "https://contoso.openai.azure.com"
SURFACES = ("dated", "v1")
DATED = "2025-04-01-preview"
STABLE = "2024-10-21"

Answer = Callable[[httpx2.Request], httpx2.Response]


def answer(status: int = 200, body: object = None, **headers: str) -> Answer:
    """A JSON reply."""
    return lambda _: httpx2.Response(
        status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def broken(error: type[Exception]) -> Answer:
    """No reply, because the transport failed."""

    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error("planned")

    return fail


def refuse(status: int, code: str | None, message: str, **headers: str) -> Answer:
    """An error reply of the service's shape."""
    return answer(status, {"error": {"code": code, "message": message}}, **headers)


@dataclass
class Service:
    """Answers in turn; the last answer is for all that follow."""

    answers: list[Answer] = field(default_factory=list[Answer])
    requests: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def will(self, *answers: Answer) -> None:
        """Answer so from now on."""
        self.answers[:] = answers

    def transport(self) -> httpx2.MockTransport:
        """What a client sends through."""
        return httpx2.MockTransport(self._handle)

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        chosen = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return chosen(request)

    def client(self, surface: str, **options: Any) -> openai.OpenAI:
        """A client of that surface."""
        http = httpx2.Client(transport=self.transport(), follow_redirects=True)
        if surface == "v1":
            return openai.OpenAI(base_url=f"{HOST}/openai/v1/", api_key=KEY, http_client=http, **options)
        version = options.pop("api_version", DATED)
        return openai.AzureOpenAI(
            azure_endpoint=HOST, api_key=KEY, api_version=version, http_client=http, **options
        )

    def backend(self, surface: str, **options: Any) -> AzureOpenAIBackend:
        """A backend over such a client, whose time is virtual."""
        given: dict[str, Any] = {"training_type": "global", "clock": VirtualClock()} | options
        version = {"api_version": given.pop("api_version")} if "api_version" in given else {}
        return AzureOpenAIBackend(self.client(surface, **version), **given)

    @property
    def paths(self) -> list[str]:
        """Paths below the surface's root, in the order they were asked for."""
        return [request.url.path.removeprefix("/openai").removeprefix("/v1") for request in self.requests]

    def sent(self, index: int = -1) -> dict[str, Any]:
        """The JSON body of a request."""
        body: dict[str, Any] = json.loads(self.requests[index].content)
        return body
