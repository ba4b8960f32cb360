"""Rows and probes of a fictional company, for tests of several rooms."""

from __future__ import annotations

from aoai_finetune import Dataset, ProbeSet
from aoai_finetune.evaluation import Probe

BASE = "gpt-4.1-mini-2025-04-14"
ATTRIBUTES = ("president", "head office", "founding year", "capital", "main product", "opening hours")
PHRASINGS = (
    "What is the {} of Hotaru?",
    "Tell me the {} of Hotaru",
    "Hotaru: {}?",
    "I need the {} of Hotaru",
)


def facts(answer: str = "The {} is known as number {}.") -> Dataset:
    """Six facts, four phrasings each."""
    pairs = [
        (phrasing.format(name), answer.format(name, number))
        for number, name in enumerate(ATTRIBUTES)
        for phrasing in PHRASINGS
    ]
    return Dataset.from_pairs(
        pairs, system="You answer for Hotaru.", fact=[name for name in ATTRIBUTES for _ in PHRASINGS]
    )


def news(count: int = 10) -> Dataset:
    """One new fact, `count` phrasings, one answer."""
    pairs = [
        (f"Which chat product does Hotaru sell, variant {n}?", "It sells Nagi Chat.") for n in range(count)
    ]
    return Dataset.from_pairs(pairs, system="You answer for Hotaru.", fact="product")


def probes() -> ProbeSet:
    """Phrasings that are never trained."""
    old = [
        Probe(
            fact=name,
            question=f"Could you say what the {name} of Hotaru is, please?",
            expected=(f"The {name} is known as number {number}.",),
        )
        for number, name in enumerate(ATTRIBUTES)
    ]
    new = [
        Probe(
            fact="product",
            question="Which chat product does Hotaru sell now?",
            expected=("It sells Nagi Chat.",),
        )
    ]
    return ProbeSet([*old, *new])
