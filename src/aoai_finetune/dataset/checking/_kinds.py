"""Lines like others before them: once enough findings of their kind have been kept, they are only counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..rows._findings import Fault
from ._found import Found

__all__ = ["Kind", "Kinds"]

_KEPT: Final = 4096
_SHORT: Final = 64


class Kind:
    """What is known of some lines before they are looked into.

    Attributes:
        faults: what is wrong with them, as it was with the first one.
        codes: the codes of these.
        full: no more of these will be kept.
        usable: they hold rows that can be used.
        plain: they hold rows of which `plain_texts` tells the texts.
        read: rules have to look into their texts all the same.
        times: how many came and were not counted yet.
    """

    __slots__ = ("codes", "faults", "full", "plain", "read", "times", "usable")

    def __init__(
        self,
        faults: Sequence[Fault],
        *,
        full: bool,
        usable: bool = False,
        plain: bool = False,
        read: bool = False,
    ) -> None:
        self.faults = faults
        self.codes = frozenset(fault[0] for fault in faults)
        self.full = full
        self.usable = usable
        self.plain = plain
        self.read = read
        self.times = 0


class Kinds:
    """The kinds met so far.

    Attributes:
        lines: by the whole line, for short ones that hold no usable row. All of them are full.
        shapes: by what decides which findings there are.
    """

    def __init__(self, found: Found) -> None:
        self._found = found
        self.lines: dict[bytes, Kind] = {}
        self.shapes: dict[object, Kind] = {}

    def keep_line(self, raw: bytes | None, faults: Sequence[Fault]) -> None:
        """Remember a line that holds no usable row."""
        if raw is not None and len(raw) < _SHORT and len(self.lines) < _KEPT and self._found.full(faults):
            self.lines[raw] = Kind(faults, full=True)

    def keep_shape(self, shape: object, kind: Kind) -> None:
        """Remember a shape; None is no shape."""
        if shape is not None and len(self.shapes) < _KEPT:
            self.shapes[shape] = kind

    def count(self) -> int:
        """Count the findings of all lines that came; how many of those known as a whole were rows."""
        rows = sum(kind.times for raw, kind in self.lines.items() if not raw.isspace())
        for kind in (*self.lines.values(), *self.shapes.values()):
            self._found.add_again(kind.faults, kind.times)
            kind.times = 0
        return rows
