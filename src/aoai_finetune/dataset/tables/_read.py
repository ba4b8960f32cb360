"""The text of a table: where it comes from, in which encoding it is written, and what is no table at all."""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import BinaryIO, Final

from ...errors import DatasetError
from ..reading._encodings import wide_encoding
from ..reading._examples import refusal
from ..reading._foreign import is_jsonl, no_table, no_text
from ..rows._arguments import of_kind
from ..rows._files import open_file
from ..rows._open import bytes_of, name_of, path_of

__all__ = ["check_encoding", "text_of_table"]

_DETECT: Final = "detect"
_COMMON: Final = (
    "utf-8", "utf-8-sig", "utf-16", "utf-32", "shift_jis", "cp932", "euc_jp", "iso2022_jp", "latin-1", "cp1252", "gb18030",
    "big5", "euc_kr",
)  # fmt: skip
"""Encodings of tables, for those who mistype one of them."""
_HEAD: Final = 1 << 16


def text_of_table(source: str | os.PathLike[str] | bytes | BinaryIO, encoding: str) -> tuple[str, str | None]:
    """What stands in a path, in bytes or in a binary file, and the name to print. DatasetError for what is no table."""
    data, name = _bytes(source)
    fault = no_text(data)
    if fault is not None:
        raise refusal(fault, name)
    text = _decoded(data, encoding, name)
    _refuse_json(text, name)
    return text, name


def _bytes(source: str | os.PathLike[str] | bytes | BinaryIO) -> tuple[bytes, str | None]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), None
    if isinstance(source, (str, os.PathLike)):
        name = path_of(source)
        with open_file(name) as handle:
            return handle.read(), name
    data = bytes_of(source)
    if data is None:
        raise DatasetError(
            "a table is read from a path, bytes or a binary file", hint='Open it with mode "rb"'
        )
    return data, name_of(source)


def _refuse_json(text: str, source: str | None) -> None:
    head = text[:_HEAD].encode(errors="replace")
    if is_jsonl(head):
        hint = "Read it with Dataset.from_jsonl"
        raise DatasetError("the file is no table but JSONL: an object on each line", source=source, hint=hint)
    fault = no_table(head, whole=len(text) <= _HEAD)
    if fault is not None:
        raise refusal(fault, source)


def check_encoding(name: str, source: str | None = None) -> None:
    """DatasetError for the name of no encoding of texts, such as `utf8mb4` or `base64`."""
    of_kind(name, str, "encoding", wanted="the name of an encoding", hint='For example encoding="utf-8-sig"')
    try:
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        near = ", ".join(get_close_matches(name.lower(), _COMMON))
        said = f"there is no encoding {name[:40]!r}"
        hint = f"Did you mean {near}?" if near else 'For example "utf-8", "utf-8-sig" or "cp932"'
        raise DatasetError(said, source=source, hint=hint) from None


def _decoded(data: bytes, encoding: str, name: str | None) -> str:
    """The text. A byte-order mark is taken off; nothing is guessed unless `encoding` is "detect"."""
    wide = wide_encoding(data[:_HEAD], whole=len(data) <= _HEAD)
    detected = ("utf-8", "cp932") if wide is None else (wide,)
    for candidate in detected if encoding == _DETECT else (encoding,):
        check_encoding(candidate, name)
        text = _read(data, candidate)
        if text is not None and (wide is None or "\0" not in text[:_HEAD]):
            return text.removeprefix("\ufeff")
    other = next((each for each in (wide, "cp932") if each and _read(data, each) is not None), encoding)
    raise DatasetError(
        f"the bytes are not {encoding if encoding != _DETECT else 'in any encoding that was tried'}",
        source=name,
        hint=f"They read as {other}: pass encoding={other!r}" if other != encoding else "Name the encoding",
    )


def _read(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:
        return None
