"""Rows to test with."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Row = dict[str, Any]


def _chat(question: str = "Q", answer: str = "A", system: str | None = None, **keys: Any) -> Row:
    head = [] if system is None else [{"role": "system", "content": system}]
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"messages": [*head, *turns], **keys}


def _lines(*rows: Any) -> bytes:
    """Each row on a line: bytes as they are, everything else as JSON."""
    written = (
        row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows
    )
    return b"".join(line + b"\n" for line in written)


@pytest.fixture
def chat() -> Callable[..., Row]:
    """Make a chat row: `chat("question", "answer", system=..., fact=...)`."""
    return _chat


@pytest.fixture
def lines() -> Callable[..., bytes]:
    """Make the bytes of a JSONL file from rows, or from bytes for rows that are broken on purpose."""
    return _lines


@pytest.fixture
def ten() -> list[Row]:
    """Ten rows that no rule has anything to say about: two answers, five phrasings each."""
    return [
        _chat(f"{phrase} {fact}?", f"It is {fact}.") for fact in "xy" for phrase in ("a", "b", "c", "d", "e")
    ]
