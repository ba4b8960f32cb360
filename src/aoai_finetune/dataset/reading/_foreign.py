"""Files that are good, and something other than JSONL: one finding tells more than one for each of their lines."""

from __future__ import annotations

import re
from typing import Final

from jiter import from_json

from ..rows._files import Bytes, opened
from ..rows._findings import Fault, key_path
from ._encodings import UNKNOWN, is_utf8, narrow_encoding, wide_encoding
from ._objects import between_returns, holding_rows, is_object_line, on_several_lines

__all__ = ["FOREIGN", "foreign", "is_jsonl", "no_table", "no_text"]

FOREIGN: Final = frozenset(
    {"json-array", "csv-table", "file-binary", "file-encoding", "line-end-cr", "json-spread"}
)

_BINARY: Final = {
    b"\x1f\x8b": "packed with gzip",
    b"PK\x03\x04": "packed as a ZIP archive, as Excel tables are",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ\0": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with Zstandard",
    b"PAR1": "a Parquet table",
    b"ARROW1\0\0": "an Arrow table",
    b"SQLite format 3\0": "an SQLite database",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a document of older Office versions, as Excel tables were",
}
"""How files that are no text start. No row starts so: each of these is a fault of its own on the first line of JSONL."""
_HEAD: Final = 1 << 16
_ARRAY: Final = re.compile(rb"\s*\[\s*(?:\{|\Z)")
_NAME: Final = rb'(?:"[^"\0\n]{1,100}"|[^"{}\[\]:,;\0\t\n]{1,100})'
_HEADER: Final = re.compile(rb"(?:NAME[,;\t]){1,100}NAME\r?(?:\n|\Z)".replace(b"NAME", _NAME))
_ROW: Final = re.compile(rb"\s*[{\[]")


def foreign(content: Bytes) -> Fault | None:
    """The fault that stands for the whole file, by its first 64 KiB; None where it looks like JSONL."""
    with opened(content) as handle:
        head = handle.read(_HEAD)
    binary = _binary(head)
    if binary and not any(map(is_object_line, head.split(b"\n"))):
        return binary
    whole = len(head) < _HEAD
    encoding = wide_encoding(head, whole=whole)
    if encoding is not None:
        return _written_in(encoding)
    return _in_other_form(head, whole=whole) or _in_other_letters(head, whole=whole)


def no_text(data: bytes) -> Fault | None:
    """The fault of a table that is packed, or of another program; None for a text, whatever it starts with."""
    head = data[:_HEAD]
    binary = _binary(head)
    return binary if b"\0" in head or not is_utf8(head[:-4]) else None


def is_jsonl(head: bytes) -> bool:
    """The first line is an object, or most lines are."""
    return is_object_line(head.lstrip().partition(b"\n")[0]) or _mostly_objects(head)


def no_table(head: bytes, *, whole: bool) -> Fault | None:
    """The fault of rows in JSON that are no JSONL either; None for what can be a table."""
    fault = _in_other_form(head, whole=whole)
    return None if fault is None or fault.code == "csv-table" else fault


def _binary(head: bytes) -> Fault | None:
    kind = next((kind for start, kind in _BINARY.items() if head.startswith(start)), None)
    return None if kind is None else Fault("file-binary", "", f"the file is no text: it is {kind}")


def _in_other_form(head: bytes, *, whole: bool) -> Fault | None:
    if _ARRAY.match(head):
        rows = _is_row(head) or _mostly_objects(head)
        return None if rows else Fault("json-array", "", "the file is one JSON array of rows")
    if between_returns(head, whole=whole):
        return Fault("line-end-cr", "", "lines end with carriage returns alone, as on old Macs")
    header = _HEADER.match(head)
    if header and not (_ROW.match(head, header.end()) or _is_json(head[: header.end()]) or _objects(head)):
        return Fault("csv-table", "", "the file is a table: a line of column names, then values")
    wrapped = holding_rows(head, whole=whole)
    if wrapped is not None:
        return _wrapped(wrapped)
    if on_several_lines(head, whole=whole):
        return Fault("json-spread", "", "the file is JSON whose objects stand on several lines each")
    return None


def _wrapped(key: str) -> Fault:
    """The rows are in a list, which is in an object; the key is named unless it could be text of a row."""
    name = key_path("", key)
    under, index = ("", "[key]") if name == "*" else (f" under `{name}`", f'["{name}"]')
    hint = f"Read it with Dataset.from_examples(json.load(file){index}), and write it with to_jsonl(path)"
    return Fault("json-array", "", f"the file is one JSON object that holds its rows in a list{under}", hint)


def _in_other_letters(head: bytes, *, whole: bool) -> Fault | None:
    if head.isascii():
        return None
    lines = head.split(b"\n")
    encoding = narrow_encoding([line for line in (lines if whole else lines[:-1]) if line.strip()])
    return None if encoding is None else _written_in(encoding)


def _written_in(encoding: str) -> Fault:
    said = ", nor in what was recognised" if encoding == UNKNOWN else f'; it reads as encoding="{encoding}"'
    return Fault("file-encoding", "", f"the file is not written in UTF-8{said}")


def _is_row(head: bytes) -> bool:
    """The first line is a list, and other rows follow: a file of rows, of which one is no object."""
    line, _, rest = head.lstrip().partition(b"\n")
    return bool(rest.strip()) and _is_json(line)


def _objects(head: bytes) -> int:
    """How many lines are rows on their own."""
    return sum(map(is_object_line, head.split(b"\n")))


def _mostly_objects(head: bytes) -> bool:
    """Nothing stands between the rows: they are lines of JSONL, whatever came before them."""
    return 2 * _objects(head) > sum(bool(line.strip()) for line in head.split(b"\n"))


def _is_json(line: bytes) -> bool:
    try:
        from_json(line)
    except ValueError:
        return False
    return True
