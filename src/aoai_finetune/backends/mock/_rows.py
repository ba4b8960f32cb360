"""What the simulated service looks for in rows and messages: small, and independent of the library's validator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ._refusal import invalid

__all__ = ["as_chat", "check_messages", "check_row", "is_preference", "training_rows"]

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_ROW_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
_PREFERENCE_KEYS = frozenset({"input", "preferred_output", "non_preferred_output"})
_INPUT_KEYS = frozenset({"messages", "tools", "parallel_tool_calls"})
_OUTPUTS = ("preferred_output", "non_preferred_output")
_MESSAGE_KEYS = frozenset(
    {"role", "content", "name", "weight", "refusal", "tool_calls", "tool_call_id", "function_call"}
)


def training_rows(content: bytes) -> list[dict[str, Any]]:
    """The rows of a JSONL file, all of them chat rows or all preference rows.

    A byte-order mark and blank lines are accepted.

    Raises:
        ValueError: with the service's code and the line, and never with the text of a row.
    """
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            raise ValueError(f"jsonlValidationFailed: line {number} is not a JSON object in UTF-8.") from None
        why = check_row(row) or _mixed(row, rows)
        if why:
            raise ValueError(f"jsonlValidationFailed: line {number} {why}.")
        rows.append(row)
    if not rows:
        raise ValueError("fileImportFailed: the file has no rows.")
    return rows


def is_preference(row: Mapping[str, Any]) -> bool:
    """The row is one for DPO."""
    return "input" in row


def _mixed(row: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> str:
    alike = not before or is_preference(before[0]) == is_preference(row)
    return "" if alike else "is a row of another kind than the first"


def check_row(row: object) -> str:
    """Why a value is neither a chat row nor a preference row, or nothing.

    Rules: FineTuneChatRequestInput (OpenAI spec, 2025-03-21), and the Azure page on direct preference
    optimization for the names of the two outputs.
    """
    if not isinstance(row, dict):
        return "is not a JSON object"
    fields = cast("dict[str, Any]", row)
    return _check_preference(fields) if is_preference(fields) else _check_chat(fields)


def _check_chat(row: Mapping[str, Any]) -> str:
    if not _ROW_KEYS.issuperset(row):
        return "contains an extra key"
    why = _check_messages(row.get("messages"))
    return why or (
        "" if row["messages"][-1]["role"] == "assistant" else "does not end with an assistant message"
    )


def _check_preference(row: Mapping[str, Any]) -> str:
    given = row["input"]
    if not _PREFERENCE_KEYS.issuperset(row):
        return "contains an extra key"
    if not isinstance(given, dict) or not _INPUT_KEYS.issuperset(cast("dict[str, Any]", given)):
        return "has an input that is not an object with messages"
    problems = (_check_messages(cast("dict[str, Any]", given).get("messages")), *_output_problems(row))
    return next((why for why in problems if why), "")


def _output_problems(row: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for name in _OUTPUTS:
        why = _check_messages(row.get(name))
        roles = set[str]() if why else {message["role"] for message in row[name]}
        found.append(
            why or ("" if "assistant" in roles <= {"assistant", "tool"} else f"has no answer in {name}")
        )
    return found


def _check_messages(value: object) -> str:
    if not isinstance(value, list) or not value:
        return "has no messages"
    return next((why for message in cast("list[object]", value) if (why := _check_message(message))), "")


def _check_message(value: object) -> str:
    if not isinstance(value, dict):
        return "has a message that is not an object"
    message = cast("dict[str, Any]", value)
    if not _MESSAGE_KEYS.issuperset(message):
        return "has a message with an extra key"
    if message.get("role") not in _ROLES:
        return "has a message without a known role"
    if message.get("weight", 1) not in {0, 1}:
        return "has a message whose weight is not 0 or 1"
    return "" if _has_content(message) else "has a message without content"


def _has_content(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    if content is None:
        return message["role"] == "assistant" and any(
            message.get(key) for key in ("tool_calls", "function_call", "refusal")
        )
    if isinstance(content, str):
        return True
    return isinstance(content, list) and all(isinstance(part, dict) for part in cast("list[object]", content))


def check_messages(messages: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a chat request whose messages are not messages. Raises `ServiceFault`."""
    if _check_messages(list(messages)):
        raise invalid("'messages' must be a non-empty array of messages with a role and content.", "messages")


def as_chat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as an engine learns it: of a preference row the preferred output, as the only thing to learn."""
    if not is_preference(row):
        return dict(row)
    before = [
        {**message, "weight": 0} if message["role"] == "assistant" else message
        for message in row["input"]["messages"]
    ]
    return {"messages": [*before, *row["preferred_output"]]}
