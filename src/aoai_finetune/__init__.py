"""Continuous fine-tuning on Azure OpenAI without losing what the model knew.

Names are imported on first use, so `import aoai_finetune` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # not typing's: importing typing would cost more than everything else here
if TYPE_CHECKING:
    from .backends import DPO, AzureOpenAIBackend, Backend, MockBackend, Reinforcement, Supervised
    from .continual import AccuracyMatrix, Cumulative, Joint, Naive, Replay, TrainingPlan, advise
    from .dataset import AzureRules, Dataset, ValidationReport
    from .errors import DatasetError, FineTuneError, OutcomeUnknown, ServiceError
    from .evaluation import Comparison, Gate, ProbeSet, Verdict
    from .jobs import FineTuneJob, wait_all
    from .lineage import ModelLineage, ModelVersion

__all__ = [
    "DPO",
    "AccuracyMatrix",
    "AzureOpenAIBackend",
    "AzureRules",
    "Backend",
    "Comparison",
    "Cumulative",
    "Dataset",
    "DatasetError",
    "FineTuneError",
    "FineTuneJob",
    "Gate",
    "Joint",
    "MockBackend",
    "ModelLineage",
    "ModelVersion",
    "Naive",
    "OutcomeUnknown",
    "ProbeSet",
    "Reinforcement",
    "Replay",
    "ServiceError",
    "Supervised",
    "TrainingPlan",
    "ValidationReport",
    "Verdict",
    "advise",
    "wait_all",
]

_HOME = {
    "backends": ("DPO", "AzureOpenAIBackend", "Backend", "MockBackend", "Reinforcement", "Supervised"),
    "continual": (
        "AccuracyMatrix",
        "Cumulative",
        "Joint",
        "Naive",
        "Replay",
        "TrainingPlan",
        "advise",
    ),
    "dataset": ("AzureRules", "Dataset", "ValidationReport"),
    "errors": ("DatasetError", "FineTuneError", "OutcomeUnknown", "ServiceError"),
    "evaluation": ("Comparison", "Gate", "ProbeSet", "Verdict"),
    "jobs": ("FineTuneJob", "wait_all"),
    "lineage": ("ModelLineage", "ModelVersion"),
}


def __getattr__(name: str) -> object:
    for room, names in _HOME.items():
        if name in names:
            from importlib import import_module

            value = getattr(import_module(f".{room}", __name__), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
