"""What is measured: each function reads one file in a process of its own and returns what it came to."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["TASKS", "Missing"]


class Missing(Exception):
    """A peer that is not installed."""


def jiter_parse(path: Path) -> object:
    """The floor: lines and objects, nothing checked."""
    from jiter import from_json

    rows = 0
    with path.open("rb", buffering=1 << 20) as file:
        for line in file:
            from_json(line, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
            rows += 1
    return rows


def msgspec_decode(path: Path) -> object:
    """Typed structures, nothing about their meaning."""
    try:
        import msgspec
    except ImportError:
        raise Missing("msgspec") from None
    function = msgspec.defstruct("Function", [("name", str), ("arguments", str)])
    call = msgspec.defstruct("Call", [("id", str), ("type", str), ("function", function)])
    optional: list[Any] = [("content", str | None, None), ("tool_calls", list[call] | None, None),
                           ("tool_call_id", str | None, None)]  # fmt: skip
    message = msgspec.defstruct("Message", [("role", str), *optional])
    row = msgspec.defstruct("Row", [("messages", list[message]), ("tools", list[Any] | None, None)])
    decode, rows = msgspec.json.Decoder(row).decode, 0
    with path.open("rb", buffering=1 << 20) as file:
        for line in file:
            decode(line)
            rows += 1
    return rows


def together_check(path: Path) -> object:
    """The file check of Together's client: UTF-8, and that lines are objects of a known format."""
    try:
        from together.lib.utils import check_file
    except ImportError:
        try:
            from together.utils import check_file
        except ImportError:
            raise Missing("together") from None
    return bool(check_file(path, purpose="fine-tune")["is_check_passed"])


def cookbook(path: Path) -> object:
    """What OpenAI's cookbook page on chat fine-tuning data asks, written afresh: all rows in a list, kinds counted."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    errors: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        messages = row.get("messages") if isinstance(row, dict) else None
        if not messages:
            errors["missing_messages_list" if isinstance(row, dict) else "data_type"] += 1
            continue
        for message in messages:
            if "role" not in message or "content" not in message:
                errors["message_missing_key"] += 1
            if any(
                k not in ("role", "content", "name", "function_call", "weight", "tool_calls", "tool_call_id")
                for k in message
            ):
                errors["message_unrecognized_key"] += 1
            if message.get("role") not in ("system", "user", "assistant", "function", "tool"):
                errors["unrecognized_role"] += 1
            content = message.get("content")
            called = message.get("function_call") or message.get("tool_calls")
            if (not content and not called) or (content and not isinstance(content, str)):
                errors["missing_content"] += 1
        if not any(message.get("role") == "assistant" for message in messages):
            errors["example_missing_assistant_message"] += 1
    return dict(errors)  # fmt: skip


def _ours(level: str, workers: int = 1) -> Callable[[Path], object]:
    def validate(path: Path) -> object:
        from aoai_finetune.dataset import Dataset

        report = Dataset.from_jsonl(path).validate(level=level, workers=workers)
        return [report.examples, len(report.counts), sum(report.counts.values())]

    return validate


def _ours_prepared(path: Path) -> object:
    """Validate, deduplicate, split, write canonical bytes and their hash, with the library."""
    from aoai_finetune.dataset import Dataset

    dataset = Dataset.from_jsonl(path)
    dataset.validate()
    unique = dataset.deduplicate()
    train, test = unique.split(test_size=0.1, by="row")
    for part, name in ((train, "train"), (test, "test")):
        with path.with_suffix(f".{name}").open("wb") as file:
            part.write_to(file)
    return len(unique)


def _stdlib_prepared(path: Path) -> object:
    """The same with the standard library alone."""
    seen: set[bytes] = set()
    total = hashlib.sha256()
    with (
        path.open("rb") as file,
        path.with_suffix(".a").open("wb") as one,
        path.with_suffix(".b").open("wb") as two,
    ):
        for line in file:
            row = json.loads(line)
            assert _sound(row)
            text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
            data = text.encode() + b"\n"
            digest = hashlib.sha256(data).digest()
            if digest not in seen:
                seen.add(digest)
                total.update(data)
                (one if digest[0] < 230 else two).write(data)
    return len(seen)


def _sound(row: dict[str, Any]) -> bool:
    messages = row.get("messages") if isinstance(row, dict) else None
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(
            isinstance(message, dict)
            and message.get("role") in ("system", "user", "assistant", "tool")
            and (isinstance(message.get("content"), str) or bool(message.get("tool_calls")))
            and message.keys() <= {"role", "content", "name", "weight", "tool_calls", "tool_call_id"}
            for message in messages
        )
        and messages[-1]["role"] == "assistant"
    )


TASKS: dict[str, Callable[[Path], object]] = {
    "jiter parse": jiter_parse,
    "msgspec decode": msgspec_decode,
    "together check": together_check,
    "cookbook checks": cookbook,
    "ours, rows": _ours("rows"),
    "ours, file": _ours("file"),
    "ours, file, 2 workers": _ours("file", 2),
    "ours, deep": _ours("deep"),
    "stdlib pipeline": _stdlib_prepared,
    "our pipeline": _ours_prepared,
}
