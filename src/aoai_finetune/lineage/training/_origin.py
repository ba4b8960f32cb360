"""What a job that somebody else started was: its rows, what it started from, and what it taught."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ...backends import METHODS, Backend, JobRecord, Method, Models, Reinforcement, Supervised
from ...continual import History, Parent
from ...dataset import Dataset, Example
from ...errors import LineageError, NotFound
from ...jobs import Part, Step
from ._self_rehearsal import Recalled

__all__ = ["AdoptedStep", "FactOf", "adopted_step", "maker_of", "rows_of"]

_MADE_BY = re.compile(r"\.ft-([0-9a-f]{32})(?:-|$)")
"""A fine-tuned model's name on Azure holds the id of the job that made it."""

_TUNED = re.compile(r"\.ft-|^ft:|^ftchkpt-|:ckpt-")

FactOf = str | Callable[[Example], str] | None
"""A column, or a function from an example, that names facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedStep:
    """A job as a step: what a plan would have said about it."""

    parent: Parent
    step: Step
    from_base: bool
    learned: Dataset
    visits: Mapping[str, int] = field(repr=False)
    strategy: str = "adopted"
    detail: str = "adopted"


def maker_of(record: JobRecord, backend: Backend) -> str | None:
    """The job that made what `record` started from; None for a catalogue model."""
    model, listed = record.model, None
    if backend.capabilities.models and isinstance(backend, Models):
        try:
            listed = backend.get_model(model)
        except NotFound:
            listed = None
    if listed is not None and listed.fine_tuning_job:
        return listed.fine_tuning_job
    if not _TUNED.search(model):
        return None
    if named := _MADE_BY.search(model):
        return f"ftjob-{named[1]}"
    for job in backend.list_jobs():
        if job.fine_tuned_model == model:
            return job.id
    raise LineageError(
        f"job {record.id} started from {model}, and no job on {backend.resource!r} says that it made it",
        hint="Name the version it is: parent=..., after adopting the job that made it",
    )


def rows_of(record: JobRecord, training: Dataset | None, fact: FactOf, backend: Backend) -> Dataset:
    stored = _stored(record.training_file, fact, backend)
    if training is None and stored is None:
        raise LineageError(
            f"the training file {record.training_file!r} of job {record.id} is gone",
            hint="Give its rows: lineage.adopt(job_id, training=Dataset.from_jsonl(...))",
        )
    if training is not None and stored is not None and training.fingerprint != stored.fingerprint:
        raise LineageError(
            f"these are not the rows job {record.id} was trained on: its file {record.training_file!r} has "
            f"{len(stored)} others",
            hint="Leave training= out; the service still has the file. fact=... names the facts",
        )
    rows = training if training is not None else stored
    if rows is None or not len(rows):
        raise LineageError(f"job {record.id} has no training rows")
    return rows


def _stored(file_id: str | None, fact: FactOf, backend: Backend) -> Dataset | None:
    """The rows of a file, None where the service no longer has it."""
    if not file_id:
        return None
    try:
        content = backend.read_file(file_id)
    except NotFound:
        return None
    return Dataset.from_jsonl(content, fact=fact)


def adopted_step(
    record: JobRecord, rows: Dataset, origin: Parent, history: History, backend: Backend
) -> AdoptedStep:
    """The job as a step. Rows its parent knew already were rehearsed; the others are what it taught."""
    method = _method(record)
    known = {row.digest: row.fact for row in history.rows}
    examples = list(rows)
    new = [place for place, row in enumerate(examples) if row.digest not in known]
    facts = Counter(known.get(row.digest, row.fact) for row in examples)
    epochs = method.n_epochs if isinstance(method.n_epochs, int) else 1
    part = Part(training=rows, validation=_stored(record.validation_file, None, backend), method=method)
    return AdoptedStep(
        parent=origin,
        step=Step(
            model=record.model,
            parts=(part,),
            suffix=_suffix(record),
            seed=record.seed,
            training_type=record.training_type,
            scope=f"{origin.resource} {origin.version or ''}",
        ),
        from_base=record.model == origin.base_model,
        learned=(rows.select(new) if new else rows).deduplicate(),
        visits={name: count * epochs for name, count in facts.items()},
        strategy="adopted, rows recalled" if isinstance(rows, Recalled) else "adopted",
        detail=f"adopted {record.id}"
        + (f", rows recalled from {rows.model}" if isinstance(rows, Recalled) else ""),
    )


def _suffix(record: JobRecord) -> str | None:
    """The suffix, where it is one that could be asked for again."""
    return record.suffix if record.suffix and re.fullmatch(r"[A-Za-z0-9_-]{1,40}", record.suffix) else None


def _method(record: JobRecord) -> Method:
    """The method with the hyperparameters the service tells; what it does not tell stays `"auto"`."""
    kind = METHODS.get(record.method, Supervised)
    needed: dict[str, Any] = {"grader": {"type": "unknown"}} if kind is Reinforcement else {}
    names = {each.name for each in fields(kind)}
    told: dict[str, Any] = {
        name: int(value) if float(value).is_integer() else value
        for name, value in record.hyperparameters.items()
        if name in names and isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    }
    try:
        return kind(**needed, **told)
    except (TypeError, ValueError):
        return kind(**needed)
