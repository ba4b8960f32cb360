"""What a rule is: a record that says what it is about, and one small check."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

from typing_extensions import override

from ..rows._findings import Severity
from ..rows._sources import Rows

__all__ = [
    "FileCheck",
    "FileCheckMaker",
    "Level",
    "Method",
    "PartCheck",
    "RowCheck",
    "Rule",
    "Settings",
    "Spot",
    "Spots",
    "ValidationRows",
]

Level: TypeAlias = Literal["rows", "file", "deep"]
Method: TypeAlias = Literal["supervised", "dpo", "reinforcement"]

RowCheck: TypeAlias = Callable[[Mapping[str, Any]], Iterable[tuple[str, str] | tuple[str, str, str]]]
"""A pure function from a parsed row to `(JSON path, message)` faults, or `(JSON path, message, hint)` where the hint is not
the rule's. It must accept any JSON object."""


class Spot(NamedTuple):
    """What a file check has to say at the end: a message, and where it belongs if it belongs anywhere."""

    message: str
    line: int | None = None
    source: str | None = None
    path: str = ""


_T = TypeVar("_T")


class Spots(Sized, Generic[_T]):
    """Spots that are made when they are asked for: of a million, a thousand are."""

    def __init__(self, pairs: Sequence[tuple[_T, int]], spot: Callable[[_T, int], Spot]) -> None:
        self._pairs, self._spot = pairs, spot

    @override
    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[Spot]:
        return starmap(self._spot, self._pairs)


class FileCheck(Protocol):
    """A small stateful checker that is fed every sound row once, in order, and then asked for its conclusion.

    One with a true attribute `blind` is not fed: it is asked at the end only.
    """

    def see(self, row: Mapping[str, Any], fact: str | None, line: int, source: str | None, /) -> str | None:
        """What is wrong with this row in the light of those before it; None for nothing.

        `row` is the parsed row without its fact, `fact` the fact it was given (None: to be derived), `line` and
        `source` say where it stands.
        """
        ...

    def end(self, rows: int, /) -> Iterable[Spot]:
        """What is to be said about the file as a whole; `rows` counts all rows, unsound ones included."""
        ...


@runtime_checkable
class PartCheck(FileCheck, Protocol):
    """A checker of the whole that can be fed in several processes, each of them with a part of a file.

    They are forked, so that hashes of texts mean the same in all of them.
    """

    def part(self) -> object:
        """What another process has to know of the rows this one was fed; asked where `Settings.part` is true."""
        ...

    def absorb(self, part: object, before: int, source: str | None, /) -> Iterable[tuple[int, str]]:
        """Go on as if fed with the rows of the next part, before which there are so many lines.

        Line and message for each of them that something is wrong with.
        """
        ...


class ValidationRows(NamedTuple):
    """What is known of the validation rows: the SHA-256 of each canonical form, and the normalised questions."""

    rows: Collection[bytes]
    questions: Collection[str]

    @override
    def __repr__(self) -> str:
        return f"<ValidationRows: {len(self.rows)} rows, {len(self.questions)} questions>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What file checks may depend on.

    Attributes:
        min_examples: the least number of rows.
        history: rows that the model has learned already, if they were given.
        limits: the limits of the service by name, for the model that is to be trained.
        model: the model to be trained, if it was named.
        n_epochs: how often the rows will be gone through, if it was said.
        rows: the rows themselves, for what turns out to be needed at the end.
        size: bytes of all rows together, where that is known without reading them.
        validation: what the validation rows hold, if they were given.
        method: how it will be trained.
        part: the rows are a part of a file, and not the first; another process goes on with what comes of them.
        shared: where checks of one pass may keep what several of them need.
    """

    min_examples: int = 10
    history: Rows | None = field(default=None, repr=False)
    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    model: str | None = None
    n_epochs: int | None = None
    rows: Rows | None = field(default=None, repr=False)
    size: int | None = None
    validation: ValidationRows | None = field(default=None, repr=False)
    method: Method = "supervised"
    part: bool = False
    shared: dict[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)


FileCheckMaker: TypeAlias = Callable[[Settings], FileCheck]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that is checked, as data: listed by `AzureRules.describe()`, switched off or added by its code.

    Attributes:
        code: stable name, the `code` of the findings.
        severity: see `Severity`.
        level: the lowest level of `validate` at which it is checked.
        summary: what it asks of the data, in one sentence.
        hint: what to do about a finding.
        source: where the rule comes from, with a date; for limits of the service always.
        methods: training methods it applies to.
        row: checks one row alone. A rule with neither `row` nor `file` is checked by the reader itself.
        file: makes a checker for a whole file.
        needs_history: only checked when `validate` was given a history.
        needs_validation: only checked when `validate` was given validation rows.
        heuristic: a guess from patterns: it misses some cases and names some that are none.
        when: `row` is only asked about rows with one of these words among the keys of the row, its messages and
            their parts, and the roles; empty: about every row.
    """

    code: str
    severity: Severity
    summary: str
    level: Level = "rows"
    hint: str = ""
    source: str = ""
    methods: tuple[Method, ...] = ("supervised", "dpo", "reinforcement")
    row: RowCheck | None = field(default=None, repr=False)
    file: FileCheckMaker | None = field(default=None, repr=False)
    needs_history: bool = False
    needs_validation: bool = False
    heuristic: bool = False
    when: frozenset[str] = frozenset()
