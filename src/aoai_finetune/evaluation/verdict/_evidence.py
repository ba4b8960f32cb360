"""What a gate looks at: counts of graded pairs, fact by fact, and nothing that could be read out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._noise import NoiseFloor

__all__ = ["Evidence", "PairedCounts", "Slice", "total"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedCounts:
    """McNemar's table of some probes: each was asked of the champion and of the challenger.

    Attributes:
        kept: right before and after.
        broken: right before, wrong after.
        fixed: wrong before, right after.
        missed: wrong before and after.
    """

    kept: int = 0
    broken: int = 0
    fixed: int = 0
    missed: int = 0

    def __post_init__(self) -> None:
        if not all(count >= 0 for count in (self.kept, self.broken, self.fixed, self.missed)):  # NaN is not
            raise ValueError("counts of probes cannot be negative")

    @classmethod
    def of(cls, pairs: Iterable[tuple[bool, bool]]) -> PairedCounts:
        """Count pairs of (champion right, challenger right)."""
        seen = list(pairs)
        return cls(
            kept=seen.count((True, True)),
            broken=seen.count((True, False)),
            fixed=seen.count((False, True)),
            missed=seen.count((False, False)),
        )

    def __add__(self, other: PairedCounts) -> PairedCounts:
        return PairedCounts(
            kept=self.kept + other.kept,
            broken=self.broken + other.broken,
            fixed=self.fixed + other.fixed,
            missed=self.missed + other.missed,
        )

    @property
    def n(self) -> int:
        """All probes."""
        return self.kept + self.broken + self.fixed + self.missed

    @property
    def before(self) -> int:
        """Probes the champion answered right."""
        return self.kept + self.broken

    @property
    def after(self) -> int:
        """Probes the challenger answered right."""
        return self.kept + self.fixed

    @property
    def difference(self) -> float:
        """New accuracy minus old, -1 to 1; 0.0 without probes."""
        return (self.fixed - self.broken) / self.n if self.n else 0.0

    @property
    def churn(self) -> float:
        """Share of probes whose correctness flipped either way; 0.0 without probes."""
        return (self.fixed + self.broken) / self.n if self.n else 0.0

    @property
    def retention(self) -> float | None:
        """Share of what the champion answered right that the challenger still does; None if it was nothing."""
        return self.kept / self.before if self.before else None

    def differences(self) -> Iterator[int]:
        """-1 for each broken probe, 1 for each fixed one, 0 for the others."""
        yield from (-1,) * self.broken
        yield from (1,) * self.fixed
        yield from (0,) * (self.kept + self.missed)


def total(counts: Iterable[PairedCounts]) -> PairedCounts:
    """The sum of tables; all zeros for none."""
    return sum(counts, start=PairedCounts())


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The old or the general probes with one label.

    Attributes:
        group: `old` or `general`.
        label: what the probes are called.
        facts: one table per fact.
        noise: what the champion answers to them when asked again, None when it was asked once.
    """

    group: str
    label: str
    facts: tuple[PairedCounts, ...]
    noise: NoiseFloor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that `Gate.decide` knows. Probes that were trained on are in `trained_on` and nowhere else, except `stale`.

    Attributes:
        old: one table per old fact that has probes.
        general: the same for probes of what no history holds.
        new: probes of facts that only the challenger was trained on, together.
        updated: probes of facts whose answer changed, together.
        stale: probes to which the challenger gave an answer that is out of date.
        known_facts: facts in the champion's history; None when nobody said.
        unprobed_facts: those of them that no probe asks for.
        strange_facts: facts that old probes ask for and that are not among the known ones.
        new_facts: facts the challenger was trained to answer anew or differently; None when nobody said.
        asked_new_facts: how many of them the probes ask for; None counts every probe of `new` and `updated` as one.
        trained_on: by group, how many probes were left out because the challenger was trained on their question.
        slices: labelled old and general probes once more, label by label.
        champion_unanswered: probes to which the champion's answer is empty or a refusal, and wrong.
        challenger_unanswered: the same of the challenger.
        old_unanswered: those of `champion_unanswered` that ask for old facts.
        noise: what the champion answers to old probes when asked again, None when it was asked once.
        general_noise: the same for general probes.
    """

    old: tuple[PairedCounts, ...] = ()
    general: tuple[PairedCounts, ...] = ()
    new: PairedCounts = PairedCounts()
    updated: PairedCounts = PairedCounts()
    stale: int = 0
    known_facts: int | None = None
    unprobed_facts: int = 0
    strange_facts: int = 0
    new_facts: int | None = None
    asked_new_facts: int | None = None
    trained_on: Mapping[str, int] = field(default_factory=dict[str, int], hash=False)
    slices: tuple[Slice, ...] = ()
    champion_unanswered: int = 0
    challenger_unanswered: int = 0
    old_unanswered: int = 0
    noise: NoiseFloor | None = None
    general_noise: NoiseFloor | None = None

    @property
    def silent(self) -> Mapping[str, int]:
        """Which of the two models left nine of ten probes unanswered, or more, and how many."""
        counts = {"champion": self.champion_unanswered, "challenger": self.challenger_unanswered}
        return {who: empty for who, empty in counts.items() if self.probes and 10 * empty >= 9 * self.probes}

    @property
    def covered(self) -> bool:
        """Whether every fact the champion was trained on, and no other, is asked for."""
        known = self.known_facts
        return (
            known is not None and len(self.old) <= known and not (self.unprobed_facts or self.strange_facts)
        )

    @property
    def probes(self) -> int:
        """All probes that count."""
        return total([*self.old, *self.general, self.new, self.updated]).n

    @property
    def acquired(self) -> PairedCounts:
        """Probes of new and updated facts together."""
        return self.new + self.updated

    @property
    def acquired_facts(self) -> int:
        """How many new and updated facts the probes ask for."""
        asked, probes = self.asked_new_facts, self.acquired.n
        return probes if asked is None else min(probes, asked)

    def tables(self) -> Iterator[tuple[str, tuple[PairedCounts, ...], NoiseFloor | None, bool]]:
        """What may be lost: name, tables, noise, and whether it asks for every old fact that is asked for at all.

        A label that all probes of its group have says nothing more, and is left out.
        """
        groups = {"old": (self.old, self.noise), "general": (self.general, self.general_noise)}
        for name, (facts, noise) in groups.items():
            yield name, facts, noise, name == "old"
        for part in self.slices:
            whole = groups[part.group][0] if part.group in groups else ()
            if total(part.facts).n != total(whole).n:
                covers = part.group == "old" and len(part.facts) >= len(self.old)
                yield f"{part.group}/{part.label}", part.facts, part.noise, covers
