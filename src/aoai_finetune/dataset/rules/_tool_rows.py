"""The shortcut for rows with tools: the same few declarations stand in thousands of rows and are checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from marshal import dumps
from typing import Any, Final, NamedTuple

from jiter import from_json

from ..rows._canonical import canonical_json
from ..rows._shape import is_list, is_object
from ._rules import Rule
from ._schema import misfits

__all__ = ["Flat", "ToolRows", "flat_message"]

_TURNS: Final = frozenset({"user", "assistant"})
_KEPT: Final = 256
_SIMPLE: Final[dict[object, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_WORDS: Final = frozenset({"type", "description", "title", "default"})
_KEY: Final = b'"tools"'
_PROBE: Final = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]


class Flat(NamedTuple):
    """A row as a flat list: the tools, then the messages as `flat_message` has them."""

    items: list[Any]
    last: int
    """Where the last message starts."""
    asked: str
    """The text of the last user message."""


class _Schema(NamedTuple):
    """A schema of flat arguments of simple types, which is most of them. What fits it fits the whole schema."""

    required: frozenset[str]
    types: dict[str, tuple[type, ...]]

    def fits(self, arguments: dict[str, Any]) -> bool:
        types = self.types
        return self.required <= arguments.keys() and all(
            value.__class__ in types.get(key, ()) for key, value in arguments.items()
        )


class _Declared(NamedTuple):
    """A list of tools that no rule has anything to say about: what it is equal to, and its schemas by name."""

    canonical: bytes
    parameters: dict[str, object]
    simple: dict[str, _Schema]


class ToolRows:
    """Recognises rows of messages and tools in which everything fits, given the rules that look at single rows."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._rules = [rule for rule in rules if rule.row]
        self._known: dict[bytes, _Declared | None] = {}
        self._tails: dict[bytes, _Declared] = {}

    def flat(self, row: Mapping[str, Any], raw: bytes | None = None) -> Flat | None:
        """The row as a flat list, equal for equal rows; None unless no rule for supervised rows would fire.

        What hides in texts is not looked at (`_plain.shows` does). `raw`, the line, saves time.
        """
        try:
            if len(row) != 2:
                return None
            declared = self._known_tail(row, raw) or self._declared(row["tools"], raw)
            return None if declared is None else _flat(row["messages"], declared)
        except (LookupError, TypeError, ValueError, AttributeError):
            return None

    def _known_tail(self, row: Mapping[str, Any], raw: bytes | None) -> _Declared | None:
        """What the end of the line declares, where `tools` is the last key and the end was seen before."""
        if raw is None or not row or [*row][-1] != "tools":
            return None
        return self._tails.get(raw[raw.rfind(_KEY) :])

    def _declared(self, tools: list[Any], raw: bytes | None) -> _Declared | None:
        key = dumps(tools, 2)  # version 2 has no references: equal bytes for equal values in the same order
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
                self._tails.clear()
            self._known[key] = self._checked(tools)
        declared = self._known[key]
        if declared is not None and raw is not None:
            self._remember_tail(raw[raw.rfind(_KEY) :], key, declared)
        return declared

    def _remember_tail(self, tail: bytes, key: bytes, declared: _Declared) -> None:
        """A tail that is `"tools": [...]}` on its own means the same behind every head that makes a row of it."""
        with suppress(ValueError):
            alone = from_json(b"{" + tail, catch_duplicate_keys=True, allow_inf_nan=False)
            if (
                is_object(alone)
                and len(alone) == 1
                and len(self._tails) < _KEPT
                and dumps(alone["tools"], 2) == key
            ):
                self._tails[tail] = declared

    def _checked(self, tools: object) -> _Declared | None:
        row = {"messages": _PROBE, "tools": tools}
        if not is_list(tools) or any(True for rule in self._rules for _ in (rule.row or _nothing)(row)):
            return None
        parameters = {tool["function"]["name"]: tool["function"].get("parameters") for tool in tools}
        simple = {name: _simple(schema) for name, schema in parameters.items()}
        return _Declared(
            canonical_json(tools), parameters, {name: schema for name, schema in simple.items() if schema}
        )


