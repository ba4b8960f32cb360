"""Objects that do not stand on a line each: between carriage returns, or on several lines."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from json import JSONDecoder
from typing import Any, Final

from jiter import from_json

from ..rows._shape import is_list, is_object

__all__ = ["between_returns", "holding_rows", "is_object_line", "on_several_lines"]

_DECODER: Final = JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_START: Final = re.compile(r"^\{", re.MULTILINE)
_FAILURES: Final = 8
"""Places from which no value can be read, after which the rest is not looked at: each may take a walk to the end."""
_REST: Final = 64
_ROW_KEYS: Final = ("messages", "input", "prompt", "conversations")
_ROWS: Final = re.compile(rb'\[\s*\{\s*"(?:messages|input|prompt|conversations|tools|fact)"\s*:')
_LINES: Final = 3


def is_object_line(line: bytes) -> bool:
    """The line is one JSON object, with white space around it at most."""
    bare = line.strip()
    if not (bare.startswith(b"{") and bare.endswith(b"}")):
        return False
    try:
        from_json(bare)
    except ValueError:
        return False
    return True


def between_returns(head: bytes, *, whole: bool) -> bool:
    """There is no line feed, and most of what stands between carriage returns is an object."""
    if b"\n" in head or b"\r" not in head:
        return False
    pieces = [piece for piece in head.split(b"\r") if piece.strip()]
    pieces = pieces if whole else pieces[:-1]
    return len(pieces) > whole and 2 * sum(map(is_object_line, pieces)) > len(pieces)


def on_several_lines(head: bytes, *, whole: bool) -> bool:
    """All values of the head stand on several lines each, but for what is broken; the first is an object."""
    first = head.lstrip()
    if not first.startswith(b"{") or is_object_line(first.partition(b"\n")[0]):
        return False
    try:
        text = getincrementaldecoder("utf-8")().decode(first, whole)
    except UnicodeDecodeError:
        return False
    spread = failed = 0
    for lines in _values(text, whole=whole):
        if lines == 1:
            return False
        spread += lines > 1
        failed += not lines
    if not spread:
        return not whole and failed == 1 and _starts_one(text)
    return spread > failed


def holding_rows(head: bytes, *, whole: bool) -> str | None:
    """The key under which the only object of the head holds rows in a list; None where it holds none."""
    if _ROWS.search(head) is None or (not whole and is_object_line(head.lstrip().partition(b"\n")[0])):
        return None
    try:
        found: object = from_json(head) if whole else _first_part(head)
    except ValueError:
        return None
    if not is_object(found):
        return None
    least = 1 if whole else 2  # one could be that of the next line, after a row that was cut off
    lists = (key for key, value in found.items() if _are_rows(value, least) and not _is_field(key, found))
    return next(lists, None)


def _first_part(head: bytes) -> object:
    """What can be read of a value that the end of the head cuts off."""
    return from_json(head.decode(errors="ignore").encode(), partial_mode="trailing-strings")


def _are_rows(value: object, least: int) -> bool:
    first: object = value[0] if is_list(value) and len(value) >= least else None
    return is_object(first) and any(key in first for key in _ROW_KEYS)


def _is_field(key: str, found: dict[str, Any]) -> bool:
    """It stands in a row, where a grader may read it."""
    return any(name in found and name != key for name in _ROW_KEYS)


def _values(text: str, *, whole: bool) -> Iterator[int]:
    """For each value on how many lines it stands; 0 for what is none. What the end of the head cuts off is left out."""
    at = failures = 0
    while failures < _FAILURES and (at := _after_space(text, at)) < len(text):
        try:
            end = _DECODER.raw_decode(text, at)[1]
        except (ValueError, RecursionError):
            following = _START.search(text, at + 1)
            if following is None and not whole and at:
                yield from _cut_off(text[at:])
                return
            failures += 1
            yield 0
            at = len(text) if following is None else following.start()
        else:
            yield text.count("\n", at, end) + 1
            at = end


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _cut_off(rest: str) -> Iterator[int]:
    """A long line without an end is a row of its own."""
    if len(rest) > _REST and "\n" not in rest:
        yield 1


def _starts_one(text: str) -> bool:
    """The head is the start of a single object, and no line of it could be a row."""
    lines = text.encode().split(b"\n")
    if len(lines) <= _LINES or any(line.startswith(b"{") and is_object_line(line) for line in lines):
        return False
    try:
        from_json(text.encode(), partial_mode="trailing-strings")
    except ValueError:
        return False
    return True
