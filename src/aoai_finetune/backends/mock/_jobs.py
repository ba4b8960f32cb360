"""Jobs of the simulated resource: created, queued, trained, finished, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ._checks import Plan, job_plan
from ._life import NO_FINE_TUNING, duration, end_job, fill_places, find_job, running, say, wire_of
from ._models import Start, find_start, refuse_retired, remove_model
from ._refusal import ServiceFault, invalid
from ._rows import is_preference, training_rows
from ._training import DEFAULT_EPOCHS
from ._world import Moment, page

__all__ = [
    "cancel_job",
    "checkpoints_of",
    "create_job",
    "delete_job",
    "doom_job",
    "get_job",
    "list_checkpoints",
    "list_events",
    "list_jobs",
    "pause_job",
    "resume_job",
]

_NOT_READY = "The specified file reference must point to a completed file import."
_NO_TYPE = "The specified base model does not support fine-tuning with the requested TrainingType."
_TERMINAL = ("succeeded", "failed", "cancelled")


def create_job(moment: Moment, *, body: Mapping[str, Any]) -> dict[str, Any]:
    """Accept a job, or refuse it and leave nothing behind."""
    plan = job_plan(body)
    start = _start(moment, plan)
    content = _file(moment, plan.training_file)
    _check_rows(moment, plan, content)
    validation = _file(moment, plan.validation_file, "validation_file") if plan.validation_file else None
    _check_quota(moment)
    wire = _new_wire(moment, plan, len(content))
    moment.records.put_blob(f"job:{wire['id']}:training", content)
    if validation is not None:
        moment.records.put_blob(f"job:{wire['id']}:validation", validation)
    job = {"id": wire["id"], "wire": wire, "plan": asdict(plan), "base": start.base.id}
    moment.records.add("job", wire["id"], job, state="queued")
    say(moment, wire["id"], "Job enqueued. Waiting for jobs ahead to complete.")
    fill_places(moment)
    return wire


def _start(moment: Moment, plan: Plan) -> Start:
    start = find_start(moment, plan.model)
    if start is None or plan.kind not in start.base.methods or (start.tuned and not start.base.continues):
        raise invalid(NO_FINE_TUNING, "model")
    if (plan.training_type or "standard") not in moment.world.limits.training_types:
        raise invalid(_NO_TYPE if plan.training_type else NO_FINE_TUNING, "model")
    refuse_retired(moment, start.base.training_until, plan.model)
    return start


def _check_rows(moment: Moment, plan: Plan, content: bytes) -> None:
    rows = training_rows(content)
    if is_preference(rows[0]) != (plan.kind == "dpo"):
        # That rows must fit the method is documented; the service's words for it were not seen.
        raise invalid(f"The rows of the training file do not fit the method '{plan.kind}'.", "training_file")
    if len(rows) < moment.world.limits.min_examples:
        # That fewer than 10 are refused is documented; when, and with which words, was not seen anywhere.
        least = moment.world.limits.min_examples
        raise invalid(f"The training file must have at least {least} examples.", "training_file")


def _file(moment: Moment, file_id: str, param: str = "training_file") -> bytes:
    body = moment.records.get("file", file_id)
    if body is None or (body["purpose"], body["status"]) != ("fine-tune", "processed"):
        raise invalid(_NOT_READY, param)
    return moment.records.blob(f"file:{file_id}")


def _check_quota(moment: Moment) -> None:
    limits = moment.world.limits
    if moment.records.count("job") >= limits.jobs:
        raise ServiceFault(400, "quotaExceeded", f"The resource already has {limits.jobs} fine-tuning jobs.")
    waiting = moment.records.count("job", "queued")
    if waiting >= limits.queued and running(moment) >= limits.running:
        raise ServiceFault(429, "quotaExceeded", f"{waiting} fine-tuning jobs are already waiting.")


def _new_wire(moment: Moment, plan: Plan, size: int) -> dict[str, Any]:
    hyperparameters = _numbers(plan)
    wire: dict[str, Any] = {
        "id": moment.new_id("ftjob"),
        "object": "fine_tuning.job",
        "created_at": int(moment.now),
        "estimated_finish": int(moment.now + duration(size // 3 * (plan.n_epochs or DEFAULT_EPOCHS))),
        "model": plan.model,
        "training_file": plan.training_file,
        "status": "pending",
        "hyperparameters": hyperparameters,
        "seed": plan.seed if plan.seed is not None else int(moment.digest()[:8], 16) >> 1,
    }
    if plan.named:
        wire["method"] = {"type": plan.kind, plan.kind: {"hyperparameters": dict(hyperparameters)}}
    optional = {
        "validation_file": plan.validation_file,
        "suffix": plan.suffix,
        "trainingType": plan.training_type,
    }
    return wire | {name: value for name, value in optional.items() if value is not None}


def _numbers(plan: Plan) -> dict[str, Any]:
    """The hyperparameters as the service shows them before training: -1 means that it decides."""
    return {
        "n_epochs": plan.n_epochs or -1,
        "batch_size": plan.batch_size or -1,
        "learning_rate_multiplier": plan.learning_rate_multiplier or 1.0,
        **plan.more,
    }


def get_job(moment: Moment, *, job_id: str) -> dict[str, Any]:
    """One job as the service shows it."""
    return wire_of(find_job(moment, job_id))


def list_jobs(moment: Moment, *, after: str | None = None, limit: int = 20) -> dict[str, Any]:
    """A page of jobs, newest first."""
    return page([job["wire"] for job in moment.records.newest("job", after=after, limit=limit + 1)], limit)


def list_events(moment: Moment, *, job_id: str, after: str | None = None, limit: int = 20) -> dict[str, Any]:
    """A page of a job's events, newest first."""
    job = find_job(moment, job_id)
    until = job.get("paused", moment.now)
    return page(_below(moment.records.children("event", job_id, until=until), after), limit)


