"""Graders for answers that are data: equal JSON, equal tool calls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, cast

__all__ = ["call_problem", "json_problem", "same_calls", "same_json"]


def same_json(expected: str, answer: str) -> bool:
    """Both are JSON, and equal: the order of keys, white space and the form of a number (1, 1.0, 1e0) do not count.

    The order of a list and the case of a text do. An answer that is no JSON, or holds NaN or a key twice, is wrong.
    """
    try:
        return _form(_parsed(expected)) == _form(_parsed(answer))
    except (ValueError, RecursionError):
        return False


def same_calls(expected: str, answer: str) -> bool:
    """Both are tool calls with equal names and equal arguments.

    Written as the service writes them (`[{"function": {"name": ..., "arguments": "{...}"}, ...}]`, which is also
    what `Example.answer` gives for a row that ends with tool calls), or short as `{"name": ..., "arguments":
    {...}}`, one or a list. Arguments are compared as `same_json` does; ids do not count, nor does the order of calls.
    """
    try:
        return Counter(_calls(_parsed(expected))) == Counter(_calls(_parsed(answer)))
    except (ValueError, RecursionError):
        return False


def json_problem(expected: str) -> str:
    """What keeps an expected answer from being JSON; empty when it is."""
    try:
        _form(_parsed(expected))
    except (ValueError, RecursionError):
        return "is not JSON"
    return ""


def call_problem(expected: str) -> str:
    """What keeps an expected answer from being tool calls; empty when it is."""
    try:
        return "" if list(_calls(_parsed(expected))) else "holds no tool call"
    except (ValueError, RecursionError):
        return "is not a tool call"


def _parsed(text: str) -> object:
    return json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands there twice")
    return value


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _form(value: object) -> Hashable:
    """A hashable form that is equal exactly for equal JSON values; True is not 1 here."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        return ("object", frozenset((key, _form(member)) for key, member in members.items()))
    if isinstance(value, list):
        return ("list", tuple(_form(item) for item in cast("list[object]", value)))
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ValueError("a number too large to compare")
    return value


def _calls(value: object) -> Iterator[tuple[str, Hashable]]:
    """Name and arguments of each call."""
    calls = cast("Sequence[object]", value) if isinstance(value, list) else [value]
    for call in calls:
        yield _call(call)


def _call(call: object) -> tuple[str, Hashable]:
    outer = _members(call)
    function = _members(outer.get("function", outer))
    name, arguments = function.get("name"), function.get("arguments", {})
    if not isinstance(name, str) or not name:
        raise ValueError("a call has a name")
    written = isinstance(arguments, str) and arguments.strip()
    return name, _form(_parsed(str(arguments)) if written else arguments or {})


def _members(value: object) -> Mapping[str, object]:
    """The members of an object; none of anything else, which then lacks a name."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
