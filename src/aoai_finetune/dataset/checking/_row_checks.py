"""The rules about one row, put together so that a row meets only those that could have something to say about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from ..checks._meaning import STRUCTURE, structural_fault
from ..checks._messages import CheckedRow
from ..checks._rule import RowCheck, Rule
from ..rows._findings import Fault

__all__ = ["RowChecks"]

_STRUCTURAL: Final = frozenset(code for code, _ in STRUCTURE)


class RowChecks:
    """Runs the checks of some rules on rows, in the order of the rules."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [rule for rule in rules if rule.row]
        self._words = frozenset[str]().union(*(rule.when for rule in self._rules))
        self._fitting: dict[frozenset[str], list[tuple[str, RowCheck]]] = {}
        self._chosen: dict[frozenset[str], list[tuple[str, RowCheck]]] = {}
        self._complete = {*STRUCTURE} <= {(rule.code, rule.row) for rule in self._rules}

    def faults(self, row: Mapping[str, Any], codes: Collection[str] | None = None) -> list[Fault]:
        """All faults of a row, or those with some codes."""
        if not self._rules:
            return []
        checked = row if isinstance(row, CheckedRow) else CheckedRow(row)
        checks = self._fit(checked) if codes is None else self._some(frozenset(codes))
        return [Fault(code, *said) for code, check in checks for said in check(checked)]

    def usable(self, row: Mapping[str, Any], faults: Iterable[Fault]) -> bool:
        """The row can be used as an example; `faults` are those of it, which tell unless a rule is switched off."""
        if self._complete:
            return not any(fault[0] in _STRUCTURAL for fault in faults)
        return structural_fault(row) is None

    def ask(self, row: CheckedRow) -> bool:
        """Some check could have something to say about the row."""
        return bool(self._rules and self._fit(row))

    def _some(self, codes: frozenset[str]) -> list[tuple[str, RowCheck]]:
        if codes not in self._chosen:
            rules = (rule for rule in self._rules if rule.code in codes)
            self._chosen[codes] = [(rule.code, rule.row) for rule in rules if rule.row is not None]
        return self._chosen[codes]

    def _fit(self, row: CheckedRow) -> list[tuple[str, RowCheck]]:
        words = self._words & row.words
        checks = self._fitting.get(words)
        if checks is None:
            fitting = (rule for rule in self._rules if not rule.when or not rule.when.isdisjoint(words))
            checks = self._fitting[words] = [
                (rule.code, rule.row) for rule in fitting if rule.row is not None
            ]
        return checks
