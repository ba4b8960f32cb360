"""In which encoding the start of a file is written, where that is plainly not UTF-8."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Sequence
from typing import Final

from ._objects import is_object_line

__all__ = ["UNKNOWN", "is_utf8", "narrow_encoding", "wide_encoding"]

UNKNOWN: Final = "unknown"

_WIDE: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("utf-32", rb"\xff\xfe\0\0|\0\0\xfe\xff"),
        ("utf-16", rb"\xff\xfe|\xfe\xff"),
        ("utf-32-le", rb"(?:[\t-~]\0\0\0){2}"),
        ("utf-32-be", rb"(?:\0\0\0[\t-~]){2}"),
        ("utf-16-le", rb"(?:[\t-~]\0){2}"),
        ("utf-16-be", rb"(?:\0[\t-~]){2}"),
    )
)
"""How files in wide encodings start: with a mark, or with two letters of ASCII, as every JSON text does."""

_KANA: Final = re.compile("[ぁ-ヿ]")
_NARROW: Final = ("euc_jp", "cp932")
_WESTERN: Final = "cp1252"
_RUN: Final = re.compile(rb"[\x80-\xff]{4}")
"""So many accented letters stand beside one another in no Western language."""
_FEW: Final = 3
"""Lines that are not UTF-8, up to which each is better looked at."""


def wide_encoding(head: bytes, *, whole: bool) -> str | None:
    """The encoding of two or four bytes per character that all of the head is in, named as Python does."""
    if b"\0" not in head:
        return None
    name = next((name for name, start in _WIDE if start.match(head)), None)
    if name is None or any(map(is_object_line, head.split(b"\n"))):
        return None
    try:
        text = getincrementaldecoder(name)().decode(head, whole)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else name


def narrow_encoding(lines: Sequence[bytes]) -> str | None:
    """The encoding of most lines, which are not UTF-8 but objects in it; `UNKNOWN` where it cannot be told.

    None where that is not so: a few lines, or lines of UTF-8 some of which are damaged, are faults of their own.
    """
    bad = [line for line in lines if not is_utf8(line)]
    sound = sum(not line.isascii() for line in lines) - len(bad)
    if len(bad) < _FEW or 2 * len(bad) <= len(lines) or 8 * sound > len(bad) or _is_damaged(bad):
        return None
    known = [name for name in _NARROW if _reads(bad, name, _KANA)]
    if not any(map(_RUN.search, bad)):
        known.append(_WESTERN)
    found = next((name for name in known if _holds_objects(bad, name)), None)
    return found or (UNKNOWN if _holds_objects(bad, "latin-1") else None)


def is_utf8(line: bytes) -> bool:
    """The bytes can be read as UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged(lines: Sequence[bytes]) -> bool:
    """Most characters beside ASCII are UTF-8: the others were cut off, or come from elsewhere."""
    text = b"".join(lines).decode(errors="surrogateescape")
    broken = sum("\udc80" <= letter <= "\udcff" for letter in text)
    return 2 * broken <= sum(letter > "\x7f" for letter in text)


def _reads(lines: Sequence[bytes], name: str, wanted: re.Pattern[str]) -> bool:
    try:
        return wanted.search(b"\n".join(lines).decode(name)) is not None
    except UnicodeDecodeError:
        return False


def _holds_objects(lines: Sequence[bytes], name: str) -> bool:
    """Most lines are objects when they are read so."""
    try:
        found = sum(is_object_line(line.decode(name).encode()) for line in lines)
    except UnicodeDecodeError:
        return False
    return 2 * found > len(lines)
