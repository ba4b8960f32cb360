"""Checks of the shape of one parsed row: its messages, roles, contents, calls and keys.

Every check is a pure function that takes any JSON object and yields `(JSON path, what is wrong)`, and what to do about
it where that is not what its rule says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from ..rows._canonical import write_json
from ..rows._findings import key_path
from ..rows._shape import is_list, is_object, kind_of
from ._names import instead_of, missing
from ._null import should_be_absent
from ._roles import ROLES, as_meant, meant, respelt

__all__ = [
    "MOST",
    "OUTPUTS",
    "CheckedRow",
    "Faults",
    "Row",
    "all_texts",
    "audio",
    "content_missing",
    "finite",
    "function_call",
    "huge_integers",
    "list_too_long",
    "may_lack_content",
    "message_type",
    "messages_empty",
    "messages_type",
    "name_type",
    "not_json",
    "objects",
    "refusal_type",
    "role_missing",
    "role_spelling",
    "role_unknown",
    "some",
    "texts",
    "tool_call_id",
    "tool_calls",
    "weight_value",
    "written",
]

Row: TypeAlias = Mapping[str, Any]
Faults: TypeAlias = Iterator[tuple[str, str] | tuple[str, str, str]]

OUTPUTS: Final = ("preferred_output", "non_preferred_output")

_READ_JSON: Final = 'It may be a list in JSON: row["messages"] = json.loads(row["messages"]) reads it'
_ABSENT: Final = object()
_EXACT: Final = 2**53
_LISTS: Final = ("content", "tool_calls")
_EXPONENT: Final = re.compile(rb"[eE][+-]?\d")
_ZEROS: Final = bytes.maketrans(b"123456789E", b"000000000e")
_LONG_NUMBER: Final = b"0" * 300

MOST: Final = 4_000
"""Of a longer list in a row the rest is not looked at; `list-too-long` says so."""


def some(value: object) -> list[Any]:
    """The items of a list, at most `MOST`; none of anything else."""
    return (value if len(value) <= MOST else value[:MOST]) if is_list(value) else []


class CheckedRow(dict[str, Any]):
    """A row that remembers its messages, so that fifty checks do not each look for them again.

    Attributes:
        finite: it was read from bytes that are (`finite`).
    """

    finite = False
    _objects: list[tuple[str, Row]] | None = None
    _words: set[str] | None = None
    _texts: list[tuple[str, str]] | None = None

    @property
    def objects(self) -> list[tuple[str, Row]]:
        """Every message that is an object, with its path."""
        if self._objects is None:
            self._objects = list(_objects(self))
        return self._objects

    @property
    def words(self) -> set[str]:
        """The keys of the row, of its input, messages and parts, and the roles: what decides which rules apply."""
        if self._words is None:
            self._words = self._all_words()
        return self._words

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Every text of the messages, with its path."""
        if self._texts is None:
            self._texts = list(_all_texts(self.objects))
        return self._texts

    def _all_words(self) -> set[str]:
        words = set(self)
        asked: object = self.get("input")
        if is_object(asked):
            words.update(asked)
        for _, message in self.objects:
            words.update(message)
            role, content = message.get("role"), message.get("content")
            if isinstance(role, str):
                words.add(role)
            for part in some(content):
                if is_object(part):
                    words.update(part)
        return words


def _lists(row: Row) -> Iterator[tuple[str, list[Any]]]:
    """Every list of messages in a row of any kind, with its path."""
    asked: object = row.get("input")
    if is_object(asked) and is_list(asked.get("messages")):
        yield "input.messages", asked["messages"]
    for path in ("messages", *OUTPUTS):
        messages: object = row.get(path)
        if is_list(messages):
            yield path, messages


def objects(row: Row) -> Iterable[tuple[str, Row]]:
    """Every message that is an object, with its path, and with the role that it stands for."""
    return row.objects if isinstance(row, CheckedRow) else _objects(row)


def _objects(row: Row) -> Iterator[tuple[str, Row]]:
    return ((path, as_meant(message)) for path, message in written(row))


