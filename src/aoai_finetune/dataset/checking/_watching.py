"""Long files are read under a bar that moves on, where somebody looks."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from ..rows._files import FileOnDisk, Span
from ..rows._sources import ChainRows, LineRows, Rows, SourceLine

__all__ = ["watched", "watched_lines"]

_LONG: Final = 64 << 20
"""Bytes that take more than a moment."""


@contextmanager
def watched(rows: Rows, doing: str) -> Generator[Rows, None, None]:
    """The rows; of a long file with a bar that moves on while they are read. `doing` says what takes so long."""
    content = rows.content if isinstance(rows, LineRows) else None
    span = Span(content, 0, content.size) if isinstance(content, FileOnDisk) else content
    if not isinstance(rows, LineRows) or not isinstance(span, Span) or span.end - span.start < _LONG:
        yield rows
        return
    from ...display import Progress

    with Progress(f"{doing} (MB)", (span.end - span.start) // 1_000_000) as bar:

        def moved(done: int) -> None:
            bar.update(done // 1_000_000)

        yield LineRows(replace(span, watch=moved), rows.fact)


def watched_lines(rows: Rows, doing: str) -> Iterator[SourceLine]:
    """All lines of all files, each long one under a bar of its own. They belong to the rows that were given."""
    for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
        with watched(part, doing) as seen:
            if seen is part or not isinstance(part, LineRows):
                yield from seen.scan()
            else:
                yield from ((part, number, raw) for _, number, raw in seen.scan())
