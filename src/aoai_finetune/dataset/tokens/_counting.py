"""Counting the tokens of a whole dataset, in this process or in several."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ...errors import FineTuneError
from ..checking._reading import example_at
from ..rows._findings import Fault
from ..rows._json import parse_row
from ..rows._sources import Rows, SourceLine
from ..rules._meaning import structural_fault
from ._tokens import Tally, TokenCount, counter_for

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.context import BaseContext

__all__ = ["count_tokens", "tally_lines"]

_CHUNK: Final = 1 << 20  # bytes of rows that go to a worker at a time
_AHEAD: Final = 3  # chunks per worker that wait: enough to keep it busy, and a bound on memory

_GUARD: Final = "In a script, call it under `if __name__ == '__main__':`; or count with workers=1"

_Chunk: TypeAlias = list[SourceLine]


class _Counted(NamedTuple):
    """What a worker came to, and the indices of lines it could not use."""

    tokens: int
    overhead: int
    certain: bool
    refused: tuple[int, ...]


def count_tokens(rows: Rows, model: str | None, *, workers: int = 1) -> TokenCount:
    """Tokens of all rows. Raises DatasetError, with its place, at a row that cannot be used.

    Facts are not looked at: they are never billed.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be at least 1")
    tally = Tally(counter_for(model))
    if workers == 1:
        tally_lines(rows.scan(), tally)
    else:
        for chunk, counted in _counted(_chunks(rows.scan()), model, workers):
            tally.merge(counted.tokens, counted.overhead, certain=counted.certain)
            tally_lines((chunk[index] for index in counted.refused), tally)
    return tally.result


def tally_lines(lines: Iterable[SourceLine], tally: Tally) -> None:
    """Add the rows on these lines; blank ones are passed over. Raises DatasetError at a row that cannot be used."""
    for line in lines:
        if not _add(line[2], tally):
            example = example_at(line)  # says what is wrong, and where; None for a blank line
            if example is not None:
                tally.add(example.row)


def _add(raw: bytes | None, tally: Tally) -> bool:
    """Add the row if it can be used as it stands."""
    row = None if raw is None or raw.isspace() else parse_row(raw)
    if row is None or isinstance(row, Fault):
        return False
    given = row.pop("fact", None)
    if not isinstance(given, str | None):
        return False
    if tally.add_plain(row):  # most rows of most files
        return True
    if structural_fault(row) is not None:
        return False
    tally.add(row)
    return True


def _chunks(lines: Iterable[SourceLine]) -> Iterator[_Chunk]:
    chunk: _Chunk = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line[2] or b"")
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _counted(chunks: Iterator[_Chunk], model: str | None, workers: int) -> Iterator[tuple[_Chunk, _Counted]]:
    """Each chunk with its count, in order; only a few chunks are in memory at a time."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    waiting: deque[tuple[_Chunk, Future[_Counted]]] = deque()
    with ProcessPoolExecutor(workers, mp_context=_context()) as pool:
        try:
            for chunk in chunks:
                waiting.append((chunk, pool.submit(_count_chunk, model, [raw for *_, raw in chunk])))
                if len(waiting) > workers * _AHEAD:
                    yield _taken(waiting)
            while waiting:
                yield _taken(waiting)
        except BrokenProcessPool:
            raise FineTuneError("a worker process ended before it had counted", hint=_GUARD) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _taken(waiting: deque[tuple[_Chunk, Future[_Counted]]]) -> tuple[_Chunk, _Counted]:
    chunk, counted = waiting.popleft()
    return chunk, counted.result()


def _context() -> BaseContext:
    """Fork where it is safe and cheap: on Linux, while this process has one thread. Elsewhere spawn."""
    from multiprocessing import get_context

    alone = sys.platform == "linux" and threading.active_count() == 1
    return get_context("fork" if alone else "spawn")


def _count_chunk(model: str | None, lines: list[bytes | None]) -> _Counted:
    """Runs in a worker."""
    tally = Tally(counter_for(model))
    refused = tuple(index for index, raw in enumerate(lines) if not _add(raw, tally))
    return _Counted(tally.tokens, tally.overhead, tally.certain, refused)
