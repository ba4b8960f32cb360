"""Keys that are null where they should be absent: dumps of typed messages, and tables, write all keys they know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["BESIDE_MESSAGES", "OF_A_MESSAGE", "should_be_absent"]

OF_A_MESSAGE: Final = ("name", "weight", "tool_calls", "tool_call_id", "function_call", "annotations")
BESIDE_MESSAGES: Final = ("tools", "functions", "function_call", "parallel_tool_calls")
"""Keys that may be absent, and may not be null (`content`, `refusal` and `audio` may).

Training messages have no `annotations` at all, but answers of the service do.
"""
_NEEDED: Final = (("function", "name"), ("tool", "tool_call_id"))


def should_be_absent(message: Mapping[str, Any], key: str) -> bool:
    """The key of the message is null, or an empty list of annotations, and says nothing; nobody misses it."""
    value = message.get(key, "")
    nothing = value is None or (key == "annotations" and value == [])
    return nothing and key in OF_A_MESSAGE and (message.get("role"), key) not in _NEEDED