def written(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same as they stand in the row, which may be changed there."""
    for path, messages in _lists(row):
        for index, message in enumerate(some(messages)):
            if is_object(message):
                yield f"{path}[{index}]", message


def texts(row: Row) -> Iterable[tuple[str, str]]:
    """Every text of the messages of a row, with its path."""
    return row.texts if isinstance(row, CheckedRow) else _all_texts(_objects(row))


def _all_texts(messages: Iterable[tuple[str, Row]]) -> Iterator[tuple[str, str]]:
    for path, message in messages:
        content: object = message.get("content")
        if isinstance(content, str):
            yield f"{path}.content", content
        for at, part in enumerate(some(content)):
            if is_object(part) and isinstance(part.get("text"), str):
                yield f"{path}.content[{at}].text", part["text"]


def all_texts(row: Row) -> Iterator[tuple[str, str]]:
    """The texts of the messages, and what else the model says in them: refusals, and the arguments of calls."""
    yield from texts(row)
    for path, message in objects(row):
        if len(message) > 2:
            yield from _other_texts(path, message)


def _other_texts(path: str, message: Row) -> Iterator[tuple[str, str]]:
    if isinstance(message.get("refusal"), str):
        yield f"{path}.refusal", message["refusal"]
    calls: object = message.get("tool_calls")
    called = [(f"{path}.tool_calls[{at}].function", call) for at, call in enumerate(some(calls))]
    functions = [(place, call.get("function")) for place, call in called if is_object(call)]
    for place, function in [*functions, (f"{path}.function_call", message.get("function_call"))]:
        if is_object(function) and isinstance(function.get("arguments"), str):
            yield f"{place}.arguments", function["arguments"]


def list_too_long(row: Row) -> Faults:
    """Lists of so many messages, parts, calls or tools that no model could take them."""
    lists = [*_lists(row), ("tools", row.get("tools"))]
    lists += [(f"{path}.{key}", message.get(key)) for path, message in objects(row) for key in _LISTS]
    for path, found in lists:
        if is_list(found) and len(found) > MOST:
            yield path, f"the list has {len(found):,} items; the first {MOST:,} were looked at"


def finite(raw: bytes) -> bool:
    """The bytes of a row show that none of its numbers is too large to be written back."""
    zeros = raw.translate(_ZEROS)
    return (b"0e" not in zeros or _EXPONENT.search(raw) is None) and _LONG_NUMBER not in zeros


def not_json(row: Row) -> Faults:
    """Numbers such as 1e999, which a parser reads as infinity, and what else cannot be written back."""
    if isinstance(row, CheckedRow) and row.finite:
        return
    try:
        write_json(row)
    except (ValueError, TypeError, RecursionError):
        yield "", "a number is too large, or a text is not valid UTF-8"


def messages_type(row: Row) -> Faults:
    """`messages` that are something other than a list."""
    if "messages" in row and not is_list(row["messages"]):
        hint = _READ_JSON if isinstance(row["messages"], str) else ""
        yield "messages", f"`messages` is {kind_of(row['messages'])}, not a list", hint


def messages_empty(row: Row) -> Faults:
    """A list of no messages."""
    for path, messages in _lists(row):
        if not messages:
            yield path, "the list is empty"


def message_type(row: Row) -> Faults:
    """Messages that are not objects."""
    for path, messages in _lists(row):
        for index, message in enumerate(some(messages)):
            if not is_object(message):
                yield f"{path}[{index}]", f"the message is {kind_of(message)}, not an object"


def role_missing(row: Row) -> Faults:
    """Messages without a role, or with one that is not a text."""
    for path, message in objects(row):
        role = message.get("role", _ABSENT)
        if role is _ABSENT:
            yield missing(path, "role", instead_of("role", message), "the message")
        elif not isinstance(role, str):
            yield f"{path}.role", f"`role` is {kind_of(role)}, not a text"


def role_unknown(row: Row) -> Faults:
    """Roles that the service does not know, and not those that are only spelt in another way."""
    for path, message in written(row):
        role = message.get("role")
        if isinstance(role, str) and role not in ROLES and not respelt(role):
            near = meant(role)
            said = f"there is no such role{f'; did you mean `{near}`?' if near else ''}"
            yield f"{path}.role", said, f"Write `{near}`" if near else ""


def role_spelling(row: Row) -> Faults:
    """Known roles in another case, or with white space around them."""
    for path, message in written(row):
        role = message.get("role")
        if isinstance(role, str) and role not in ROLES and respelt(role):
            yield f"{path}.role", f"the service knows this role as `{respelt(role)}` only"


def content_missing(row: Row) -> Faults:
    """Messages without content where no tool call, function call or refusal stands in for it."""
    for path, message in objects(row):
        if message.get("content") is None and not may_lack_content(message):
            yield missing(path, "content", instead_of("content", message), "the message")


def may_lack_content(message: Row) -> bool:
    role = message.get("role")
    if role == "assistant" or role not in ROLES:
        return any(message.get(key) for key in ("tool_calls", "function_call", "refusal"))
    return role == "function" and "content" in message


def name_type(row: Row) -> Faults:
    """Names that are not texts; a function message needs one."""
    for path, message in objects(row):
        name = message.get("name", _ABSENT)
        if name is _ABSENT:
            if message.get("role") == "function":
                yield f"{path}.name", "a function message needs the `name` of its function"
        elif not isinstance(name, str) and not should_be_absent(message, "name"):
            yield f"{path}.name", f"`name` is {kind_of(name)}, not a text"


def refusal_type(row: Row) -> Faults:
    """Refusals that are not texts."""
    for path, message in objects(row):
        refusal: object = message.get("refusal")
        if message.get("role") == "assistant" and refusal is not None and not isinstance(refusal, str):
            yield f"{path}.refusal", f"the refusal is {kind_of(refusal)}, not a text"


def audio(row: Row) -> Faults:
    """Audio of an answer, which training does not take."""
    for path, message in objects(row):
        if message.get("role") == "assistant" and message.get("audio") is not None:
            yield f"{path}.audio", "audio is not documented for training"


def huge_integers(row: Row) -> Faults:
    """Whole numbers that many JSON parsers round, beyond 2 to the power of 53."""
    for place in _huge(row):
        path = ""
        for part in place:
            path = f"{path}[{part}]" if isinstance(part, int) else key_path(path, part)
        yield path, "many parsers round a whole number of this size"


def _huge(value: object) -> Iterator[tuple[int | str, ...]]:
    waiting: list[tuple[tuple[int | str, ...], object]] = [((), value)]
    while waiting:
        place, found = waiting.pop()
        items = found.items() if is_object(found) else enumerate(some(found))
        for key, item in items:
            kind = item.__class__
            if kind is int:
                if not -_EXACT <= item <= _EXACT:
                    yield (*place, key)
            elif item and (kind is dict or kind is list):
                waiting.append(((*place, key), item))


def weight_value(row: Row) -> Faults:
    """Weights other than 0 and 1."""
    for path, message in objects(row):
        weight: object = message.get("weight", 1)
        if weight is None:
            continue  # `null-key` says so
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight not in {0, 1}:
            yield f"{path}.weight", "`weight` is 0 or 1"


def tool_calls(row: Row) -> Faults:
    """Tool calls that are not a list of complete calls."""
    for path, message in objects(row):
        calls: object = message.get("tool_calls", _ABSENT)
        if is_list(calls) and calls:
            for index, call in enumerate(some(calls)):
                yield from _call(f"{path}.tool_calls[{index}]", call)
        elif calls is not _ABSENT and calls is not None:
            yield f"{path}.tool_calls", "`tool_calls` is a list of at least one call"


def _call(path: str, call: object) -> Faults:
    if not is_object(call):
        yield path, f"the call is {kind_of(call)}, not an object"
        return
    if not isinstance(call.get("id"), str):
        yield f"{path}.id", "a call needs an `id`"
    if call.get("type") != "function":
        yield f"{path}.type", "the type of a call is `function`"
    yield from _named_arguments(f"{path}.function", call.get("function"))


def _named_arguments(path: str, function: object) -> Faults:
    for key in ("name", "arguments"):
        if not is_object(function) or not isinstance(function.get(key), str):
            yield f"{path}.{key}", f"a call needs its function's `{key}` as a text"


def function_call(row: Row) -> Faults:
    """The older form of a tool call, incomplete."""
    for path, message in objects(row):
        if message.get("function_call") is not None:
            yield from _named_arguments(f"{path}.function_call", message["function_call"])


def tool_call_id(row: Row) -> Faults:
    """Tool messages that do not say which call they answer."""
    for path, message in objects(row):
        if message.get("role") == "tool" and not isinstance(message.get("tool_call_id"), str):
            yield f"{path}.tool_call_id", "a tool message needs the `tool_call_id` of the call it answers"
