"""Canonical bytes of rows with tools, of which the same few stand in thousands of rows."""

from __future__ import annotations

from typing import Any, Final

from jiter import from_json

from ._canonical import canonical_json
from ._json import parse_object

__all__ = ["USABLE", "Tails"]

USABLE: Final = 255
"""The note of a line that holds a usable row of another kind than plain. Plain ones have their number of messages."""


class Tails:
    """Canonical bytes of rows that end with `"tools": [...]`, of which the same few stand in thousands of rows."""

    _MOST: Final = 256

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def canonical(self, raw: bytes) -> bytes | None:
        """Of a line that was parsed before; None unless it is an object of messages and, at its end, tools.

        What stands before the tools and a brace make an object, and the tools make a list: so together they are the
        row, wherever else the same letters may stand.
        """
        at = raw.rfind(b'"tools":')
        comma = raw.rfind(b",", 0, max(at, 0))
        if comma < 0:
            return None
        try:
            row = parse_object(raw[:comma] + b"}")
            tools = self._tools(raw[comma:])
        except ValueError:
            return None
        messages: object = row.get("messages")
        if tools is None or len(row) != 1 or messages is None:
            return None
        return f'{{"messages":{canonical_json(messages).decode()},"tools":{tools}}}'.encode()

    def _tools(self, tail: bytes) -> str | None:
        if tail not in self._known:
            if len(self._known) >= self._MOST:
                self._known.clear()
            alone: Any = from_json(b"{" + tail[1:], catch_duplicate_keys=True, allow_inf_nan=False)
            if alone.keys() != {"tools"}:
                return None
            self._known[tail] = canonical_json(alone["tools"]).decode()
        return self._known[tail]
