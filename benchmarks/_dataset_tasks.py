"""What is measured: each function reads one file in a process of its own and returns what it came to."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from tiktoken import Encoding

__all__ = ["TASKS", "Missing"]

MODEL: Final = "gpt-4.1-mini-2025-04-14"


class Missing(Exception):
    """A peer that is not installed."""


def jiter_parse(path: Path) -> object:
    """The floor: lines and objects, nothing checked."""
    return _parsed(path, 0, path.stat().st_size)


def _parsed(path: Path, start: int, end: int) -> int:
    from jiter import from_json

    rows = 0
    with path.open("rb", buffering=1 << 20) as file:
        file.seek(start)
        for line in file:
            from_json(line, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
            rows += 1
            start += len(line)
            if start >= end:
                break
    return rows


def jiter_parse_twice(path: Path) -> object:
    """What two processes gain here at best: the floor, half of the bytes in a forked process."""
    return in_two(_parsed, path)


def in_two(work: Callable[[Path, int, int], int], path: Path) -> int:
    """The sum of what this process makes of the first half of the lines and a forked one of the second."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(size // 2)
        file.readline()
        middle = file.tell()
    mine, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.write(theirs, str(work(path, middle, size)).encode())
        os._exit(0)
    os.close(theirs)
    done = work(path, 0, middle)
    with os.fdopen(mine, "rb") as answer:
        done += int(answer.read())
    os.waitpid(child, 0)
    return done


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


def _ours(
    level: str, workers: int = 1, method: Literal["supervised", "dpo", "reinforcement"] = "supervised"
) -> Callable[[Path], object]:
    def validate(path: Path) -> object:
        from aoai_finetune.dataset import AzureRules, Dataset

        report = Dataset.from_jsonl(path).validate(AzureRules(method=method), level=level, workers=workers)
        return [report.examples, len(report.counts), sum(report.counts.values())]

    return validate


def _ours_prepared(level: str) -> Callable[[Path], object]:
    def prepare(path: Path) -> object:
        """Validate, deduplicate, split, write canonical bytes and their hash, with the library."""
        from aoai_finetune.dataset import Dataset

        dataset = Dataset.from_jsonl(path)
        dataset.validate(level=level).raise_for_errors()
        unique = dataset.deduplicate()
        parts = unique.split(test_size=0.1, by="row")
        for part, name in zip(parts, ("train", "test"), strict=True):
            with path.with_suffix(f".{name}").open("wb") as file:
                part.write_to(file)
        return [*map(len, parts), unique.fingerprint[:8]]

    return prepare


def _stdlib_prepared(*, strict: bool) -> Callable[[Path], object]:
    def prepare(path: Path) -> object:
        """The same with the standard library alone, in one pass with all canonical lines in memory.

        Not `strict` it takes a key that stands twice in an object, and NaN, which ours and `strict` refuse.
        """
        unique: dict[bytes, bytes] = {}
        hook = {"object_pairs_hook": _once, "parse_constant": _refused} if strict else {}
        loads = json.JSONDecoder(**hook).decode
        dumps = json.JSONEncoder(
            ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        ).encode
        with path.open("rb") as file:
            for line in file:
                row = loads(line.decode())
                if not _sound(row):
                    raise ValueError("a row that cannot be used")
                data = dumps(row).encode()
                unique.setdefault(hashlib.sha256(data).digest(), data)
        total = hashlib.sha256(b"".join(unique))
        order = sorted(unique, key=lambda digest: hashlib.sha256(b"0" + digest).digest())
        train = set(order[: round(len(order) * 0.9)])
        with path.with_suffix(".a").open("wb") as one, path.with_suffix(".b").open("wb") as two:
            for digest, data in unique.items():
                (one if digest in train else two).write(data + b"\n")
        return [len(train), len(unique) - len(train), total.hexdigest()[:8]]

    return prepare


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _refused(constant: str) -> object:
    raise ValueError(constant)


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


def _tokens_plain(path: Path) -> object:
    """What people write: tiktoken, and a loop over the texts."""
    _tiktoken()
    return _counted(path, 0, path.stat().st_size)


def _counted(path: Path, start: int, end: int) -> int:
    encode, tokens = _tiktoken().encode_ordinary, 0
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            for message in json.loads(line)["messages"]:
                tokens += len(encode(message["content"] or ""))
            start += len(line)
            if start >= end:
                break
    return tokens


def _tokens_plain_twice(path: Path) -> object:
    """What two processes gain here at best: the loop, half of the bytes in a process forked after loading."""
    _tiktoken()
    return in_two(_counted, path)


@cache
def _tiktoken() -> Encoding:
    try:
        from tokens import encoding
    except ImportError:
        raise Missing("tiktoken") from None
    return encoding(Path(mkdtemp()))


def _tokens(workers: int) -> Callable[[Path], object]:
    def count(path: Path) -> object:
        from aoai_finetune.dataset import Dataset

        counted = Dataset.from_jsonl(path).tokens(MODEL, workers=workers)
        if counted.counter == "estimate":
            raise Missing("tiktoken, or the ranks of its encodings,")
        return counted.tokens - counted.overhead

    return count


TASKS: dict[str, Callable[[Path], object]] = {
    "jiter parse": jiter_parse,
    "jiter parse, 2 processes": jiter_parse_twice,
    "msgspec decode": msgspec_decode,
    "together check": together_check,
    "cookbook checks": cookbook,
    "ours, rows": _ours("rows"),
    "ours, file": _ours("file"),
    "ours, file, 2 workers": _ours("file", 2),
    "ours, deep": _ours("deep"),
    "ours, preference": _ours("file", method="dpo"),
    "ours, reinforcement": _ours("file", method="reinforcement"),
    "stdlib pipeline": _stdlib_prepared(strict=False),
    "stdlib pipeline, strict": _stdlib_prepared(strict=True),
    "our pipeline, rows": _ours_prepared("rows"),
    "our pipeline, file": _ours_prepared("file"),
    "tiktoken loop": _tokens_plain,
    "tiktoken loop, 2 processes": _tokens_plain_twice,
    "our tokens": _tokens(1),
    "our tokens, 2 workers": _tokens(2),
}
