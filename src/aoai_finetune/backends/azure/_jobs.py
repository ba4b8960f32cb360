"""Jobs of a resource."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ...errors import NotSupported
from .. import _wire
from .._records import CheckpointRecord, EventRecord, JobRecord, JobRequest
from ._calls import Call, part
from ._checks import checked_body, contradictions
from ._copies import COPY_PREVIEW, CheckpointCopy, copies_of
from ._plane import Plane

__all__ = ["JobPlane"]

_LOG = logging.getLogger("aoai_finetune")
_Record = TypeVar("_Record")


class JobPlane(Plane):
    """What can be done with jobs."""

    _training_type: str | None

    def create_job(self, request: JobRequest, /) -> JobRecord:
        """Start one training, sending the request once.

        A job whose first reply contradicts the request (another number of epochs, another training type) is
        returned, because it exists, and a warning is logged that says how to cancel it.

        Raises:
            OutcomeUnknown: it may have started.
            InvalidRequest: no training type is given, a suffix or seed is one that the service refuses, or the
                api-version does not read the method or training type; nothing was sent.
            ServiceError, NotFound: the service refused; nothing was started.
        """
        body = checked_body(request, self._surface, self._training_type)
        call = Call(
            operation="create_job",
            verb="post",
            path="/fine_tuning/jobs",
            changes=True,
            subject=request.model,
            body=body,
        )
        job = self._sender.record(call, _wire.job_record)
        if found := contradictions(request, self._training_type, job):
            _LOG.warning(
                "the service does not train %s as it was asked to: %s; backend.cancel_job(%r) stops it",
                job.id,
                "; ".join(found),
                job.id,
            )
        return job

    def check_job(self, request: JobRequest, /) -> None:
        """Raise `InvalidRequest` where `create_job` would refuse the request without sending it."""
        checked_body(request, self._surface, self._training_type)

    def get_job(self, job_id: str, /) -> JobRecord:
        """One job as it is now. Raises `NotFound`."""
        return self._get("get_job", f"/fine_tuning/jobs/{part(job_id)}", _wire.job_record)

    def list_jobs(self) -> Iterator[JobRecord]:
        """All jobs of the resource, newest first, 100 a page as they are needed."""
        call = Call(operation="list_jobs", verb="get", path="/fine_tuning/jobs")
        return self._sender.pages(call, _wire.job_record, whole=True)

    def cancel_job(self, job_id: str, /) -> JobRecord:
        """Ask for a job to stop. Raises `NotFound`, or `ServiceError` when it is already over."""
        return self._tell(job_id, "cancel")

    def pause_job(self, job_id: str, /) -> JobRecord:
        """Pause a job that has trained a step; it keeps a checkpoint. Raises `NotSupported` on a stable api-version."""
        self._check_pauses()
        return self._tell(job_id, "pause")

    def resume_job(self, job_id: str, /) -> JobRecord:
        """Let a paused job go on. Raises `NotSupported` on a stable api-version."""
        self._check_pauses()
        return self._tell(job_id, "resume")

    def list_events(self, job_id: str, /) -> Iterator[EventRecord]:
        """A job's log, newest first, each event once. Raises `NotFound`."""
        return self._listed("list_events", job_id, "events", _wire.event_record)

    def list_checkpoints(self, job_id: str, /) -> Iterator[CheckpointRecord]:
        """A job's saved models, newest first. Raises `NotFound`."""
        return self._listed("list_checkpoints", job_id, "checkpoints", _wire.checkpoint_record)

    def copy_checkpoint(
        self, job_id: str, checkpoint: str, /, *, resource_id: str, region: str
    ) -> tuple[CheckpointCopy, ...]:
        """Begin to copy a checkpoint to another resource of the same tenant, where it can be deployed and trained on.

        A preview of /openai/v1/. The destination needs a fine-tuning job of its own and a public network; it does
        not list the copy, which keeps its name.

        Args:
            job_id: the job that made it.
            checkpoint: its id (`ftchkpt-...`).
            resource_id: ARM id of the destination account.
            region: of the destination, such as `swedencentral`.

        Raises:
            NotSupported: on the dated surface.
            OutcomeUnknown: it may have begun; `list_checkpoint_copies` shows it.
            NotFound, ServiceError: the service refused.
        """
        call = self._copying("copy_checkpoint", job_id, checkpoint)
        body = {"destinationResourceId": resource_id, "region": region}
        return self._sender.record(replace(call, verb="post", changes=True, body=body), copies_of)

    def list_checkpoint_copies(self, job_id: str, checkpoint: str, /) -> tuple[CheckpointCopy, ...]:
        """Where a checkpoint was copied to, and how far that is. Raises `NotSupported`, `NotFound`, `ServiceError`."""
        return self._sender.record(self._copying("list_checkpoint_copies", job_id, checkpoint), copies_of)

    def _copying(self, operation: str, job_id: str, checkpoint: str) -> Call:
        if self._surface.kind != "v1":
            raise NotSupported(
                f"{self._surface.named} cannot copy checkpoints",
                hint="Use openai.OpenAI(base_url='https://<resource>.openai.azure.com/openai/v1/')",
            )
        path = f"/fine_tuning/jobs/{part(job_id)}/checkpoints/{part(checkpoint)}/copy"
        return Call(operation=operation, verb="get", path=path, headers=COPY_PREVIEW, subject=checkpoint)

    def _tell(self, job_id: str, what: str) -> JobRecord:
        path = f"/fine_tuning/jobs/{part(job_id)}/{what}"
        call = Call(operation=f"{what}_job", verb="post", path=path, changes=True, subject=job_id)
        return self._sender.record(call, _wire.job_record)

    def _listed(
        self, operation: str, job_id: str, what: str, make: Callable[[Mapping[str, Any]], _Record]
    ) -> Iterator[_Record]:
        path = f"/fine_tuning/jobs/{part(job_id)}/{what}"
        return self._sender.pages(Call(operation=operation, verb="get", path=path, subject=job_id), make)

    def _check_pauses(self) -> None:
        if not self._surface.pauses:
            raise NotSupported(
                f"{self._surface.named} cannot pause jobs",
                hint="Use /openai/v1/, or the dated surface with a preview such as 2025-04-01-preview",
            )
