"""What the forgetting benchmark compares: the library's strategies, and controls that only a benchmark needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

from aoai_finetune.backends import Auto
from aoai_finetune.continual import (
    Cumulative,
    Joint,
    Naive,
    Replay,
    Schedule,
    ScheduledPart,
    ScheduledReplay,
    Shares,
    Strategy,
)
from aoai_finetune.continual.strategies._packing import Frames, Turn, pack_turns
from aoai_finetune.dataset import Dataset, counter_for

__all__ = ["PackedJoint", "Rated", "controls", "scheduled", "variants"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """Joint with its learning rate multiplied: the reference deserves tuning, too."""

    inner: Joint
    rate: float
    seed: int = 0

    @property
    def name(self) -> str:
        """Such as `joint, rate 2`."""
        return f"{self.inner.name}, rate {self.rate:g}"

    @property
    def passes(self) -> int | Auto:
        """Those of the joint."""
        return self.inner.passes

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """The same files."""
        schedule = replace(self.inner, seed=self.seed).schedule(new, old)
        parts = tuple(replace(part, rate=part.rate * self.rate) for part in schedule.parts)
        return replace(schedule, parts=parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedJoint:
    """Joint retraining that packs as scheduled replay does: everything, `passes` times, from the base model."""

    passes: int = 10
    pack: int = 4
    rate: float = 5.0
    seed: int = 0

    @property
    def name(self) -> str:
        """Such as `joint, packed by 4`."""
        return f"joint, packed by {self.pack}"

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """The passes one after the other, each in an order of its own."""
        pool = [*new, *old]
        frames = Frames.of(pool, counter_for(None))
        chance = Random(self.seed)
        lines: list[list[int]] = []
        for _ in range(self.passes):
            order = [Turn(row, example.fact) for row, example in enumerate(pool)]
            chance.shuffle(order)
            lines += pack_turns(order, self.pack, frames, chance)
        rows = [row for line in lines for row in line]
        part = ScheduledPart(rows=rows, n_epochs=1, packs=[len(line) for line in lines], rate=self.rate)
        return Schedule(start="base", parts=(part,))


def scheduled(
    new: float, old: float, *, first: float = 0.8, rates: tuple[float, ...] = (5.0, 5.0, 3.0), passes: int = 10,
    pack: int = 4, parts: int = 3, front: float | None = None, ratio: float | None = None,
    age: float | None = None, early: float = 0.0,
) -> ScheduledReplay:  # fmt: skip
    """A schedule by its shares."""
    return ScheduledReplay(
        budget=Shares(first=first, new=new, old=old, early=early),
        rates=rates, passes=passes, pack=pack, parts=parts, front=front, ratio=ratio, age=age,
    )  # fmt: skip


def variants(passes: int) -> Mapping[str, Callable[[], Strategy]]:
    """Everything that is shipped, at the passes of the reference."""
    return {
        "joint": lambda: Joint(passes=passes),
        "cumulative": lambda: Cumulative(passes=passes),
        "naive": lambda: Naive(passes=passes),
        "replay 10 %": lambda: Replay(passes=passes),
        "replay 25 %": lambda: Replay(passes=passes, fraction=0.25),
        "replay 1 per new row": lambda: Replay(passes=passes, ratio=1.0),
        "fixed replay 10 %": lambda: Replay(passes=passes, unroll=False),
        "fixed replay 25 %, coverage": lambda: Replay(
            passes=passes, fraction=0.25, unroll=False, sampler="coverage"
        ),
        "scheduled": lambda: ScheduledReplay(passes=passes),
        "scheduled, low": lambda: ScheduledReplay(passes=passes, budget="low"),
        "scheduled, lowest": lambda: ScheduledReplay(passes=passes, budget="lowest"),
        "scheduled, no packing": lambda: ScheduledReplay(passes=passes, pack=1),
        "scheduled, no packing, low": lambda: ScheduledReplay(passes=passes, pack=1, budget="low"),
        "scheduled, no packing, lowest": lambda: ScheduledReplay(passes=passes, pack=1, budget="lowest"),
    }


def controls(passes: int) -> Mapping[str, Callable[[], Strategy]]:
    """What makes the comparison fair: joint that packs, with another rate, at an equal bill, on rows that are no longer true."""
    return {
        "joint, packed": lambda: PackedJoint(passes=passes),
        "joint, stale rows kept": lambda: Joint(passes=passes),
        "joint, rate 2": lambda: Rated(inner=Joint(passes=passes), rate=2.0),
        "joint, equal bill": lambda: Rated(inner=Joint(passes=max(1, round(0.14 * passes))), rate=5.0),
        "joint, packed, equal bill": lambda: PackedJoint(passes=max(1, round(0.28 * passes))),
    }
