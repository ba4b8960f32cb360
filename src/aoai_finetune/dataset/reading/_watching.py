"""Long files are read under a bar that moves on, where somebody looks."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from ..rows._files import FileOnDisk, Span
from ..rows._sources import ChainRows, LineRows, MemoryRows, Rows, SourceLine

__all__ = ["watched", "watched_lines"]

_LONG: Final = 64 << 20
"""Bytes that take more than a moment, where a row takes microseconds."""
_SLOWER: Final = 16
"""How many times longer a row takes where work is `slow`."""
_MANY: Final = 50_000
"""Rows of a selection that do; nobody knows how many bytes they have."""
_STEP: Final = 1 << 10


@contextmanager
def watched(rows: Rows, doing: str, *, slow: bool = False) -> Generator[Rows, None, None]:
    """The rows; of a long file with a bar that moves on while they are read. `doing` says what takes so long.

    Where that is `slow`, a file is a long one sooner.
    """
    long = _LONG // _SLOWER if slow else _LONG
    content = rows.content if isinstance(rows, LineRows) else None
    span = Span(content, 0, content.size) if isinstance(content, FileOnDisk) else content
    if not isinstance(rows, LineRows) or not isinstance(span, Span) or span.end - span.start < long:
        yield rows
        return
    from ...display import Progress

    with Progress(f"{doing} (MB)", (span.end - span.start) // 1_000_000) as bar:

        def moved(done: int) -> None:
            bar.update(done // 1_000_000)

        yield LineRows(replace(span, watch=moved), rows.fact)


def watched_lines(rows: Rows, doing: str) -> Iterator[SourceLine]:
    """All lines of all files, each long one under a bar of its own. They belong to the rows that were given.

    Many rows of files that are not read as a whole have a bar that counts them.
    """
    for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
        if not isinstance(part, (LineRows, MemoryRows)) and len(part) >= _MANY:
            yield from _counted(part, doing)
            continue
        with watched(part, doing) as seen:
            if seen is part or not isinstance(part, LineRows):
                yield from seen.scan()
            else:
                yield from ((part, number, raw) for _, number, raw in seen.scan())


def _counted(rows: Rows, doing: str) -> Iterator[SourceLine]:
    from ...display import Progress

    with Progress(f"{doing} (rows)", len(rows)) as bar:
        for done, line in enumerate(rows.scan()):
            if done % _STEP == 0:
                bar.update(done)
            yield line
        bar.update(len(rows))
