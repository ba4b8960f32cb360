"""Conversations as sparse vectors: hashed character n-grams of the question and of what was said before it."""

from __future__ import annotations

import json
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

__all__ = ["Features", "Target", "conversation", "features", "targets"]

_SIZES = (1, 2)
_CONTEXT_NORM = 0.5
_ALWAYS = 0.3
"""The value of the one input that every question has: what lets one reply to everything be learned."""


class Features(NamedTuple):
    """A sparse vector: n-gram hashes and their values."""

    keys: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """One assistant turn to learn: the question and the earlier turns it follows, and the text it must be."""

    question: str = field(repr=False)
    context: str = field(repr=False)
    label: str = field(repr=False)


def targets(row: Mapping[str, Any]) -> Iterator[Target]:
    """Every assistant turn of a chat row whose `weight` is not 0."""
    messages: Sequence[Mapping[str, Any]] = row["messages"]
    for position, message in enumerate(messages):
        if message["role"] == "assistant" and message.get("weight", 1) != 0:
            question, context = conversation(messages[:position])
            yield Target(question, context, _said(message))


def conversation(messages: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The last user message, and all other turns but the system prompt, joined."""
    turns = [(message["role"], _said(message)) for message in messages if message["role"] not in _SYSTEM]
    asked = max((n for n, (role, _) in enumerate(turns) if role == "user"), default=None)
    question = "" if asked is None else turns[asked][1]
    return question, "\n".join(text for n, (_, text) in enumerate(turns) if n != asked)


_SYSTEM = frozenset({"system", "developer"})


def _said(message: Mapping[str, Any]) -> str:
    call = message.get("tool_calls") or message.get("function_call")
    if call:
        return json.dumps(call, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    content = message.get("content") or message.get("refusal") or ""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content)


@lru_cache(maxsize=1 << 14)
def features(question: str, context: str) -> Features:
    """The question's n-grams and a constant with norm 1, and the context's n-grams, apart, with norm 0.5."""
    weights = {0: _ALWAYS} | _normed(question, "q", (1 - _ALWAYS**2) ** 0.5)
    if context:
        weights |= _normed(context, "c", _CONTEXT_NORM)
    return Features(tuple(weights), tuple(weights.values()))


def _normed(text: str, namespace: str, norm: float) -> dict[int, float]:
    plain = "\x02" + "".join(unicodedata.normalize("NFKC", text).casefold().split()) + "\x03"
    grams = (plain[at : at + size] for size in _SIZES for at in range(len(plain) - size + 1))
    counts = Counter(zlib.crc32(f"{namespace}{gram}".encode("utf-8", "surrogatepass")) for gram in grams)
    scale = norm / sum(count * count for count in counts.values()) ** 0.5
    return {key: count * scale for key, count in counts.items()}
