"""Between the wire's JSON and the backend seam's records; what is unknown is kept, what is missing is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._records import (
    CheckpointRecord,
    Completion,
    DeploymentRecord,
    EventRecord,
    FileRecord,
    JobError,
    JobRecord,
    JobRequest,
    ModelRecord,
)

__all__ = [
    "checkpoint_record",
    "completion",
    "create_body",
    "deployment_record",
    "event_record",
    "file_record",
    "job_record",
    "model_record",
]

_JOB_FIELDS = frozenset(
    {
        "created_at",
        "error",
        "estimated_finish",
        "fine_tuned_model",
        "finished_at",
        "hyperparameters",
        "id",
        "method",
        "model",
        "object",
        "result_files",
        "seed",
        "status",
        "suffix",
        "trained_tokens",
        "trainingType",
        "training_file",
        "validation_file",
    }
)


def create_body(request: JobRequest) -> dict[str, Any]:
    """The JSON body of a create request."""
    body: dict[str, Any] = {
        "model": request.model,
        "training_file": request.training_file,
        "validation_file": request.validation_file,
        "suffix": request.suffix,
        "seed": request.seed,
        "method": request.method.to_wire(),
        "trainingType": request.training_type,
    }
    return {name: value for name, value in body.items() if value is not None}


def job_record(body: Mapping[str, Any]) -> JobRecord:
    """A job reply."""
    method: Mapping[str, Any] = body.get("method") or {}
    return JobRecord(
        id=body["id"],
        model=body.get("model") or "",
        status=body.get("status") or "",
        training_file=body.get("training_file") or "",
        validation_file=body.get("validation_file"),
        fine_tuned_model=body.get("fine_tuned_model"),
        created_at=body.get("created_at") or 0,
        finished_at=body.get("finished_at"),
        estimated_finish=body.get("estimated_finish"),
        trained_tokens=body.get("trained_tokens"),
        result_files=tuple(body.get("result_files") or ()),
        hyperparameters=body.get("hyperparameters") or {},
        method=method.get("type") or "supervised",
        seed=body.get("seed"),
        suffix=body.get("suffix"),
        training_type=body.get("trainingType"),
        error=_job_error(body.get("error")),
        extra={name: value for name, value in body.items() if name not in _JOB_FIELDS},
    )


def _job_error(body: Mapping[str, Any] | None) -> JobError | None:
    if not body:
        return None
    return JobError(code=body.get("code"), message=body.get("message"), param=body.get("param"))


def file_record(body: Mapping[str, Any]) -> FileRecord:
    """A file reply."""
    return FileRecord(
        id=body["id"],
        filename=body.get("filename") or "",
        bytes=body.get("bytes"),
        created_at=body.get("created_at") or 0,
        purpose=body.get("purpose") or "",
        status=body.get("status") or "",
        status_details=body.get("status_details"),
    )


def event_record(body: Mapping[str, Any]) -> EventRecord:
    """One event of a list reply."""
    return EventRecord(
        id=body["id"],
        created_at=body.get("created_at") or 0,
        level=body.get("level") or "info",
        message=body.get("message") or "",
        type=body.get("type") or "message",
        data=body.get("data") or {},
    )


def checkpoint_record(body: Mapping[str, Any]) -> CheckpointRecord:
    """One checkpoint of a list reply."""
    return CheckpointRecord(
        id=body["id"],
        fine_tuned_model_checkpoint=body["fine_tuned_model_checkpoint"],
        fine_tuning_job_id=body["fine_tuning_job_id"],
        step_number=body.get("step_number") or 0,
        created_at=body.get("created_at") or 0,
        metrics=body.get("metrics") or {},
    )


def deployment_record(body: Mapping[str, Any]) -> DeploymentRecord:
    """A deployment reply."""
    return DeploymentRecord(
        name=body["name"],
        model=body["model"],
        status=body["provisioningState"],
        tier=body["sku"],
        created_at=body["created_at"],
    )


def model_record(body: Mapping[str, Any]) -> ModelRecord:
    """A model reply."""
    dates: Mapping[str, Any] = body.get("deprecation") or {}
    return ModelRecord(
        id=body["id"],
        base_model=body.get("model"),
        fine_tuning_job=body.get("fine_tune"),
        lifecycle_status=body.get("lifecycle_status") or "",
        fine_tune_until=dates.get("fine_tune"),
        inference_until=dates.get("inference"),
    )


def completion(body: Mapping[str, Any]) -> Completion:
    """A chat reply."""
    choice: Mapping[str, Any] = body["choices"][0]
    usage: Mapping[str, Any] = body.get("usage") or {}
    return Completion(
        content=choice["message"].get("content") or "",
        model=body.get("model") or "",
        finish_reason=choice.get("finish_reason") or "",
        prompt_tokens=usage.get("prompt_tokens") or 0,
        completion_tokens=usage.get("completion_tokens") or 0,
    )
