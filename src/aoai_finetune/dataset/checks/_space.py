"""White space around texts: nobody sees it, and the model learns it."""

from __future__ import annotations

import re
from typing import Any, Final

from ._messages import Faults, Row, written

__all__ = ["maybe_spaced", "trimmed", "trimmed_messages", "white_space"]

_TRIMMED: Final = ("system", "developer", "user", "assistant")  # no set: a role may be a list
_SPACE: Final = " \t\r\n"
_BLANK_LINES = re.compile(r"\A(?:[ \t\r]*\n)+")
_AT_AN_END: Final = re.compile(rb'"(?:(?<!\\")(?: |\\[nrt])|(?:(?<= ")|(?<=\\[nrt]"))\s*[,}\]])')
"""A quote, and white space inside of it. It starts with the quote, because a single letter is found fast."""


def trimmed(text: str) -> str:
    """The text without blank lines before it and white space after it.

    The first line of several keeps its indentation, which means something in code; so does an ideographic space,
    which opens a Japanese paragraph. A text of nothing else stays as it is.
    """
    if text[:1] not in _SPACE and text[-1:] not in _SPACE:
        return text
    body = _BLANK_LINES.sub("", text.rstrip(_SPACE))
    return (body if "\n" in body else body.lstrip(_SPACE)) or text


def trimmed_messages(row: Row) -> list[tuple[str, dict[str, Any], str, str]]:
    """Path and message of what people and the model say with white space around it, the text, and what was taken off.

    What tools return is data, and stays as it is.
    """
    found: list[tuple[str, dict[str, Any], str, str]] = []
    for path, message in written(row):
        content = message.get("content")
        if isinstance(content, str) and message.get("role") in _TRIMMED:
            short = trimmed(content)
            if short != content:
                gone = len(content) - len(short)
                said = f"{gone} character{'s' * (gone > 1)} of white space around the text"
                found.append((f"{path}.content", message, short, said))
    return found


def white_space(row: Row) -> Faults:
    """Texts with white space around them."""
    return ((path, said) for path, _, _, said in trimmed_messages(row))


def maybe_spaced(raw: bytes) -> bool:
    """Some text of the row may begin or end with white space; sure if not, unless a numeric escape does."""
    return _AT_AN_END.search(raw) is not None
