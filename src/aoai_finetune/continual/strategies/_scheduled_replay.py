"""Replay by a schedule: visits per fact, several exchanges to a row, and consecutive jobs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from random import Random
from typing import Final

from ...dataset import LIMITS, Dataset, Example, counter_for
from .._history import History
from ._packing import Frames, pack_turns
from ._presets import BUDGETS, BudgetName, Preset, Shares, preset
from ._protocol import Schedule, ScheduledPart
from ._visits import Topic, new_visits, old_visits, topics, turns

__all__ = ["ScheduledReplay"]


_WORTHWHILE: Final = 0.30
"""Below this share of system prompt and tools, packing was measured not to be worth fewer training steps."""

_TOGETHER: Final = 1.5
"""Exchanges to a line, on average, from which the settings for packed rows hold."""

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
        budget: `"standard"`, `"low"` for about a sixth fewer tokens, `"lowest"` for about a third fewer, which lost
            a point more (three where nothing is packed); or your own `Shares`. What the names stand for depends on
            whether rows are packed.
        parts: consecutive jobs of a step, at most; fewer when one would hold under ten distinct rows.
        pack: exchanges in one row, at most; 1 packs nothing. Where the system prompt is short, or the rows too
            few for the service, less is packed, and the plan says so. Rows that stand alone are visited less.
        passes: the epochs of joint retraining that visits are a share of.
        ratio: visits of known facts for each visit of a new one, at most. The bill of a step then stops growing
            with the history.
        rates: learning rate multipliers of the jobs, relative to the one of a plain job; a step of fewer jobs takes
            the last ones, and a step of a single job the first. Left out, they are those of the budget.
        age: known facts get visits in proportion to their earlier visits to the power of minus `age`, the same
            number in all; 0 visits all alike. Left out, it is the budget's.
        front: new facts stand in this first part of a step, 0 to 1. Left out, it is the budget's.
        seed: decides phrasings, partners and order.
        past: when and how often each fact was trained; a lineage fills it in.

    Raises:
        ValueError: a setting outside its range.
    """

    budget: BudgetName | Shares = "standard"
    parts: int = 3
    pack: int = 4
    passes: int = 10
    ratio: float | None = None
    rates: tuple[float, ...] | None = None
    age: float | None = None
    front: float | None = None
    seed: int = 0
    past: History = field(default_factory=History, repr=False, compare=False)

    def __post_init__(self) -> None:
        allowed = {
            "budget": (isinstance(self.budget, Shares) or self.budget in BUDGETS, f"{_NAMES} or Shares(...)"),
            "parts": (1 <= self.parts <= 10, "1 to 10"),
            "pack": (1 <= self.pack <= 16, "1 to 16"),
            "passes": (1 <= self.passes <= 50, "1 to 50, the service's limit for n_epochs"),
            "ratio": (self.ratio is None or 0 < self.ratio < math.inf, "above 0"),
            "rates": (self.rates is None or _factors(self.rates), "factors above 0, one for each job"),
            "age": (self.age is None or 0 <= self.age <= 10, "0 to 10"),
            "front": (self.front is None or 0 < self.front <= 1, "above 0 and at most 1"),
        }
        for name, (given, wanted) in allowed.items():
            if not given:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be {wanted}")

    @property
    def name(self) -> str:
        """`scheduled replay`, with its budget where that is not the standard one, and whether nothing may be packed."""
        kind = self.budget if isinstance(self.budget, str) else "own shares"
        named = ("scheduled replay", "" if kind == "standard" else kind, "unpacked" if self.pack == 1 else "")
        return ", ".join(filter(None, named))

    def knowing(self, history: History, /) -> ScheduledReplay:
        """The same schedule, going on where this history stopped."""
        return replace(self, past=history)

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """The jobs of one step. Raises ValueError when there is no row at all."""
        pool = [*new, *old]
        if not pool:
            raise ValueError("there is no row to train on")
        draft = self._best(pool, len(new), Frames.of(pool, counter_for(None)))
        files = _cut(draft.lines, self.parts if len(old) else 1, pool)
        rates = _rates(draft.settings.rates, len(files))
        return Schedule(
            start="parent",
            parts=tuple(_part(file, rate) for file, rate in zip(files, rates, strict=True)),
            counts="visits",
            notes=tuple(self._notes(draft)),
        )

    def _best(self, pool: Sequence[Example], new: int, frames: Frames) -> _Draft:
        """Packed where that pays; else by the settings for rows that stand alone, as far as the service's minimum lets."""
        share = 0.0
        if self.pack > 1:
            packed = self._draft(pool, new, frames, self._settings(packed=True), self.pack)
            if packed.together >= _TOGETHER:
                return packed
            share = packed.share
        settings = self._settings(packed=False)
        single = self._draft(pool, new, frames, settings, 1)
        if _distinct(single.lines, pool) < _LEAST:
            single = self._draft(pool, new, frames, replace(settings, age=0.0), 1)
        return replace(single, share=share)

    def _settings(self, *, packed: bool) -> Preset:
        """Those of the budget, where none was given."""
        found = preset(self.budget, packed=packed)
        return replace(
            found,
            rates=found.rates if self.rates is None else self.rates,
            age=found.age if self.age is None else self.age,
            front=found.front if self.front is None else self.front,
        )

    def _draft(
        self, pool: Sequence[Example], new: int, frames: Frames, settings: Preset, pack: int
    ) -> _Draft:
        found = topics(pool, new)
        visits = self._visits(found, settings, len({row.digest for row in pool[:new]}))
        order = turns(found, visits, past=self.past, front=settings.front, seed=self.seed)
        share = frames.share([turn.row for turn in order])
        sizes = range(pack if share >= _WORTHWHILE else 1, 0, -1)
        packings = (
            pack_turns(order, size, frames, Random(f"{self.seed} {self.past.steps} pack")) for size in sizes
        )
        # As many exchanges to a line as leave the service its minimum of distinct lines, or else one.
        lines: list[list[int]] = []
        for lines in packings:
            if _distinct(lines, pool) >= _LEAST:
                break
        alone = sum(frames.names[row] is None for row in {turn.row for turn in order})
        return _Draft(settings=settings, found=found, visits=visits, lines=lines, share=share, alone=alone)

    def _visits(self, found: Sequence[Topic], settings: Preset, new_rows: int) -> dict[str, int]:
        old = [topic for topic in found if not topic.fresh]
        share = settings.shares.of_new(len(old))
        visits = {topic.name: new_visits(topic, share, self.passes) for topic in found if topic.fresh}
        return visits | old_visits(
            old,
            settings.shares.old,
            self.passes,
            past=self.past,
            most=math.inf if self.ratio is None else self.ratio * sum(visits.values()),
            least=max(0, _LEAST - new_rows),
            seed=self.seed,
            age=settings.age,
        )

    def _notes(self, draft: _Draft) -> Iterator[str]:
        yield _about_packing(self.pack, draft)
        if draft.together < _TOGETHER:
            yield _about_single(draft)
        few = sum(len(topic.rows) < 3 for topic in draft.found)
        if few:
            yield (
                f"{few} of {len(draft.found)} facts have fewer than 3 phrasings, so there is little to rotate; "
                "the schedule was measured with 4"
            )
        taught = sum(draft.visits[topic.name] for topic in draft.found if topic.fresh)
        rehearsed = sum(draft.visits.values()) - taught
        if self.ratio is None and rehearsed > 10 * taught:
            yield (
                f"{rehearsed:,} of {rehearsed + taught:,} visits rehearse what is known; ratio= bounds their number"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """The lines of a step, and what they were made with.

    Attributes:
        settings: of the budget, for packed rows or for rows that stand alone.
        found, visits: the topics, and how often each is visited.
        lines: rows of the pool, in the order of the files.
        share: of the tokens that packing could send once for several exchanges, 0 to 1.
        alone: how many rows cannot be packed.
    """

    settings: Preset
    found: tuple[Topic, ...]
    visits: dict[str, int]
    lines: list[list[int]]
    share: float
    alone: int

    @property
    def together(self) -> float:
        """Exchanges to a line, on average."""
        return sum(map(len, self.lines)) / len(self.lines)


def _about_packing(pack: int, draft: _Draft) -> str:
    if pack == 1:
        return "nothing is packed: every visit is a row of its own"
    if draft.share < _WORTHWHILE:
        return (
            f"nothing is packed: system prompt and tools are {draft.share:.0%} of the tokens, and sending them once for "
            f"several exchanges pays from {_WORTHWHILE:.0%} on"
        )
    if draft.together < _TOGETHER:
        return "nothing is packed: the facts, or the rows, are too few to share a line and keep ten distinct ones"
    longest = max(map(len, draft.lines))
    others = f"; {draft.alone} rows of several turns, calls or images stand alone" if draft.alone else ""
    return (
        f"{draft.together:.1f} exchanges on average share a system prompt ({draft.share:.0%} of the tokens), "
        f"{longest} at most{others}"
    )


def _about_single(draft: _Draft) -> str:
    """What differs from packed rows."""
    shares = draft.settings.shares
    of_new = shares.of_new(sum(not topic.fresh for topic in draft.found))
    visits = f"{shares.old:.0%} of joint's visits for known facts, {of_new:.0%} for new ones"
    fewer = ", known facts that were visited often fewer" if draft.settings.age else ""
    return f"the schedule for rows that stand alone: {visits}{fewer}"


def _factors(rates: Sequence[float]) -> bool:
    return bool(rates) and all(0 < rate < math.inf for rate in rates)


def _rates(rates: tuple[float, ...], parts: int) -> list[float]:
    every = [rates[0]] * max(0, parts - len(rates)) + list(rates)
    return every[-parts:] if parts > 1 else every[:1]


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
    return len({tuple(pool[row].digest for row in line) for line in lines})


_NAMES = ", ".join(map(repr, BUDGETS))
