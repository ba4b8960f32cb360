"""Every rule this library knows, as data. The order is the order in which `AzureRules.describe()` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ..checks._rule import Rule
from ._limits import Limit, limits_of
from ._rules_file import file_rules
from ._rules_reading import READING
from ._rules_rows import row_rules

__all__ = ["READING", "all_rules", "rules_with"]


def rules_with(limits: Mapping[str, Limit], model: str | None) -> tuple[Rule, ...]:
    """All rules of all methods and levels, with these limits, for this model."""
    return (*READING, *row_rules(limits, model), *file_rules(limits))


@cache
def all_rules() -> tuple[Rule, ...]:
    """All rules, with the limits of the service as they stand in the table."""
    return rules_with(limits_of(None, {}), None)
