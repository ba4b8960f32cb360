"""Between the wire's JSON and the backend seam's records; what is unknown is kept, what is missing is allowed.

A reply is only unusable where nothing can be done without the missing piece: a file, job or event without an id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, cast

from ._records import (
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
    """A job reply, of Azure's shape or OpenAI's. Raises ValueError where it has no id."""
    method = body.get("method")
    named = _object(method)
    return JobRecord(
        id=_id(body),
        model=_text(body.get("model")),
        status=_text(body.get("status")),
        training_file=_text(body.get("training_file")),
        validation_file=_optional(body.get("validation_file")),
        fine_tuned_model=_optional(body.get("fine_tuned_model")),
        created_at=_whole(body.get("created_at")) or 0,
        finished_at=_whole(body.get("finished_at")),
        estimated_finish=_whole(body.get("estimated_finish")),
        trained_tokens=_whole(body.get("trained_tokens")),
        result_files=tuple(_text(each) for each in _entries(body.get("result_files")) if each),
        hyperparameters=_hyperparameters(body, named),
        method=_text(named.get("type")) or (method if isinstance(method, str) else "") or "supervised",
        seed=_whole(body.get("seed")),
        suffix=_optional(body.get("suffix") or body.get("user_provided_suffix")),
        training_type=_optional(body.get("trainingType")),
        error=_job_error(body.get("error")),
        extra={name: value for name, value in body.items() if name not in _JOB_FIELDS},
    )


def _hyperparameters(body: Mapping[str, Any], method: Mapping[str, Any]) -> dict[str, Any]:
    """Those at the top, which the method's own complete: replies have either, or both. Azure's -1 is `"auto"`."""
    inner = _object(_object(method.get(_text(method.get("type")))).get("hyperparameters"))
    outer = _object(body.get("hyperparameters"))
    given = {**inner, **{name: value for name, value in outer.items() if value is not None}}
    return {name: "auto" if value == -1 else value for name, value in given.items()}


def _job_error(error: object) -> JobError | None:
    if isinstance(error, str):
        return JobError(message=error) if error else None
    body = _object(error)
    code, message = _optional(body.get("code")), _optional(body.get("message"))
    # A job without an error has null, {} or an object of nulls.
    return (
        JobError(code=code, message=message, param=_optional(body.get("param"))) if code or message else None
    )


def file_record(body: Mapping[str, Any]) -> FileRecord:
    """A file reply. Raises ValueError where it has no id."""
    return FileRecord(
        id=_id(body),
        filename=_text(body.get("filename")),
        bytes=_whole(body.get("bytes")),
        created_at=_whole(body.get("created_at")) or 0,
        purpose=_text(body.get("purpose")),
        status=_text(body.get("status")),
        status_details=_optional(body.get("status_details")),
    )


def event_record(body: Mapping[str, Any]) -> EventRecord:
    """One event of a list reply. One without an id (the specification has it optional) gets one from its words."""
    return EventRecord(
        id=_text(body.get("id")) or _made_id(body),
        created_at=_whole(body.get("created_at")) or 0,
        level=_text(body.get("level")) or "info",
        message=_text(body.get("message")),
        type=_text(body.get("type")) or "message",
        data=_object(body.get("data")),
    )


def checkpoint_record(body: Mapping[str, Any]) -> CheckpointRecord:
    """One checkpoint of a list reply; one without an id is known by its model."""
    metrics = _object(body.get("metrics"))
    model = _text(body.get("fine_tuned_model_checkpoint"))
    return CheckpointRecord(
        id=_text(body.get("id")) or model,
        fine_tuned_model_checkpoint=model,
        fine_tuning_job_id=_text(body.get("fine_tuning_job_id")),
        step_number=_whole(body.get("step_number")) or 0,
        created_at=_whole(body.get("created_at")) or 0,
        metrics={
            name: float(value)
            for name, value in metrics.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        },
    )


def deployment_record(body: Mapping[str, Any]) -> DeploymentRecord:
    """A deployment reply of the simulated resource."""
    return DeploymentRecord(
        name=body["name"],
        model=body["model"],
        status=body["provisioningState"],
        tier=body["sku"],
        created_at=body["created_at"],
    )


def model_record(body: Mapping[str, Any]) -> ModelRecord:
    """A model reply; OpenAI's has no dates. Raises ValueError where it has no id."""
    dates = _object(body.get("deprecation"))
    return ModelRecord(
        id=_id(body),
        base_model=_optional(body.get("model")),
        fine_tuning_job=_optional(body.get("fine_tune")),
        lifecycle_status=_text(body.get("lifecycle_status")),
        fine_tune_until=_whole(dates.get("fine_tune")),
        inference_until=_whole(dates.get("inference")),
    )


def completion(body: Mapping[str, Any]) -> Completion:
    """A chat reply. A refusal is the answer's text; an answer that was filtered has none.

    Raises:
        TypeError: another kind of reply, without any choice; an empty answer would be judged as wrong.
    """
    choices = _entries(body.get("choices"))
    choice = _object(choices[0] if choices else None)
    if not choice:
        raise TypeError("the reply has no choices")
    message, usage = _object(choice.get("message")), _object(body.get("usage"))
    return Completion(
        content=_content(message.get("content")) or _text(message.get("refusal")),
        model=_text(body.get("model")),
        finish_reason=_text(choice.get("finish_reason")),
        prompt_tokens=_whole(usage.get("prompt_tokens")) or 0,
        completion_tokens=_whole(usage.get("completion_tokens")) or 0,
    )


def _content(content: object) -> str:
    """The text of an answer, which may come in parts."""
    return "".join(_text(_object(part).get("text")) for part in _entries(content)) or _text(content)


# -- reading what may be missing, null, or of another type -----------------------------------------------------


def _id(body: Mapping[str, Any]) -> str:
    given = _text(body.get("id"))
    if not given:
        raise ValueError("the reply has no id")
    return given


def _made_id(body: Mapping[str, Any]) -> str:
    words = f"{body.get('created_at')}\n{body.get('level')}\n{body.get('message')}"
    return f"event-{hashlib.sha256(words.encode(errors='replace')).hexdigest()[:24]}"


def _object(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _entries(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else ""


def _optional(value: object) -> str | None:
    return _text(value) or None


def _whole(value: object) -> int | None:
    """A whole number, also one that comes as a float or as digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None
