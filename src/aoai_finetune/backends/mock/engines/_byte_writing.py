"""How the bytes engine answers: one byte after the other, the likeliest or one drawn by chance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ._byte_lessons import question_vector
from ._byte_network import END, RECENT, START, Batch, Ints, Network, Numbers

__all__ = ["network_of", "write"]

network_of = lru_cache(maxsize=16)(Network.from_bytes)
"""Weights, ready to answer; do not train them."""


def write(
    network: Network, asked: Sequence[tuple[str, str]], *, temperature: float, seed: int | None
) -> list[str]:
    """One answer for each question and its context; an answer without an end stops at the longest trained one.

    Bytes that are no UTF-8 show as U+FFFD.
    """
    if not asked:
        return []
    questions = np.stack([question_vector(question, context) for question, context in asked])
    chance = np.random.default_rng(seed)
    recent = np.full((len(asked), RECENT), START, np.intp)
    said: list[Ints] = []
    running = np.ones(len(asked), np.bool_)
    for place in range(network.longest):
        scores = network.scores(_next(questions, recent, place))
        byte = _greedy(scores) if temperature <= 0 else _drawn(scores, temperature, chance)
        byte[~running] = END
        said.append(byte)
        running &= byte != END
        if not running.any():
            break
        recent = np.concatenate([byte[:, None], recent[:, :-1]], axis=1)
    lines = np.stack(said, axis=1) if said else np.empty((len(asked), 0), np.intp)
    return [bytes(line[line != END].astype(np.uint8)).decode("utf-8", "replace") for line in lines]


def _next(questions: Numbers, recent: Ints, place: int) -> Batch:
    numbers = np.arange(len(questions))
    places = np.full(len(questions), place, np.intp)
    return Batch(questions, numbers, recent, places, numbers)


def _greedy(scores: Numbers) -> Ints:
    best: Ints = scores.argmax(axis=1)
    return best


def _drawn(scores: Numbers, temperature: float, chance: np.random.Generator) -> Ints:
    """Gumbel's trick: the largest of scores with such noise is a draw from their softmax."""
    best: Ints = (scores / temperature + chance.gumbel(size=scores.shape)).argmax(axis=1)
    return best
