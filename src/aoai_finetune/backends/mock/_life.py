"""The life of a simulated job once it is accepted: a place, preparation, training, an end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._files import add_result_file
from ._models import find_start
from ._refusal import missing
from ._rows import training_rows
from ._training import DEFAULT_EPOCHS, billed_tokens, keep_result, publish, step_events, train
from ._world import Moment

__all__ = [
    "NO_FINE_TUNING",
    "advance_job",
    "duration",
    "end_job",
    "fill_places",
    "find_job",
    "running",
    "say",
]

NO_FINE_TUNING = "The specified base model does not support fine-tuning."
"""The service's words for an unknown model too."""

_PREPARING_SECONDS = 20.0
_LOADING_SECONDS = 30.0
_LEAST_TRAINING_SECONDS = 120.0
_TOKENS_PER_SECOND = 400.0


def find_job(moment: Moment, job_id: str) -> dict[str, Any]:
    """A job with what the service does not show. Raises `ServiceFault` 404."""
    job = moment.records.get("job", job_id)
    if job is None:
        raise missing("fine-tuning job", job_id)
    return job


def wire_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """The job as the service shows it."""
    wire: dict[str, Any] = job["wire"]
    return wire


def running(moment: Moment) -> int:
    """How many jobs have one of the places where training happens."""
    return moment.records.count("job", "preparing") + moment.records.count("job", "training")


def duration(tokens: int) -> float:
    """Seconds from a place to the end, for that many billed tokens."""
    return _PREPARING_SECONDS + _LOADING_SECONDS + _LEAST_TRAINING_SECONDS + tokens / _TOKENS_PER_SECOND


def advance_job(moment: Moment, job_id: str) -> None:
    """Take a job one step on: from preparation into training, or from training to its end."""
    job = find_job(moment, job_id)
    if "doom" in job:
        _fail(moment, job, job["doom"]["message"], code=job["doom"]["code"])
    elif job["wire"]["status"] == "pending":
        _begin_training(moment, job)
    else:
        _succeed(moment, job)
        fill_places(moment)


def fill_places(moment: Moment) -> None:
    """Let the jobs that wait for longest begin, as long as there are places."""
    while running(moment) < moment.world.limits.running:
        job = moment.records.oldest("job", "queued")
        if job is None:
            return
        moment.records.change("job", job["id"], job, state="preparing", due=moment.now + _PREPARING_SECONDS)
        say(moment, job["id"], "Preprocessing running for file training file.", moment.now + 1)


def _begin_training(moment: Moment, job: dict[str, Any]) -> None:
    rows = training_rows(moment.records.blob(f"job:{job['id']}:training"))
    start = find_start(moment, job["wire"]["model"])
    say(moment, job["id"], "Preprocessing completed for file training file.")
    if job["plan"]["validation_file"]:
        say(moment, job["id"], "Preprocessing completed for file validation file.")
    if start is None:  # the catalogue was opened with other models than those the job was created with
        _fail(moment, job, NO_FINE_TUNING, param="model")
        return
    try:
        result = train(moment, job, start, rows)
    except ValueError as why:
        _fail(moment, job, f"The job failed: {why}.", param="training_file")
        return
    keep_result(moment, job, result)
    epochs = job["plan"]["n_epochs"] or DEFAULT_EPOCHS
    job["tokens"] = billed_tokens(rows, epochs)
    job["result_file"] = moment.new_id("file")
    begin = moment.now + _LOADING_SECONDS
    end = begin + _LEAST_TRAINING_SECONDS + job["tokens"] / _TOKENS_PER_SECOND
    _announce(moment, job, begin)
    for time, message, numbers in step_events(result.steps, begin, end):
        say(moment, job["id"], message, time, numbers)
    job["end"] = end
    job["wire"] |= {"status": "running", "estimated_finish": int(end)}
    moment.records.change("job", job["id"], job, state="training", due=end)


def _announce(moment: Moment, job: dict[str, Any], begin: float) -> None:
    told = (
        (moment.now, "Job started."),
        (moment.now + 5, "Data Import started."),
        (moment.now + 10, "Finetuning started."),
        (moment.now + 10, "Job queued, waiting for GPUs."),
        (begin, "Training started."),
        (begin, f"Created results file: {job['result_file']}"),
    )
    for time, message in told:
        say(moment, job["id"], message, time)


def _succeed(moment: Moment, job: dict[str, Any]) -> None:
    name = publish(moment, job, job["base"])
    content = moment.records.blob(f"job:{job['id']}:results")
    add_result_file(moment, job["result_file"], "results.csv", content)
    resolved = {
        "n_epochs": job["plan"]["n_epochs"] or DEFAULT_EPOCHS,
        "batch_size": job["plan"]["batch_size"] or 1,
    }
    job["wire"]["hyperparameters"] |= resolved
    if "method" in job["wire"]:
        job["wire"]["method"][job["wire"]["method"]["type"]]["hyperparameters"] |= resolved
    job["wire"] |= {
        "fine_tuned_model": name,
        "result_files": [job["result_file"]],
        "trained_tokens": job["tokens"],
    }
    end_job(moment, job, "succeeded")
    say(moment, job["id"], "Job succeeded.")
    say(moment, job["id"], "Model Evaluation Passed.")
    say(moment, job["id"], f"Completed results file: {job['result_file']}")
    say(moment, job["id"], f"Training tokens billed: {job['tokens']}")


def _fail(
    moment: Moment,
    job: dict[str, Any],
    message: str,
    *,
    code: str = "invalidPayload",
    param: str | None = None,
) -> None:
    job["wire"]["error"] = {"code": code, "message": message, "param": param}
    moment.records.forget_children("event", job["id"], after=moment.now)
    end_job(moment, job, "failed")
    say(moment, job["id"], message, level="error")
    fill_places(moment)


def end_job(moment: Moment, job: dict[str, Any], status: str) -> None:
    """The job is over: its status is terminal, and what only training needed is gone."""
    job["wire"] |= {"status": status, "finished_at": int(moment.now)}
    key = f"job:{job['id']}"
    kept = (f"weights:{number}" for number in range(len(job.get("checkpoints", ()))))
    for name in ("training", "validation", "results", *kept):
        moment.records.remove_blob(f"{key}:{name}")
    moment.records.change("job", job["id"], job, state=status)


def say(
    moment: Moment,
    job_id: str,
    message: str,
    time: float | None = None,
    numbers: Mapping[str, float] | None = None,
    *,
    level: str = "info",
) -> None:
    """A line in the job's log, now or at a time to come."""
    at = moment.now if time is None else time
    event: dict[str, Any] = {
        "id": moment.new_id("ftevent"),
        "object": "fine_tuning.job.event",
        "created_at": int(at),
        "level": level,
        "message": message,
        "type": "metrics" if numbers else "message",
    }
    if numbers:
        event["data"] = numbers
    moment.records.add("event", event["id"], event, parent=job_id, at=at)
