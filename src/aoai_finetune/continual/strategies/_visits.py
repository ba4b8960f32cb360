"""How often a step trains each fact, and with which of its phrasings: counted per fact, not per row."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ...dataset import Example
from .._history import History
from ._packing import Turn

__all__ = ["MOST_PHRASINGS", "Topic", "new_visits", "old_visits", "topics", "turns"]

MOST_PHRASINGS: Final = 4
"""A fact with more phrasings needs no more visits: ten were learned from as many as four were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What is visited: a fact with the rows that teach it. Rows of longer conversations are topics of their own.

    Attributes:
        name: unique among topics.
        fact: the fact of its rows.
        rows: positions in the pool, new rows first.
        fresh: how many of them are new.
    """

    name: str = field(repr=False)
    fact: str = field(repr=False)
    rows: tuple[int, ...]
    fresh: int

    def full(self, passes: int) -> int:
        """The visits that `passes` epochs over four of its phrasings, or those it has, would be."""
        return passes * min(len(self.rows), MOST_PHRASINGS)


def topics(pool: Sequence[Example], new: int) -> tuple[Topic, ...]:
    """The topics of a pool whose first `new` rows are the new ones, in order of first appearance."""
    found: dict[str, list[int]] = {}
    for position, example in enumerate(pool):
        found.setdefault(_name(example), []).append(position)
    return tuple(
        Topic(
            name=name,
            fact=pool[rows[0]].fact,
            rows=tuple(rows),
            fresh=sum(row < new for row in rows),
        )
        for name, rows in found.items()
    )


def _name(example: Example) -> str:
    """The fact; but a derived fact is the last question alone, which means another thing in each conversation."""
    asked = sum(message.role == "user" for message in example.messages)
    return example.fact if example.given_fact or asked < 2 else f"{example.fact} {example.digest}"


def new_visits(topic: Topic, share: float, passes: int) -> int:
    """Visits of a topic with new rows: a share of the full number, and each new row at least once."""
    return max(topic.fresh, round(share * topic.full(passes)))


def old_visits(
    old: Sequence[Topic],
    share: float,
    passes: int,
    *,
    past: History,
    most: float,
    least: int,
    seed: int,
    age: float = 0.0,
) -> dict[str, int]:
    """Visits of the topics that are rehearsed, by name.

    Each gets a share of its full number; what is left over of fractions goes to those trained longest ago, the
    largest fraction first.

    Args:
        old: the topics without new rows.
        share: of the full number of visits.
        passes: what the full number counts.
        past: when each fact was trained last.
        most: visits of all of them together, at most; shares are lowered to fit.
        least: visits of all of them together, at least; shares are raised to fit.
        seed: decides between topics trained equally long ago.
        age: visits are in proportion to earlier ones to the power of minus this, and as many in all.
    """
    total = sum(share * topic.full(passes) for topic in old)
    if not total:
        return {}
    sharing = Counter(topic.fact for topic in old)
    wanted = {
        topic.name: topic.full(passes) * math.pow(_trained(topic, passes, past, sharing[topic.fact]), -age)
        for topic in old
    }
    scale = max(min(most, total), least) / sum(wanted.values())
    return _whole(old, {name: round(visits * scale, 6) for name, visits in wanted.items()}, past, seed)


def _whole(old: Sequence[Topic], exact: Mapping[str, float], past: History, seed: int) -> dict[str, int]:
    """Whole visits that sum to the rounded total."""
    visits = {name: math.floor(value) for name, value in exact.items()}
    left = round(sum(exact.values())) - sum(visits.values())
    chance = random.Random(f"{seed} {past.steps}")
    waiting = [topic for topic in old if exact[topic.name] > visits[topic.name]]
    chance.shuffle(waiting)
    waiting.sort(
        key=lambda topic: (past.last_trained.get(topic.fact, 0), visits[topic.name] - exact[topic.name])
    )
    for topic in waiting[:left]:
        visits[topic.name] += 1
    return visits


def _trained(topic: Topic, passes: int, past: History, sharing: int) -> float:
    """Earlier visits, one at least; a fact whose visits nobody counted was trained in full.

    Visits are counted by fact, so topics that share one (the last turn of conversations) share its visits.
    """
    return max(1.0, past.visits.get(topic.fact, topic.full(passes) * sharing) / sharing)


def turns(
    found: Sequence[Topic], visits: Mapping[str, int], *, past: History, front: float, seed: int
) -> list[Turn]:
    """All visits in the order of the file: those of a topic spread evenly, new topics in the first `front` of it.

    Phrasings rotate, and go on where the last step stopped.
    """
    chance = random.Random(f"{seed} {past.steps} order")
    placed = [
        ((number + chance.random()) / count * (front if topic.fresh else 1.0), Turn(row, topic.name))
        for topic in found
        if (count := visits.get(topic.name, 0))
        for number, row in enumerate(_rotation(topic, count, past=past, seed=seed))
    ]
    return [turn for _, turn in sorted(placed)]


def _rotation(topic: Topic, count: int, *, past: History, seed: int) -> Iterator[int]:
    chance = random.Random(f"{seed} {topic.name}")
    fresh, known = list(topic.rows[: topic.fresh]), list(topic.rows[topic.fresh :])
    chance.shuffle(fresh)
    chance.shuffle(known)
    rows = [*fresh, *known]
    begin = 0 if fresh else past.visits.get(topic.fact, 0)
    return (rows[(begin + number) % len(rows)] for number in range(count))
