"""Safe changes to one parsed row. Each changes the row in place, or leaves it alone where it is not sure.

A change is safe when nobody could have meant anything else by the row: texts, roles and calls stay what they
were, and nothing is dropped but keys that hold nothing, or made up but the ids of calls, which follow from their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final, NamedTuple, TypeAlias, TypeGuard

from ..checks._keys import messages_missing
from ..checks._messages import written
from ..checks._names import respelt_key
from ..checks._null import OF_A_FUNCTION, OF_A_MESSAGE, null_beside, null_in_schema, should_be_absent
from ..checks._roles import OTHER_NAMES, ROLES, respelt
from ..checks._space import trimmed_messages
from ..checks._tools import declared, owners
from ..rows._shape import is_list, is_object

__all__ = ["MENDERS", "Change", "maybe_null"]

_Row: TypeAlias = dict[str, Any]


class Change(NamedTuple):
    """One safe change: the name of the fix, the path, and what was and is there in words without row text."""

    fix: str
    path: str
    was: str
    now: str


def _key_spelling(row: _Row) -> list[Change]:
    """`messages` of a row, and `role` and `content` of its messages, in another case.

    Beside a form of a row that is known by other keys, `Messages` is something else.
    """
    meant = next((fault[0] for fault in messages_missing(row)), "")
    changes = _respelt(row, ("messages",), "") if respelt_key(meant) else []
    for path, message in written(row):
        changes += _respelt(message, ("role", "content"), f"{path}.")
    return changes


def _respelt(found: _Row, wanted: tuple[str, ...], path: str) -> list[Change]:
    changes: list[Change] = []
    for name in wanted:
        others = [key for key in found if respelt_key(key) == name] if name not in found else []
        if len(others) == 1:
            found[name] = found.pop(others[0])
            changes.append(
                Change("key-spelling", f"{path}{others[0]}", "the key in another case", f"`{name}`")
            )
    return changes


def _prompt_completion(row: _Row) -> list[Change]:
    """The oldest form: a text and what follows it; in newer files two lists of messages."""
    prompt, completion = row.get("prompt"), row.get("completion")
    if "messages" in row or not _sound_system(row):
        return []
    if _said(prompt) and _said(completion):
        messages: list[Any] = [_turn("user", prompt), _turn("assistant", completion)]
    elif _chat(prompt) and _chat(completion):
        messages = [*prompt, *completion]
    else:
        return []
    del row["prompt"], row["completion"]
    _open_with(row, messages)
    return [Change("prompt-completion", "prompt", "a prompt and a completion", f"{len(messages)} messages")]


_SPEAKERS: Final = {**OTHER_NAMES, **{role: role for role in ("system", "user", "assistant")}}


def _conversations(row: _Row) -> list[Change]:
    """ShareGPT's form: `from` and `value` under `conversations`; also our own messages under that name."""
    turns = row.get("conversations")
    if "messages" in row or not is_list(turns) or not turns or not _sound_system(row):
        return []
    if _chat(turns):
        messages, was = turns, "messages under another name"
    else:
        spoken = [_spoken(turn) for turn in turns]
        messages = [turn for turn in spoken if turn is not None]
        was = f"{len(turns)} turns with from and value"
        if len(messages) < len(turns):
            return []
    del row["conversations"]
    _open_with(row, messages)
    return [Change("conversations", "conversations", was, f"{len(row['messages'])} messages")]


def _spoken(turn: object) -> _Row | None:
    if not is_object(turn) or not {"from", "value"} <= turn.keys() <= {"from", "value", "weight"}:
        return None
    role, text, weight = _SPEAKERS.get(str(turn["from"]).strip().lower()), turn["value"], turn.get("weight")
    if role is None or not isinstance(text, str):
        return None
    if weight is None:
        return _turn(role, text)
    sound = role == "assistant" and not isinstance(weight, bool) and weight in (0, 1)
    return {**_turn(role, text), "weight": int(weight)} if sound else None


def _sound_system(row: _Row) -> bool:
    """A system text beside the turns is theirs to begin with, when it is a text."""
    return isinstance(row.get("system", ""), str)


def _open_with(row: _Row, messages: list[Any]) -> None:
    """Give the row its messages; a system text that stood beside them goes first."""
    if "system" in row and messages[0].get("role") != "system":
        system = row.pop("system")
        messages = [_turn("system", system), *messages] if system.strip() else messages
    row["messages"] = messages


