"""Lines like others before them: once enough findings of their kind have been kept, they are only counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from jiter import from_json

from ..rows._facts import FACT_KEY
from ..rows._findings import Fault
from ..rows._json import REASON, code_of, decided
from ..shortcuts._shapes import shape_of
from ._found import Found

__all__ = ["ALIKE", "Kind", "Kinds"]

Row: TypeAlias = dict[str, Any]

_TRIES: Final = 256
"""Lines of which digits matter, after which no other line is asked whether they do."""
_KEPT: Final = 4096
_CHEAP: Final = 512
"""Bytes of a row up to which finding its shape takes no longer than what else is done for it."""
_NEW: Final = 256
"""Shapes that may be new at first; then one in five larger rows has to have a known one."""
_CR: Final = ord("\r")
_CR_LF: Final = b"\r\n"
_BLANK: Final = "EOF while parsing a v"
"""What the parser says of blank lines, too."""
_SHORT: Final = 64


ALIKE: Final = bytes(ord("2") if code in b"3456789" else code for code in range(256))
_COUNTS: Final = re.compile(rb"[\d.]{15}|\d[eE]|[eE][+-]?\d")
"""Numbers that may be too large, depending on their digits."""
_READ: Final = re.compile(rb"\\|url|arguments|parameters|non_preferred_output")
"""Lines in which single letters may count: escapes, what rules look into, and what they compare."""


def _digits_do_not_matter(raw: bytes) -> bool:
    """Any digits from 2 to 9 may stand for one another: the line keeps its kind.

    0 and 1 count as weights, and 0 at the start of a number; no known word has digits. Which texts are equal stays
    the same as long as texts with such digits differ in something else, too.
    """
    alike = raw.translate(ALIKE)
    if _READ.search(raw) or b"2" not in alike:
        return False
    texts = alike.split(b'"')
    numbered = [text for text in texts[1::2] if b"2" in text]
    return len(numbered) == len({*numbered}) and not any(map(_COUNTS.search, texts[::2]))


class Kind:
    """What is known of some lines before they are looked into.

    Attributes:
        faults: what is wrong with them, as it was with the first one.
        closed: those of which no more will be kept.
        codes: the codes of the others.
        full: no more of any of these will be kept.
        usable: they hold rows that can be used.
        plain: they hold rows of which `plain_texts` tells the texts.
        read: rules have to look into their texts all the same.
        times: how many came and were not counted yet.
        idle: whoever meets them has nothing to do but to count, once they are full.
        in_order: the keys of all of them are (`_marks.settled`).
    """

    __slots__ = ("closed", "codes", "faults", "full", "idle", "in_order", "plain", "read", "times", "usable")

    def __init__(
        self,
        faults: Sequence[Fault],
        *,
        full: bool,
        usable: bool = False,
        plain: bool = False,
        read: bool = False,
        in_order: bool = False,
    ) -> None:
        self.faults = faults
        self.closed: Sequence[Fault] = ()
        self.codes = frozenset(fault[0] for fault in faults)
        self.full = full
        self.usable = usable
        self.plain = plain
        self.read = read
        self.times = 0
        self.idle = not usable and not read
        self.in_order = in_order

    def close(self, found: Found) -> None:
        """Note of which faults no more will be kept."""
        still = frozenset(code for code in self.codes if not found.closed(code))
        if still != self.codes:
            self.codes, self.full = still, not still
            self.closed = [fault for fault in self.faults if fault[0] not in still]


class Kinds:
    """The kinds met so far.

    Attributes:
        lines: by the whole line, for short ones that hold no usable row. All of them are full.
        alike: the same by the line with `ALIKE` applied to it: lines that differ in digits only.
        shapes: by what decides which findings there are.
        row: the row that `met` found last; None where it found none.
        tries: how many lines are still asked whether their digits matter.
    """

    def __init__(self, found: Found) -> None:
        self._found = found
        self.lines: dict[bytes, Kind] = {}
        self.alike: dict[bytes, Kind] = {}
        self.shapes: dict[object, Kind] = {}
        self.row: Row | None = None
        self._shape: tuple[object, ...] | None = None
        self._hits = self._new = 0
        self._reasons: dict[str, Kind] = {}
        self.tries = _TRIES

    def met(self, raw: bytes, row: Row | None) -> Kind | None:
        """The kind of a small line if that is known; lines that end with CR LF are another matter.

        What was parsed already is `row`; what stands on the line is then `self.row`.
        """
        self.row = self._shape = None
        if raw.endswith(_CR_LF) or self._unknown(len(raw)):
            return None
        value: Any = row
        if value is None:
            bare = raw[:-1] if raw.endswith(b"\n") else raw
            try:
                value = from_json(bare, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
            except ValueError as why:
                said = str(why)
                kind = self._reasons.get(said[:REASON])
                if kind is not None and bare.isascii():
                    return None if bare[-1] == _CR else kind
                return self._broken(bare, said)
        if value.__class__ is not dict:
            return self.shapes.get(value.__class__)
        self.row = value
        if FACT_KEY in value:
            return self._with_fact(value)
        shape = shape_of(value)
        kind = self.shapes.get(shape)
        if kind is None:
            self._shape = shape
        else:
            self._hits += 1
        return kind

    def shape_of(self, row: Row, size: int) -> tuple[object, ...] | None:
        """The shape of a row of so many bytes; None where it is not worth knowing."""
        if row is self.row and self._shape is not None:
            return self._shape
        return None if self._unknown(size) else shape_of(row)

    def _unknown(self, size: int) -> bool:
        """A row of so many bytes is not worth its shape: larger ones were new too often."""
        return size > _CHEAP and self._new > _NEW + 4 * self._hits

    def _broken(self, bare: bytes, why: str) -> Kind | None:
        """The kind of a line that is no JSON; the parser's reason is enough for most. None for a blank line."""
        if not bare or bare.isspace() or bare[-1] == _CR:
            return None
        kind = self.shapes.get(code_of(bare, why))
        start = why[:REASON]
        if kind is not None and bare.isascii() and decided(start) and not start.startswith(_BLANK):
            self._reasons[start] = kind
        return kind

    def _with_fact(self, row: Row) -> Kind | None:
        """The kind of a row whose fact is not one; other facts have to be taken out first."""
        fact = row[FACT_KEY]
        if fact is None or fact.__class__ is str:
            return None
        rest = row.copy()
        del rest[FACT_KEY]
        kind = self.shapes.get((Fault, None, shape_of(rest)))
        return kind if kind is not None and kind.full and kind.idle else None

    def keep_line(self, raw: bytes | None, faults: Sequence[Fault]) -> None:
        """Remember a line that holds no usable row."""
        if raw is not None and len(raw) < _SHORT and len(self.lines) < _KEPT and self._found.full(faults):
            self.lines[raw] = Kind(faults, full=True)

    def keep_alike(self, raw: bytes, faults: Sequence[Fault]) -> None:
        """Remember a short line that holds no usable row for all that differ from it in digits from 2 to 9 only."""
        if len(raw) >= _SHORT or len(self.alike) >= _KEPT:
            return
        if _digits_do_not_matter(raw):
            self.alike[raw.translate(ALIKE)] = Kind(faults, full=True)
        else:
            self.tries -= 1

    def keep_shape(self, shape: object, kind: Kind) -> None:
        """Remember a shape; None is no shape."""
        self._new += shape is not None
        if shape is not None and len(self.shapes) < _KEPT:
            self.shapes[shape] = kind

    def count(self) -> int:
        """Count the findings of all lines that came; how many of those known as a whole were rows."""
        rows = sum(
            kind.times for raw, kind in (*self.lines.items(), *self.alike.items()) if not raw.isspace()
        )
        for kind in (*self.lines.values(), *self.alike.values(), *self.shapes.values()):
            self._found.add_again(kind.faults, kind.times)
            kind.times = 0
        return rows
