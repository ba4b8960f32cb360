"""The steps that contract tests take with a backend, and where they get one from."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import ClassVar, TypedDict, TypeVar

import pytest
from typing_extensions import Unpack

from ..backends import (
    Backend,
    Chat,
    Deployments,
    FileRecord,
    JobRecord,
    JobRequest,
    Models,
    Pausable,
    Supervised,
)
from ..errors import FineTuneError, NotDeployed, NotFound

__all__ = ["Contract", "RequestOptions", "Service", "asking", "attempt"]

_Seen = TypeVar("_Seen")
_UNREADY = frozenset({"uploaded", "pending", "running"})


class RequestOptions(TypedDict, total=False):
    """What a creation request may say beside its training file."""

    model: str | None
    validation_file: str | None
    suffix: str | None
    seed: int | None
    method: Supervised
    training_type: str | None


@dataclass(frozen=True, kw_only=True)
class Service:
    """A backend and the steps that every contract test takes with it.

    Args:
        backend: the backend under test.
        model: what jobs start from.
        training_type: Azure's `trainingType` of every job; None leaves it out.
        patience: seconds of the backend's time after which a step that should end has failed.
        pause: seconds of the backend's time between two looks.
    """

    backend: Backend
    model: str
    training_type: str | None = None
    patience: float = 50_000.0
    pause: float = 5.0

    @property
    def chat(self) -> Chat:
        """The backend as one whose models can be asked."""
        assert isinstance(self.backend, Chat), "capabilities.chat is set, and there is no method chat"
        return self.backend

    @property
    def pausable(self) -> Pausable:
        """The backend as one whose jobs can be paused."""
        assert isinstance(self.backend, Pausable), "capabilities.pause is set, and its methods are missing"
        return self.backend

    @property
    def deployments(self) -> Deployments:
        """The backend as one that can deploy."""
        assert isinstance(self.backend, Deployments), "capabilities.deployments is set without its methods"
        return self.backend

    @property
    def models(self) -> Models:
        """The backend as one that knows its models."""
        assert isinstance(self.backend, Models), "capabilities.models is set, and its methods are missing"
        return self.backend

    def rows(self, count: int | None = None, answer: str = "It is number {}.") -> bytes:
        """Chat rows as JSONL, each with its own question; by default two more than the least a job takes."""
        wanted = self.backend.capabilities.min_examples + 2 if count is None else count
        return b"".join(self.row(f"What is entry {n}?", answer.format(n)) for n in range(wanted))

    def row(self, question: str, answer: str) -> bytes:
        """One chat row as a JSONL line."""
        messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        return json.dumps({"messages": messages}, ensure_ascii=False).encode() + b"\n"

    def send(self, content: bytes | None = None, filename: str = "rows.jsonl") -> FileRecord:
        """A file as it is right after its upload."""
        return self.backend.upload_file(
            io.BytesIO(self.rows() if content is None else content), filename=filename
        )

    def upload(self, content: bytes | None = None, filename: str = "rows.jsonl") -> FileRecord:
        """A file that the service has looked at."""
        file = self.send(content, filename)
        return self.until(lambda: self.backend.get_file(file.id), lambda now: now.status not in _UNREADY)

    def request(self, training_file: str, **given: Unpack[RequestOptions]) -> JobRequest:
        """A creation request: two epochs on the contract's model unless something else is given."""
        return JobRequest(
            model=given.get("model") or self.model,
            training_file=training_file,
            validation_file=given.get("validation_file"),
            suffix=given.get("suffix"),
            seed=given.get("seed"),
            method=given.get("method", Supervised(n_epochs=2)),
            training_type=given.get("training_type", self.training_type),
        )

    def start(self, content: bytes | None = None, **request: Unpack[RequestOptions]) -> JobRecord:
        """A job that was just created, from its own file."""
        return self.backend.create_job(self.request(self.upload(content).id, **request))

    def train(self, content: bytes | None = None, **request: Unpack[RequestOptions]) -> JobRecord:
        """A job that is over."""
        return self.finished(self.start(content, **request))

    def finished(self, job: JobRecord) -> JobRecord:
        """The same job when it is over."""
        return self.until(lambda: self.backend.get_job(job.id), lambda now: now.done)

    def made_of(self, file_id: str) -> list[str]:
        """The ids of the jobs that the service lists for a training file."""
        return [job.id for job in self.backend.list_jobs() if job.training_file == file_id]

    def until(self, look: Callable[[], _Seen], done: Callable[[_Seen], bool]) -> _Seen:
        """Look, wait on the backend's clock, and look again until it is done.

        Raises:
            AssertionError: it did not happen within `patience` seconds of the backend's time.
        """
        deadline = self.backend.clock.now() + self.patience
        while True:
            seen = look()
            if done(seen):
                return seen
            if self.backend.clock.now() > deadline:
                raise AssertionError(f"it did not happen within {self.patience:.0f} seconds")
            self.backend.clock.sleep(self.pause)

    @contextmanager
    def answering(self, model: str) -> Generator[str]:
        """A name under which `model` answers: that of a deployment made for the while, else its own."""
        if not self.backend.capabilities.deployments:
            yield model
            return
        name = f"contract-{secrets.token_hex(4)}"
        self.deployments.create_deployment(name, model)
        try:
            self.until(lambda: self._answers(name), bool)
            yield name
        finally:
            with suppress(FineTuneError):
                self.deployments.delete_deployment(name)

    def _answers(self, name: str) -> bool:
        if self.deployments.get_deployment(name).status.casefold() != "succeeded":
            return False
        if not self.backend.capabilities.chat:
            return True
        try:
            self.chat.chat(name, asking("Are you there?"), max_tokens=8)
        except (NotDeployed, NotFound):  # `Succeeded` is not ready
            return False
        return True


def attempt(call: Callable[[], _Seen]) -> _Seen | FineTuneError:
    """What a call returned, or the typed error that refused it."""
    try:
        return call()
    except FineTuneError as refused:
        return refused


def asking(question: str) -> list[dict[str, str]]:
    """A conversation of one question."""
    return [{"role": "system", "content": "You know entries."}, {"role": "user", "content": question}]


class Contract:
    """What all contract classes share: the fixture to override, and the settings to adapt.

    Attributes:
        model: what jobs start from; a model of the service that may be fine-tuned.
        training_type: Azure's `trainingType` of every job; None leaves it out.
        many: how many files, and jobs, are made to need more than one page of a list.
        patience: seconds of the backend's time within which a file, a job or a deployment is finished.
        secrets: what must never be seen, such as the key the backend was made with.
    """

    model: ClassVar[str] = "gpt-4.1-mini-2025-04-14"
    training_type: ClassVar[str | None] = None
    many: ClassVar[int] = 21
    patience: ClassVar[float] = 50_000.0
    secrets: ClassVar[tuple[str, ...]] = ()

    @pytest.fixture
    def backend(self) -> Iterator[Backend]:
        """The backend under test: override this fixture. The resource behind it need not be empty."""
        raise NotImplementedError("override the fixture `backend`: let it yield the backend under test")

    @pytest.fixture
    def service(self, backend: Backend) -> Service:
        """The backend with the steps that the tests take."""
        return Service(
            backend=backend, model=self.model, training_type=self.training_type, patience=self.patience
        )
