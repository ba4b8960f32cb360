"""Which old rows are replayed first. What looks clever (similar rows, rows with a high loss) was measured worse."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from ...dataset import Dataset

__all__ = ["SAMPLERS", "Coverage", "Deck", "Sampler", "Uniform"]


class Sampler(Protocol):
    """In which order old rows are drawn for replay. Pure: chance comes from `chance` alone."""

    def order(self, new: Dataset, old: Dataset, chance: random.Random, /) -> Sequence[int]:
        """Positions in `old`, the first to be drawn first, each at most once; a position left out is never replayed.

        Asked again when all of them were drawn.
        """
        ...


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every old row with the same chance."""

    def order(self, _new: Dataset, old: Dataset, chance: random.Random, /) -> Sequence[int]:
        """All rows, shuffled."""
        return _shuffled(len(old), chance)


@dataclass(frozen=True, slots=True)
class Coverage:
    """One row of every fact before a second of any."""

    def order(self, _new: Dataset, old: Dataset, chance: random.Random, /) -> Sequence[int]:
        """All rows, shuffled, in rounds that hold each fact once."""
        cards = _shuffled(len(old), chance)
        facts = [row.fact for row in old]
        turn: dict[str, int] = {}
        round_of: dict[int, int] = {}
        for card in cards:
            round_of[card] = turn[facts[card]] = turn.get(facts[card], -1) + 1
        cards.reverse()
        return sorted(cards, key=round_of.__getitem__)


SAMPLERS: Final[Mapping[str, Sampler]] = MappingProxyType({"uniform": Uniform(), "coverage": Coverage()})
"""The samplers that have a name."""


class Deck:
    """Old rows drawn without replacement until the sampler's order is used up, then in a new order.

    Raises:
        ValueError: when drawn from, if the sampler gives no row, a row twice, or one that is not there.
    """

    def __init__(self, sampler: Sampler, new: Dataset, old: Dataset, chance: random.Random) -> None:
        self._sampler, self._new, self._old, self._chance = sampler, new, old, chance
        self._cards: list[int] = []

    def draw(self, count: int) -> list[int]:
        """Positions of the next `count` old rows."""
        drawn: list[int] = []
        while len(drawn) < count:
            if not self._cards:
                self._cards = self._dealt()
            drawn.append(self._cards.pop())
        return drawn

    def _dealt(self) -> list[int]:
        order = list(self._sampler.order(self._new, self._old, self._chance))
        if not order or len(set(order)) < len(order) or not 0 <= min(order) <= max(order) < len(self._old):
            raise ValueError(
                f"the sampler {type(self._sampler).__name__} must name positions of old rows, 0 to "
                f"{len(self._old) - 1}, at least one and none twice"
            )
        return order[::-1]


def _shuffled(count: int, chance: random.Random) -> list[int]:
    cards = list(range(count))
    chance.shuffle(cards)
    return cards
