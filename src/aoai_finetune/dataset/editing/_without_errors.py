"""The rows in which no rule finds an error, and the others, told apart in one pass that keeps neither."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ..checking._row_checks import RowChecks
from ..checks._messages import MOST, CheckedRow, finite
from ..reading._examples import refuse_foreign
from ..reading._watching import watched_lines
from ..rows._findings import Fault, Severity
from ..rows._json import parse_row
from ..rows._sources import Rows, SourceLine
from ..rules._azure import AzureRules
from ..shortcuts._plain import shows
from ..shortcuts._plain_methods import TEXTS

if TYPE_CHECKING:
    from .._dataset import Dataset
    from ..checking._report import ValidationReport

__all__ = ["WithoutErrors", "sifted"]


@dataclass(frozen=True, eq=False)
class WithoutErrors:
    """What `Dataset.without_errors` came to. Nothing on any disk was changed, and no row was copied.

    Attributes:
        kept: the rows in which there is no error, in their order.
        dropped: the others, in their order.
    """

    kept: Dataset = field(repr=False)
    dropped: Dataset = field(repr=False)
    rules: AzureRules | None = field(default=None, repr=False)

    @cached_property
    def report(self) -> ValidationReport:
        """What is wrong with each row that was dropped, with its line, as `validate` says it of single rows."""
        return self.dropped.validate(self.rules, level="rows")

    @property
    def _summary(self) -> str:
        dropped = len(self.dropped)
        return f"{dropped:,} of {dropped + len(self.kept):,} rows dropped"

    @override
    def __str__(self) -> str:
        return f"{self._summary}\n{self.report}" if len(self.dropped) else self._summary

    @override
    def __repr__(self) -> str:
        return f"<WithoutErrors: {self._summary}>"


def sifted(rows: Rows, rules: AzureRules) -> tuple[Sequence[int], Sequence[int]]:
    """Indices of the rows without an error, and of those with one. Raises DatasetError for a file that has no rows."""
    refuse_foreign(rows)
    kept, dropped = array("Q"), array("Q")
    for index, bad in enumerate(_Errors(rules).of(rows)):
        (dropped if bad else kept).append(index)
    return kept, dropped


class _Errors:
    """Looks for errors in single rows as a pass at level `file` does, and stops at the first one."""

    def __init__(self, rules: AzureRules) -> None:
        serious = [
            rule for rule in rules.describe() if rule.severity is Severity.ERROR and rule.level != "deep"
        ]
        self._codes = {rule.code for rule in serious}
        self._checks = RowChecks([rule for rule in serious if rule not in rules.extra])
        self._own = RowChecks([rule for rule in serious if rule in rules.extra])
        self._texts = TEXTS[rules.method]
        limits = {limit.name: limit.value for limit in rules.limits}
        self._longest = min(limits["message-characters"], MOST * 30)

    def of(self, rows: Rows) -> Iterator[bool]:
        """For each row whether it has one; blank lines are no rows."""
        for line in watched_lines(rows, "looking for errors"):
            if line[2] is None or not line[2].isspace():
                yield self._in(line)

    def _in(self, line: SourceLine) -> bool:
        leaf, number, raw = line
        row = None if raw is None else parse_row(raw)
        if raw is None or row is None or isinstance(row, Fault):
            return True
        fact = leaf.take_fact(row, number)
        return (isinstance(fact, Fault) and fact.code in self._codes) or self._in_row(row, raw)

    def _in_row(self, row: dict[str, Any], raw: bytes) -> bool:
        checked = CheckedRow(row)
        checked.finite = finite(raw)
        plain = self._texts(row) is not None and shows(raw, self._longest)
        return bool((not plain and self._checks.faults(checked)) or self._own.faults(checked))
