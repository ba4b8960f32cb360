"""The shortcut for plain rows, which are most rows of most files: known at a glance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["ANSWERED", "DIRECTION", "DIRECTIONS", "START", "hides", "plain_texts", "shows"]

START: Final[dict[str, Any]] = {}
"""Where a conversation starts: which role leads where. One that ends in `ANSWERED` ends with an answer to a user."""
ANSWERED: Final[dict[str, Any]] = {}
_ASKED: Final[dict[str, Any]] = {"assistant": ANSWERED}
_UNASKED: Final[dict[str, Any]] = {"user": _ASKED}
_UNASKED["assistant"] = _UNASKED
_ASKED["user"] = ANSWERED["user"] = _ASKED
ANSWERED["assistant"] = ANSWERED
START.update(_UNASKED, system=_UNASKED)

_BACKSLASH: Final = ord("\\")
DIRECTIONS: Final = 0xE2  # first byte of U+202A to U+202E and U+2066 to U+2069 in UTF-8
_MARKS: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_ESCAPES: Final = re.compile(rb"\\u(?:0000|20)")
DIRECTION: Final = re.compile(rb"\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])")


def plain_texts(row: Mapping[str, Any]) -> list[str] | None:
    """Role and text of each message in turn, where nothing else stands in the row; None for any other value.

    Plain are non-empty texts from user and assistant, ending with an answer to a user, after at most one system
    message. No rule for supervised rows has anything to say about them, except about what `shows` looks for.
    """
    texts: list[str] = []
    turn = START
    try:
        if len(row) != 1:
            return None
        for message in row["messages"]:
            role, content = message["role"], message["content"]
            # Of all JSON values, only texts have `isspace`.
            if len(message) != 2 or not content or content.isspace():
                return None
            turn = turn[role]
            texts.append(role)  # twice `append` takes half the time of one `extend`
            texts.append(content)
    except (LookupError, TypeError, AttributeError):
        return None
    return texts if turn is ANSWERED else None


def hides(texts: list[str]) -> bool:
    """Texts of a plain row hold something hidden: NUL, or a control of direction."""
    said = "".join(texts)
    return "\0" in said or (not said.isascii() and any(mark in said for mark in _MARKS))


def shows(raw: bytes, longest: int) -> bool:
    """The bytes of a row show that its texts hold nothing hidden and that none is too long.

    Hidden are NUL, which needs an escape, and controls of direction, which need an escape or their first byte.
    """
    if len(raw) > longest or (_BACKSLASH in raw and _ESCAPES.search(raw)):
        return False
    return DIRECTIONS not in raw or DIRECTION.search(raw) is None
