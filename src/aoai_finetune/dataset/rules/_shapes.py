"""What of a small row decides how many findings it has: rows of one shape have the same, whatever else they say.

A file of rows that are all wrong in the same way is checked at the speed of this walk, not of fifty rules. Two rows
of one shape differ only in names no rule knows, in texts no rule looks into, and in numbers no rule compares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from ..rows._shape import is_list, is_object

__all__ = ["LONGEST_NAME", "shape_of"]

LONGEST_NAME: Final = 32
"""Names of tools up to this length are not told apart; the limit of a name has to be above it."""

_WORDS: Final = frozenset(
    {
        "messages", "tools", "parallel_tool_calls", "functions", "input", "preferred_output", "non_preferred_output",
        "preferred_completion", "non_preferred_completion", "prompt", "completion", "conversations",
        "role", "content", "name", "weight", "tool_calls", "function_call", "refusal", "audio", "tool_call_id",
        "type", "text", "image_url", "url", "detail", "id", "function", "arguments", "description", "parameters", "strict",
        "system", "developer", "user", "assistant", "tool", "auto", "low", "high",
    }
)  # fmt: skip
"""Every word that a rule knows, as a key or as a text."""
_LETTERS: Final = frozenset({"arguments", "parameters"})
"""Below these keys every letter may count."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_EXACT: Final = 2**53
_HIDDEN: Final = re.compile("[\0\u202a-\u202e\u2066-\u2069]")
_NAMED: Final[dict[object, str]] = {True: "true", False: "false", None: "null"}


def shape_of(row: Mapping[str, Any]) -> tuple[object, ...]:
    """A key that is the same only for rows with the same number of findings of each rule for supervised rows."""
    shape: list[object] = []
    _add(shape, row, "", {})
    return tuple(shape)


def _add(shape: list[object], value: object, key: str, texts: dict[str, int]) -> None:
    if isinstance(value, str):
        shape.append(value if value in _WORDS else _text(value, key, texts))
    elif value is None or isinstance(value, bool):
        shape.append(_NAMED[value])
    elif isinstance(value, (int, float)):
        shape.append(value if key in _LETTERS else _number(value))
    elif key in _LETTERS:
        shape.append(repr(value))
    elif is_object(value):
        shape.append(len(value) + 2)
        for name, item in value.items():
            known = name if name in _WORDS else "*"
            shape.append(known)
            _add(shape, item, known, texts)
    elif is_list(value):
        shape.append(-len(value) - 2)
        for item in value:
            _add(shape, item, key, texts)


def _number(value: float) -> object:
    if value in {0, 1}:
        return (value.__class__, value)
    if isinstance(value, int):
        return "whole" if -_EXACT <= value <= _EXACT else "huge"
    return "real" if isfinite(value) else "infinite"


def _text(text: str, key: str, texts: dict[str, int]) -> object:
    """What rules ask of a text: whether it is blank, what hides in it, which others are equal, if it is a name."""
    if key in _LETTERS or (key == "url" and ":" in text) or (key == "name" and len(text) > LONGEST_NAME):
        return (text,)
    kind = 0 if text.strip() else 1 if text else 2
    hidden = "" if text.isprintable() else "".join(_HIDDEN.findall(text))
    return (kind, hidden, key == "name" and bool(_NAME.match(text)), texts.setdefault(text, len(texts)))
