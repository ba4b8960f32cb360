"""Where rows come from: leaves (a file, a buffer, rows in memory), and arrangements of their rows.

Arrangements stay flat whatever is done to them: a selection of a sum of selections still points straight at the
leaves, so a history of hundreds of steps reads as fast as one file. Nothing is parsed here. Every source yields
lines in the same shape, `(leaf, number, bytes)`; bytes are None for a row too long to be read.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from typing import Any, NamedTuple, Protocol, TypeAlias

from ._facts import FACT_KEY, FactSource, take_fact
from ._files import Bytes, LineIndex, lines_of, opened, whole_line
from ._findings import Fault
from ._json import MAX_ROW
from ._layout import Layout

__all__ = [
    "ChainRows",
    "Kept",
    "Leaf",
    "LineRows",
    "MemoryRows",
    "Rows",
    "ScatteredRows",
    "SelectedRows",
    "SourceLine",
    "arrange",
    "chain",
    "select",
]


class Rows(Protocol):
    """An immutable sequence of rows."""

    def __len__(self) -> int: ...

    def scan(self) -> Iterator[SourceLine]:
        """All lines in order. A whole file also yields its blank lines, which are no rows."""
        ...

    def locate(self, index: int, /) -> tuple[Leaf, int]:
        """The leaf that owns the row with this index (0-based, not negative), and its index there."""
        ...

    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves behind the rows, in order."""
        ...


class Leaf(Rows, Protocol):
    """Rows that own their lines: they know what they are called and which facts they give."""

    @property
    def source(self) -> str | None:
        """File name to print, None for rows that never were in a file."""
        ...

    @property
    def fact_column(self) -> str | None:
        """The column in which each row is expected to have its fact, if one was named."""
        ...

    @property
    def notes(self) -> bytes:
        """What whoever read all lines has learned, a byte for each; empty before.

        The number of messages of a plain row, `USABLE` for another usable row, 0 for the rest.
        """
        ...

    def pick(self, indices: Iterable[int], /) -> Iterator[SourceLine]:
        """The rows with these indices, in the given order."""
        ...

    def take_fact(self, row: dict[str, Any], line: int, /) -> str | Fault | None:
        """Take the given fact out of a parsed row; None when there is none."""
        ...


SourceLine: TypeAlias = tuple[Leaf, int, bytes | None]


class Kept(NamedTuple):
    """What was learned of all rows of a file when their digests were made.

    Attributes:
        digests: the digests of the rows, 32 bytes each.
        layouts: how its lines are laid out.
        laid: for each row the number of the one it has, 0 for none.
    """

    digests: bytes
    layouts: tuple[Layout, ...]
    laid: bytes


class LineRows:
    """The lines of a file or of a buffer, found through an index of offsets that is built when first needed.

    Attributes:
        content: the bytes.
        source: file name to print.
        fact: where the facts come from.
        notes: as for every leaf.
        kept: the digests of all rows and what helps to write them. None before somebody asked for digests.
        is_jsonl: somebody has seen that the content is JSONL as a whole.
    """

    def __init__(self, content: Bytes, fact: FactSource = None) -> None:
        self.content = content
        self.source = content.name
        self.fact = fact
        self.notes = b""
        self.kept: Kept | None = None
        self.is_jsonl = False

    @property
    def fact_column(self) -> str | None:
        """The name given as `fact=`."""
        return self.fact if isinstance(self.fact, str) else None

    @cached_property
    def index(self) -> LineIndex:
        """Where each row starts."""
        return LineIndex.of(self.content)

    def __len__(self) -> int:
        return len(self.index)

    def scan(self) -> Iterator[SourceLine]:
        """All physical lines from first to last, without the index."""
        with opened(self.content) as handle:
            for number, raw in lines_of(handle):
                yield self, number, raw if len(raw) < MAX_ROW else whole_line(handle, raw)

    def pick(self, indices: Iterable[int], /) -> Iterator[SourceLine]:
        """The rows with these indices, through one handle."""
        return ((self, number, raw) for number, raw in self.index.read(self.content, indices))

    def locate(self, index: int, /) -> tuple[Leaf, int]:
        """This leaf."""
        return self, index

    def leaves(self) -> tuple[Leaf, ...]:
        """This leaf."""
        return (self,)

    def take_fact(self, row: dict[str, Any], line: int, /) -> str | Fault | None:
        """Apply the `fact=` that the dataset was opened with."""
        if self.fact is None and FACT_KEY not in row:
            return None
        return take_fact(row, self.fact, line)


