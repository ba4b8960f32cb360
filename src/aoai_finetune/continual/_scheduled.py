"""Replay by a schedule: visits per fact, several exchanges to a row, and consecutive jobs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from random import Random
from types import MappingProxyType
from typing import Final, Literal

from ..dataset import LIMITS, Dataset, Example, counter_for
from ._history import History
from ._packing import Frames, Turn, pack_turns
from ._schedule import Schedule, ScheduledPart
from ._visits import Topic, new_visits, old_visits, topics, turns

__all__ = ["ScheduledReplay", "Shares"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Visits of a fact in one step, as shares of what `passes` epochs over its phrasings would be.

    Attributes:
        first: of a new fact when nothing is known yet.
        new: of a new or updated fact later on.
        old: of every known fact.
    """

    first: float = 0.80
    new: float = 0.55
    old: float = 0.20

    def __post_init__(self) -> None:
        if not all(0 < share <= 10 for share in (self.first, self.new, self.old)):
            raise ValueError("shares of visits must be above 0, and at most 10")


_BUDGETS: Final = MappingProxyType({"standard": Shares(), "low": Shares(new=0.45, old=0.16)})
_WORTHWHILE: Final = 0.30
"""Below this share of system prompt and tools, packing was measured not to be worth fewer training steps."""

_LEAST: Final = next(limit.value for limit in LIMITS if limit.name == "examples")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledReplay:
    """Continue with replay by visits per fact; the least tokens for what joint retraining keeps, as measured offline.

    A step visits every new or updated fact, and every known one fewer times, each time with another phrasing of its
    own. Several visits share one training row, so that the system prompt is billed once for them. New facts stand in
    the first two thirds of the rows, which are cut into consecutive jobs, so that a step ends on rehearsal whether
    or not the service shuffles a file. Every job has `n_epochs` 1.

    Packed rows hold single exchanges (question, answer) with the same system prompt and the same tools, never two
    of one fact, and say `weight: 1` at every answer. Rows of several turns, with tool calls or with images stand
    alone, as they are. What was measured, and where: docs/explanation/forgetting.md.

    Args:
        budget: `"standard"`, `"low"` for about a sixth fewer tokens, or your own `Shares`.
        parts: consecutive jobs of a step, at most; fewer when one would hold under ten distinct rows.
        pack: exchanges in one row, at most; 1 packs nothing. Where the system prompt is short, or the rows too
            few for the service, less is packed, and the plan says so.
        passes: the epochs of joint retraining that visits are a share of.
        ratio: visits of known facts for each visit of a new one, at most. The bill of a step then stops growing
            with the history.
        rates: learning rate multipliers of the jobs, relative to the one of a plain job; a step of fewer jobs takes
            the last ones.
        front: new facts stand in this first part of a step.
        seed: decides phrasings, partners and order.
        past: when and how often each fact was trained; a lineage fills it in.

    Raises:
        ValueError: a setting outside its range.
    """

    budget: Literal["standard", "low"] | Shares = "standard"
    parts: int = 3
    pack: int = 4
    passes: int = 10
    ratio: float | None = None
    rates: tuple[float, ...] = (5.0, 5.0, 3.0)
    front: float = 2 / 3
    seed: int = 0
    past: History = field(default_factory=History, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.budget, str) and self.budget not in _BUDGETS:
            raise ValueError(f"budget is {self.budget!r}; it must be 'standard', 'low' or Shares(...)")
        if not 1 <= self.parts <= 10:
            raise ValueError(f"parts is {self.parts}; it must be 1 to 10")
        if not 1 <= self.pack <= 16:
            raise ValueError(f"pack is {self.pack}; it must be 1 to 16")
        if not 1 <= self.passes <= 50:
            raise ValueError(f"passes is {self.passes}; it must be 1 to 50, the service's limit for n_epochs")
        if self.ratio is not None and not 0 < self.ratio < math.inf:
            raise ValueError(f"ratio is {self.ratio}; it must be above 0")
        if not self.rates or not all(0 < rate < math.inf for rate in self.rates):
            raise ValueError("rates must be factors above 0, one for each job")
        if not 0 < self.front <= 1:
            raise ValueError(f"front is {self.front}; it must be above 0 and at most 1")

    @property
    def name(self) -> str:
        """`scheduled replay`, with its budget where that is not the standard one."""
        kind = self.budget if isinstance(self.budget, str) else "own shares"
        return "scheduled replay" if kind == "standard" else f"scheduled replay, {kind}"

    def knowing(self, history: History, /) -> ScheduledReplay:
        """The same schedule, going on where this history stopped."""
        return replace(self, past=history)

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """The jobs of one step. Raises ValueError when there is no row at all."""
        pool = [*new, *old]
        if not pool:
            raise ValueError("there is no row to train on")
        found = topics(pool, len(new))
        visits = self._visits(found, len({row.digest for row in pool[: len(new)]}))
        order = turns(found, visits, past=self.past, front=self.front, seed=self.seed)
        frames = Frames.of(pool, counter_for(None))
        share = frames.share([turn.row for turn in order])
        lines = self._lines(order, frames, pool, self.pack if share >= _WORTHWHILE else 1)
        files = _cut(lines, self.parts if len(old) else 1, pool)
        return Schedule(
            start="parent",
            parts=tuple(_part(file, rate) for file, rate in zip(files, self._rates(len(files)), strict=True)),
            counts="visits",
            notes=tuple(self._notes(found, visits, lines, frames, share)),
        )

    def _visits(self, found: Sequence[Topic], new_rows: int) -> dict[str, int]:
        shares = _BUDGETS[self.budget] if isinstance(self.budget, str) else self.budget
        old = [topic for topic in found if not topic.fresh]
        share = shares.new if old else shares.first
        visits = {topic.name: new_visits(topic, share, self.passes) for topic in found if topic.fresh}
        return visits | old_visits(
            old,
            shares.old,
            self.passes,
            past=self.past,
            most=math.inf if self.ratio is None else self.ratio * sum(visits.values()),
            least=max(0, _LEAST - new_rows),
            seed=self.seed,
        )

    def _lines(
        self, order: Sequence[Turn], frames: Frames, pool: Sequence[Example], size: int
    ) -> list[list[int]]:
        """As many rows to a line as leave the service its minimum of distinct lines."""
        lines = self._packed(order, frames, size)
        if size == 1 or _distinct(lines, pool) >= _LEAST:
            return lines
        return self._lines(order, frames, pool, size - 1)

    def _packed(self, order: Sequence[Turn], frames: Frames, size: int) -> list[list[int]]:
        return pack_turns(order, size, frames, Random(f"{self.seed} {self.past.steps} pack"))

    def _rates(self, parts: int) -> list[float]:
        rates = [self.rates[0]] * max(0, parts - len(self.rates)) + list(self.rates)
        return rates[-parts:] if parts > 1 else rates[:1]

    def _notes(
        self,
        found: Sequence[Topic],
        visits: dict[str, int],
        lines: Sequence[Sequence[int]],
        frames: Frames,
        share: float,
    ) -> Iterator[str]:
        yield _about_packing(self.pack, lines, frames, share)
        single = sum(len(topic.rows) < 3 for topic in found)
        if single:
            yield (
                f"{single} of {len(found)} facts have fewer than 3 phrasings, so there is little to rotate; "
                "the schedule was measured with 4"
            )
        taught = sum(visits[topic.name] for topic in found if topic.fresh)
        rehearsed = sum(visits.values()) - taught
        if self.ratio is None and rehearsed > 10 * taught:
            yield (
                f"{rehearsed:,} of {rehearsed + taught:,} visits rehearse what is known; ratio= bounds their number"
            )


