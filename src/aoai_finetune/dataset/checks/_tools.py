"""Checks of tools: what a row declares, what its messages call, and which call each result answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from jiter import from_json

from ..rows._shape import is_list, is_object, kind_of
from ._messages import MOST, OUTPUTS, Faults, Row, objects, some
from ._null import OF_A_FUNCTION, OF_A_MESSAGE, null_beside, null_in_schema, should_be_absent
from ._roles import ROLES
from ._schema import Patience, misfits

__all__ = [
    "calls_in_parallel",
    "declared",
    "functions_at_most",
    "null_keys",
    "older_functions",
    "owners",
    "parallel_tool_calls",
    "tool_arguments",
    "tool_call_ids",
    "tool_call_unanswered",
    "tool_call_unknown",
    "tool_misfits",
    "tool_names_at_most",
    "tool_twice",
    "tool_undeclared",
    "tools_type",
]

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_ABSENT: Final = object()
_NOT_JSON: Final = object()


def owners(row: Row) -> Iterator[tuple[str, Row]]:
    """What may have `tools`: the row, and the input of a preference row; each with the start of its paths."""
    yield "", row
    asked: object = row.get("input")
    if "messages" not in row and is_object(asked):
        yield "input.", asked


def declared(row: Row) -> Iterator[tuple[str, Row]]:
    """Every declared function that is an object, with its path."""
    for start, owner in owners(row):
        tools: object = owner.get("tools")
        for index, tool in enumerate(some(tools)):
            if is_object(tool) and is_object(tool.get("function")):
                yield f"{start}tools[{index}].function", tool["function"]
        functions: object = owner.get("functions")
        for index, function in enumerate(some(functions)):
            if is_object(function):
                yield f"{start}functions[{index}]", function


def _parameters(row: Row) -> dict[str, object]:
    """The schemas of the declared functions by name."""
    named = (function for _, function in declared(row) if isinstance(function.get("name"), str))
    return {function["name"]: function.get("parameters") for function in named}


def tools_type(row: Row) -> Faults:
    """`tools` that are not a list of complete tools."""
    for start, owner in owners(row):
        tools: object = owner.get("tools")
        if is_list(tools):
            for index, tool in enumerate(some(tools)):
                yield from _tool(f"{start}tools[{index}]", tool)
        elif tools is not None:
            yield f"{start}tools", f"`tools` is {kind_of(tools)}, not a list"


def _tool(path: str, tool: object) -> Faults:
    if not is_object(tool):
        yield path, f"the tool is {kind_of(tool)}, not an object"
        return
    if tool.get("type") != "function":
        yield f"{path}.type", "the type of a tool is `function`"
    yield from _function(f"{path}.function", tool.get("function"))


# Null for a description or for parameters is another finding: `null-key`.
_OPTIONAL: Final[tuple[tuple[str, str, tuple[type, ...]], ...]] = (
    ("description", "a text", (str, type(None))),
    ("parameters", "an object", (dict, type(None))),
    ("strict", "true, false or null", (bool, type(None))),
)


def _function(path: str, function: object) -> Faults:
    if not is_object(function):
        yield path, "a tool needs its `function` as an object"
        return
    if not isinstance(function.get("name"), str):
        yield f"{path}.name", "the `name` of a function is a text"
    for key, wanted, kinds in _OPTIONAL:
        if key in function and not isinstance(function[key], kinds):
            yield f"{path}.{key}", f"the `{key}` of a function is {wanted}"


def null_keys(row: Row) -> Faults:
    """Null for what may be absent. The service takes it in one place, as `function_call` of an answer."""
    for start, owner in owners(row):
        for key in null_beside(owner):
            yield f"{start}{key}", f"`{key}` is null"
    for path, function in declared(row):
        for key in OF_A_FUNCTION:
            if function.get(key, "") is None:
                yield f"{path}.{key}", f"`{key}` is null"
        for null in null_in_schema(f"{path}.parameters", function.get("parameters")):
            yield null.path, null.said
    for path, message in objects(row):
        for key in OF_A_MESSAGE:
            answers = key == "function_call" and message.get("role") == "assistant"
            if should_be_absent(message, key) and not answers:
                yield f"{path}.{key}", f"`{key}` is {'null' if message[key] is None else 'empty'}"


def functions_at_most(most: int) -> Callable[[Row], Faults]:
    """`functions` that are not a list of one to `most` complete functions."""

    def check(row: Row) -> Faults:
        for start, owner in owners(row):
            functions: object = owner.get("functions")
            if is_list(functions) and 1 <= len(functions) <= most:
                for index, function in enumerate(functions):
                    yield from _function(f"{start}functions[{index}]", function)
            elif functions is not None:
                yield f"{start}functions", f"`functions` is a list of 1 to {most} functions"

    return check


def tool_names_at_most(most: int) -> Callable[[Row], Faults]:
    """Names of functions that are too long, or hold more than letters, digits, `_` and `-`."""

    def check(row: Row) -> Faults:
        for path, function in declared(row):
            name: object = function.get("name")
            if isinstance(name, str) and not (len(name) <= most and _NAME.match(name)):
                yield f"{path}.name", f"the name is not 1 to {most} letters, digits, `_` and `-`"

    return check


def tool_twice(row: Row) -> Faults:
    """Two functions of one name."""
    seen: set[str] = set()
    for path, function in declared(row):
        name: object = function.get("name")
        if isinstance(name, str) and name in seen:
            yield f"{path}.name", "another function has this name"
        elif isinstance(name, str):
            seen.add(name)


def older_functions(row: Row) -> Faults:
    """`functions`, `function_call` and the role `function`, which `tools` replaced."""
    for start, owner in owners(row):
        if owner.get("functions") is not None:
            yield f"{start}functions", "`functions` is the older form of `tools`"
    for path, message in objects(row):
        if message.get("function_call") is not None:
            yield f"{path}.function_call", "`function_call` is the older form of `tool_calls`"
        if message.get("role") == "function":
            yield f"{path}.role", "`function` is the older form of the role `tool`"


def parallel_tool_calls(row: Row) -> Faults:
    """`parallel_tool_calls` that is neither true nor false."""
    for start, owner in owners(row):
        if not isinstance(owner.get("parallel_tool_calls"), bool | None):
            yield f"{start}parallel_tool_calls", "`parallel_tool_calls` is true or false"


def calls_in_parallel(row: Row) -> Faults:
    """Several calls in one message of a row that switches that off."""
    if all(owner.get("parallel_tool_calls") is not False for _, owner in owners(row)):
        return
    for path, message in objects(row):
        calls: object = message.get("tool_calls")
        if is_list(calls) and len(calls) > 1:
            yield f"{path}.tool_calls", "the message has several calls, and `parallel_tool_calls` is false"


def _calls(path: str, message: Row) -> Iterator[tuple[str, Row]]:
    """The tool calls of a message that are objects."""
    calls: object = message.get("tool_calls")
    for index, call in enumerate(some(calls)):
        if is_object(call):
            yield f"{path}.tool_calls[{index}]", call


def _called(row: Row) -> Iterator[tuple[str, Row]]:
    """Every function that is called in either form, with its path."""
    for path, message in objects(row):
        for place, call in _calls(path, message):
            if is_object(call.get("function")):
                yield f"{place}.function", call["function"]
        if is_object(message.get("function_call")):
            yield f"{path}.function_call", message["function_call"]


def tool_undeclared(row: Row) -> Faults:
    """Calls of functions that the row does not declare."""
    called = list(_called(row))
    known = _parameters(row) if called else {}
    for path, function in called:
        if isinstance(function.get("name"), str) and function["name"] not in known:
            yield f"{path}.name", "the row declares no tool of this name"


def _arguments(function: Row) -> object:
    arguments: object = function.get("arguments")
    if not isinstance(arguments, str):
        return _ABSENT
    try:
        return from_json(arguments.encode(), allow_inf_nan=False, cache_mode="keys")
    except ValueError:
        return _NOT_JSON


def tool_arguments(row: Row) -> Faults:
    """Arguments that are a text, but not that of a JSON object."""
    for path, function in _called(row):
        arguments = _arguments(function)
        if arguments is _NOT_JSON:
            yield f"{path}.arguments", "the arguments are not valid JSON"
        elif arguments is not _ABSENT and not is_object(arguments):
            yield f"{path}.arguments", f"the arguments are {kind_of(arguments)}, not an object"


def tool_misfits(row: Row) -> Faults:
    """Arguments that do not fit the declared schema; `_schema` says which part of JSON Schema is looked at.

    Where there was more than is looked at, the first thing said is that the others are not all.
    """
    patience = Patience()
    found = list(islice(_misfits(row, patience), MOST))
    if found and (patience.cut or len(found) == MOST):
        yield "", "the calls of this row hold more than is looked at: more of it may not fit than is counted"
    yield from found[: MOST - 1]


def _misfits(row: Row, patience: Patience) -> Faults:
    called = list(_called(row))
    known = _parameters(row) if called else {}
    for path, function in called:
        name, arguments = function.get("name"), _arguments(function)
        if isinstance(name, str) and is_object(arguments):
            yield from misfits(arguments, known.get(name), f"{path}.arguments", patience)


def _conversations(row: Row) -> Iterator[list[tuple[str, Row]]]:
    """The messages that follow one another: a chat row's, or a preference row's input with each of its outputs."""
    everything = list(objects(row))
    if "messages" in row:
        yield [(path, message) for path, message in everything if path.startswith("messages")]
        return
    for output in OUTPUTS:
        yield [(path, message) for path, message in everything if path.startswith(("input.", output))]


def tool_call_unknown(row: Row) -> Faults:
    """Tool messages that answer a call nobody made before."""
    found: dict[tuple[str, str], None] = {}
    for conversation in _conversations(row):
        made: set[object] = set()
        for path, message in conversation:
            made.update(_ids(path, message))
            answered: object = message.get("tool_call_id")
            if message.get("role") == "tool" and isinstance(answered, str) and answered not in made:
                found[f"{path}.tool_call_id", "no message before it makes the call that it answers"] = None
    yield from found


def _ids(path: str, message: Row) -> dict[str, str]:
    """The ids of the calls of a message, each with its path."""
    calls = ((call.get("id"), place) for place, call in _calls(path, message))
    return {name: f"{place}.id" for name, place in calls if isinstance(name, str)}


def tool_call_unanswered(row: Row) -> Faults:
    """Calls after which the conversation goes on without their result."""
    found: dict[tuple[str, str], None] = {}
    for conversation in _conversations(row):
        for place in _unanswered(conversation):
            found[place, "the conversation goes on without the result of this call"] = None
    yield from found


def _unanswered(conversation: Iterable[tuple[str, Row]]) -> Iterator[str]:
    waiting: dict[Any, str] = {}
    for path, message in conversation:
        if message.get("role") == "tool":
            answered: object = message.get("tool_call_id")
            waiting.pop(answered if isinstance(answered, str) else None, None)
        else:
            # Of a role that nobody knows it may be the result.
            yield from waiting.values() if message.get("role") in ROLES else ()
            waiting = {**_ids(path, message)}


def tool_call_ids(row: Row) -> Faults:
    """Two calls with one id, or two answers to one call."""
    yield from dict.fromkeys(said for conversation in _conversations(row) for said in _twice(conversation))


def _twice(conversation: Iterable[tuple[str, Row]]) -> Faults:
    made: set[str] = set()
    answered: set[str] = set()
    for path, message in conversation:
        for place, call in _calls(path, message):
            if isinstance(call.get("id"), str):
                if call["id"] in made:
                    yield f"{place}.id", "another call of the row has this id"
                made.add(call["id"])
        name: object = message.get("tool_call_id")
        if message.get("role") == "tool" and isinstance(name, str):
            if name in answered:
                yield f"{path}.tool_call_id", "another message answers this call"
            answered.add(name)
