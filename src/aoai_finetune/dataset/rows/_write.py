"""Canonical bytes of rows, for the fingerprint, for the upload and for files."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, cast

from ...errors import DatasetError
from ._arguments import of_kind
from ._canonical import canonical_json
from ._example import Example, digest_of
from ._findings import Fault
from ._json import parse_row
from ._sources import SourceLine

__all__ = ["blocks", "place_of", "row_digest", "rows_with_facts", "unwritten", "write_blocks", "write_lines"]

_AT_A_TIME: Final = 64


def row_digest(line: SourceLine) -> bytes:
    """The digest of a row; of a row that cannot be parsed a digest of its bytes, so that a fingerprint always exists."""
    leaf, number, raw = line
    if raw is None or raw.isspace():
        return b""
    row = parse_row(raw)
    if isinstance(row, Fault):
        return hashlib.sha256(b"unreadable\0" + raw.rstrip()).digest()
    leaf.take_fact(row, number)
    try:
        return digest_of(row)
    except ValueError:
        return hashlib.sha256(b"unwritable\0" + raw.rstrip()).digest()


def rows_with_facts(examples: Iterable[Example]) -> Iterator[bytes]:
    """Canonical rows with their facts, for files of our own."""
    return (canonical_json({**example.row, "fact": example.fact}) for example in examples)


def blocks(rows: Iterable[bytes]) -> Iterator[bytes]:
    """The rows with line feeds, some at a time: one large write costs less than many small ones."""
    left = iter(rows)
    while some := list(islice(left, _AT_A_TIME)):
        yield b"\n".join([*some, b""])


def write_blocks(stream: object, lines: Iterable[bytes]) -> int:
    """Write to a file that somebody else has opened; how many bytes. DatasetError for what takes no bytes."""
    hint = 'Open a file with mode "wb", or use to_jsonl(path)'
    if isinstance(stream, io.TextIOBase):
        raise DatasetError("stream is a file for texts, not for bytes", hint=hint)
    if not callable(getattr(stream, "write", None)):
        raise DatasetError(f"stream is {type(stream).__name__}, not a binary file", hint=hint)
    written, write = 0, cast("BinaryIO", stream).write
    for block in lines:
        write(block)
        written += len(block)
    return written


def place_of(path: object) -> Path:
    """The path of a file to be written. DatasetError for what is none."""
    of_kind(path, str | os.PathLike, "path", wanted="the path of a file")
    place = os.fsdecode(cast("str | os.PathLike[str]", path))
    if "\0" in place:
        raise DatasetError("path has a zero byte in it", hint="Name a file")
    return Path(place)


def write_lines(path: str | os.PathLike[str], lines: Iterable[bytes]) -> Path:
    """Write a file completely or not at all. Raises DatasetError when it cannot be written."""
    from ...display import open_atomic

    target = place_of(path)
    try:
        with open_atomic(target) as file:
            file.writelines(lines)
    except OSError as why:
        raise unwritten(target, why) from None
    return target


def unwritten(path: Path, why: OSError) -> DatasetError:
    """Why there is no file, and what would help."""
    if isinstance(why, (FileNotFoundError, NotADirectoryError)) and not path.parent.is_dir():
        return DatasetError(
            f"there is no folder {str(path.parent)!r}",
            source=str(path),
            hint="Make it first, or name another",
        )
    other = "something else than a file stands there" if isinstance(why, FileExistsError) else why.strerror
    return DatasetError(f"the file cannot be written: {other or type(why).__name__}", source=str(path))
