"""What the simulated service itself looks at: small on purpose, and independent of the library's own validator."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ._refusal import invalid

__all__ = ["Limits", "Plan", "chat_rows", "check_messages", "check_row", "job_plan"]

_SUFFIX = re.compile(r"[A-Za-z0-9_-]{1,40}")
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_ROW_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
_MESSAGE_KEYS = frozenset(
    {"role", "content", "name", "weight", "refusal", "tool_calls", "tool_call_id", "function_call"}
)
_TRAINING_TYPES = {
    "standard": "standard",
    "1": "standard",
    "globalstandard": "globalStandard",
    "developer": "developerTier",
    "developertier": "developerTier",
}
_AUTO = (None, "auto", -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Quotas of one resource, as of 2026-02-17 (Azure OpenAI quotas and limits); change what a test needs.

    Attributes:
        files: training files at one time.
        bytes: size of all files together.
        jobs: jobs in total.
        running: jobs that train at one time.
        queued: jobs that wait for a place.
        min_examples: rows below which a job is not accepted.
        retirements: refuse training and chat after the catalogue's dates, on the backend's clock.
    """

    files: int = 100
    bytes: int = 1024**3
    jobs: int = 100
    running: int = 3
    queued: int = 20
    min_examples: int = 10
    retirements: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A create request after the checks: hyperparameters are None where the service decides."""

    model: str
    training_file: str
    validation_file: str | None
    suffix: str | None
    seed: int | None
    method: Mapping[str, Any] | None
    n_epochs: int | None
    batch_size: int | None
    learning_rate_multiplier: float | None
    training_type: str | None


def chat_rows(content: bytes) -> list[dict[str, Any]]:
    """The chat rows of a JSONL file; a byte-order mark and blank lines are accepted.

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
        why = check_row(row)
        if why:
            raise ValueError(f"jsonlValidationFailed: line {number} {why}.")
        rows.append(row)
    if not rows:
        raise ValueError("fileImportFailed: the file has no rows.")
    return rows


def check_row(row: object) -> str:
    """Why a value is not a chat row, or nothing. Rules: FineTuneChatRequestInput (OpenAI spec, 2025-03-21)."""
    if not isinstance(row, dict):
        return "is not a JSON object"
    fields = cast("dict[str, Any]", row)
    if not _ROW_KEYS.issuperset(fields):
        return "contains an extra key"
    messages = fields.get("messages")
    if not isinstance(messages, list) or not messages:
        return "has no messages"
    found = cast("list[dict[str, Any]]", messages)
    for why in (_check_message(message) for message in found):
        if why:
            return why
    return "" if found[-1]["role"] == "assistant" else "does not end with an assistant message"


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
    if not messages or any(_check_message(dict(message)) for message in messages):
        raise invalid("'messages' must be a non-empty array of messages with a role and content.", "messages")


def job_plan(body: Mapping[str, Any]) -> Plan:
    """Read a create request, refusing what the service refuses. Raises `ServiceFault`."""
    method = _object(body, "method")
    if method and method.get("type") != "supervised":
        raise invalid("This simulated resource supports the fine-tuning method 'supervised' only.", "method")
    given = _object(_object(method, "supervised"), "hyperparameters") or _object(body, "hyperparameters")
    return Plan(
        model=_text(body, "model"),
        training_file=_text(body, "training_file"),
        validation_file=_text(body, "validation_file") if body.get("validation_file") else None,
        suffix=_suffix(body.get("suffix")),
        seed=_seed(body.get("seed")),
        method=method or None,
        n_epochs=_whole(given, "n_epochs", 50),
        batch_size=_whole(given, "batch_size", 256),
        learning_rate_multiplier=_rate(given),
        training_type=_training_type(body.get("trainingType")),
    )


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"The field '{name}' must be an object.", name)
    return cast("dict[str, Any]", value)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"The field '{name}' is required.", name)
    return value


def _suffix(value: object) -> str | None:
    if value is None or (isinstance(value, str) and _SUFFIX.fullmatch(value)):
        return value
    raise invalid("The suffix must be 1 to 40 characters from A-Z, a-z, 0-9, '_' and '-'.", "suffix")


def _seed(value: object) -> int | None:
    if value is None or (isinstance(value, int) and 0 <= value <= 2147483647):
        return value
    raise invalid("The seed must be an integer from 0 to 2147483647.", "seed")


def _whole(given: Mapping[str, Any], name: str, most: int) -> int | None:
    value = given.get(name)
    if value in _AUTO:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    raise invalid(f"The hyperparameter '{name}' must be an integer from 1 to {most}, or 'auto'.", name)


def _rate(given: Mapping[str, Any]) -> float | None:
    value = given.get("learning_rate_multiplier")
    if value in _AUTO:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
        return float(value)
    raise invalid(
        "The hyperparameter 'learning_rate_multiplier' must be greater than 0.", "learning_rate_multiplier"
    )


def _training_type(value: object) -> str | None:
    if value is None:
        return None
    known = _TRAINING_TYPES.get(str(value).casefold())
    if known is None:
        raise invalid("The trainingType must be Standard, GlobalStandard or developerTier.", "trainingType")
    return known
