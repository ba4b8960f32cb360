"""Canonical bytes straight from a line, without parsing it, where they provably are what parsing would give.

Most files are written with one role and one text per message, in the order role, content, by a program that puts
either no spaces or one after each comma and colon. What such a row needs is another order and no spaces.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from jiter import from_json

from ._canonical import canonical_json
from ._json import parse_object

__all__ = ["USABLE", "Tails", "rewritten"]

USABLE: Final = 255
"""The note of a line that holds a usable row of another kind than plain. Plain ones have their number of messages."""

_OTHER: Final = frozenset({b"u", b"/"})
"""What stands after a backslash where the escape is not, or may not be, the canonical one."""

_OPEN: Final = b'{"messages":[{"content":"'
_CLOSE: Final = b'","role":"assistant"}]}'
_AFTER: Final = {role: b'","role":"%b"},{"content":"' % role for role in (b"system", b"user", b"assistant")}
_CANONICAL: Final = re.compile(rb'","role":"(?:system|user|assistant)"\},\{"content":"')


class _Layout(NamedTuple):
    """How a program writes plain rows: what stands before the first role, between two messages, before a text."""

    head: bytes
    between: bytes
    says: bytes

    @classmethod
    def of(cls, space: bytes) -> _Layout:
        parts = b'{"messages": [{"role": "', b'"}, {"role": "', b'", "content": "'
        return cls(*(part.replace(b" ", space) for part in parts))


_SPACED: Final = _Layout.of(b" ")
_COMPACT: Final = _Layout.of(b"")


def rewritten(raw: bytes, messages: int) -> bytes | None:
    r"""The canonical bytes of a plain row of so many messages; None where only parsing tells.

    `raw` has to be a line that was parsed as a plain row (`_plain.plain_texts`). Wherever `between` stands in it, a
    text ends there and the next message starts: were its first quote escaped, or the start of a text, the word after
    its second one would not be JSON. If it stands there once less often than there are messages, all of them start
    like that, and a role that is one of ours, with `says` behind it, leaves nothing but the text. Escapes are
    canonical, except for `\u` and `\/`.
    """
    if b"\\" in raw and not _OTHER.isdisjoint([part[:1] for part in raw.split(b"\\")[1:]]):
        return None
    if raw.startswith(_OPEN):
        return _as_it_is(raw, messages)
    head, between, says = _SPACED if raw[12:13] == b" " else _COMPACT
    parts = raw[len(head) : -5].split(between)
    if len(parts) != messages or not raw.startswith(head) or raw[-5:] != b'"}]}\n':
        return None
    pieces = [_OPEN]
    for part in parts:
        role, _, text = part.partition(says)
        after = _AFTER.get(role)
        if after is None:
            return None
        pieces.append(text)
        pieces.append(after)
    pieces[-1] = _CLOSE
    return b"".join(pieces)


def _as_it_is(raw: bytes, messages: int) -> bytes | None:
    line = raw[:-1] if raw.endswith(b"\n") else raw
    found = len(_CANONICAL.findall(line)) == messages - 1 and line.endswith(_CLOSE)
    return line if found else None


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
