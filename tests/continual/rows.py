"""Rows for tests of strategies: plain facts, under system prompts of any length."""

from __future__ import annotations

from collections.abc import Sequence

from aoai_finetune import Dataset

LONG = "You answer questions of staff and visitors for the company Hotaru, briefly, politely and from its records."
SHORT = "Hotaru."


def teach(
    names: Sequence[str], *, phrasings: int = 4, system: str | None = LONG, answer: str = "{} is settled."
) -> Dataset:
    """One fact for each name, with so many phrasings and one answer."""
    pairs = [
        (f"Question {number} about {name}?", answer.format(name))
        for name in names
        for number in range(phrasings)
    ]
    return Dataset.from_pairs(pairs, system=system, fact=[name for name in names for _ in range(phrasings)])


def numbered(prefix: str, count: int) -> list[str]:
    """Names of facts."""
    return [f"{prefix} {number}" for number in range(count)]
