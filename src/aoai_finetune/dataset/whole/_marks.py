"""Marks of rows: integers that are equal for equal things, however their keys are ordered.

A row that is not plain is marked as the bytes that `marshal` makes of it, which takes a third of the time of its
canonical form. They depend on the order of keys, so there is one order for all: that in which most people write
them, which then costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from marshal import dumps
from operator import gt
from typing import Any, Final, TypeAlias

from ..checks._messages import MOST, OUTPUTS
from ..checks._roles import ROLES, row_as_meant
from ..rows._canonical import canonical_json
from ..rows._example import answer_of, question_of, text_of
from ..rows._shape import is_list, is_object
from ..shortcuts._shapes import LETTERS, WORDS
from ..shortcuts._tool_rows import flat_message

__all__ = [
    "Mark",
    "RowMarks",
    "bytes_of_calls",
    "graded_marks_of",
    "marks_of",
    "preference_marks_of",
    "settled",
    "stable_mark",
]

Mark: TypeAlias = Callable[[Any], int]

RowMarks: TypeAlias = tuple[int | None, int, str | bytes, str]
"""The marks of what comes before the answer (None where none is at the end) and of all; what is answered and asked."""

_RANK: Final = {word: rank for rank, word in enumerate(WORDS)}
_NESTED: Final[frozenset[object]] = frozenset({dict, list})
_BESIDE_FIELDS: Final = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
_KEPT: Final = 1024
_FEW: Final = 8
_in_order: set[tuple[str, ...]] = set()
"""Keys of small objects that were found to be in order; other threads may add to it."""


def stable_mark(value: object) -> int:
    """A mark that means the same in every process."""
    return int.from_bytes(sha256(repr(value).encode(errors="surrogatepass")).digest()[:8], signed=True)


def marks_of(row: Mapping[str, Any], mark: Mark, *, in_order: bool = False) -> RowMarks:
    """What is to be noted of a row that is not plain.

    The mark of the prompt is the same for a plain row; that of the whole is the same for a row known at a glance.
    `in_order` says that all keys of the row are in order, as `settled` tells of a shape.
    """
    messages: Any = row.get("messages")
    told = messages.__class__ is list and 0 < len(messages) <= MOST
    # How keys are ordered inside of tools does not show in the flat form.
    whole = _flat_with_tools(row["tools"], messages) if told and len(row) == 2 and "tools" in row else None
    if not in_order and not _sorted_inside(row if whole is None else messages):
        row = _put_in_order(row) if whole is None else {"messages": _rearranged(messages)}
    if not told:
        return None, mark(_bytes_of(row)), answer_of(row), question_of(row)
    marked = mark(_bytes_of(row) if whole is None else whole)
    messages = row["messages"]
    asked = _last(messages, "user")
    if asked is None or _is_odd(messages[-1]):
        messages = row_as_meant(row)["messages"]
        asked = _last(messages, "user")
    prompt, answer = _answered(messages, mark)
    return prompt, marked, answer, _text(asked.get("content")) if asked else ""


def _answered(messages: list[Any], mark: Mark) -> tuple[int | None, str | bytes]:
    """The mark of what comes before an answer at the end, None where there is none; and the last answer."""
    last = messages[-1]
    if last.__class__ is dict and last.get("role") == "assistant":
        return mark((*_flat(messages[:-1]), "assistant")), _answer(last)
    given = _last(messages, "assistant")
    return None, _answer(given) if given else ""


def graded_marks_of(row: Mapping[str, Any], mark: Mark, *, in_order: bool = False) -> RowMarks:
    """The same of a reinforcement row, whose answer is its fields; no plain row with the same messages has the same."""
    prompt, whole, answer, asked = marks_of(row, mark, in_order=in_order)
    messages: Any = row.get("messages")
    if prompt is not None or not (is_list(messages) and 0 < len(messages) <= MOST):
        return prompt, whole, answer, asked
    if not in_order and not _sorted_inside(row):
        row = _put_in_order(row)
    fields = {key: value for key, value in row.items() if key not in _BESIDE_FIELDS}
    beside = {key: value for key, value in row.items() if key not in fields and key != "messages"}
    flat = (*_flat(row["messages"]), *([_bytes_of(beside)] if beside else []), "fields")
    return mark(flat), whole, _bytes_of(fields), asked


def preference_marks_of(
    row: Mapping[str, Any], mark: Mark, *, in_order: bool = False
) -> tuple[int, int, int]:
    """The marks of a preference row that is not plain: of its input, of its two outputs, and of these turned round."""
    if not in_order and not _sorted_inside(row):
        row = _put_in_order(row)
    outputs = [row[name] for name in OUTPUTS if is_list(row.get(name))]
    better, worse = map(_bytes_of, outputs) if len(outputs) == len(OUTPUTS) else (b"", b"")
    rest = {key: value for key, value in row.items() if not (better and key in OUTPUTS)}
    return mark(_bytes_of(rest)), mark((better, worse)), mark((worse, better))


def bytes_of_calls(calls: list[Any]) -> bytes:
    """What stands for an answer that is nothing but calls, whose keys are in order."""
    return _bytes_of(calls)


def _last(messages: list[Any], role: str) -> Mapping[str, Any] | None:
    for message in reversed(messages):
        if message.__class__ is dict and message.get("role") == role:
            found: Mapping[str, Any] = message
            return found
    return None


def _is_odd(message: object) -> bool:
    """A message of a role that the service does not know, which may stand for another."""
    return is_object(message) and message.get("role") not in ROLES


def _text(content: object) -> str:
    """`text_of`, sooner where there is a text or nothing."""
    return content if isinstance(content, str) else text_of(content) if content else ""


def _answer(given: Mapping[str, Any]) -> str | bytes:
    """What a message answers: its text, or else its calls."""
    text = _text(given.get("content"))
    calls: object = None if text else given.get("tool_calls")
    return bytes_of_calls(calls) if calls and is_list(calls) else text


def settled(row: Mapping[str, Any]) -> bool:
    """The keys of all rows of the shape of this one are in order."""
    waiting: list[Any] = [row]
    for value in waiting:
        if is_object(value):
            if sum(key not in _RANK for key in value) > 1 or not _is_sorted(value):
                return False
            waiting += [
                item for key, item in value.items() if key not in LETTERS and item.__class__ in _NESTED
            ]
            if not all(_sorted_inside(value[key]) for key in LETTERS & value.keys()):
                return False
        else:
            waiting += [item for item in value if item.__class__ in _NESTED]
    return True


def _flat(messages: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    for message in messages:
        if len(message) == 2:  # most of them
            role, content = message.get("role"), message.get("content")
            # What answers a call is told by three items, so one without its id is no pair.
            if role.__class__ is content.__class__ is str and role != "tool":
                flat += (role, content)
                continue
        turn = _flat_message(message)
        if turn is None:
            flat.append(_bytes_of(message))
        else:
            flat += turn
    return flat


def _flat_with_tools(tools: object, messages: Iterable[Any]) -> tuple[Any, ...] | None:
    """What `ToolRows.flat` makes of such a row; None where a message is none of its kinds."""
    flat: list[Any] = []
    for message in messages:
        turn = _flat_message(message)
        if turn is None:
            return None
        flat += turn
    return (canonical_json(tools), *flat)


def _flat_message(message: Mapping[str, Any]) -> tuple[Any, ...] | None:
    try:
        flat = flat_message(message)
    except (LookupError, TypeError):
        return None
    # In a call that is not sound anything may stand: true equals 1, and -1 has the hash of -2. Each call begins with a 1.
    if flat is not None and any(item.__class__ is not str for at, item in enumerate(flat[2:]) if at % 4):
        return None
    return flat


def _bytes_of(value: dict[str, Any] | list[Any] | Mapping[str, Any]) -> bytes:
    """Equal for equal JSON values in order, and for no others. Version 2 of the format has no references."""
    whole: Any = value
    return dumps(whole, 2)


def _sorted_inside(value: object) -> bool:
    """All objects in a JSON value have their keys in order."""
    waiting: list[Any] = [value] if value.__class__ in _NESTED else []
    for found in waiting:
        if is_object(found):
            if len(found) > 1 and not _is_sorted(found):
                return False
            waiting += [item for item in found.values() if item.__class__ in _NESTED]
        else:
            waiting += [item for item in found if item.__class__ in _NESTED]
    return True


def _is_sorted(value: dict[str, Any]) -> bool:
    keys = tuple(value)
    if keys in _in_order:
        return True
    if any(map(gt, map(_place, keys), map(_place, keys[1:]))):
        return False
    if len(keys) <= _FEW and len(_in_order) < _KEPT:
        _in_order.add(keys)
    return True


def _place(key: str) -> tuple[int, str]:
    """Keys are in order where their places are."""
    return _RANK.get(key, len(_RANK)), key


def _ordered(keys: Iterable[str]) -> list[str]:
    """The words of the format first, in the order of `WORDS`, then all others by their letters."""
    known = sorted([key for key in keys if key in _RANK], key=_RANK.__getitem__)
    return known + sorted([key for key in keys if key not in _RANK])


def _rearranged(value: object) -> object:
    """The same object or list with the keys of each object in order."""
    if is_object(value):
        return _put_in_order(value)
    items = value if is_list(value) else []
    return [_rearranged(item) if item and item.__class__ in _NESTED else item for item in items]


def _put_in_order(value: Mapping[str, Any]) -> dict[str, Any]:
    keys = value if len(value) < 2 else _ordered(value)
    if _NESTED.isdisjoint(map(type, value.values())):
        return {key: value[key] for key in keys}
    return {
        key: _rearranged(item) if (item := value[key]) and item.__class__ in _NESTED else item for key in keys
    }