def list_checkpoints(
    moment: Moment, *, job_id: str, after: str | None = None, limit: int = 10
) -> dict[str, Any]:
    """A page of a job's checkpoints, newest first."""
    find_job(moment, job_id)
    return page(_below(checkpoints_of(moment, job_id), after), limit)


def _below(found: list[dict[str, Any]], after: str | None) -> list[dict[str, Any]]:
    at = next((n for n, item in enumerate(found) if item["id"] == after), -1)
    return found[at + 1 :]


def cancel_job(moment: Moment, *, job_id: str) -> dict[str, Any]:
    """Stop a job for good; it leaves no model."""
    job = find_job(moment, job_id)
    if job["wire"]["status"] in _TERMINAL:
        raise ServiceFault(
            400,
            "unexpectedEntityState",
            f"The job is {job['wire']['status']} and cannot be cancelled.",
            "job",
        )
    moment.records.forget_children("event", job_id, after=moment.now)
    end_job(moment, job, "cancelled")
    say(moment, job_id, "Job cancelled.")
    fill_places(moment)
    return wire_of(job)


def pause_job(moment: Moment, *, job_id: str) -> dict[str, Any]:
    """Let a job that trains stand still; it gives its place to another."""
    job = find_job(moment, job_id)
    if job["wire"]["status"] != "running":
        raise ServiceFault(400, "unexpectedEntityState", "Only a running job can be paused.", "job")
    say(moment, job_id, "Job paused.")
    job["paused"] = moment.now
    job["wire"]["status"] = "paused"
    moment.records.change("job", job_id, job, state="paused")
    fill_places(moment)
    return wire_of(job)


def resume_job(moment: Moment, *, job_id: str) -> dict[str, Any]:
    """Let a paused job go on at once, also when all places are taken."""
    job = find_job(moment, job_id)
    if job["wire"]["status"] != "paused":
        raise ServiceFault(400, "unexpectedEntityState", "Only a paused job can be resumed.", "job")
    rest = moment.now - job["paused"]
    moment.records.delay_children("event", job_id, after=job.pop("paused"), seconds=rest)
    say(moment, job_id, "Job resumed.")
    job["end"] += rest
    job["wire"] |= {"status": "running", "estimated_finish": int(job["end"])}
    moment.records.change("job", job_id, job, state="training", due=job["end"])
    return wire_of(job)


def delete_job(moment: Moment, *, job_id: str) -> None:
    """Forget a job that is over, its log, its checkpoints and the models it made."""
    job = find_job(moment, job_id)
    if job["wire"]["status"] not in _TERMINAL:
        raise ServiceFault(400, "unexpectedEntityState", "Only a job that is over can be deleted.", "job")
    made = {body["fine_tuned_model_checkpoint"] for body in checkpoints_of(moment, job_id)}
    if any(body["model"] in made for body in moment.records.newest("deployment")):
        raise ServiceFault(400, "unexpectedEntityState", "A deployment serves the job's model.", "job")
    for model in made:
        remove_model(moment, model)
    for kind in ("event", "checkpoint"):
        moment.records.forget_children(kind, job_id, after=-1.0)
    moment.records.remove("job", job_id)


def checkpoints_of(moment: Moment, job_id: str) -> list[dict[str, Any]]:
    """All checkpoints of a job, newest first."""
    return moment.records.children("checkpoint", job_id, until=moment.now)


def doom_job(moment: Moment, *, job_id: str, code: str, message: str) -> None:
    """Let a job that is not over fail with a reason instead of going on."""
    job = find_job(moment, job_id)
    moment.records.rewrite("job", job_id, job | {"doom": {"code": code, "message": message}})
