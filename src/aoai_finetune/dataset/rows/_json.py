"""One line of bytes to one JSON object, or exactly why not. Nothing here raises for bad bytes."""

from __future__ import annotations

import json
import re
from typing import Any, Final, cast

from jiter import from_json

from ._findings import Fault
from ._shape import kind_of

__all__ = ["BOM", "MAX_ROW", "parse_object", "parse_row"]

MAX_ROW: Final = 64 * 1024 * 1024
"""A longer row is reported and not read: it cannot be a training row, and must not eat the memory."""

BOM: Final = b"\xef\xbb\xbf"

_PLACE = re.compile(r" at line 1 column (\d+)$")
_NOT_A_NUMBER = re.compile(rb"-?(NaN|Infinity|inf|nan)")


def parse_object(raw: bytes) -> dict[str, Any]:
    """A JSON object from bytes that this library wrote itself; ValueError when they are something else."""
    row: Any = from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
    if type(row) is not dict:
        raise ValueError("not a JSON object")
    return cast("dict[str, Any]", row)


def parse_row(raw: bytes) -> dict[str, Any] | Fault:
    """The row as a dictionary, or the one fault that keeps it from being one."""
    try:
        row: Any = from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
    except ValueError:
        return _explain(raw.rstrip(b"\r\n"))
    if type(row) is dict:
        return cast("dict[str, Any]", row)
    return Fault("not-an-object", "", f"the row is {kind_of(row)}, not a JSON object")


def _explain(raw: bytes) -> Fault:
    """Name what the parser only hints at. Its own words are repeated only where they cannot hold row text."""
    if raw.startswith(BOM):
        return Fault("bom-inside", "", "a byte-order mark stands at the start of a row inside the file")
    try:
        raw.decode()
    except UnicodeDecodeError as bad:
        return Fault(
            "encoding", "", f"the bytes at column {bad.start + 1} are not UTF-8{_other_encoding(raw)}"
        )
    reason, column = _reason(raw)
    code, message = _classify(raw, reason, column)
    return Fault(code, "", f"{message} (column {column})" if column else message)


def _reason(raw: bytes) -> tuple[str, int]:
    """What the parser says about the row without its line end, which it would take for a broken text."""
    try:
        from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as why:
        place = _PLACE.search(str(why))
        return (str(why)[: place.start()], int(place.group(1))) if place else (str(why), 0)
    return "it cannot be read", 0


_REASONS: Final = (
    ("Detected duplicate key", "json-duplicate-key", "an object has the same key twice"),
    ("recursion limit", "json-depth", "objects and lists are nested too deeply"),
    ("number out of range", "json-number", "a number is too large"),
    ("EOF", "json-truncated", "the row ends in the middle of its JSON"),
)


def _classify(raw: bytes, reason: str, column: int) -> tuple[str, str]:
    for start, code, message in _REASONS:
        if reason.startswith(start):
            return code, message
    if _NOT_A_NUMBER.match(raw, max(0, column - 1)):
        return "json-number", "NaN and Infinity are not JSON"
    if "hex escape" in reason and _stdlib_reads(raw):
        return "json-surrogate", "an escape such as \\ud800 is half of a character that UTF-8 cannot carry"
    return "json-syntax", f"invalid JSON: {reason}"


def _stdlib_reads(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _other_encoding(raw: bytes) -> str:
    """A guess that names the cause in the two cases that happen: UTF-16 from PowerShell, cp932 from Excel in Japan."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or raw.count(0) * 4 > len(raw):
        return "; the file looks like UTF-16"
    try:
        raw.decode("cp932")
    except UnicodeDecodeError:
        return ""
    return "; they read as Shift_JIS (cp932)"
