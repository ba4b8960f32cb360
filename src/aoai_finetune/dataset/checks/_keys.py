"""Checks of the keys of a row and of its messages: those that are missing, and those that the service refuses."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ..rows._findings import key_path
from ..rows._shape import is_list, is_object
from ._messages import OUTPUTS, Faults, Row, may_lack_content, objects, some
from ._names import instead_of, missing
from ._null import null_beside, should_be_absent
from ._roles import role_of

__all__ = [
    "GRADED",
    "is_graded",
    "is_preference",
    "message_keys",
    "messages_missing",
    "older_preference",
    "row_keys",
]

_COMMON: Final = frozenset({"role", "content", "name", "weight"})  # a misplaced weight is `weight-role`
_KEYS: Final = {
    "system": _COMMON,
    "developer": _COMMON,
    "user": _COMMON,
    "assistant": _COMMON | {"tool_calls", "function_call", "refusal", "audio"},
    "tool": _COMMON | {"tool_call_id"},
    "function": _COMMON,
}
_ROW_KEYS: Final = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
_PREFERENCE_KEYS: Final = frozenset({"input", *OUTPUTS})
_PREFERENCE_FORM: Final = (
    'Write {"input": {"messages": [{"role": "user", "content": ...}]}, "preferred_output": [{"role": "assistant", '
    '"content": ...}], "non_preferred_output": [{"role": "assistant", "content": ...}]}, for AzureRules(method="dpo")'
)
_FROM_PAIRS: Final = "Make rows of them: Dataset.from_pairs(({}) for row in rows)"
_PAIRS: Final[dict[tuple[str, ...], str]] = {
    ("instruction", "input", "output"): _FROM_PAIRS.format(
        'row["instruction"] + "\\n" + row["input"], row["output"]'
    ),
    **{
        (asked, answered): _FROM_PAIRS.format(f'row["{asked}"], row["{answered}"]')
        for asked in ("question", "instruction", "query", "input")
        for answered in ("answer", "output", "response")
    },
}
"""Rows of a question and an answer, by their keys, and how to make chat rows of them."""
GRADED: Final = 'It looks like a row for reinforcement, whose grader reads other fields: check it with AzureRules(method="reinforcement")'
_INPUT_KEYS: Final = frozenset({"messages", "tools", "parallel_tool_calls"})


def is_preference(row: Row) -> bool:
    """A row of the DPO kind, complete or not. An input that is a text is that of an instruction, which is another."""
    if "messages" in row or _PREFERENCE_KEYS.isdisjoint(row):
        return False
    return any(name in row for name in OUTPUTS) or not isinstance(row["input"], str)


def messages_missing(row: Row) -> Faults:
    """Neither a chat row nor a preference row."""
    if "messages" in row or is_preference(row):
        return
    older = _older_form(row)
    if "chosen" in older:
        yield (
            "chosen",
            (
                "`chosen` and `rejected` are `preferred_output` and `non_preferred_output` here, lists of one message each, "
                "and what was asked is `input` with its `messages`"
            ),
            _PREFERENCE_FORM,
        )
    elif "prompt" in older:
        yield "prompt", "this is a prompt/completion row, which chat models do not take"
    elif older:
        yield "conversations", "the row has `conversations` instead of `messages`"
    elif pair := _pair_keys(row):
        said = "the row has a question and an answer under keys of their own, and no `messages`"
        yield pair[0], said, _PAIRS[pair]
    else:
        yield missing("", "messages", _misnamed_messages(row), "the row")


def _pair_keys(row: Row) -> tuple[str, ...]:
    """The keys of a row that is one question and one answer, as tables and instructions have them."""
    found = (keys for keys in _PAIRS if all(isinstance(row.get(key), str) for key in keys))
    return next(found, ())


def _misnamed_messages(row: Row) -> str:
    """The key that messages have in a row without `messages`."""
    other = instead_of("messages", row)
    return other if is_list(row.get(other)) or is_object(row.get(other)) else ""


def message_keys(row: Row) -> Faults:
    """Keys that a message of this role does not have."""
    for path, message in objects(row):
        known = _KEYS.get(str(message.get("role")))
        if known is not None:
            strange = [key for key in message if key not in known and not should_be_absent(message, key)]
            told = instead_of("content", message) if strange and not may_lack_content(message) else ""
            for key in some([key for key in strange if not told or key != told]):
                yield key_path(path, key), "a message of this role has no such key"


def row_keys(row: Row) -> Faults:
    """Keys that a training row, or the input of a preference row, does not have."""
    preference = is_preference(row)
    known = _PREFERENCE_KEYS if preference else _ROW_KEYS
    strange = some(_strange(row, known))
    hint = GRADED if strange and not preference and _asks_last(row) else ""
    for key in strange:
        yield key_path("", key), "a training row has no such key", hint
    asked: object = row.get("input")
    if preference and is_object(asked):
        for key in some(_strange(asked, _INPUT_KEYS)):
            yield key_path("input", key), "the input of a preference row has no such key"


def _strange(found: Row, known: Collection[str]) -> list[str]:
    """The keys that are not known, without those of other findings: `null-key`, and the older forms of a row."""
    told: tuple[str, ...] = ()
    if "messages" not in found and known is _ROW_KEYS:
        told = _older_form(found) or _pair_keys(found) or tuple(filter(None, [_misnamed_messages(found)]))
    strange = [key for key in found if key not in known and key not in told]
    null = null_beside(found) if strange else []
    return [key for key in strange if key not in null]


def is_graded(row: Row) -> bool:
    """A row for reinforcement: it asks last, and has fields that a grader could read."""
    return _asks_last(row) and bool(_strange(row, _ROW_KEYS))


def _asks_last(row: Row) -> bool:
    """The last message of a chat row is the user's."""
    messages: object = row.get("messages")
    last = messages[-1] if is_list(messages) and messages else None
    return is_object(last) and role_of(last) == "user"


def _older_form(row: Row) -> tuple[str, ...]:
    """The keys by which a row of a form before `messages` is known."""
    if older_preference(row):
        return ("chosen", "rejected", "prompt")
    if "prompt" in row or "completion" in row:
        return ("prompt", "completion")
    return ("conversations",) if "conversations" in row else ()


def older_preference(row: Row) -> bool:
    """Two answers under the names that libraries for local training give them."""
    return "messages" not in row and "chosen" in row and "rejected" in row
