"""The seam to a training service: one method per remote fact, no policy.

A backend never sleeps, polls or retries; that lives once, in `jobs/`, on the backend's clock. A backend
translates failures at its edge: a `ServiceError` means the service certainly did not act (its `retryable` says
whether the same call can succeed later), an `OutcomeUnknown` that it may have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Protocol, runtime_checkable

from ._clock import Clock
from ._records import (
    Capabilities,
    CheckpointRecord,
    Completion,
    DeploymentRecord,
    EventRecord,
    FileRecord,
    JobRecord,
    JobRequest,
    ModelRecord,
)

__all__ = ["Backend", "Chat", "Checking", "Deployments", "Models", "Pausable"]


@runtime_checkable
class Backend(Protocol):
    """What a training service must be able to do."""

    @property
    def clock(self) -> Clock:
        """The time this service lives in."""
        ...

    @property
    def resource(self) -> str:
        """Which resource this is: endpoint host and account, or `mock:<id>`. Never a key."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do, and its limits."""
        ...

    def upload_file(self, content: BinaryIO, /, *, filename: str) -> FileRecord:
        """Store a training file. Raises `OutcomeUnknown` when it may or may not have been stored."""
        ...

    def get_file(self, file_id: str, /) -> FileRecord:
        """One file as it is now. Raises `NotFound`."""
        ...

    def list_files(self) -> Iterator[FileRecord]:
        """All files of the resource, in no promised order."""
        ...

    def read_file(self, file_id: str, /) -> bytes:
        """The content of a file. Raises `NotFound`."""
        ...

    def delete_file(self, file_id: str, /) -> None:
        """Remove a file. Raises `NotFound`."""
        ...

    def create_job(self, request: JobRequest, /) -> JobRecord:
        """Start one training, sending the request once. Raises `OutcomeUnknown` when it may have started."""
        ...

    def get_job(self, job_id: str, /) -> JobRecord:
        """One job as it is now. Raises `NotFound`."""
        ...

    def list_jobs(self) -> Iterator[JobRecord]:
        """All jobs of the resource, newest first."""
        ...

    def cancel_job(self, job_id: str, /) -> JobRecord:
        """Ask for a job to stop. Raises `NotFound`, or `ServiceError` when it is already over."""
        ...

    def list_events(self, job_id: str, /) -> Iterator[EventRecord]:
        """A job's log, newest first as on the wire."""
        ...

    def list_checkpoints(self, job_id: str, /) -> Iterator[CheckpointRecord]:
        """A job's saved models, newest first as on the wire."""
        ...


@runtime_checkable
class Chat(Protocol):
    """A backend whose models can be asked."""

    def chat(
        self,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        temperature: float = 0,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Completion:
        """Ask a model or deployment. Raises `NotFound`, `NotDeployed` or `ServiceError`."""
        ...


@runtime_checkable
class Checking(Protocol):
    """A backend that knows, before anything is stored or sent, of requests that cannot succeed."""

    def check_job(self, request: JobRequest, /) -> None:
        """Raise what `create_job` would raise for this request without asking the service; file ids may be empty."""
        ...


@runtime_checkable
class Pausable(Protocol):
    """A backend whose jobs can be paused."""

    def pause_job(self, job_id: str, /) -> JobRecord:
        """Pause a running job; it keeps a checkpoint."""
        ...

    def resume_job(self, job_id: str, /) -> JobRecord:
        """Let a paused job go on."""
        ...


@runtime_checkable
class Deployments(Protocol):
    """A backend that can serve models under a name, at a price per hour."""

    def create_deployment(self, name: str, model: str, /, *, tier: str = "standard") -> DeploymentRecord:
        """Begin to serve a model; `Succeeded` is not yet ready."""
        ...

    def get_deployment(self, name: str, /) -> DeploymentRecord:
        """One deployment as it is now. Raises `NotFound`."""
        ...

    def list_deployments(self) -> Iterator[DeploymentRecord]:
        """All deployments of the resource."""
        ...

    def delete_deployment(self, name: str, /) -> None:
        """Stop serving. Raises `NotFound`."""
        ...


@runtime_checkable
class Models(Protocol):
    """A backend that knows its models and their dates."""

    def get_model(self, model: str, /) -> ModelRecord:
        """One model. Raises `NotFound`."""
        ...

    def list_models(self) -> Iterator[ModelRecord]:
        """Catalogue models and fine-tuned ones."""
        ...
