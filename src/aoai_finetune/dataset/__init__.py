"""Training rows: read, checked, compared, written. Start with `Dataset.from_jsonl`.

Everything here is standard library and one JSON parser (jiter, which reports duplicate keys).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._dataset import Dataset
from .checking._report import ValidationReport
from .checks._rule import FileCheck, Rule, Settings, Spot, ValidationRows
from .editing._supersede import Supersession
from .rows._canonical import canonical_json
from .rows._example import Example, Message, by_answer
from .rows._findings import Finding, Severity
from .rows._text import normalise
from .rules._azure import AzureRules
from .rules._limits import LIMITS, Limit
from .tokens._tokens import Tally, TokenCount, TokenCounter, counter_for, row_tokens

if TYPE_CHECKING:
    from .editing._repaired import Fix, Repaired, Suggestion
    from .editing._without_errors import WithoutErrors
    from .tokens._cost import Cost, cost_of
    from .tokens._prices import PRICES, PriceTable, Rate, TrainingPrice
    from .tokens._statistics import Spread, Statistics

__all__ = [
    "LIMITS",
    "PRICES",
    "AzureRules",
    "Cost",
    "Dataset",
    "Example",
    "FileCheck",
    "Finding",
    "Fix",
    "Limit",
    "Message",
    "PriceTable",
    "Rate",
    "Repaired",
    "Rule",
    "Settings",
    "Severity",
    "Spot",
    "Spread",
    "Statistics",
    "Suggestion",
    "Supersession",
    "Tally",
    "TokenCount",
    "TokenCounter",
    "TrainingPrice",
    "ValidationReport",
    "ValidationRows",
    "WithoutErrors",
    "by_answer",
    "canonical_json",
    "cost_of",
    "counter_for",
    "normalise",
    "row_tokens",
]

_LATE = {
    "tokens._cost": ("Cost", "cost_of"),
    "tokens._prices": ("PRICES", "PriceTable", "Rate", "TrainingPrice"),
    "editing._repaired": ("Fix", "Repaired", "Suggestion"),
    "editing._without_errors": ("WithoutErrors",),
    "tokens._statistics": ("Spread", "Statistics"),
}
"""What few programs need, by module: imported when it is asked for."""


def __getattr__(name: str) -> object:
    for module, names in _LATE.items():
        if name in names:
            from importlib import import_module

            value = getattr(import_module(f".{module}", __name__), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