def _said(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and bool(text.strip())


def _chat(turns: object) -> TypeGuard[list[Any]]:
    """A list of at least one message in the form of today."""
    return (
        is_list(turns)
        and bool(turns)
        and all(is_object(turn) and isinstance(turn.get("role"), str) and "content" in turn for turn in turns)
    )


def _turn(role: str, text: object) -> _Row:
    return {"role": role, "content": text}


def _role_spelling(row: _Row) -> list[Change]:
    """Known roles in another case, or with white space around them."""
    changes: list[Change] = []
    for path, message in written(row):
        role = message.get("role")
        known = respelt(role) if isinstance(role, str) and role not in ROLES else ""
        if known:
            message["role"] = known
            was = "the role in another case, or with white space around it"
            changes.append(Change("role-spelling", f"{path}.role", was, f"`{known}`"))
    return changes


def _null_keys(row: _Row) -> list[Change]:
    """Keys that models and tables write for what is not there."""
    changes: list[Change] = []
    for path, owner in owners(row):
        if is_object(owner):
            changes += _without(owner, null_beside(owner), path)
    for path, function in declared(row):
        if is_object(function):
            null = [key for key in OF_A_FUNCTION if function.get(key, "") is None]
            changes += _without(function, null, f"{path}.")
            changes += _without_schema_nulls(f"{path}.parameters", function.get("parameters"))
    for path, message in written(row):
        null = [key for key in OF_A_MESSAGE if should_be_absent(message, key)]
        changes += _without(message, null, f"{path}.")
    return changes


def _without_schema_nulls(path: str, schema: object) -> list[Change]:
    changes: list[Change] = []
    for null in null_in_schema(path, schema):
        del null.owner[null.key]
        changes.append(Change("null-key", null.path, null.said, "no such key"))
    return changes


def _without(found: _Row, null: list[str], path: str) -> list[Change]:
    return [
        Change(
            "null-key",
            f"{path}{key}",
            f"`{key}` is {'null' if found.pop(key) is None else 'empty'}",
            "no such key",
        )
        for key in null
    ]


def _tool_calls(row: _Row) -> list[Change]:
    """`functions`, `function_call` and function messages as `tools`, `tool_calls` and tool messages; all or none."""
    messages = row.get("messages")
    if not is_list(messages) or not all(map(is_object, messages)) or not _sound_functions(row):
        return []
    changes: list[Change] = []
    ids = _free_ids(messages)
    new: list[_Row] = []
    for index, message in enumerate(messages):
        path = f"messages[{index}]"
        if message.get("role") == "function":
            answer = _answer(message, new[-1:])
            if answer is None:
                return []
            new.append(answer)
            changes.append(Change("tool-calls", f"{path}.role", "a function message", "a tool message"))
        elif "function_call" in message:
            call = _call(message, messages[index + 1 : index + 2], ids)
            if call is None:
                return []
            new.append(call)
            changes.append(Change("tool-calls", f"{path}.function_call", "`function_call`", "`tool_calls`"))
        else:
            new.append(message)
    row["messages"] = new
    return changes + _tools(row)


def _sound_functions(row: _Row) -> bool:
    if "functions" not in row:
        return True
    functions = row["functions"]
    listed = is_list(functions) and bool(functions)
    return "tools" not in row and listed and all(is_object(each) and _named(each) for each in functions)


def _named(function: _Row) -> bool:
    return isinstance(function.get("name"), str)


def _tools(row: _Row) -> list[Change]:
    if "functions" not in row:
        return []
    row["tools"] = [{"type": "function", "function": function} for function in row.pop("functions")]
    return [Change("tool-calls", "functions", "`functions`", "`tools`")]


def _free_ids(messages: list[_Row]) -> Iterator[str]:
    """`call_1`, `call_2` and so on, without those that the row has already."""
    taken = [call.get("id") for message in messages for call in _calls(message)]
    return (name for name in (f"call_{number}" for number in count(1)) if name not in taken)


def _calls(message: _Row) -> list[_Row]:
    calls = message.get("tool_calls")
    return [call for call in calls if is_object(call)] if is_list(calls) else []


def _call(message: _Row, following: list[_Row], ids: Iterator[str]) -> _Row | None:
    """The assistant message with a tool call; None where it is malformed, or where nothing answers it."""
    function = message["function_call"]
    if message.get("role") != "assistant" or message.get("tool_calls") or not is_object(function):
        return None
    if function.keys() != {"name", "arguments"} or not all(
        isinstance(each, str) for each in function.values()
    ):
        return None
    if following and following[0].get("role") != "function":
        return None
    rest = {key: value for key, value in message.items() if key not in {"function_call", "tool_calls"}}
    return {**rest, "tool_calls": [{"id": next(ids), "type": "function", "function": function}]}


def _answer(message: _Row, before: list[_Row]) -> _Row | None:
    """The tool message; None unless it answers the call of the message before it."""
    calls = _calls(before[0]) if before else []
    function = calls[0].get("function") if len(calls) == 1 else None
    if (
        not is_object(function)
        or function.get("name") != message.get("name")
        or not _said(calls[0].get("id"))
    ):
        return None
    if not isinstance(message.get("content"), str) or message.keys() - {"role", "name", "content"}:
        return None
    return {"role": "tool", "tool_call_id": calls[0]["id"], "content": message["content"]}


def _white_space(row: _Row) -> list[Change]:
    """White space around what people and the model say."""
    changes: list[Change] = []
    for path, message, short, was in trimmed_messages(row):
        message["content"] = short
        changes.append(Change("white-space", path, was, "none"))
    return changes


def maybe_null(raw: bytes) -> bool:
    """The line of a row may hold a null key; sure if not."""
    return any(word in raw for word in (b"null", b"annotations", b"\\u"))


MENDERS: Final[dict[str, Callable[[_Row], list[Change]]]] = {
    "key-spelling": _key_spelling,
    "prompt-completion": _prompt_completion,
    "conversations": _conversations,
    "role-spelling": _role_spelling,
    "null-key": _null_keys,
    "tool-calls": _tool_calls,
    "white-space": _white_space,
}
"""The safe changes by the name of their fix, in the order in which they are tried."""
