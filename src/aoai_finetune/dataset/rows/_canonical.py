"""The one byte form of a row: what is hashed, compared and uploaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from json.encoder import encode_basestring
from typing import Any, TypeAlias

__all__ = ["canonical_json", "canonical_row", "write_json"]

_encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
# What `_encoder.encode` makes anew for each value; None where the interpreter is not CPython.
_make: Any = vars(json.encoder).get("c_make_encoder")
_Writer: TypeAlias = Callable[[object, int], Iterable[str]]
_reused: _Writer | None = _make and _make(
    None, _encoder.default, encode_basestring, None, ":", ",", True, False, False
)
_unsorted: _Writer | None = _make and _make(
    None, _encoder.default, encode_basestring, None, ":", ",", False, False, False
)


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, no spaces and UTF-8 text instead of escapes: equal values give equal bytes.

    Raises ValueError for what JSON or UTF-8 cannot carry (NaN, infinities, half a surrogate pair), TypeError for
    what is not JSON at all and RecursionError for very deep nesting and for cycles.
    """
    text = _encoder.encode(value) if _reused is None else "".join(_reused(value, 0))
    return text.encode()


def write_json(value: object) -> bytes:
    """JSON like that of `canonical_json`, with the keys as they are: sorting a megabyte of them takes a while."""
    return canonical_json(value) if _unsorted is None else "".join(_unsorted(value, 0)).encode()


def canonical_row(row: Mapping[str, Any]) -> bytes:
    """`canonical_json(row)`, several times faster for rows of nothing but messages with a role and a text."""
    plain = _plain_row(row)
    return canonical_json(row) if plain is None else plain.encode()


def _plain_row(row: Mapping[str, Any]) -> str | None:
    messages = row.get("messages")
    if len(row) != 1 or messages.__class__ is not list:
        return None
    parts: list[str] = []
    for message in messages or ():
        if message.__class__ is not dict or len(message) != 2:
            return None
        role, content = message.get("role"), message.get("content")
        if role.__class__ is not str or content.__class__ is not str:
            return None
        parts.append(f'{{"content":{encode_basestring(content)},"role":{encode_basestring(role)}}}')
    return f'{{"messages":[{",".join(parts)}]}}'
