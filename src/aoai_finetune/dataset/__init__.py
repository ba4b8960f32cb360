"""Training rows: read, checked, compared, written. Start with `Dataset.from_jsonl`.

Everything here is standard library and one JSON parser (jiter, which reports duplicate keys).
"""

from __future__ import annotations

from ._azure import AzureRules
from ._canonical import canonical_json
from ._dataset import Dataset
from ._example import Example, Message, by_answer
from ._findings import Finding, Severity
from ._report import ValidationReport
from ._rules import FileCheck, Rule, Settings, Spot
from ._supersede import Supersession
from ._text import normalise
from ._tokens import TokenCount, TokenCounter, counter_for, row_tokens

__all__ = [
    "AzureRules",
    "Dataset",
    "Example",
    "FileCheck",
    "Finding",
    "Message",
    "Rule",
    "Settings",
    "Severity",
    "Spot",
    "Supersession",
    "TokenCount",
    "TokenCounter",
    "ValidationReport",
    "by_answer",
    "canonical_json",
    "counter_for",
    "normalise",
    "row_tokens",
]
