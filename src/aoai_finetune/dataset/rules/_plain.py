"""The shortcut for plain rows, which are most rows of most files: known at a glance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["plain_texts", "shows"]

_TURNS: Final = frozenset({"user", "assistant"})
_BACKSLASH: Final = ord("\\")
_DIRECTIONS: Final = 0xE2  # first byte of U+202A to U+202E and U+2066 to U+2069 in UTF-8
_ESCAPES: Final = re.compile(rb"\\u(?:0000|20)")
_DIRECTION: Final = re.compile(rb"\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])")


def plain_texts(row: Mapping[str, Any]) -> list[str] | None:
    """Role and text of each message in turn, where nothing else stands in the row; None for any other value.

    Plain are non-empty texts from user and assistant, ending with an answer to a user, after at most one system
    message. No rule for supervised rows has anything to say about them, except about what `shows` looks for.
    """
    texts: list[str] = []
    try:
        if len(row) != 1:
            return None
        for message in row["messages"]:
            role, content = message["role"], message["content"]
            if len(message) != 2 or content.__class__ is not str or not content or content.isspace():
                return None
            if role not in _TURNS and (texts or role != "system"):
                return None
            texts.append(role)  # twice `append` takes half the time of one `extend`
            texts.append(content)
        answered = texts[-2] == "assistant" and (texts[-4] == "user" or "user" in texts[::2])
    except (LookupError, TypeError):
        return None
    return texts if answered else None


def shows(raw: bytes, longest: int, texts: list[str] | None = None) -> bool:
    """The bytes of a row show that its texts hold nothing hidden and that none is too long.

    Hidden are NUL, which needs an escape, and controls of direction, which need an escape or their first byte. Line
    feeds need an escape, too: for rows with one the texts, where they are known, tell the same sooner.
    """
    if len(raw) > longest:
        return False
    if _BACKSLASH in raw:
        said = "" if texts is None else "".join(texts)
        if said and said.isascii():
            return "\0" not in said
        if _ESCAPES.search(raw):
            return False
    return _DIRECTIONS not in raw or _DIRECTION.search(raw) is None
