"""Fine-tuning jobs and models on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._answer import Answer, as_json, created
from ._ask import Ask, Surface
from ._endpoint import Endpoint, named, plain

__all__ = ["ENDPOINTS"]

_DATED: frozenset[Surface] = frozenset({"dated"})
_JOB = "/fine_tuning/jobs/{job_id}"
_job_id = named("job_id")
_DIRECTED_SINCE = "2025-04-01"
_DIRECTIONS = frozenset({"method", "trainingType"})
"""Fields of a new job that v1 and the dated previews since 2025-04-01 know. To every other api-version they are
unknown, and unknown fields are ignored: such a job trains supervised, in the region, and as `hyperparameters` says."""


def _create(ask: Ask) -> dict[str, Any]:
    body = ask.json()
    if ask.surface == "v1" or (ask.api_version.endswith("-preview") and ask.api_version >= _DIRECTED_SINCE):
        return {"body": body}
    return {"body": {name: value for name, value in body.items() if name not in _DIRECTIONS}}


def _show_job(job: dict[str, Any], ask: Ask) -> Answer:
    return as_json(_worded(job, ask))


def _show_new_job(job: dict[str, Any], ask: Ask) -> Answer:
    return created(_worded(job, ask), ask)


def _show_jobs(page: dict[str, Any], ask: Ask) -> Answer:
    return as_json(page | {"data": [_worded(job, ask) for job in page["data"]]})


def _worded(job: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """A job as a face words it. v1 follows OpenAI: `queued`, and an empty object where there is no error."""
    if ask.surface != "v1":
        return job
    status = "queued" if job["status"] == "pending" else job["status"]
    return {"error": {}, **job, "status": status}


def _paged(usual: int, *names: str) -> Callable[[Ask], dict[str, Any]]:
    def arguments(ask: Ask) -> dict[str, Any]:
        given = {name: ask.names[name] for name in names}
        return given | {"after": ask.query.get("after"), "limit": ask.limit(usual, 100)}

    return arguments


def _show_checkpoints(page: dict[str, Any], ask: Ask) -> Answer:
    if ask.surface != "v1":
        return as_json(page)
    ids = [checkpoint["id"] for checkpoint in page["data"]] or [None]
    return as_json(page | {"first_id": ids[0], "last_id": ids[-1]})


def _pausing(ask: Ask) -> bool:
    """Pausing is in v1 and in the previews of the dated surface."""
    return ask.surface == "v1" or ask.api_version.endswith("-preview")


def _gone(_: object, __: Ask) -> Answer:
    return Answer(status=204)


def _none(_: Ask) -> dict[str, Any]:
    return {}


def _show_models(found: dict[str, Any], _: Ask) -> Answer:
    return as_json({"object": "list", "data": found["data"]})


ENDPOINTS = (
    Endpoint("POST", "/fine_tuning/jobs", "create_job", _create, _show_new_job),
    Endpoint("GET", "/fine_tuning/jobs", "list_jobs", _paged(20), _show_jobs),
    Endpoint("GET", _JOB, "get_job", _job_id, _show_job),
    Endpoint("DELETE", _JOB, "delete_job", _job_id, _gone, _DATED),
    Endpoint("POST", f"{_JOB}/cancel", "cancel_job", _job_id, _show_job),
    Endpoint("POST", f"{_JOB}/pause", "pause_job", _job_id, _show_job, serves=_pausing),
    Endpoint("POST", f"{_JOB}/resume", "resume_job", _job_id, _show_job, serves=_pausing),
    Endpoint("GET", f"{_JOB}/events", "list_events", _paged(20, "job_id"), plain),
    Endpoint("GET", f"{_JOB}/checkpoints", "list_checkpoints", _paged(10, "job_id"), _show_checkpoints),
    Endpoint("GET", "/models", "list_models", _none, _show_models),
    Endpoint("GET", "/models/{model}", "get_model", named("model"), plain),
)
"""What can be done with jobs and models, as paths below `/openai` and `/openai/v1`."""
