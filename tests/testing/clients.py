"""Unmodified clients of the emulator, and what tests do with them."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import openai

from aoai_finetune.testing import Emulator

BASE = "gpt-4.1-mini-2025-04-14"
DATED = "2025-04-01-preview"
NAME = "contoso"
ACCOUNT = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/emulated"
    f"/providers/Microsoft.CognitiveServices/accounts/{NAME}"
)

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Reading the machine's certificates takes 25 ms for each client, and everything here is plain HTTP."""

Http = Callable[..., httpx.Response]


def fetch(method: str, url: str, **more: Any) -> httpx.Response:
    """One request on a connection of its own."""
    return httpx.request(method, url, verify=NO_TLS, timeout=10.0, **more)


def jsonl(*rows: object) -> bytes:
    """Rows as the content of a file."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def chat_row(question: str, answer: str) -> dict[str, Any]:
    """One chat row."""
    return {
        "messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}],
    }


ROWS = jsonl(*(chat_row(f"What is entry {n}?", f"It is number {n}.") for n in range(12)))


def make_client(emulator: Emulator, surface: str, key: str = "test", timeout: float = 10.0) -> openai.OpenAI:
    """An `OpenAI` client for v1, an `AzureOpenAI` one for the dated surface."""
    http_client = openai.DefaultHttpxClient(timeout=timeout, verify=NO_TLS)
    shared: dict[str, Any] = {
        "api_key": key,
        "max_retries": 0,
        "timeout": timeout,
        "http_client": http_client,
    }
    if surface == "v1":
        return openai.OpenAI(base_url=f"{emulator.endpoint}/openai/v1/", **shared)
    return openai.AzureOpenAI(azure_endpoint=emulator.endpoint, api_version=DATED, **shared)


def uploaded(client: openai.OpenAI, emulator: Emulator, content: bytes = ROWS) -> str:
    """A file that was checked; its id."""
    file = client.files.create(file=("rows.jsonl", content), purpose="fine-tune")
    emulator.advance(10)
    return file.id


def trained(client: openai.OpenAI, emulator: Emulator, **request: Any) -> Any:
    """A job that is over."""
    job = client.fine_tuning.jobs.create(model=BASE, training_file=uploaded(client, emulator), **request)
    emulator.advance(10_000)
    return client.fine_tuning.jobs.retrieve(job.id)


def deploy(
    http: Http, name: str, model: str, *, tier: str = "standard", capacity: int = 10
) -> httpx.Response:
    """PUT a deployment; a catalogue model and its version are named apart."""
    short, dated = (model[:-11], model[-10:]) if model == BASE else (model, "1")
    body = {
        "sku": {"name": tier, "capacity": capacity},
        "properties": {"model": {"format": "OpenAI", "name": short, "version": dated}},
    }
    return http("PUT", f"{ACCOUNT}/deployments/{name}", params={"api-version": "2024-10-01"}, json=body)
