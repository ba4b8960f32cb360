"""One line of bytes to one JSON object, or exactly why not. Nothing here raises for bad bytes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, cast

from jiter import from_json

from ._findings import Fault
from ._shape import kind_of
from ._slips import slip_at

__all__ = ["BOM", "MAX_ROW", "REASON", "code_of", "decided", "explained", "parse_object", "parse_row"]

MAX_ROW: Final = 64 * 1024 * 1024
"""A longer row is reported and not read: it cannot be a training row, and must not eat the memory."""

BOM: Final = b"\xef\xbb\xbf"

_NOT_A_NUMBER = re.compile(rb"-?(NaN|Infinity|inf|nan)")


def parse_object(raw: bytes) -> dict[str, Any]:
    """A JSON object from bytes that this library wrote itself; ValueError when they are something else."""
    row: Any = from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
    if type(row) is not dict:
        raise ValueError("not a JSON object")
    return cast("dict[str, Any]", row)


def parse_row(raw: bytes) -> dict[str, Any] | Fault:
    """The row as a dictionary, or the one fault that keeps it from being one."""
    bare = raw.rstrip(b"\r\n")  # the parser would take a line end for a part of a text that is cut off
    try:
        row: Any = from_json(bare, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
    except ValueError as why:
        return explained(bare, str(why))
    if type(row) is dict:
        return cast("dict[str, Any]", row)
    return Fault("not-an-object", "", f"the row is {kind_of(row)}, not a JSON object")


def explained(bare: bytes, why: str) -> Fault:
    """Name what the parser only hints at, of a line without its end: `why` is what the parser said.

    Its own words are repeated only where they cannot hold row text.
    """
    code = code_of(bare, why)
    if code == "bom-inside":
        return Fault(code, "", "a byte-order mark stands at the start of a row inside the file")
    if code == "encoding":
        place = _first_bad_byte(bare)
        return Fault(code, "", f"the bytes at column {place + 1} are not UTF-8{_other_encoding(bare)}")
    reason, column = _parted(why)
    slip = slip_at(bare, reason, column) if code == "json-syntax" else None
    message = _SAID.get(code, f"invalid JSON: {slip.said if slip else reason}")
    if reason.startswith("number out of range"):
        message = "a number is too large"
    return Fault(code, "", f"{message} (column {column})" if column else message, slip.hint if slip else "")


def code_of(bare: bytes, why: str) -> str:
    """The code of the fault alone."""
    if not bare.isascii():
        if bare.startswith(BOM):
            return "bom-inside"
        if why.startswith(_NOT_UTF8) or _first_bad_byte(bare) >= 0:
            return "encoding"
    code = decided(why[:REASON])
    if code:
        return code
    return "json-number" if _NOT_A_NUMBER.match(bare, max(0, _parted(why)[1] - 1)) else "json-syntax"


_NOT_UTF8: Final = "invalid unicode code point"
_REASONS: Final = {
    "Detected duplicate key": "json-duplicate-key",
    "recursion limit": "json-depth",
    "number out of range": "json-number",
    "EOF": "json-truncated",
    "lone leading surrogate": "json-surrogate",
    "unexpected end of hex escape": "json-surrogate",
}
"""How the parser's reasons start; all others are `json-syntax`."""
_DOUBTFUL: Final = ("expected value", "expected ident", "invalid number")
"""What the parser says of NaN and infinities, and of other things."""
REASON: Final = len("Detected duplicate key")
"""Letters of a reason that tell it from others, and hold no text of a row."""
_SAID: Final = {
    "json-duplicate-key": "an object has the same key twice",
    "json-depth": "objects and lists are nested too deeply",
    "json-number": "NaN and Infinity are not JSON",
    "json-truncated": "the row ends in the middle of its JSON",
    "json-surrogate": "an escape such as \\ud800 is half of a character that UTF-8 cannot carry",
}


@lru_cache(256)
def decided(start: str) -> str:
    """The code that a reason with this start (of `REASON` letters) stands for, empty where it takes a closer look."""
    if start.startswith(_DOUBTFUL):
        return ""
    return next((code for known, code in _REASONS.items() if start.startswith(known[:REASON])), "json-syntax")


def _parted(why: str) -> tuple[str, int]:
    """The parser's reason, and the column, which is 0 where it names none."""
    reason, place, column = why.rpartition(" at line 1 column ")
    return (reason, int(column)) if place and column.isdecimal() else (why, 0)


def _first_bad_byte(raw: bytes) -> int:
    try:
        raw.decode()
    except UnicodeDecodeError as bad:
        return bad.start
    return -1


def _other_encoding(raw: bytes) -> str:
    """A guess that names the cause in the cases that happen, such as UTF-16 from PowerShell, cp932 from Excel in Japan."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or raw.count(0) * 4 > len(raw):
        return "; the file looks like UTF-16"
    try:
        raw.decode("cp932")
    except UnicodeDecodeError:
        return ""
    return "; they read as Shift_JIS (cp932)"
