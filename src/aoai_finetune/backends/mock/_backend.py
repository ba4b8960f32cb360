"""The backend over a simulated resource: errors translated, faults on demand, time virtual."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import Any, BinaryIO, Self, TypeVar

from typing_extensions import override

from .. import _wire
from .._clock import Clock, VirtualClock
from .._protocol import Backend, Chat, Deployments, Models, Pausable
from .._records import (
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
from ._checks import Limits
from ._faults import Fault, FaultPlan
from ._resource import SimulatedResource
from ._transport import Transport
from .engines import Engine

__all__ = ["MockBackend"]

_Reply = TypeVar("_Reply")
_PAGE = 100


class MockBackend(Backend, Chat, Pausable, Deployments, Models):
    """A training service that runs in this process, costs nothing, and really learns and forgets.

    It behaves like an Azure OpenAI resource: statuses, quotas, refusals, event texts, result files, checkpoints.
    Its time is virtual: waiting for a job returns at once. Models are trained by an engine that is small and is
    not GPT; `capabilities.engine` names it. `n_epochs="auto"` becomes 10. Of preference rows (DPO) it learns the
    preferred outputs and nothing else: `beta` and the other outputs have no effect. For one `seed`, the same calls give the
    same ids, times, weights and answers. Safe to use from several threads; with a path also from several
    processes, and by several objects at once.

    Args:
        path: folder to keep files, jobs, models and time in; None keeps them in memory.
        seed: decides ids and default training seeds of a new resource; an existing one keeps its own.
        engine: `"softmax"`, or an engine object such as `ScriptedEngine`.
        models: names of the catalogue models; None for those of the Azure catalogue.
        clock: another clock; None for a virtual one that starts at 2026-01-01, or where the resource stopped.
        faults: what goes wrong.
        limits: quotas.
        require_deployments: only deployments answer, as on Azure; otherwise every model does.
        name: fixes `resource` to `mock:<name>`; None for a random name that the resource keeps.

    Raises:
        ValueError: an unknown engine, or a path whose models another engine trained.
    """

    def __init__(
        self,
        path: str | PathLike[str] | None = None,
        *,
        seed: int = 0,
        engine: str | Engine = "softmax",
        models: Sequence[str] | None = None,
        clock: Clock | None = None,
        faults: Sequence[Fault] = (),
        limits: Limits | None = None,
        require_deployments: bool = False,
        name: str | None = None,
    ) -> None:
        self._clock = clock or VirtualClock()
        self._simulated = SimulatedResource(
            path, clock=self._clock, seed=seed, engine=engine, models=models, limits=limits, name=name
        )
        self._plan = FaultPlan(faults)
        self._transport = Transport(self._simulated, self._plan)
        self._require_deployments = require_deployments

    @override
    def __repr__(self) -> str:
        return f"MockBackend({self.resource}, engine={self._simulated.engine.name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the resource's file; without a path, everything is gone."""
        self._simulated.close()

    @property
    @override
    def clock(self) -> Clock:
        """The time the resource lives in."""
        return self._clock

    @property
    @override
    def resource(self) -> str:
        """`mock:<name>`."""
        return f"mock:{self._simulated.name}"

    @property
    @override
    def capabilities(self) -> Capabilities:
        """What a mock can do; `engine` names the learner."""
        return Capabilities(
            provider="mock",
            engine=self._simulated.engine.name,
            free=True,
            chat=True,
            pause=True,
            deployments=True,
            models=True,
            methods=frozenset({"supervised", "dpo"}),
            min_examples=self._simulated.limits.min_examples,
            counter="estimate",  # the same numbers on every machine, whatever is installed there
        )

    @property
    def simulated(self) -> SimulatedResource:
        """The resource behind this backend."""
        return self._simulated

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests of each operation were sent through this object; each page of a list is one."""
        return self._plan.calls

    @override
    def upload_file(self, content: BinaryIO, /, *, filename: str) -> FileRecord:
        """Store a training file; it is `pending` until it was checked, a few seconds later."""
        body = self._transport.change(
            "upload_file", self._simulated.upload_file, filename=filename, content=content.read()
        )
        return _wire.file_record(body)

    @override
    def get_file(self, file_id: str, /) -> FileRecord:
        """One file as it is now. Raises `NotFound`."""
        return _wire.file_record(self._transport.read("get_file", self._simulated.get_file, file_id=file_id))

    @override
    def list_files(self) -> Iterator[FileRecord]:
        """All files, newest first."""
        return self._pages("list_files", self._simulated.list_files, _wire.file_record)

    @override
    def read_file(self, file_id: str, /) -> bytes:
        """The content of a file, or of a job's `results.csv`. Raises `NotFound`."""
        return bytes(self._transport.read("read_file", self._simulated.read_file, file_id=file_id))

    @override
    def delete_file(self, file_id: str, /) -> None:
        """Remove a file, also one that a job uses. Raises `NotFound`."""
        self._transport.change("delete_file", self._simulated.delete_file, file_id=file_id)

    @override
    def create_job(self, request: JobRequest, /) -> JobRecord:
        """Start one training. Refusals (`ServiceError`) leave nothing behind."""
        return _wire.job_record(
            self._transport.change("create_job", self._simulated.create_job, body=_wire.create_body(request))
        )

    @override
    def get_job(self, job_id: str, /) -> JobRecord:
        """One job as it is now. Raises `NotFound`."""
        return _wire.job_record(self._transport.read("get_job", self._simulated.get_job, job_id=job_id))

    @override
    def list_jobs(self) -> Iterator[JobRecord]:
        """All jobs, newest first."""
        return self._pages("list_jobs", self._simulated.list_jobs, _wire.job_record)

    @override
    def cancel_job(self, job_id: str, /) -> JobRecord:
        """Stop a job for good; it leaves no model. Raises `NotFound`, or `ServiceError` when it is over."""
        return _wire.job_record(
            self._transport.change("cancel_job", self._simulated.cancel_job, job_id=job_id)
        )

    @override
    def pause_job(self, job_id: str, /) -> JobRecord:
        """Let a running job stand still; no checkpoint is made. Raises `NotFound` or `ServiceError`."""
        return _wire.job_record(self._transport.change("pause_job", self._simulated.pause_job, job_id=job_id))

    @override
    def resume_job(self, job_id: str, /) -> JobRecord:
        """Let a paused job go on. Raises `NotFound` or `ServiceError`."""
        return _wire.job_record(
            self._transport.change("resume_job", self._simulated.resume_job, job_id=job_id)
        )

    @override
    def list_events(self, job_id: str, /) -> Iterator[EventRecord]:
        """A job's log so far, newest first. Raises `NotFound`."""
        return self._pages(
            "list_events", partial(self._simulated.list_events, job_id=job_id), _wire.event_record
        )

    @override
    def list_checkpoints(self, job_id: str, /) -> Iterator[CheckpointRecord]:
        """The models of a finished job's last three epochs, newest first. Raises `NotFound`."""
        return self._pages(
            "list_checkpoints",
            partial(self._simulated.list_checkpoints, job_id=job_id),
            _wire.checkpoint_record,
        )

    @override
    def chat(
        self,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        temperature: float = 0,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Completion:
        """Ask a model, checkpoint or deployment; `temperature=0` always gives the same answer.

        Raises `NotFound`, or `NotDeployed` when only deployments answer.
        """
        name = self._deployed(model) if self._require_deployments else model
        body = self._transport.read(
            "chat",
            self._simulated.chat,
            model=name,
            messages=messages,
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
            deployed_only=self._require_deployments,
        )
        return _wire.completion(body)

    def _deployed(self, model: str) -> str:
        """The name of a live deployment of that model, or the name as it is."""
        live = (body for body in self._simulated.list_deployments()["value"] if body["model"] == model)
        return next((str(body["name"]) for body in live if body["provisioningState"] == "Succeeded"), model)

    @override
    def create_deployment(self, name: str, model: str, /, *, tier: str = "standard") -> DeploymentRecord:
        """Begin to serve a model; it is `Creating` for a minute. A name in use gets the new model."""
        body = self._transport.change(
            "create_deployment", self._simulated.create_deployment, name=name, model=model, sku=tier
        )
        return _wire.deployment_record(body)

    @override
    def get_deployment(self, name: str, /) -> DeploymentRecord:
        """One deployment as it is now. Raises `NotFound`."""
        return _wire.deployment_record(
            self._transport.read("get_deployment", self._simulated.get_deployment, name=name)
        )

    @override
    def list_deployments(self) -> Iterator[DeploymentRecord]:
        """All deployments."""
        return map(
            _wire.deployment_record,
            self._transport.read("list_deployments", self._simulated.list_deployments)["value"],
        )

    @override
    def delete_deployment(self, name: str, /) -> None:
        """Stop serving. Raises `NotFound`."""
        self._transport.change("delete_deployment", self._simulated.delete_deployment, name=name)

    @override
    def get_model(self, model: str, /) -> ModelRecord:
        """One catalogue or fine-tuned model, or a checkpoint. Raises `NotFound`."""
        return _wire.model_record(self._transport.read("get_model", self._simulated.get_model, model=model))

    @override
    def list_models(self) -> Iterator[ModelRecord]:
        """Fine-tuned models, newest first, and the catalogue."""
        return map(
            _wire.model_record, self._transport.read("list_models", self._simulated.list_models)["data"]
        )

    def _pages(
        self,
        operation: str,
        fetch: Callable[..., dict[str, Any]],
        record: Callable[[Mapping[str, Any]], _Reply],
    ) -> Iterator[_Reply]:
        """All records of a list, the first page at once and the others when they are needed."""
        first = self._transport.read(operation, fetch, limit=_PAGE)
        return self._from_page(first, operation, fetch, record)

    def _from_page(
        self,
        page: dict[str, Any],
        operation: str,
        fetch: Callable[..., dict[str, Any]],
        record: Callable[[Mapping[str, Any]], _Reply],
    ) -> Iterator[_Reply]:
        yield from map(record, page["data"])
        while page["has_more"]:
            page = self._transport.read(operation, fetch, limit=_PAGE, after=page["data"][-1]["id"])
            yield from map(record, page["data"])
