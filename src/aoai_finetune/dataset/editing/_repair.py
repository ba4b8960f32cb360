"""Every safe fix to the rows of a dataset, applied while they are read: only rows that changed are kept in memory."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import tee
from typing import Any, Final

from ...errors import DatasetError
from ..checks._meaning import only_texts
from ..checks._space import trimmed
from ..reading._digests import Digests
from ..reading._foreign import foreign
from ..reading._watching import watched_lines
from ..rows._arguments import each_of_kind
from ..rows._canonical import canonical_json
from ..rows._facts import FACT_KEY
from ..rows._findings import Fault
from ..rows._json import BOM, parse_row
from ..rows._sources import ChainRows, Leaf, LineRows, Rows, SelectedRows, SourceLine, arrange
from ._mend import MENDERS, Change, maybe_null
from ._repaired import Fix

__all__ = ["MendedRows", "repair_rows"]

_DUPLICATE: Final = "duplicate-row"
_PLAIN_ROLES: Final = frozenset({"system", "user", "assistant"})
_BLANK: Final = "blank-line"
_ALWAYS: Final = ("byte-order-mark", "line-end", _BLANK)
"""Fixes of what stands between rows: it is in no row, and in no file that is written of them."""
_MAY_BE_OFF: Final = (*MENDERS, _DUPLICATE)


@dataclass(frozen=True, slots=True, eq=False)
class MendedRows:
    """The rows of another leaf, some of them replaced, with line feeds as their line ends."""

    leaf: Leaf
    changed: Mapping[int, bytes]

    @property
    def source(self) -> str | None:
        """The name of the file the rows came from."""
        return self.leaf.source

    @property
    def fact_column(self) -> str | None:
        """The column of the original."""
        return self.leaf.fact_column

    @property
    def notes(self) -> bytes:
        """Nothing: mended lines are others."""
        return b""

    def __len__(self) -> int:
        return len(self.leaf)

    def scan(self) -> Iterator[SourceLine]:
        """All rows in order; blank lines are gone."""
        return self.pick(range(len(self)))

    def pick(self, indices: Iterable[int], /) -> Iterator[SourceLine]:
        """The rows with these indices, mended."""
        wanted, again = tee(indices)
        for index, (_, number, raw) in zip(again, self.leaf.pick(wanted), strict=True):
            yield self, number, _with_line_feed(self.changed.get(index, raw))

    def locate(self, index: int, /) -> tuple[Leaf, int]:
        """This leaf."""
        return self, index

    def leaves(self) -> tuple[Leaf, ...]:
        """This leaf."""
        return (self,)

    def take_fact(self, row: dict[str, Any], line: int, /) -> str | Fault | None:
        """As the original gives it: columns of facts stay in a mended row."""
        return self.leaf.take_fact(row, line)


def _with_line_feed(raw: bytes | None) -> bytes | None:
    return raw.rstrip(b"\r\n") + b"\n" if raw is not None and raw.endswith(b"\r\n") else raw


def repair_rows(rows: Rows, off: Collection[str]) -> tuple[Rows, tuple[Fix, ...]]:
    """The repaired rows, which are the same object when there was nothing to do, and the fixes in order."""
    _check_off(off)
    if isinstance(rows, LineRows) and foreign(rows.content):
        return rows, ()  # a table or an array is to be read as what it is: other line ends make no rows of it
    work = _Repair(rows, off)
    for line in watched_lines(rows, "repairing"):
        work.line(line)
    fixes = work.fixes()
    return work.rows() if fixes else rows, fixes


def _check_off(off: Collection[str]) -> None:
    if isinstance(off, str):
        raise DatasetError(f"off is the text {off!r}, not a list", hint=f'Use off=["{off}"]')
    each_of_kind(off, str, "off", wanted="a list of names", hint='For example off=["duplicate-row"]')
    unknown = [name for name in off if name not in _MAY_BE_OFF]
    if unknown:
        why = ": what is written never has it" if unknown[0] in _ALWAYS else ""
        raise DatasetError(
            f"{unknown[0]!r} is no fix that can be left out{why}",
            hint=f"off is a collection of: {', '.join(_MAY_BE_OFF)}",
        )


@dataclass(slots=True)
class _Ends:
    """Lines of one file that end with CR LF."""

    first: int
    lines: int = 0


@dataclass(slots=True)
class _Blanks:
    """Lines of one file, one after the other, that are blank."""

    source: str | None
    first: int
    lines: int = 1

    def fix(self) -> Fix:
        """One fix for all of them."""
        was = "a blank line" if self.lines == 1 else f"{self.lines:,} blank lines from here on"
        return Fix(code=_BLANK, was=was, now="none", line=self.first, source=self.source)


@dataclass(slots=True)
class _Repair:
    """The state of one pass."""

    original: Rows
    off: Collection[str]
    index: int = 0
    kept: array[int] = field(default_factory=lambda: array("Q"))
    changed: dict[int, dict[int, bytes]] = field(default_factory=dict[int, dict[int, bytes]])
    found: list[Fix] = field(default_factory=list[Fix])
    ends: dict[str | None, _Ends] = field(default_factory=dict[str | None, _Ends])
    blanks: list[_Blanks] = field(default_factory=list[_Blanks])
    seen: dict[bytes, int] = field(default_factory=dict[bytes, int])
    digests: Digests = field(default_factory=Digests)

    def line(self, line: SourceLine) -> None:
        """Look at one physical line."""
        leaf, number, raw = line
        if raw is not None and raw.endswith(b"\r\n"):
            self.ends.setdefault(leaf.source, _Ends(number)).lines += 1
        if raw is not None and raw.isspace():
            self._blank(leaf.source, number)
            return
        if raw is None or self._keeps(leaf, number, raw):
            self.kept.append(self.index)
        self.index += 1

    def _blank(self, source: str | None, number: int) -> None:
        last = self.blanks[-1] if self.blanks else None
        if last and last.first + last.lines == number and last.source == source:
            last.lines += 1
        else:
            self.blanks.append(_Blanks(source, number))

    def _note(self, change: Change, leaf: Leaf, number: int, row: int | None) -> None:
        code, path, was, now = change
        self.found.append(
            Fix(code=code, was=was, now=now, line=number, path=path, source=leaf.source, row=row)
        )

    def _keeps(self, leaf: Leaf, number: int, raw: bytes) -> bool:
        """Mend the row; False when it goes, as a copy of one before it."""
        bare = raw
        while bare.startswith(BOM):
            bare = bare[len(BOM) :]
        marks = [Change("byte-order-mark", "", "a byte-order mark before the row", "none")] * (bare != raw)
        row = parse_row(bare) if bare and not bare.isspace() else None
        changes = self._mended(row, bare) if isinstance(row, dict) else []
        if changes and isinstance(row, dict):
            bare = _written(row)
            if not bare:
                return True
        if marks or changes:
            self._change(leaf, number, bare, [*marks, *changes])
        if row is None or isinstance(row, Fault):
            return row is not None
        return not self._is_copy(leaf, number, row, None if marks or changes else raw)

    def _mended(self, row: dict[str, Any], raw: bytes) -> list[Change]:
        if not row or _is_plain(row):
            return []
        off = self.off if maybe_null(raw) else (*self.off, "null-key")
        return [change for name, mend in MENDERS.items() if name not in off for change in mend(row)]

    def _change(self, leaf: Leaf, number: int, raw: bytes, changes: Iterable[Change]) -> None:
        owner, place = self.original.locate(self.index)
        self.changed.setdefault(id(owner), {})[place] = raw
        for change in changes:
            self._note(change, leaf, number, self.index)

    def _is_copy(self, leaf: Leaf, number: int, row: dict[str, Any], raw: bytes | None) -> bool:
        """The same row with the same fact was there before. Its bytes are given where they are still what it is."""
        if _DUPLICATE in self.off:
            return False
        key = self._identity((leaf, number, raw), row, leaf.take_fact(row, number))
        known = len(self.seen)
        there = number if key is None else self.seen.setdefault(key, number)
        if key is None or len(self.seen) > known:
            return False
        self._note(Change(_DUPLICATE, "", f"the same row as line {there}", "none"), leaf, number, self.index)
        return True

    def _identity(self, line: SourceLine, row: dict[str, Any], fact: str | Fault | None) -> bytes | None:
        """What makes two rows copies: row and given fact; None for rows that are left alone."""
        try:
            digest = None if isinstance(fact, Fault) else self.digests.of(line, row)
        except (ValueError, RecursionError):
            return None
        if digest is None or not isinstance(fact, str):
            return digest and digest[:16]
        return blake2b(digest + fact.encode(errors="replace"), digest_size=16).digest()

    def fixes(self) -> tuple[Fix, ...]:
        """All fixes in the order of files and lines."""
        parts = self.original.parts if isinstance(self.original, ChainRows) else (self.original,)
        marked = {part.source: part for part in parts if isinstance(part, LineRows) and _is_marked(part)}
        for leaf in marked.values():
            self._note(
                Change("byte-order-mark", "", "a byte-order mark opens the file", "none"), leaf, 1, None
            )
        self.found += [blanks.fix() for blanks in self.blanks]
        for source, ends in self.ends.items():
            was = f"{ends.lines:,} line{'s' * (ends.lines > 1)} from here on end with CR LF"
            self.found.append(
                Fix(code="line-end", was=was, now="line feeds alone", line=ends.first, source=source)
            )
        order = {leaf.source: number for number, leaf in enumerate(reversed(self.original.leaves()))}
        return tuple(
            sorted(self.found, key=lambda fix: (-order[fix.source], fix.line or 0, fix.row is not None))
        )

    def rows(self) -> Rows:
        """The original rows without those that went, read through what has changed."""
        mended = {
            id(leaf): MendedRows(leaf, self.changed.get(id(leaf), {})) for leaf in self.original.leaves()
        }
        if id(self.original) in mended:
            return SelectedRows(mended[id(self.original)], self.kept)
        places = map(self.original.locate, self.kept)
        return arrange([(mended[id(leaf)], index) for leaf, index in places])


def _is_marked(leaf: LineRows) -> bool:
    with leaf.content.open() as handle:
        return handle.read(len(BOM)) == BOM


def _written(row: dict[str, Any]) -> bytes:
    """The row on a line; nothing for a row with a number or a text that cannot be written, which nobody can mend."""
    try:
        return canonical_json(row) + b"\n"
    except (ValueError, RecursionError):
        return b""


def _is_plain(row: dict[str, Any]) -> bool:
    """Messages of known roles and texts without white space around them, and a fact at most: nothing is to be mended."""
    messages = row.get("messages")
    if len(row) != 1 + (FACT_KEY in row) or not only_texts(messages):
        return False
    return all(
        message["role"] in _PLAIN_ROLES and trimmed(message["content"]) is message["content"]
        for message in messages
    )
