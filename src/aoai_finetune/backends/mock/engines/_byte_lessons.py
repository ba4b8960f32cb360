"""Chat rows as arrays of bytes to predict, for the bytes engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np

from ._byte_network import END, INPUTS, RECENT, START, Batch, Ints, Numbers
from ._features import Target, features, targets

__all__ = ["MOST_BYTES", "Lesson", "lessons", "question_vector", "stack"]

MOST_BYTES: Final = 4096
"""Bytes of an answer that are learned; what is longer is learned up to here."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One assistant turn: its question as a vector, and its bytes with the `RECENT` bytes before each."""

    question: Numbers = field(repr=False)
    recent: Ints = field(repr=False)
    byte: Ints = field(repr=False)


def lessons(rows: Sequence[Mapping[str, Any]]) -> list[list[Lesson]]:
    """The lessons of each row that teaches something."""
    known: dict[Target, Lesson] = {}
    found = [list(targets(row)) for row in rows]
    for target in (target for row in found for target in row):
        if target not in known:
            known[target] = _lesson(target)
    return [[known[target] for target in row] for row in found if row]


def stack(batch: Sequence[Lesson]) -> Batch:
    """Lessons under one another."""
    sizes = [len(lesson.byte) for lesson in batch]
    return Batch(
        questions=np.stack([lesson.question for lesson in batch]),
        owner=np.repeat(np.arange(len(batch)), sizes),
        recent=np.concatenate([lesson.recent for lesson in batch]),
        place=np.concatenate([np.arange(size) for size in sizes]),
        byte=np.concatenate([lesson.byte for lesson in batch]),
    )


@lru_cache(maxsize=1 << 12)
def question_vector(question: str, context: str) -> Numbers:
    """The n-grams of a question and of what was said before it, hashed with signs into `INPUTS` numbers."""
    vector = np.zeros(INPUTS, np.float32)
    for key, value in zip(*features(question, context), strict=True):
        vector[key % INPUTS] += value if key >> 20 & 1 or not key else -value
    vector.flags.writeable = False
    return vector


def _lesson(target: Target) -> Lesson:
    said = np.frombuffer(target.label.encode("utf-8", "surrogatepass")[:MOST_BYTES], np.uint8)
    text = np.concatenate([np.full(RECENT, START), said, [END]]).astype(np.intp)
    before = np.lib.stride_tricks.sliding_window_view(text[:-1], RECENT)[:, ::-1]
    return Lesson(question_vector(target.question, target.context), before.copy(), text[RECENT:])
