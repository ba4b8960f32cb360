"""Where a dataset's rows come from: files, bytes, and things already in memory."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from ...errors import DatasetError
from ._arguments import of_kind
from ._example import Example
from ._facts import FactSource, check_fact_source, take_fact
from ._files import BytesInMemory, FileOnDisk
from ._findings import Fault
from ._sources import LineRows, MemoryRows, Rows

__all__ = ["bytes_of", "check_examples", "name_of", "open_rows", "path_of", "remember", "remember_lines"]

_LONGEST_NAME: Final = 255
_HINT: Final = 'Open the file with mode "rb", or pass its path'


def open_rows(source: str | os.PathLike[str] | bytes | BinaryIO, fact: FactSource) -> Rows:
    """The rows of a path, of bytes, or of a file opened for reading bytes."""
    check_fact_source(fact)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return LineRows(BytesInMemory(bytes(source)), fact)
    if isinstance(source, (str, os.PathLike)):
        return LineRows(FileOnDisk.at(path_of(source)), fact)
    data = bytes_of(source)
    if data is None:
        raise DatasetError(
            f"rows are read from a path, bytes or a binary file, not from {type(source).__name__}",
            hint=_HINT,
        )
    return LineRows(BytesInMemory(data, name_of(source)), fact)


def bytes_of(file: object) -> bytes | None:
    """What a binary file holds from where it stands; None for anything else. DatasetError where reading fails."""
    read = getattr(file, "read", None)
    try:
        data: object = read() if callable(read) else None
    except (OSError, ValueError) as why:  # closed, not for reading, or a text file with other bytes in it
        reason = getattr(why, "strerror", None) or type(why).__name__
        raise DatasetError(f"the file cannot be read: {reason}", source=name_of(file), hint=_HINT) from None
    return data if isinstance(data, bytes) else None


def name_of(file: object) -> str | None:
    """The path that an open file has, None for one without."""
    name: object = getattr(file, "name", None)
    return name if isinstance(name, str) else None


def path_of(source: str | os.PathLike[str]) -> str:
    """The path as a text. DatasetError, which repeats nothing, for what is too long for one, or has several lines."""
    path = os.fspath(source)
    longest = max(map(len, PurePath(path).parts), default=0)
    if "\n" in path or path.lstrip().startswith("{") or longest > _LONGEST_NAME:
        raise DatasetError(
            "this is the text of a file, not its path", hint="Pass text.encode() to read from bytes"
        )
    return path


def check_examples(examples: object) -> None:
    """DatasetError for what holds no rows, with what it was probably meant for."""
    if isinstance(examples, (str, bytes, os.PathLike)):
        hint = "The rows of a file are read with Dataset.from_jsonl"
        raise DatasetError("examples is one text, not a list of rows", hint=hint)
    if isinstance(examples, (Mapping, Example)):
        raise DatasetError("examples is one row, not a list of rows", hint="Put it into a list: [row]")
    if hasattr(examples, "iterrows"):  # of pandas; tables of Hugging Face yield their rows
        raise DatasetError("examples is a data frame", hint="Its rows are read with Dataset.from_pandas")
    of_kind(examples, Iterable, "examples", wanted="a list of rows")


def remember(
    examples: Iterable[Example | Mapping[str, Any]],
    fact: FactSource = None,
    facts: Sequence[str] | None = None,
) -> MemoryRows:
    """Copy examples or rows into memory with the facts settled: from the list, else from `fact`, else their own."""
    check_fact_source(fact)
    rows: list[bytes] = []
    settled: list[str | None] = []
    for number, item in enumerate(examples, 1):
        example = _example(item, fact, None if facts is None else facts[number - 1], number)
        rows.append(example.canonical)
        settled.append(example.given_fact)
    return MemoryRows(tuple(rows), tuple(settled))


def remember_lines(examples: Iterable[Example], fact: FactSource, source: str | None) -> MemoryRows:
    """Copy the examples of a table into memory, which know their lines, with the facts settled."""
    rows: list[bytes] = []
    settled: list[str | None] = []
    lines = array("Q")
    for item in examples:
        number = item.line or 0
        example = _example(item, fact, None, number)
        rows.append(example.canonical)
        settled.append(example.given_fact)
        lines.append(number)
    return MemoryRows(tuple(rows), tuple(settled), source, lines)


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
