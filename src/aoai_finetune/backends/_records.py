"""What crosses the seam to a training service: frozen requests and replies, wire names kept.

Replies are lenient on purpose: a status, level or hyperparameter nobody has seen yet is kept as it came and
crashes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ._methods import Method, Supervised

__all__ = [
    "TERMINAL",
    "Capabilities",
    "CheckpointRecord",
    "Completion",
    "DeploymentRecord",
    "EventRecord",
    "FileRecord",
    "JobError",
    "JobRecord",
    "JobRequest",
    "ModelRecord",
]

TERMINAL = frozenset({"succeeded", "failed", "cancelled"})
"""The statuses after which a job never changes again. `paused` is not one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """One uploaded file. `status` is `pending`, `running`, `processed` or `error` (others are kept as they come)."""

    id: str
    filename: str
    bytes: int | None = None
    created_at: int = 0
    purpose: str = "fine-tune"
    status: str = "processed"
    status_details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """Everything a job is created from.

    `training_file` is this intent's own upload, so its id names exactly one training. `training_type` is Azure's
    `trainingType`; None leaves it out.
    """

    model: str
    training_file: str
    validation_file: str | None = None
    suffix: str | None = None
    seed: int | None = None
    method: Method = field(default_factory=Supervised)
    training_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job failed, in the service's words."""

    code: str | None = None
    message: str | None = None
    param: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One fine-tune as the service last described it. A snapshot, never a live handle.

    `hyperparameters` may hold `"auto"` where the service decides; `extra` keeps reply fields that have no
    attribute here.
    """

    id: str
    model: str
    status: str = "queued"
    training_file: str = ""
    validation_file: str | None = None
    fine_tuned_model: str | None = None
    created_at: int = 0
    finished_at: int | None = None
    estimated_finish: int | None = None
    trained_tokens: int | None = None
    result_files: tuple[str, ...] = ()
    hyperparameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    method: str = "supervised"
    seed: int | None = None
    suffix: str | None = None
    training_type: str | None = None
    error: JobError | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def done(self) -> bool:
        """The status is terminal."""
        return self.status in TERMINAL

    @property
    def succeeded(self) -> bool:
        """The job has made a model."""
        return self.status == "succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One line of a job's log; `data` holds numbers for events of type `metrics`."""

    id: str
    created_at: int
    level: str
    message: str
    type: str = "message"
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRecord:
    """A model saved during a job; it may be deployed, or trained further, like any model."""

    id: str
    fine_tuned_model_checkpoint: str
    fine_tuning_job_id: str
    step_number: int
    created_at: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One answer. Its text is shown where it is asked for, never in a repr."""

    content: str = field(repr=False)
    model: str
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRecord:
    """A model that is being served under a name. `tier` is the ARM SKU name, `reason` why it failed where known."""

    name: str
    model: str
    status: str
    tier: str = "standard"
    created_at: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A catalogue or fine-tuned model: its base, the job that made it, and its dates (Unix seconds) where known."""

    id: str
    base_model: str | None = None
    fine_tuning_job: str | None = None
    lifecycle_status: str = "generally-available"
    fine_tune_until: int | None = None
    inference_until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a backend can do, and its limits.

    Attributes:
        provider: short name for reports, such as `azure-openai` or `mock`.
        engine: name of the simulated learner; None on a real service. Every report prints it.
        free: nothing costs money here. An emulator is not free: it rehearses the prices, too.
        chat, pause, deployments, models: which optional protocols are there.
        methods: fine-tuning methods that may be asked for.
        min_examples: distinct rows a training file must have.
        max_file_bytes: size limit of one upload.
        counter: how training tokens are counted for the bill: `model` by the model's own encoding (plans count
            exactly where the extra `tokens` is installed), `estimate` by this library's estimate on every
            machine.
        quotas: how many of a thing the resource may have, as documented: `files`, `file_bytes` (all together),
            `jobs`, `running_jobs`, `queued_jobs`, `deployments`. Empty where the provider publishes none.
    """

    provider: str
    engine: str | None = None
    free: bool = False
    chat: bool = False
    pause: bool = False
    deployments: bool = False
    models: bool = False
    methods: frozenset[str] = frozenset({"supervised"})
    min_examples: int = 10
    max_file_bytes: int = 512 * 1024 * 1024
    counter: Literal["model", "estimate"] = "model"
    quotas: Mapping[str, int] = field(default_factory=dict[str, int], hash=False)
