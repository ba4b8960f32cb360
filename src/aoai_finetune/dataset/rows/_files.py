"""Bytes on a disk or in memory, read as lines that end with a line feed and with nothing else."""

from __future__ import annotations

import io
import os
from array import array
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import BinaryIO, Final, Protocol, Self, TypeAlias

from typing_extensions import Buffer, override

from ...errors import DatasetError
from ._json import BOM, MAX_ROW

__all__ = [
    "Bytes",
    "BytesInMemory",
    "FileOnDisk",
    "Line",
    "LineIndex",
    "Placed",
    "Span",
    "batches_of",
    "lines_of",
    "open_file",
    "opened",
    "spans",
    "whole_line",
]

Line: TypeAlias = tuple[int, bytes | None]
"""A 1-based number and the bytes with their line end; None for a line longer than `MAX_ROW`."""

Placed: TypeAlias = tuple[int, bytes, int, int]
"""The index of a row, a block that holds it, and where in it the line starts and ends; 0 if it does not end there."""

_BUFFER: Final = 1 << 20
_SMALL_BUFFER: Final = 1 << 14  # for single rows, each of which would fill the large one anew
_BLOCK: Final = 1 << 17
_PIECE: Final = 1 << 16
_PIPE: Final = "Read it yourself, and pass its bytes"
_AT_A_TIME: Final = 128
"""Lines that are gone through together, step by step. Fewer and more both take longer, as little as it is (5 %)."""


class Bytes(Protocol):
    """Something that can be read from its start any number of times and is the same each time."""

    @property
    def name(self) -> str | None:
        """What to call it in messages."""
        ...

    def open(self, buffer: int = _BUFFER, /) -> AbstractContextManager[BinaryIO]:
        """A fresh handle at the start, which reads `buffer` bytes at a time."""
        ...


@dataclass(frozen=True, slots=True)
class BytesInMemory:
    """Bytes that somebody handed over."""

    data: bytes
    name: str | None = None

    def open(self, _buffer: int = _BUFFER, /) -> AbstractContextManager[BinaryIO]:
        """A view of the bytes; nothing is copied."""
        return io.BytesIO(self.data)


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """A file as it was when it was first seen. No handle stays open between two reads.

    So it can be pickled, forked and read from several threads, and the file can be deleted on Windows.
    """

    path: str
    size: int
    modified: int

    @classmethod
    def at(cls, path: str) -> Self:
        """The file now. Raises DatasetError when there is none or it cannot be read."""
        with open_file(path) as handle:
            state = os.fstat(handle.fileno())
            if not handle.seekable():
                raise DatasetError("this is a pipe, which can be read only once", source=path, hint=_PIPE)
        return cls(path, state.st_size, state.st_mtime_ns)

    @property
    def name(self) -> str | None:
        """The path as it was given."""
        return self.path

    @contextmanager
    def open(self, buffer: int = _BUFFER, /) -> Generator[BinaryIO, None, None]:
        """A fresh handle. Raises DatasetError when the file is not the one first seen, before or after reading."""
        with open_file(self.path, buffer) as handle:
            self._check(handle)
            yield handle
            self._check(handle)

    def _check(self, handle: BinaryIO) -> None:
        state = os.fstat(handle.fileno())
        if (state.st_size, state.st_mtime_ns) != (self.size, self.modified):
            raise DatasetError(
                "the file has changed since it was opened as a dataset",
                source=self.path,
                hint="Open it again with Dataset.from_jsonl",
            )


class _File(io.FileIO):
    """A file whose failures, while it is read, are errors of ours."""

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        try:
            return super().readinto(buffer)
        except OSError as why:
            raise _unreadable(self._path, why) from None

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        try:
            return super().read(size)
        except OSError as why:
            raise _unreadable(self._path, why) from None

    @property
    def _path(self) -> str:
        return str(self.name)


def _unreadable(path: str, why: OSError | ValueError) -> DatasetError:
    reason = getattr(why, "strerror", None) or type(why).__name__
    return DatasetError(f"the file cannot be read: {reason}", source=path)


def open_file(path: str, buffer: int = _BUFFER) -> BinaryIO:
    """A handle at the start. DatasetError where there is no file to be read, and where reading it fails later."""
    try:
        file = _File(path)
        return io.BufferedReader(file, buffer) if buffer else file
    except FileNotFoundError:
        raise DatasetError("there is no such file", source=path, hint="Check the path") from None
    except IsADirectoryError:
        raise DatasetError("this is a folder, not a file", source=path, hint="Name one file in it") from None
    except (OSError, ValueError) as why:
        raise _unreadable(path, why) from None


@dataclass(frozen=True, slots=True)
class Span:
    """Whole lines of a file, from one byte to another, as a content of its own."""

    file: FileOnDisk
    start: int
    end: int
    watch: Callable[[int], None] | None = None

    @property
    def name(self) -> str | None:
        """The path of the file."""
        return self.file.name

    @contextmanager
    def open(self, buffer: int = _BUFFER, /) -> Generator[BinaryIO, None, None]:
        """A fresh handle that ends where the span ends, and tells `watch` how many of its bytes were read."""
        with self.file.open(0) as handle:
            handle.seek(self.start)
            yield io.BufferedReader(_Window(handle, self), buffer)


class _Window(io.RawIOBase):
    """A file that seems to hold nothing but some of its bytes."""

    def __init__(self, handle: BinaryIO, span: Span) -> None:
        self._handle, self._start, self._end = handle, span.start, span.end
        self._watch = span.watch

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._handle.tell() - self._start

    @override
    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._handle.seek(self._start + offset, whence) - self._start

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        data = self._handle.read(max(0, min(len(view), self._end - self._handle.tell())))
        view[: len(data)] = data
        if self._watch is not None:
            self._watch(self.tell())
        return len(data)


