"""A backend, and the steps that every contract test takes with it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from aoai_finetune.backends import Backend, FileRecord, JobRecord, JobRequest, Supervised

BASE = "gpt-4.1-mini-2025-04-14"
T = TypeVar("T")


@dataclass(frozen=True)
class Service:
    """A backend, and the steps that every test takes with it."""

    backend: Backend

    def rows(self, count: int = 12, answer: str = "It is number {}.") -> bytes:
        """Chat rows as JSONL."""
        return b"".join(self.row(f"What is entry {n}?", answer.format(n)) for n in range(count))

    def row(self, question: str, answer: str) -> bytes:
        """One chat row as a JSONL line."""
        messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        return json.dumps({"messages": messages}).encode() + b"\n"

    def upload(self, content: bytes, filename: str = "rows.jsonl") -> FileRecord:
        """A file that the service has looked at."""
        file = self.backend.upload_file(io.BytesIO(content), filename=filename)
        return self.until(lambda: self.backend.get_file(file.id), lambda now: now.status != "pending")

    def start(self, content: bytes | None = None, model: str = BASE, **request: Any) -> JobRecord:
        """A job that was just created."""
        file = self.upload(self.rows() if content is None else content)
        request.setdefault("method", Supervised(n_epochs=2))
        return self.backend.create_job(JobRequest(model=model, training_file=file.id, **request))

    def train(self, content: bytes | None = None, model: str = BASE, **request: Any) -> JobRecord:
        """A job that is over."""
        job = self.start(content, model, **request)
        return self.until(lambda: self.backend.get_job(job.id), lambda now: now.done)

    def until(self, look: Callable[[], T], done: Callable[[T], bool]) -> T:
        """Look every five seconds of the backend's time until it is done."""
        for _ in range(1_000):
            seen = look()
            if done(seen):
                return seen
            self.backend.clock.sleep(5.0)
        pytest.fail("it did not happen within 5,000 seconds")
