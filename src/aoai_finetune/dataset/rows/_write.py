"""Canonical bytes of rows, for the fingerprint, for the upload and for files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...errors import DatasetError
from ._canonical import canonical_json
from ._example import Example, digest_of
from ._findings import Fault
from ._json import parse_row
from ._sources import SourceLine

__all__ = ["row_digest", "rows_as_lines", "write_lines"]


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


def rows_as_lines(examples: Iterable[Example], *, keep_facts: bool) -> Iterator[bytes]:
    """Canonical rows with line feeds."""
    for example in examples:
        row = example.canonical
        yield (canonical_json({**example.row, "fact": example.fact}) if keep_facts else row) + b"\n"


def write_lines(path: Path, lines: Iterable[bytes]) -> Path:
    """Write a file completely or not at all. Raises DatasetError when it cannot be written."""
    from ...display import open_atomic

    try:
        with open_atomic(path) as file:
            file.writelines(lines)
    except OSError as why:
        reason = why.strerror or type(why).__name__
        raise DatasetError(f"the file cannot be written: {reason}", source=str(path)) from None
    return path
