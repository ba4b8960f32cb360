"""Rules of the user's: what their checks raise becomes a finding, which names the kind of error and no text of a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast, get_args

from ...errors import DatasetError
from ..checks._rule import FileCheck, FileCheckMaker, Level, Method, RowCheck, Rule, Settings, Spot
from ..rows._arguments import each_of_kind, of_kind
from ..rows._findings import Severity
from ._rules_reading import READING

__all__ = ["check_rule", "own_rule"]

_Said: TypeAlias = tuple[str, str, str]


def check_rule(rule: Rule) -> None:
    """DatasetError for a rule that would never be checked, or whose findings could not be counted."""
    of_kind(rule.code, str, "the code of a rule", wanted="a text")
    name = f"of rule {rule.code!r}"
    of_kind(rule.severity, Severity, f"severity {name}", hint="Write Severity.ERROR, WARNING or INFO")
    for text in ("summary", "hint"):
        of_kind(getattr(rule, text), str, f"{text} {name}", wanted="a text")
    if rule.level not in get_args(Level):
        raise DatasetError(f"there is no level {rule.level!r} {name}", hint=_one_of(Level))
    each_of_kind(rule.methods, str, f"methods {name}", wanted="a list of methods", hint='("supervised",)')
    if not rule.methods or not set(rule.methods) <= set(get_args(Method)):
        raise DatasetError(f"methods {name} are none of training", hint=_one_of(Method))
    if rule.row is None and rule.file is None and rule.code not in {known.code for known in READING}:
        hint = "Give it row=, which checks one row, or file=, which makes a checker of all of them"
        raise DatasetError(f"rule {rule.code!r} has no check", hint=hint)


def _one_of(known: object) -> str:
    return f"Use one of {', '.join(get_args(known))}"


def own_rule(rule: Rule) -> Rule:
    """The rule with checks that never raise. A row that a check did not expect must not hide what the others find."""
    return replace(rule, row=rule.row and _OwnRow(rule.row), file=rule.file and _OwnFile(rule.file))


def _raised(why: Exception) -> str:
    return f"the check of this rule raised {type(why).__name__}"


@dataclass(frozen=True, slots=True)
class _OwnRow:
    check: RowCheck

    def __call__(self, row: Mapping[str, Any], /) -> list[_Said]:
        """All that the check has to say, and what it raised in the end."""
        found: list[_Said] = []
        try:
            found.extend(_pairs(self.check(row)))
        except _NoPairsError as why:
            found.append(("", str(why), ""))
        except Exception as why:  # noqa: BLE001 - code of the user's, run once per row
            found.append(("", _raised(why), ""))
        return found


class _NoPairsError(Exception):
    """A check returned something else."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the check of this rule {found}: it returns pairs of (path, message), [] where nothing is wrong"
        )


def _pairs(said: object) -> Iterator[_Said]:
    """What a check returned, if these are pairs of texts, or triples with a hint."""
    if isinstance(said, (str, bytes)) or not isinstance(said, Iterable):
        raise _NoPairsError(f"returned {'None' if said is None else type(said).__name__}")
    for item in cast("Iterable[object]", said):
        if not isinstance(item, (tuple, list)):
            raise _NoPairsError(f"gave {type(item).__name__}")
        parts = cast("Sequence[object]", item)
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) < len(parts) or len(texts) not in (2, 3):
            raise _NoPairsError(f"gave {len(parts)} values that are not a path and a message")
        yield texts[0], texts[1], "".join(texts[2:])


@dataclass(frozen=True, slots=True)
class _OwnFile:
    make: FileCheckMaker

    def __call__(self, settings: Settings, /) -> FileCheck:
        """A checker for one file; one that says so, where none can be made."""
        try:
            check = self.make(settings)
        except Exception as why:  # noqa: BLE001 - as above
            return _NoChecker(_raised(why))
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
        """What the checker says of the file, and what it raised in the end."""
        found: list[Spot] = []
        try:
            found.extend(_spots(self.check.end(rows)))
        except Exception as why:  # noqa: BLE001 - as above
            found.append(Spot(_raised(why)))
        return found


def _spots(said: Iterable[object]) -> Iterator[Spot]:
    for spot in said:
        if not isinstance(spot, Spot) or not isinstance(spot.message, str):
            raise TypeError
        yield spot


@dataclass(frozen=True, slots=True)
class _NoChecker:
    said: str
    blind = True

    def see(self, _row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /) -> None:
        """Nothing."""

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Why there is no checker."""
        return [Spot(self.said)]
