"""What a lineage remembers, as frozen records, and the text they are stored as."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from ...backends import METHODS, JobError, JobRecord, Method

__all__ = [
    "ModelVersion",
    "Promotion",
    "SyncReport",
    "job_from_text",
    "job_to_text",
    "method_from_text",
    "method_to_text",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A node of the lineage: one fine-tuned model, and where it comes from.

    Attributes:
        id: names the version within its lineage; a unique prefix is enough wherever a version is meant.
        model: the fine-tuned model's name, as on the wire.
        base_model: the catalogue model at its root.
        resource: where it lives.
        parent: id of the version it succeeds, None for a first fine-tune.
        step: id of the step that made it.
        strategy: how it was trained.
        from_base: its weights start at the base model, not at its parent.
        job_id: the job that made it (the last one of a step with several parts).
        suffix: the suffix of the model's name, None without one.
        trained_tokens: billed tokens of the whole step, None where the service did not tell.
        created_at: when it was recorded, in the backend's Unix seconds.
    """

    id: str
    model: str
    base_model: str
    resource: str
    parent: str | None
    step: str
    strategy: str
    from_base: bool
    job_id: str
    suffix: str | None = None
    trained_tokens: int | None = None
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """An alias came to point to a version. `because` is set where no comparison said promote."""

    alias: str
    version: str
    because: str | None
    comparison: int | None
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What `ModelLineage.sync` found out.

    Attributes:
        settled: jobs that have ended since they were last seen.
        running: jobs that still run.
        found: jobs whose submission had an unclear outcome and that exist.
        unknown: intents whose outcome is still unclear.
        lost: intents given up: no job appeared, and their files are gone, so none will.
        unsent: intents that were never sent and that nobody was working on; their files were removed.
        failed: jobs and intents the service said nothing about; ask again later.
    """

    settled: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def job_to_text(job: JobRecord) -> str:
    """A job record as JSON."""
    return json.dumps(asdict(job), ensure_ascii=False)


def job_from_text(text: str) -> JobRecord:
    """The job record that `job_to_text` wrote."""
    raw: dict[str, Any] = json.loads(text)
    error: dict[str, Any] | None = raw.pop("error")
    files: list[str] = raw.pop("result_files")
    return JobRecord(**raw, result_files=tuple(files), error=JobError(**error) if error is not None else None)


def method_to_text(method: Method) -> str:
    """A method as JSON."""
    return json.dumps({"type": method.type, **asdict(method)})


def method_from_text(text: str) -> Method:
    """The method that `method_to_text` wrote."""
    raw: dict[str, Any] = json.loads(text)
    return METHODS[raw.pop("type")](**raw)