def spans(file: FileOnDisk, parts: int) -> list[Span]:
    """The file in at most so many parts of about the same size, each of whole lines."""
    ends: list[int] = []
    with file.open(_SMALL_BUFFER) as handle:
        for part in range(1, parts):
            handle.seek(max(int(file.size * part / parts) - 1, 0))
            _skip_line(handle)
            ends.append(min(handle.tell(), file.size))
    ends.append(file.size)
    starts = [0, *ends]
    return [Span(file, start, end) for start, end in zip(starts, ends, strict=False) if start < end]


@contextmanager
def opened(content: Bytes) -> Generator[BinaryIO, None, None]:
    """A handle at the first line, after a byte-order mark if the content starts with one."""
    with content.open() as handle:
        at_start = not isinstance(content, Span) or content.start == 0
        if at_start and handle.read(len(BOM)) != BOM:
            handle.seek(0)
        yield handle


def lines_of(handle: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines, each of at most `MAX_ROW` bytes: `whole_line` tells what is only the start of a line."""
    if isinstance(handle, io.BytesIO) and handle.getbuffer().nbytes < MAX_ROW:
        return enumerate(handle, 1)  # half the time: no line can be longer
    return enumerate(iter(partial(handle.readline, MAX_ROW), b""), 1)


def batches_of(handle: BinaryIO) -> Iterator[list[bytes]]:
    """The lines, some at a time, with an empty one for each that is longer than `MAX_ROW`."""
    pieces = iter(partial(handle.readline, _PIECE), b"")
    while batch := list(islice(pieces, _AT_A_TIME)):
        yield [*_joined(batch, handle)] if max(map(len, batch)) == _PIECE else batch


def _joined(pieces: Iterable[bytes], handle: BinaryIO) -> Iterator[bytes]:
    """Lines of which some came in pieces; the last may go on in what is to be read next."""
    started: list[bytes] = []
    for piece in pieces:
        started.append(piece)
        if piece.endswith(b"\n"):
            yield _kept(b"".join(started))
            started.clear()
    if started:
        last = b"".join([*started, handle.readline(MAX_ROW)])
        if len(last) >= MAX_ROW and not last.endswith(b"\n"):
            _skip_line(handle)
        yield _kept(last)


def _kept(raw: bytes) -> bytes:
    """The line, unless it is too long."""
    return raw if len(raw) < MAX_ROW or (len(raw) == MAX_ROW and raw.endswith(b"\n")) else b""


def whole_line(handle: BinaryIO, raw: bytes) -> bytes | None:
    """The line if it is all there; None if it is too long, after skipping the rest of it."""
    if len(raw) < MAX_ROW or raw.endswith(b"\n"):
        return raw
    _skip_line(handle)
    return None


def _skip_line(handle: BinaryIO) -> int:
    """Read to the end of the line in bounded pieces; how many bytes that were."""
    skipped = 0
    for piece in iter(partial(handle.readline, _BUFFER), b""):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


@dataclass(frozen=True, slots=True)
class LineIndex:
    """Where every row of a file starts, in eight bytes per row, and which lines are blank and therefore no rows."""

    offsets: array[int]
    blanks: array[int]
    """For each blank line in order, the number of rows before it."""

    @classmethod
    def of(cls, content: Bytes) -> Self:
        """Read the content once and note where its rows start."""
        offsets, blanks = array("Q"), array("Q")
        with content.open() as handle:
            position = len(BOM) if handle.read(len(BOM)) == BOM else 0
            handle.seek(position)
            for raw in iter(partial(handle.readline, MAX_ROW), b""):
                if raw.isspace():
                    blanks.append(len(offsets))
                else:
                    offsets.append(position)
                position += len(raw)
                if len(raw) == MAX_ROW and not raw.endswith(b"\n"):
                    position += _skip_line(handle)
        return cls(offsets, blanks)

    def __len__(self) -> int:
        return len(self.offsets)

    def line(self, index: int) -> int:
        """The 1-based line number of a row."""
        return index + 1 + bisect_right(self.blanks, index)

    def read(self, content: Bytes, indices: Iterable[int]) -> Iterator[Line]:
        """The rows with these indices, in the given order, through one handle."""
        offsets, any_blanks = self.offsets, bool(self.blanks)
        with content.open(_SMALL_BUFFER) as handle:
            position = -1
            for index in indices:
                offset = offsets[index]
                if offset != position:
                    handle.seek(offset)
                raw = handle.readline(MAX_ROW)
                position = offset + len(raw)
                whole = len(raw) < MAX_ROW or raw.endswith(b"\n")
                yield self.line(index) if any_blanks else index + 1, raw if whole else None

    def blocks(self, content: Bytes, indices: Iterable[int]) -> Iterator[Placed]:
        """The rows with these indices, in the given order, where they stand in blocks of some rows each."""
        offsets, block, base = self.offsets, b"", 0
        with content.open(_SMALL_BUFFER) as handle:
            for index in indices:
                start = offsets[index] - base
                end = block.find(b"\n", start) + 1 if 0 <= start < len(block) else 0
                if not end:
                    near = 0 <= start < len(block) + _BLOCK
                    base, start = base + start, 0
                    handle.seek(base)
                    block = handle.read(_BLOCK if near else _SMALL_BUFFER)
                    end = block.find(b"\n") + 1
                yield index, block, start, end
