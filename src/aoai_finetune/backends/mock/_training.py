"""One simulated training: rows and weights in; events, results.csv, checkpoints and a model out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...dataset import counter_for, row_tokens
from ._models import Start, add_model, weights_of
from ._rows import as_chat, training_rows
from ._world import Moment
from .engines import CheckpointState, StepMetrics, TrainingResult

__all__ = ["DEFAULT_EPOCHS", "billed_tokens", "keep_result", "publish", "step_events", "train"]

DEFAULT_EPOCHS = 10
"""What `n_epochs="auto"` becomes here; the real service chooses by file size, and does not say how."""

_COLUMNS = (
    "step",
    "train_loss",
    "train_mean_token_accuracy",
    "valid_loss",
    "valid_mean_token_accuracy",
    "full_valid_loss",
    "full_valid_mean_token_accuracy",
)
_STEPS_PER_EVENT = 10
_MOST_STEP_EVENTS = 200


def billed_tokens(rows: Sequence[Mapping[str, Any]], n_epochs: int) -> int:
    """Tokens of the training rows times epochs, as plans for the mock count them: by the estimate, everywhere."""
    counter = counter_for(None)
    return n_epochs * sum(row_tokens(row, counter) for row in rows)


def train(moment: Moment, job: Mapping[str, Any], start: Start, rows: list[dict[str, Any]]) -> TrainingResult:
    """Run the engine; of preference rows it learns the preferred outputs. Raises `ValueError` where it cannot."""
    asked = job["plan"]
    validation = (
        training_rows(moment.records.blob(f"job:{job['id']}:validation")) if asked["validation_file"] else []
    )
    return moment.world.engine.train(
        weights_of(moment, start),
        [as_chat(row) for row in rows],
        n_epochs=asked["n_epochs"] or DEFAULT_EPOCHS,
        batch_size=asked["batch_size"],
        learning_rate_multiplier=asked["learning_rate_multiplier"] or 1.0,
        seed=job["wire"]["seed"],
        validation=[as_chat(row) for row in validation],
    )


def step_events(
    steps: Sequence[StepMetrics], begin: float, end: float
) -> Iterator[tuple[float, str, dict[str, float]]]:
    """When, what and which numbers: one event every 10 steps, or fewer when there are very many steps."""
    every = _STEPS_PER_EVENT * max(1, -(-len(steps) // (_STEPS_PER_EVENT * _MOST_STEP_EVENTS)))
    for metrics in steps[every - 1 :: every]:
        time = begin + (end - begin) * metrics.step / (len(steps) + 1)
        yield time, f"Step {metrics.step}: training loss={metrics.train_loss}", _numbers(metrics)


def _numbers(metrics: StepMetrics) -> dict[str, float]:
    return {
        "step": metrics.step,
        "train_loss": metrics.train_loss,
        "train_mean_token_accuracy": metrics.train_mean_token_accuracy,
    }


def keep_result(moment: Moment, job: dict[str, Any], result: TrainingResult) -> None:
    """Put weights, checkpoint metrics and the result file aside until the job's end."""
    key = f"job:{job['id']}"
    moment.records.put_blob(f"{key}:results", _results_csv(result.steps, result.checkpoints))
    for number, state in enumerate(result.checkpoints):
        moment.records.put_blob(f"{key}:weights:{number}", state.weights)
    job["checkpoints"] = [
        {"step": state.step, "metrics": dict(state.metrics)} for state in result.checkpoints
    ]


def _results_csv(steps: Sequence[StepMetrics], checkpoints: Sequence[CheckpointState]) -> bytes:
    ends = {state.step: state.metrics for state in checkpoints}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for metrics in steps:
        numbers = {**ends.get(metrics.step, {}), **_numbers(metrics)}
        writer.writerow([numbers.get(column, "") for column in _COLUMNS])
    return out.getvalue().encode()


def publish(moment: Moment, job: dict[str, Any], base: str) -> str:
    """Make the job's model and checkpoints known; the name of the model.

    The name keeps the root model of a chain in front. What the service calls a model whose parent was itself
    fine-tuned was not seen in any reply, so nothing may be read out of it; `model` of the job is the parent.
    """
    wire, key = job["wire"], f"job:{job['id']}"
    suffix = f"-{wire['suffix']}" if wire.get("suffix") else ""
    name = f"{base}.ft-{job['id'].removeprefix('ftjob-')}{suffix}"
    last = len(job["checkpoints"]) - 1
    for number, state in enumerate(job["checkpoints"]):
        mark = moment.new_id("ftchkpt")
        model = name if number == last else mark
        weights = moment.records.blob(f"{key}:weights:{number}")
        add_model(moment, model, base=base, job=job["id"], weights=weights, checkpoint=number != last)
        checkpoint = {
            "id": mark,
            "object": "fine_tuning.job.checkpoint",
            "created_at": int(moment.now),
            "fine_tuned_model_checkpoint": model,
            "fine_tuning_job_id": job["id"],
            "step_number": state["step"],
            "metrics": state["metrics"],
        }
        moment.records.add("checkpoint", mark, checkpoint, parent=job["id"], at=moment.now)
    return name
