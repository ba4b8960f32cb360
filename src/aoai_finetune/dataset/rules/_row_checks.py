"""The rules about one row, put together so that a row meets only those that could have something to say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..rows._findings import Fault
from ._messages import CheckedRow
from ._rules import RowCheck, Rule

__all__ = ["RowChecks"]


class RowChecks:
    """Runs the checks of some rules on rows, in the order of the rules."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [rule for rule in rules if rule.row]
        self._words = frozenset[str]().union(*(rule.when for rule in self._rules))
        self._fitting: dict[frozenset[str], list[tuple[str, RowCheck]]] = {}

    def faults(self, row: Mapping[str, Any]) -> list[Fault]:
        """All faults of a row."""
        checked = CheckedRow(row)
        words = self._words & checked.words
        checks = self._fitting.get(words)
        if checks is None:
            checks = self._fitting[words] = self._fit(words)
        return [Fault(code, path, said) for code, check in checks for path, said in check(checked)]

    def _fit(self, words: frozenset[str]) -> list[tuple[str, RowCheck]]:
        fitting = (rule for rule in self._rules if not rule.when or not rule.when.isdisjoint(words))
        return [(rule.code, rule.row) for rule in fitting if rule.row is not None]