@dataclass(frozen=True, slots=True, eq=False)
class MemoryRows:
    """Canonical rows held in memory with their facts.

    Attributes:
        rows: the rows.
        facts: the fact each was given.
        source: name of the file they were made from, None for rows that never were in one.
        lines: where in it each was, in ascending order; empty where they are numbered from 1.
    """

    rows: tuple[bytes, ...]
    facts: tuple[str | None, ...]
    source: str | None = None
    lines: Sequence[int] = ()

    @property
    def fact_column(self) -> str | None:
        """Their facts are settled."""
        return None

    @property
    def notes(self) -> bytes:
        """Nothing."""
        return b""

    def __len__(self) -> int:
        return len(self.rows)

    def scan(self) -> Iterator[SourceLine]:
        """All rows in order."""
        return ((self, number, raw) for number, raw in zip(self._numbers, self.rows, strict=True))

    def pick(self, indices: Iterable[int], /) -> Iterator[SourceLine]:
        """The rows with these indices."""
        numbers = self._numbers
        return ((self, numbers[index], self.rows[index]) for index in indices)

    def locate(self, index: int, /) -> tuple[Leaf, int]:
        """This leaf."""
        return self, index

    def leaves(self) -> tuple[Leaf, ...]:
        """This leaf."""
        return (self,)

    def take_fact(self, _row: dict[str, Any], line: int, /) -> str | Fault | None:
        """The fact that was settled when the rows were taken into memory."""
        return self.facts[bisect_left(self.lines, line) if self.lines else line - 1]

    @property
    def _numbers(self) -> Sequence[int]:
        return self.lines or range(1, len(self.rows) + 1)


@dataclass(frozen=True, slots=True, eq=False)
class SelectedRows:
    """Some rows of one leaf, in an order of their own."""

    leaf: Leaf
    indices: Sequence[int]

    def __len__(self) -> int:
        return len(self.indices)

    def scan(self) -> Iterator[SourceLine]:
        """The selected rows."""
        return self.leaf.pick(self.indices)

    def locate(self, index: int, /) -> tuple[Leaf, int]:
        """The leaf, and where it has this row."""
        return self.leaf, self.indices[index]

    def leaves(self) -> tuple[Leaf, ...]:
        """The one leaf."""
        return (self.leaf,)


@dataclass(frozen=True, slots=True, eq=False)
class ScatteredRows:
    """Rows of several leaves in any order: for each row the number of its leaf and the index there."""

    owners: tuple[Leaf, ...]
    owner: array[int]
    index: array[int]

    def __len__(self) -> int:
        return len(self.owner)

    def scan(self) -> Iterator[SourceLine]:
        """The rows in order, each leaf being read through one handle."""
        mine: list[array[int]] = [array("Q") for _ in self.owners]
        for owner, index in zip(self.owner, self.index, strict=True):
            mine[owner].append(index)
        streams = [leaf.pick(indices) for leaf, indices in zip(self.owners, mine, strict=True)]
        return (next(streams[owner]) for owner in self.owner)

    def locate(self, index: int, /) -> tuple[Leaf, int]:
        """The leaf of this row, and where it has it."""
        return self.owners[self.owner[index]], self.index[index]

    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves it draws from."""
        return self.owners


class ChainRows:
    """The rows of several sources, one after the other; none of them is a chain itself."""

    def __init__(self, parts: Sequence[Rows]) -> None:
        self.parts = tuple(parts)

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Index after the last row of each part."""
        return tuple(accumulate(len(part) for part in self.parts))

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def scan(self) -> Iterator[SourceLine]:
        """All rows of all parts."""
        return (line for part in self.parts for line in part.scan())

    def locate(self, index: int, /) -> tuple[Leaf, int]:
        """Ask the part that has the row."""
        part = bisect_right(self.ends, index)
        return self.parts[part].locate(index - (self.ends[part - 1] if part else 0))

    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves of all parts."""
        return tuple(leaf for part in self.parts for leaf in part.leaves())


def chain(parts: Iterable[Rows]) -> Rows:
    """The rows of the parts after one another; chains inside chains are opened up."""
    flat: list[Rows] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, ChainRows) else (part,))
    return flat[0] if len(flat) == 1 else ChainRows(flat)


_FEW_RUNS = 256


def select(rows: Rows, indices: Sequence[int]) -> Rows:
    """The rows with these indices (0-based, not negative) in this order."""
    if isinstance(rows, (LineRows, MemoryRows)):
        return SelectedRows(rows, indices if isinstance(indices, range) else array("Q", indices))
    if isinstance(rows, SelectedRows):
        return SelectedRows(rows.leaf, array("Q", (rows.indices[index] for index in indices)))
    return arrange([rows.locate(index) for index in indices])


def arrange(places: Sequence[tuple[Leaf, int]]) -> Rows:
    """The rows at these places, each a leaf and an index there, in this order."""
    runs = sum(1 for _ in groupby(places, key=_leaf_id))
    return _chained(places) if runs <= _FEW_RUNS else _scattered(places)


def _leaf_id(place: tuple[Leaf, int]) -> int:
    return id(place[0])


def _chained(places: Sequence[tuple[Leaf, int]]) -> Rows:
    """A few runs, each of one leaf: slices, and what deduplicating or superseding leaves."""
    runs = [list(run) for _, run in groupby(places, key=_leaf_id)]
    return chain(SelectedRows(run[0][0], array("Q", (index for _, index in run))) for run in runs)


def _scattered(places: Sequence[tuple[Leaf, int]]) -> Rows:
    """Many runs: shuffled and sampled sums."""
    owners = {id(leaf): leaf for leaf, _ in places}
    numbers = {key: number for number, key in enumerate(owners)}
    owner = array("L", (numbers[id(leaf)] for leaf, _ in places))
    return ScatteredRows(tuple(owners.values()), owner, array("Q", (index for _, index in places)))
