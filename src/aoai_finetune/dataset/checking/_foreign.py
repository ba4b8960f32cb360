"""Files that are good, and something other than JSONL: one finding tells more than one for each of their lines."""

from __future__ import annotations

import re
from typing import Final

from jiter import from_json

from ..rows._files import Bytes, opened
from ..rows._findings import Fault

__all__ = ["FOREIGN", "foreign"]

FOREIGN: Final = frozenset({"json-array", "csv-table"})

_HEAD: Final = 1 << 16
_ARRAY: Final = re.compile(rb"\s*\[\s*(?:\{|\Z)")
_NAME: Final = rb'(?:"[^"\0\n]{1,100}"|[^"{}\[\]:,;\0\t\n]{1,100})'
_HEADER: Final = re.compile(rb"(?:NAME[,;\t]){1,100}NAME\r?(?:\n|\Z)".replace(b"NAME", _NAME))
_ROW: Final = re.compile(rb"\s*[{\[]")


def foreign(content: Bytes) -> Fault | None:
    """The fault that stands for the whole file, by its first 64 KiB; None where it looks like JSONL."""
    with opened(content) as handle:
        head = handle.read(_HEAD)
    if _ARRAY.match(head):
        return None if _is_row(head) else Fault("json-array", "", "the file is one JSON array of rows")
    header = _HEADER.match(head)
    if header is None or _ROW.match(head, header.end()) or _is_json(head[: header.end()]):
        return None
    return Fault("csv-table", "", "the file is a table: a line of column names, then values")


def _is_row(head: bytes) -> bool:
    """The first line is a list, and other rows follow: a file of rows, of which one is no object."""
    line, _, rest = head.lstrip().partition(b"\n")
    return bool(rest.strip()) and _is_json(line)


def _is_json(line: bytes) -> bool:
    try:
        from_json(line)
    except ValueError:
        return False
    return True
