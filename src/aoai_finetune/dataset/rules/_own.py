"""Rules of the user's: what their checks raise becomes a finding, which names the kind of error and no text of a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ._rules import FileCheck, FileCheckMaker, RowCheck, Rule, Settings, Spot

__all__ = ["own_rule"]


def own_rule(rule: Rule) -> Rule:
    """The rule with checks that never raise. A row that a check did not expect must not hide what the others find."""
    return replace(rule, row=rule.row and _OwnRow(rule.row), file=rule.file and _OwnFile(rule.file))


def _raised(why: Exception) -> str:
    return f"the check of this rule raised {type(why).__name__}"


@dataclass(frozen=True, slots=True)
class _OwnRow:
    check: RowCheck

    def __call__(self, row: Mapping[str, Any], /) -> list[tuple[str, str]]:
        """All that the check has to say."""
        try:
            return [(path, said) for path, said in self.check(row)]
        except Exception as why:  # noqa: BLE001 - code of the user's, run once per row
            return [("", _raised(why))]


@dataclass(frozen=True, slots=True)
class _OwnFile:
    make: FileCheckMaker

    def __call__(self, settings: Settings, /) -> FileCheck:
        """A checker for one file."""
        check = self.make(settings)
        return _OwnChecker(check, bool(getattr(check, "blind", False)))


@dataclass(frozen=True, slots=True)
class _OwnChecker:
    check: FileCheck
    blind: bool

    def see(self, row: Mapping[str, Any], fact: str | None, line: int, source: str | None, /) -> str | None:
        """What the checker says of a row."""
        try:
            return self.check.see(row, fact, line, source)
        except Exception as why:  # noqa: BLE001 - as above
            return _raised(why)

    def end(self, rows: int, /) -> Iterable[Spot]:
        """What the checker says of the file."""
        try:
            return list(self.check.end(rows))
        except Exception as why:  # noqa: BLE001 - as above
            return [Spot(_raised(why))]
