"""Where a dataset's rows come from: files, bytes, and things already in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from ...errors import DatasetError
from ._example import Example
from ._facts import FactSource, take_fact
from ._files import BytesInMemory, FileOnDisk
from ._findings import Fault
from ._sources import LineRows, MemoryRows, Rows

__all__ = ["open_rows", "remember"]


def open_rows(source: str | os.PathLike[str] | bytes | BinaryIO, fact: FactSource) -> Rows:
    """The rows of a path, of bytes, or of a file opened for reading bytes."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return LineRows(BytesInMemory(bytes(source)), fact)
    if isinstance(source, (str, os.PathLike)):
        return LineRows(FileOnDisk.at(_path(source)), fact)
    read = getattr(source, "read", None)
    data: object = read() if callable(read) else None
    if not isinstance(data, bytes):
        raise DatasetError(
            f"rows are read from a path, bytes or a binary file, not from {type(source).__name__}",
            hint='Open the file with mode "rb", or pass its path',
        )
    name = getattr(source, "name", None)
    return LineRows(BytesInMemory(data, name if isinstance(name, str) else None), fact)


def _path(source: str | os.PathLike[str]) -> str:
    path = os.fspath(source)
    if "\n" in path or path.lstrip().startswith("{"):
        raise DatasetError(
            "this is the text of a file, not its path", hint="Pass text.encode() to read from bytes"
        )
    return path


def remember(
    examples: Iterable[Example | Mapping[str, Any]],
    fact: FactSource = None,
    facts: Sequence[str] | None = None,
) -> MemoryRows:
    """Copy examples or rows into memory with the facts settled: from the list, else from `fact`, else their own."""
    rows: list[bytes] = []
    settled: list[str | None] = []
    for number, item in enumerate(examples, 1):
        example = _example(item, fact, None if facts is None else facts[number - 1], number)
        rows.append(example.canonical)
        settled.append(example.given_fact)
    return MemoryRows(tuple(rows), tuple(settled))


def _example(item: Example | Mapping[str, Any], fact: FactSource, given: str | None, number: int) -> Example:
    if isinstance(item, Example):
        row, own = dict(item.row), item.given_fact
        if fact is None and given is None:
            return item
    elif isinstance(item, Mapping):
        row, own = dict(item), None
    else:
        raise DatasetError(f"this is {type(item).__name__}, neither an Example nor a dictionary", line=number)
    if fact is not None:
        taken = take_fact(row, fact, number)
        if isinstance(taken, Fault):
            raise DatasetError(taken.message, line=number, path=taken.path)
        given = taken or own
    return Example.from_row(row, fact=given, line=number)