def _nothing(_row: Mapping[str, Any]) -> tuple[()]:
    return ()


def _simple(schema: object) -> _Schema | None:
    properties: object = schema.get("properties") if is_object(schema) else None
    required: object = schema.get("required", []) if is_object(schema) else None
    if not is_object(schema) or not is_object(properties) or not is_list(required):
        return None
    if schema.get("type", "object") != "object" or "enum" in schema:
        return None
    types = {
        name: _SIMPLE.get(each.get("type"), ()) if is_object(each) and each.keys() <= _WORDS else ()
        for name, each in properties.items()
        if not is_object(each) or isinstance(each.get("type"), str)
    }
    return _Schema(frozenset(name for name in required if isinstance(name, str)), types)


def _flat(messages: list[dict[str, Any]], declared: _Declared) -> Flat | None:
    flat: list[Any] = [declared.canonical]
    waiting: set[str] = set()
    made: set[str] = set()
    asked, role, last = "", "", 1
    for message in messages:
        last = len(flat)
        role = message["role"]
        if len(message) == 2 and role in _TURNS:
            text = message["content"]
            if waiting or text.__class__ is not str or not text or text.isspace():
                return None
            asked = text if role == "user" else asked
            flat += (role, text)
        elif role == "system":
            text = message["content"]
            if len(message) != 2 or last > 1 or text.__class__ is not str or not text or text.isspace():
                return None
            flat += (role, text)
        else:
            turn = flat_message(message)
            if turn is None:
                return None
            waiting = _after(turn, waiting, made, declared)
            flat += turn
    return Flat(flat, last, asked) if role == "assistant" and asked else None


def _after(turn: tuple[Any, ...], waiting: set[str], made: set[str], declared: _Declared) -> set[str]:
    """The calls that wait for their result after a message. Raises ValueError or LookupError where something is wrong."""
    if turn[0] == "tool":
        waiting.remove(turn[1])
        return waiting
    ids = _ids(turn, declared)
    if waiting or len(turn) < 3 or not made.isdisjoint(ids):
        raise ValueError
    made |= ids
    return ids


def flat_message(message: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What a message says as a flat tuple, None for messages of other kinds.

    `(role, text)`, `("tool", id, text)`, or `("assistant", content, 1, id, name, arguments, ...)` with calls.
    """
    role, content = message["role"], message.get("content", False)
    size = len(message)
    if size == 2 and content.__class__ is str and role.__class__ is str and role != "tool":
        return role, content
    if role == "tool":
        called = message.get("tool_call_id")
        return (role, called, content) if size == 3 and called.__class__ is content.__class__ is str else None
    if role != "assistant" or size != (2 if content is False else 3):
        return None
    calls = message.get("tool_calls")
    if (
        calls.__class__ is not list
        or not calls
        or not (content is None or content is False or content.__class__ is str)
    ):
        return None
    flat: list[Any] = [role, content]
    for call in calls:
        function = call["function"]
        if len(call) != 3 or call["type"] != "function" or len(function) != 2:
            return None
        flat += (1, call["id"], function["name"], function["arguments"])
    return tuple(flat)


def _ids(turn: tuple[Any, ...], declared: _Declared) -> set[str]:
    """The ids of the calls of a message. Raises ValueError where a call does not fit what is declared."""
    ids: set[str] = set()
    for at in range(2, len(turn), 4):
        _, name, called, text = turn[at : at + 4]
        arguments = from_json(text.encode(), allow_inf_nan=False, cache_mode="keys")
        if name.__class__ is not str or name in ids or not is_object(arguments):
            raise ValueError
        schema = declared.simple.get(called)
        fits = schema is not None and schema.fits(arguments)
        if not fits and any(True for _ in misfits(arguments, declared.parameters[called], "")):
            raise ValueError
        ids.add(name)
    return ids
