"""Rows, and mocks that have trained on them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from aoai_finetune.backends import JobRecord, JobRequest, MockBackend

BASE = "gpt-4.1-mini-2025-04-14"


def row(question: str, answer: str, **more: Any) -> dict[str, Any]:
    """One chat row."""
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer, **more}]
    return {"messages": messages}


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """Twelve rows, each with its own answer."""
    return [row(f"What is entry {n}?", f"It is number {n}.") for n in range(12)]


@pytest.fixture
def content(rows: list[dict[str, Any]]) -> bytes:
    """The twelve rows as JSONL."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in rows)


@pytest.fixture
def start(content: bytes) -> Callable[..., JobRecord]:
    """Uploads the twelve rows and creates a job."""

    def begin(backend: MockBackend, model: str = BASE, **request: Any) -> JobRecord:
        file = backend.upload_file(io.BytesIO(content), filename="rows.jsonl")
        backend.clock.sleep(10.0)
        return backend.create_job(JobRequest(model=model, training_file=file.id, **request))

    return begin


@pytest.fixture
def train(start: Callable[..., JobRecord]) -> Callable[..., JobRecord]:
    """Trains on the twelve rows; the job that is over."""

    def run(backend: MockBackend, model: str = BASE, **request: Any) -> JobRecord:
        job = start(backend, model, **request)
        backend.clock.sleep(10_000.0)
        return backend.get_job(job.id)

    return run
