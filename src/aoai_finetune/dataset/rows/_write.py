"""Canonical bytes of rows, for the fingerprint, for the upload and for files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from ...errors import DatasetError
from ._canonical import canonical_json
from ._example import Example, digest_of
from ._findings import Fault
from ._json import parse_row
from ._sources import SourceLine

__all__ = ["blocks", "row_digest", "rows_with_facts", "write_lines"]

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


def write_lines(path: Path, lines: Iterable[bytes]) -> Path:
    """Write a file completely or not at all. Raises DatasetError when it cannot be written."""
    from ...display import open_atomic

    try:
        with open_atomic(path) as file:
            file.writelines(lines)
    except OSError as why:
        raise _unwritten(path, why) from None
    return path


def _unwritten(path: Path, why: OSError) -> DatasetError:
    if isinstance(why, (FileNotFoundError, NotADirectoryError)) and not path.parent.is_dir():
        return DatasetError(
            f"there is no folder {str(path.parent)!r}",
            source=str(path),
            hint="Make it first, or name another",
        )
    other = "something else than a file stands there" if isinstance(why, FileExistsError) else why.strerror
    return DatasetError(f"the file cannot be written: {other or type(why).__name__}", source=str(path))
