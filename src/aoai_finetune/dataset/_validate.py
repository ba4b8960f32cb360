"""One pass over the rows: read, check alone, feed the checkers of the whole, collect what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import DatasetError
from ._azure import AzureRules
from ._claims import Claim, KnownAnswers
from ._findings import Fault, Finding
from ._json import parse_row
from ._meaning import plain, structural_fault
from ._reading import TOO_LONG
from ._report import ValidationReport
from ._rules import FileCheck, Level, Rule, Settings
from ._sources import Rows, SourceLine

__all__ = ["validate"]

_LEVELS: tuple[Level, ...] = ("rows", "file")


def validate(rows: Rows, rules: AzureRules, level: str, history: Iterable[Claim] | None) -> ValidationReport:
    """Check all rows against the rules of a level; never raises for what stands in the rows."""
    if level not in _LEVELS:
        raise DatasetError(f"there is no level {level!r}", hint=f"Use one of {', '.join(_LEVELS)}")
    known = None if history is None or level == "rows" else KnownAnswers(history)
    settings = Settings(min_examples=rules.min_examples, history=known)
    names = {leaf.source for leaf in rows.leaves()}
    check = _Validation(rules, level, settings, names.pop() if len(names) == 1 else None)
    for line in rows.scan():
        check.line(line)
    return check.report()


class _Validation:
    """The state of one pass."""

    def __init__(self, rules: AzureRules, level: str, settings: Settings, whole: str | None) -> None:
        active = [rule for rule in rules.describe() if level == "file" or rule.level == "rows"]
        active = [rule for rule in active if settings.history is not None or not rule.needs_history]
        self._rules = {rule.code: rule for rule in active}
        own = [rule for rule in active if rule.row and rule not in rules.extra]
        self._extra = [rule for rule in active if rule.row and rule in rules.extra]
        self._full = [*own, *self._extra]
        self._files: list[tuple[str, FileCheck]] = [
            (rule.code, rule.file(settings)) for rule in active if rule.file
        ]
        # `plain` promises that no supervised rule would fire; the other methods ask something else of such rows.
        self._fast = rules.method == "supervised"
        self._found = _Findings(self._rules, rules.keep)
        self._rows = 0
        self._whole = whole
        self._seen_crlf = False

    def line(self, line: SourceLine) -> None:
        """Check one physical line."""
        leaf, number, raw = line
        if raw is None:
            self._rows += 1
            self._found.add(TOO_LONG, leaf.source, number)
        elif raw.isspace():
            self._found.add(Fault("blank-line", "", "the line is blank"), leaf.source, number)
        else:
            self._rows += 1
            self._line_end(raw, leaf.source, number)
            self._parsed(parse_row(raw), line)

    def _line_end(self, raw: bytes, source: str | None, number: int) -> None:
        if not self._seen_crlf and raw.endswith(b"\r\n"):
            self._seen_crlf = True
            self._found.add(Fault("line-end", "", "lines end with CR LF from here on"), source, number)

    def _parsed(self, row: dict[str, Any] | Fault, line: SourceLine) -> None:
        leaf, number, _ = line
        if isinstance(row, Fault):
            self._found.add(row, leaf.source, number)
            return
        fact = self._fact(row, line)
        quick = self._fast and plain(row)
        for rule in self._extra if quick else self._full:
            for path, message in rule.row(row) if rule.row else ():
                self._found.add(Fault(rule.code, path, message), leaf.source, number)
        if self._files and (quick or structural_fault(row) is None):
            self._feed(row, fact, number, leaf.source)

    def _fact(self, row: dict[str, Any], line: SourceLine) -> str | None:
        leaf, number, _ = line
        fact = leaf.take_fact(row, number)
        if fact is None and leaf.fact_column is not None:
            missing = Fault("fact-missing", leaf.fact_column, "the row has no fact where one was expected")
            self._found.add(missing, leaf.source, number)
        if not isinstance(fact, Fault):
            return fact
        self._found.add(fact, leaf.source, number)
        return None

    def _feed(self, row: Mapping[str, Any], fact: str | None, number: int, source: str | None) -> None:
        for code, checker in self._files:
            message = checker.see(row, fact, number, source)
            if message is not None:
                self._found.add(Fault(code, "", message), source, number)

    def report(self) -> ValidationReport:
        """Ask the checkers of the whole for their conclusions and put everything into order."""
        for code, checker in self._files:
            for spot in checker.end(self._rows):
                source = self._whole if spot.line is None else spot.source
                self._found.add(Fault(code, spot.path, spot.message), source, spot.line)
        return self._found.report(self._rows)


class _Findings:
    """Findings as they come, bounded per code."""

    def __init__(self, rules: Mapping[str, Rule], keep: int) -> None:
        self._rules, self._keep = rules, keep
        self._counts: dict[str, int] = {}
        self._sources: dict[str | None, int] = {None: 0}
        self._kept: list[Finding] = []

    def add(self, fault: Fault, source: str | None, line: int | None) -> None:
        """Note a fault, unless its rule is off."""
        rule = self._rules.get(fault.code)
        if rule is None:
            return
        self._counts[fault.code] = number = self._counts.get(fault.code, 0) + 1
        if number > self._keep:
            return
        self._sources.setdefault(source, len(self._sources))
        self._kept.append(
            Finding(
                code=rule.code,
                severity=rule.severity,
                message=fault.message,
                hint=rule.hint,
                line=line,
                path=fault.path,
                source=source,
            )
        )

    def _order(self, finding: Finding) -> tuple[int, int, str, str]:
        return self._sources[finding.source], finding.line or 0, finding.code, finding.path

    def report(self, rows: int) -> ValidationReport:
        """Everything in stable order."""
        return ValidationReport(
            findings=tuple(sorted(self._kept, key=self._order)),
            examples=rows,
            counts=dict(sorted(self._counts.items())),
            severities={code: self._rules[code].severity for code in self._counts},
        )
