"""The shortcut for rows with tools: the same few declarations stand in thousands of rows and are checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from marshal import dumps
from typing import Any, Final, NamedTuple, TypeAlias

from jiter import from_json

from ..checks._rule import Rule
from ..checks._schema import misfits
from ..rows._canonical import canonical_json
from ..rows._shape import is_list, is_object
from ._plain import ANSWERED, START

__all__ = ["Declared", "Flat", "Given", "Said", "ToolRows", "flat_message"]

_KEPT: Final = 256
_TRIES: Final = 64
"""Tools that may be new at first; then as long as one in five is."""
_LARGE: Final = 1 << 14
"""Bytes of tools from which on they are checked when they come a second time: most of that size never do."""
_SIMPLE: Final[dict[object, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_WORDS: Final = frozenset({"type", "description", "title", "default"})
_KEY: Final = b'"tools"'
_BESIDE_CALLS: Final = frozenset({str, type(None), bool})
_PROBE: Final = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]


class Flat(NamedTuple):
    """A row as a flat sequence: the tools, then the messages as `flat_message` has them."""

    items: tuple[Any, ...]
    last: int
    """Where the last message starts."""
    asked: str
    """The text of the last user message."""


class Given(NamedTuple):
    """What a row says that was given a fact, and the fact."""

    said: list[str] | Flat
    fact: str


Said: TypeAlias = list[str] | Flat | Given
"""What a row says that is known at a glance: a list, for a plain row, or one of the others."""


class _Schema(NamedTuple):
    """A schema of flat arguments of simple types, which is most of them. What fits it fits the whole schema."""

    required: frozenset[str]
    types: dict[str, tuple[type, ...]]

    def fits(self, arguments: dict[str, Any]) -> bool:
        types = self.types
        for key, value in arguments.items():
            if value.__class__ not in types.get(key, ()):
                return False
        return self.required <= arguments.keys()


class Declared(NamedTuple):
    """A list of tools that no rule has anything to say about: what it is equal to, and its schemas by name."""

    canonical: bytes
    parameters: dict[str, object]
    simple: dict[str, _Schema]

    def check(self, name: str, text: str) -> None:
        """Raises LookupError where no tool has this name, ValueError where these arguments do not fit it."""
        arguments = from_json(text.encode(), allow_inf_nan=False, cache_mode="keys")
        if not is_object(arguments):
            raise ValueError
        schema = self.simple.get(name)
        fits = schema is not None and schema.fits(arguments)
        if not fits and any(True for _ in misfits(arguments, self.parameters[name], "")):
            raise ValueError


class ToolRows:
    """Recognises rows of messages and tools in which everything fits, given the rules that look at single rows."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._rules = [rule for rule in rules if rule.row]
        self._known: dict[bytes, Declared | None] = {}
        self._tails: dict[bytes, Declared] = {}
        self._large: set[int] = set()
        self._met = self._missed = 0

    def flat(self, row: Mapping[str, Any], raw: bytes | None = None) -> Flat | None:
        """The row as a flat sequence, equal for equal rows; None unless no rule for supervised rows would fire.

        What hides in texts is not looked at (`_plain.shows` does). `raw`, the line, saves time.
        """
        try:
            if len(row) != 2:
                return None
            declared = self._known_tail(row, raw) or self.declared(row["tools"], raw)
            return None if declared is None else _flat(row["messages"], declared)
        except (LookupError, TypeError, ValueError, AttributeError):
            return None

    def flat_line(self, raw: bytes) -> Flat | None:
        """What `flat` makes of the row on a line that ends with tools met before; None for every other line.

        Such tools are not parsed again: with a closing brace in their place, what stands before them has to be a
        row of nothing but messages.
        """
        at = raw.rfind(_KEY)
        declared = self._tails.get(raw[at:])
        if declared is None:
            return None
        self._met += 1
        head = raw[:at].rstrip()
        if not head.endswith(b","):
            return None
        try:
            row = from_json(
                head[:-1] + b"}", catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys"
            )
            return _flat(row["messages"], declared) if len(row) == 1 else None
        except (LookupError, TypeError, ValueError, AttributeError):
            return None

    def _known_tail(self, row: Mapping[str, Any], raw: bytes | None) -> Declared | None:
        """What the end of the line declares, where `tools` is the last key and the end was seen before."""
        if raw is None or not row or [*row][-1] != "tools":
            return None
        known = self._tails.get(raw[raw.rfind(_KEY) :])
        self._met += known is not None
        return known

    def declared(self, tools: list[Any], raw: bytes | None = None) -> Declared | None:
        """What such tools declare; None where a rule has something to say about them, or they are new all the time."""
        if self._missed > _TRIES + 4 * self._met:  # what is new in most rows is not worth remembering
            return None
        key = dumps(tools, 2)  # version 2 has no references: equal bytes for equal values in the same order
        if key in self._known:
            self._met += 1
        else:
            self._missed += 1
            if len(key) >= _LARGE and hash(key) not in self._large:
                self._large.add(hash(key))
                return None
            if len(self._known) >= _KEPT:
                self._known.clear()
                self._tails.clear()
            self._known[key] = self._checked(tools)
        declared = self._known[key]
        if declared is not None and raw is not None:
            self._remember_tail(raw[raw.rfind(_KEY) :], key, declared)
        return declared

    def _remember_tail(self, tail: bytes, key: bytes, declared: Declared) -> None:
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

    def _checked(self, tools: object) -> Declared | None:
        row = {"messages": _PROBE, "tools": tools}
        if not is_list(tools) or any(True for rule in self._rules for _ in (rule.row or _nothing)(row)):
            return None
        parameters = {tool["function"]["name"]: tool["function"].get("parameters") for tool in tools}
        simple = {name: _simple(schema) for name, schema in parameters.items()}
        return Declared(
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


def _flat(messages: list[dict[str, Any]], declared: Declared) -> Flat | None:
    flat: list[Any] = [declared.canonical]
    waiting: set[str] = set()
    made: set[str] = set()
    asked, role, last, state = "", "", 1, START
    for message in messages:
        last = len(flat)
        role, text = message["role"], message.get("content")
        if len(message) == 2 and text is not None:
            if waiting or not text or text.isspace():
                return None
            state = state[role]
            asked = text if role == "user" else asked
            flat += (role, text)
            continue
        turn = flat_message(message)
        if turn is None:
            return None
        flat += turn
        if role == "tool":
            waiting.remove(turn[1])
            continue
        ids = _ids(turn, declared)
        if waiting or not made.isdisjoint(ids):
            return None
        waiting, made, state = ids, made | ids, state[role]
    return Flat(tuple(flat), last, asked) if role == "assistant" and state is ANSWERED else None


def flat_message(message: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What a message says as a flat tuple, None for messages of other kinds.

    `(role, text)`, `("tool", id, text)`, or `("assistant", content, 1, id, name, arguments, ...)` with calls.
    """
    role, content = message["role"], message.get("content", False)
    size = len(message)
    if role == "tool":
        called = message.get("tool_call_id")
        return (role, called, content) if size == 3 and called.__class__ is content.__class__ is str else None
    if size == 2 and content.__class__ is str and role.__class__ is str:
        return role, content
    if role == "assistant" and content.__class__ in _BESIDE_CALLS and size == (2 if content is False else 3):
        return _flat_calls(content, message.get("tool_calls"))
    return None


def _flat_calls(content: object, calls: object) -> tuple[Any, ...] | None:
    if not is_list(calls) or not calls or content is True:
        return None
    flat: list[Any] = ["assistant", content]
    for call in calls:
        function = call["function"]
        if len(call) != 3 or call["type"] != "function" or len(function) != 2:
            return None
        flat += (1, call["id"], function["name"], function["arguments"])
    return tuple(flat)


def _ids(turn: tuple[Any, ...], declared: Declared) -> set[str]:
    """The ids of the calls of a message. Raises ValueError or LookupError where it has none that fit the tools."""
    ids: set[str] = set()
    for at in range(2, len(turn), 4):
        _, name, called, text = turn[at : at + 4]
        if name.__class__ is not str or name in ids:
            raise ValueError
        declared.check(called, text)
        ids.add(name)
    if not ids:
        raise ValueError
    return ids