def _about_packing(pack: int, lines: Sequence[Sequence[int]], frames: Frames, share: float) -> str:
    rows = {row for line in lines for row in line}
    alone = sum(frames.names[row] is None for row in rows)
    longest = max(map(len, lines))
    if pack == 1:
        return "nothing is packed: every visit is a row of its own"
    if share < _WORTHWHILE:
        return (
            f"nothing is packed: system prompt and tools are {share:.0%} of the tokens, and sending them once for "
            f"several exchanges pays from {_WORTHWHILE:.0%} on"
        )
    if longest == 1:
        return "nothing is packed: the facts, or the rows, are too few to share a line and keep ten distinct ones"
    mean = sum(map(len, lines)) / len(lines)
    others = f"; {alone} rows of several turns, calls or images stand alone" if alone else ""
    return f"{mean:.1f} exchanges on average share a system prompt ({share:.0%} of the tokens), {longest} at most{others}"


def _part(lines: Sequence[Sequence[int]], rate: float) -> ScheduledPart:
    packs = [len(line) for line in lines]
    rows = [row for line in lines for row in line]
    return ScheduledPart(rows=rows, n_epochs=1, packs=packs if max(packs) > 1 else (), rate=rate)


def _cut(lines: Sequence[list[int]], parts: int, pool: Sequence[Example]) -> list[Sequence[list[int]]]:
    """Consecutive files of about the same length, fewer where one would be too small for the service."""
    for count in range(min(parts, max(1, len(lines) // _LEAST)), 1, -1):
        edges = [round(len(lines) * part / count) for part in range(count + 1)]
        files = [lines[begin:end] for begin, end in pairwise(edges)]
        if all(_distinct(file, pool) >= _LEAST for file in files):
            return files
    return [lines]


def _distinct(lines: Sequence[Sequence[int]], pool: Sequence[Example]) -> int:
    return len(Counter(tuple(pool[row].digest for row in line) for line in lines))
