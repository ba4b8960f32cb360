"""Keys that are null where they should be absent: dumps of typed messages, and tables, write all keys they know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..rows._shape import is_list, is_object
from ._roles import role_of

__all__ = ["BESIDE_MESSAGES", "LEFT_OVER", "OF_A_FUNCTION", "OF_A_MESSAGE", "null_beside", "should_be_absent"]

OF_A_MESSAGE: Final = ("name", "weight", "tool_calls", "tool_call_id", "function_call", "annotations")
BESIDE_MESSAGES: Final = ("tools", "functions", "function_call", "parallel_tool_calls")
"""Keys that may be absent, and may not be null (`content`, `refusal` and `audio` may).

Training messages have no `annotations` at all, but answers of the service do.
"""
OF_A_FUNCTION: Final = ("description", "parameters")
LEFT_OVER: Final = ("metadata", "store")
"""Keys of requests that a training row does not have; those without a value are left over from a dump."""
_NEEDED: Final = (("function", "name"), ("tool", "tool_call_id"))


def should_be_absent(message: Mapping[str, Any], key: str) -> bool:
    """The key of the message is null, or an empty list of annotations, and says nothing; nobody misses it."""
    value = message.get(key, "")
    nothing = value is None or (key == "annotations" and value == [])
    return nothing and key in OF_A_MESSAGE and (message.get("role"), key) not in _NEEDED


def null_beside(owner: Mapping[str, Any]) -> list[str]:
    """The keys beside messages that are null and should be absent; in a row that is graded some are fields of its own."""
    keys = BESIDE_MESSAGES if _is_graded(owner) else (*BESIDE_MESSAGES, *LEFT_OVER)
    return [key for key in keys if owner.get(key, "") is None]


def _is_graded(owner: Mapping[str, Any]) -> bool:
    """Its messages end with a question: a reinforcement row, whose other keys the grader reads."""
    messages: object = owner.get("messages")
    last: object = messages[-1] if is_list(messages) and messages else None
    return "messages" in owner and not (is_object(last) and role_of(last) == "assistant")
