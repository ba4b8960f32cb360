"""What of a small row decides how many findings it has: rows of one shape have the same, whatever else they say.

A file of rows that are all wrong in the same way is checked at the speed of this walk, not of fifty rules. Two rows
of one shape differ only in names no rule knows, in texts no rule looks into, and in numbers no rule compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from ..checks._names import LONGEST, stands_for
from ..checks._roles import meant, respelt
from ..checks._vision import looks_like

__all__ = ["LETTERS", "LONGEST_NAME", "WORDS", "shape_of"]

LONGEST_NAME: Final = 32
"""Names of tools up to this length are not told apart; the limit of a name has to be above it."""

WORDS: Final = (
    "messages", "tools", "parallel_tool_calls", "functions", "input", "preferred_output", "non_preferred_output",
    "preferred_completion", "non_preferred_completion", "prompt", "completion", "conversations", "chosen", "rejected",
    "role", "tool_call_id", "content", "refusal", "name", "weight", "tool_calls", "function_call", "audio", "annotations",
    "id", "type", "text", "image_url", "url", "detail", "function", "description", "parameters", "strict", "arguments",
    "system", "developer", "user", "assistant", "tool", "auto", "low", "high",
    "metadata", "store",
)  # fmt: skip
"""Every word that a rule knows, as a key or as a text; keys in the order in which most people write them."""
_WORDS: Final = frozenset(WORDS)
LETTERS: Final = frozenset({"arguments", "parameters"})
"""Below these keys every letter may count."""
_COMPARED: Final = LETTERS | {"id", "name", "tool_call_id", "url"}
"""Below these keys it counts which texts are equal, or more."""
_ANY: Final = "-"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_EXACT: Final = 2**53
_HIDDEN: Final = re.compile("[\0\u202a-\u202e\u2066-\u2069]")
_NAMED: Final[dict[object, str]] = {True: "true", False: "false", None: "null"}


def shape_of(row: Mapping[str, Any]) -> tuple[object, ...]:
    """A key that is the same only for rows with the same number of findings of each rule, whatever the method."""
    shape: list[object] = []
    _add_fields(shape, row, {})
    if "non_preferred_output" in row:
        shape.append(row["non_preferred_output"] == row.get("preferred_output"))
    return tuple(shape)


def _add_fields(shape: list[object], fields: Mapping[str, Any], texts: dict[str, int]) -> None:
    add = shape.append
    add(len(fields) + 2)
    for name, value in fields.items():
        known = name if name in _WORDS else _other_word(name)
        add(known)
        kind = value.__class__
        if kind is str and known not in _COMPARED:
            # Most texts, without a call: nothing hides in them, and they are not blank.
            if value in _WORDS:
                add(value)
            elif value and known != "role" and value.isprintable() and not value.isspace():
                add(_ANY)
            else:
                add(_text(value, known, texts))
        elif kind is dict and known not in LETTERS:
            _add_fields(shape, value, texts)
        elif kind is list and known not in LETTERS:
            _add_items(shape, value, known, texts)
        else:
            add(_LEAVES.get(kind, _letters)(value, known, texts))


def _other_word(name: str) -> str:
    """What stands for a key that no rule knows: no more than which known one may be meant by it."""
    return _meant_word(name) if len(name) <= LONGEST else "*"


@lru_cache(256)
def _meant_word(name: str) -> str:
    return f"*{stands_for(name)}"


def _add_items(shape: list[object], items: list[Any], key: str, texts: dict[str, int]) -> None:
    shape.append(-len(items) - 2)
    for value in items:
        leaf = _LEAVES.get(value.__class__)
        if leaf is not None:
            shape.append(leaf(value, key, texts))
        elif value.__class__ is dict:
            _add_fields(shape, value, texts)
        else:
            _add_items(shape, value, key, texts)


def _letters(value: object, _key: str, _texts: dict[str, int]) -> object:
    return repr(value)


def _named(value: object, _key: str, _texts: dict[str, int]) -> object:
    return _NAMED[value]


def _number(value: float, key: str, _texts: dict[str, int]) -> object:
    if key in LETTERS or value in {0, 1}:
        return (value.__class__, value)
    if isinstance(value, int):
        return "whole" if -_EXACT <= value <= _EXACT else "huge"
    return "real" if isfinite(value) else "infinite"


def _text(text: str, key: str, texts: dict[str, int]) -> object:
    """What rules ask of a text: whether it is blank, what hides in it, and of a name which others are equal."""
    if text in _WORDS:
        return text
    if key in LETTERS or (key == "name" and len(text) > LONGEST_NAME):
        return (text,)
    if key == "url" and ":" in text:
        return looks_like(text)
    if key == "role":
        return (respelt(text), meant(text), _hidden(text))
    kind = 2 if not text else 1 if text.isspace() else 0
    hidden = "" if text.isprintable() else _hidden(text)
    same = texts.setdefault(text, len(texts)) if key in _COMPARED else -1
    return (kind, hidden, key == "name" and bool(_NAME.match(text)), same)


def _hidden(text: str) -> str:
    """NUL and controls of direction in the text, in order."""
    return "\0" * text.count("\0") if text.isascii() else "".join(_HIDDEN.findall(text))


_LEAVES: Final[dict[type, Callable[[Any, str, dict[str, int]], object]]] = {
    str: _text,
    int: _number,
    float: _number,
    bool: _named,
    type(None): _named,
}
