"""Counting the tokens of a whole dataset, in this process or in several."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ...errors import FineTuneError
from ..checks._meaning import structural_fault
from ..reading._examples import example_at
from ..reading._watching import watched_lines
from ..rows._arguments import whole_number
from ..rows._files import FileOnDisk, spans
from ..rows._findings import Fault
from ..rows._json import parse_row
from ..rows._sources import LineRows, Rows, SourceLine
from ._tokens import Tally, TokenCount, counter_for

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.context import BaseContext

__all__ = ["count_tokens", "tally_lines"]

_CHUNK: Final = 1 << 20  # bytes of rows that go to a worker at a time
_PARTS: Final = (
    4  # of a file for each worker, which reads them itself: so that all are done at about the same time
)
_AHEAD: Final = 3  # chunks per worker that wait: enough to keep it busy, and a bound on memory

_GUARD: Final = "In a script, call it under `if __name__ == '__main__':`; or count with workers=1"

_Chunk: TypeAlias = list[bytes | None] | LineRows
"""Lines, or a part of a file."""


class _Counted(NamedTuple):
    """What a worker came to: how many lines it read, and the indices of those it could not use."""

    tokens: int
    overhead: int
    certain: bool
    lines: int
    refused: tuple[int, ...]


def count_tokens(rows: Rows, model: str | None, *, workers: int = 1) -> TokenCount:
    """Tokens of all rows. Raises DatasetError, with its place, at a row that cannot be used.

    Facts are not looked at: they are never billed.
    """
    whole_number(workers, "workers", least=1, hint="Use a number of processes, at least 1")
    tally = Tally(counter_for(model))
    if workers == 1:
        tally_lines(watched_lines(rows, "counting tokens"), tally)
    else:
        before, refused = 0, set[int]()
        for counted in _counted(_chunks(rows, workers), model, workers):
            tally.merge(counted.tokens, counted.overhead, certain=counted.certain)
            refused.update(before + index for index in counted.refused)
            before += counted.lines
        if refused:
            tally_lines((line for index, line in enumerate(rows.scan()) if index in refused), tally)
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


def _chunks(rows: Rows, workers: int) -> Iterator[_Chunk]:
    content = rows.content if isinstance(rows, LineRows) else None
    if isinstance(content, FileOnDisk):
        yield from map(LineRows, spans(content, workers * _PARTS))
        return
    chunk: list[bytes | None] = []
    size = 0
    for *_, raw in rows.scan():
        chunk.append(raw)
        size += len(raw or b"")
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _counted(chunks: Iterator[_Chunk], model: str | None, workers: int) -> Iterator[_Counted]:
    """The count of each chunk, in order; only a few chunks are in memory at a time."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    waiting: deque[Future[_Counted]] = deque()
    with ProcessPoolExecutor(workers, mp_context=_context()) as pool:
        try:
            for chunk in chunks:
                waiting.append(pool.submit(_count_chunk, model, chunk))
                if len(waiting) > workers * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise FineTuneError("a worker process ended before it had counted", hint=_GUARD) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _context() -> BaseContext:
    """Fork where it is safe and cheap: on Linux, while this process has one thread. Elsewhere spawn."""
    from multiprocessing import get_context

    alone = sys.platform == "linux" and threading.active_count() == 1
    return get_context("fork" if alone else "spawn")


def _count_chunk(model: str | None, chunk: _Chunk) -> _Counted:
    """Runs in a worker."""
    tally = Tally(counter_for(model))
    raws = (raw for *_, raw in chunk.scan()) if isinstance(chunk, LineRows) else chunk
    lines, refused = 0, list[int]()
    for raw in raws:
        if not _add(raw, tally):
            refused.append(lines)
        lines += 1
    return _Counted(tally.tokens, tally.overhead, tally.certain, lines, tuple(refused))
