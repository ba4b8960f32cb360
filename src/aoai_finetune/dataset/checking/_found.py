"""Findings as they come, bounded per code: what is over the bound is counted, and nothing is built for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from ..checks._rule import Rule
from ..reading._foreign import FOREIGN
from ..rows._findings import Fault, Finding
from ._report import ValidationReport

__all__ = ["Found"]


class Found:
    """What one pass, or one part of it, has found.

    Attributes:
        counts: findings per code.
        kept: findings, at most so many per code.
        alone: parts of a file that is no JSONL were passed over.
    """

    def __init__(self, rules: Sequence[Rule], keep: int) -> None:
        self._rules = {rule.code: rule for rule in rules}
        self._keep = keep
        self.counts: dict[str, int] = {}
        self._sources: dict[str | None, int] = {None: 0}
        self.kept: list[Finding] = []
        self.alone = False

    def name(self, source: str | None) -> None:
        """Findings about a file that is named earlier stand before those about one named later."""
        self._sources.setdefault(source, len(self._sources))

    def add(self, fault: Fault, source: str | None, line: int | None) -> None:
        """Note a fault, unless its rule is off."""
        rule = self._rules.get(fault[0])
        if rule is None:
            return
        self.counts[rule.code] = number = self.counts.get(rule.code, 0) + 1
        if number > self._keep:
            return
        self.name(source)
        self.kept.append(
            Finding(
                code=rule.code,
                severity=rule.severity,
                message=fault.message,
                hint=fault.hint or rule.hint,
                line=line,
                path=fault.path,
                source=source,
            )
        )

    @property
    def foreign(self) -> bool:
        """Nothing was found but a file that is no JSONL."""
        return not FOREIGN.isdisjoint(self.counts) and len(self.counts) == 1

    def closed(self, code: str) -> bool:
        """No more faults with this code will be kept."""
        return code not in self._rules or self.counts.get(code, 0) >= self._keep

    def full(self, faults: Iterable[Fault]) -> bool:
        """No more of these will be kept."""
        for fault in faults:
            if fault[0] in self._rules and self.counts.get(fault[0], 0) < self._keep:
                return False
        return True

    def add_again(self, faults: Iterable[Fault], times: int) -> None:
        """Count faults of which no more will be kept."""
        for fault in faults:
            if fault[0] in self._rules:
                self.counts[fault[0]] += times

    def absorb(
        self, counts: dict[str, int], kept: Iterable[Finding], shift: int, but: Collection[str]
    ) -> None:
        """Take in what a later part has found, but for some codes; its lines are counted from `shift`."""
        if self.foreign:
            self.alone = True
            return
        room = {code: self._keep - self.counts.get(code, 0) for code in counts}
        for code, number in counts.items():
            if code not in but:
                self.counts[code] = self.counts.get(code, 0) + number
        for finding in kept:
            if finding.code not in but and room[finding.code] > 0:
                room[finding.code] -= 1
                self.name(finding.source)
                self.kept.append(replace(finding, line=(finding.line or 0) + shift))

    def _order(self, finding: Finding) -> tuple[int, int, str, str]:
        return self._sources[finding.source], finding.line or 0, finding.code, finding.path

    def report(self, rows: int) -> ValidationReport:
        """Everything in stable order."""
        return ValidationReport(
            findings=tuple(sorted(self.kept, key=self._order)),
            examples=rows,
            counts=dict(sorted(self.counts.items())),
            severities={code: self._rules[code].severity for code in sorted(self.counts)},
        )
