"""Two models, the same questions: graded side by side, counted, tested, and judged by a gate."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from ...dataset import Finding
from ...errors import DatasetError
from ..graders._refusals import unanswered
from ..probes._probes import Group, Probe, ProbeSet, leak_findings
from ..verdict._evidence import Evidence, PairedCounts, Slice
from ..verdict._gate import Decision, Gate, Verdict
from ..verdict._noise import NoiseFloor, noise_floor
from ._pairs import Contender, Pair

if TYPE_CHECKING:
    from ...display import Section

__all__ = ["Comparison"]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What both models answered, and what follows from it. Everything is computed from the stored answers.

    Make one with `from_answers`. Its repr and str hold counts, names and the verdict; prompts, answers and facts
    are in the accessors, in `side_by_side` and in the report.

    Attributes:
        probes: the probes, each with a group.
        champion: the model in use.
        challenger: the one that wants its place.
        champion_answers: one answer per probe.
        challenger_answers: one answer per probe.
        known_facts: every fact of the champion's history, probed or not; None when nobody said.
        new_facts: facts the challenger was trained to answer anew or differently; None when nobody said.
        gate: what decides.
        trained_on: places of probes whose question the challenger was trained on, with the row that asks it (None when
            that is not known). They prove memory, so they count for nothing, except that a stale answer stays one.
        champion_repeats: what the champion answered when it was asked again, once per repeat.
    """

    probes: ProbeSet = field(repr=False)
    champion: Contender
    challenger: Contender
    champion_answers: tuple[str, ...] = field(repr=False)
    challenger_answers: tuple[str, ...] = field(repr=False)
    known_facts: frozenset[str] | None = field(repr=False)
    new_facts: frozenset[str] | None = field(default=None, repr=False)
    gate: Gate = field(default_factory=Gate)
    trained_on: Mapping[int, int | None] = field(
        default_factory=dict[int, int | None], repr=False, hash=False
    )
    champion_repeats: tuple[tuple[str, ...], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        asked_again = (("champion, asked again,", answers) for answers in self.champion_repeats)
        both = (("champion", self.champion_answers), ("challenger", self.challenger_answers))
        for who, answers in (*both, *asked_again):
            _check_answers(who, answers, len(self.probes))
        _check_places(self.trained_on, len(self.probes))
        for probe in self.probes:
            if probe.group is None:
                raise DatasetError(
                    "a probe has no group, so nobody knows what it should show",
                    line=probe.line,
                    path="group",
                    hint="Fill groups from both histories with ProbeSet.grouped, or write group into the probe file",
                )

    @classmethod
    def from_answers(
        cls,
        probes: ProbeSet,
        champion: Contender,
        challenger: Contender,
        champion_answers: Sequence[str],
        challenger_answers: Sequence[str],
        *,
        known_facts: Collection[str] | None,
        new_facts: Collection[str] | None = None,
        gate: Gate | None = None,
        trained_on: Mapping[int, int | None] | None = None,
        champion_repeats: Sequence[Sequence[str]] = (),
    ) -> Self:
        """Compare answers that were collected already, in the order of the probes.

        Args:
            probes: every one with a group (`ProbeSet.grouped`).
            champion: who gave `champion_answers`.
            challenger: who gave `challenger_answers`.
            champion_answers: one per probe; an empty text is an answer, and wrong.
            challenger_answers: one per probe.
            known_facts: every fact of the champion's history; they say whether the probes are a census. None when
                nobody knows: facts are then taken as a sample.
            new_facts: what the challenger was trained to answer anew or differently. When it is empty, a gate asks
                for no acquisition; when it is None, a gate asks for probes of new facts.
            gate: `Gate()` by default.
            trained_on: which probes ask what the challenger was trained on (`ProbeSet.trained_on`). They are named
                and counted for nothing.
            champion_repeats: the champion's answers to the same probes, asked again: one sequence for each time.
                They show how many probes flip by themselves (`noise`), and a loss that is no more than that does
                not reject. Ask as the first answers were asked (same temperature), with another seed if one is set.

        Raises:
            DatasetError: a probe without a group, not exactly one answer per probe, or a place without a probe.
        """
        return cls(
            probes=probes,
            champion=champion,
            challenger=challenger,
            champion_answers=tuple(champion_answers),
            challenger_answers=tuple(challenger_answers),
            known_facts=None if known_facts is None else frozenset(known_facts),
            new_facts=None if new_facts is None else frozenset(new_facts),
            gate=gate or Gate(),
            trained_on=dict(trained_on or {}),
            champion_repeats=tuple(tuple(answers) for answers in champion_repeats),
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """A warning for every probe that was trained on."""
        return leak_findings(self.probes, self.trained_on)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every probe with both answers, graded, in the order of the probes."""
        rows = zip(self.probes, self.champion_answers, self.challenger_answers, strict=True)
        return tuple(
            Pair.graded(probe, before, after, self.probes.graders, trained_on=place in self.trained_on)
            for place, (probe, before, after) in enumerate(rows)
        )

    @cached_property
    def _counted(self) -> tuple[Pair, ...]:
        """The pairs that count: those that were not trained on."""
        return tuple(pair for pair in self.pairs if not pair.trained_on)

    @cached_property
    def noise(self) -> NoiseFloor | None:
        """How many old probes flip when the champion is asked again; None when it was asked once."""
        return self._noise("old")

    def _noise(self, group: Group, label: str | None = None) -> NoiseFloor | None:
        places = [
            place
            for place, pair in enumerate(self.pairs)
            if _belongs(pair.probe, group, label) and not pair.trained_on
        ]
        return noise_floor(
            [self.pairs[place].right_before for place in places],
            [
                [self.probes.grade(self.probes[place], answers[place]) for place in places]
                for answers in self.champion_repeats
            ],
            [self.pairs[place].right_after for place in places],
            [self.probes[place].fact for place in places],
        )

    @cached_property
    def groups(self) -> Mapping[Group, PairedCounts]:
        """McNemar's table of each group that has probes which count, in the order old, updated, new, general."""
        present: dict[Group, PairedCounts] = {}
        for group in _ORDER:
            counts = _table(pair for pair in self._counted if pair.probe.group == group)
            if counts.n:
                present[group] = counts
        return present

    @property
    def table(self) -> PairedCounts:
        """McNemar's table of the probes of old facts; all zeros without any."""
        return self.groups.get("old", PairedCounts())

    @property
    def retention(self) -> float | None:
        """Share of old probes the champion answered right that the challenger still does; None if there are none.

        None, too, when a model left hardly any probe answered: then nothing was measured.
        """
        return None if self.evidence.silent else self.table.retention

    @property
    def acquisition(self) -> float | None:
        """Share of probes of new and updated facts that the challenger answers right; None as for `retention`."""
        counts = self.evidence.acquired
        return counts.after / counts.n if counts.n and not self.evidence.silent else None

    @cached_property
    def evidence(self) -> Evidence:
        """The counts a gate decides on."""
        old = {pair.probe.fact for pair in self._counted if pair.probe.group == "old"}
        asked = old | {probe.fact for probe in self.probes if probe.group != "old"}
        fresh = {pair.probe.fact for pair in self._counted if pair.probe.group in _ACQUIRED}
        known = self.known_facts
        lacking = [pair for pair in self._counted if unanswered(pair.before, right=pair.right_before)]
        return Evidence(
            old=self._fact_tables("old"),
            general=self._fact_tables("general"),
            new=self.groups.get("new", PairedCounts()),
            updated=self.groups.get("updated", PairedCounts()),
            stale=sum(pair.stale for pair in self.pairs),
            known_facts=None if known is None else len(known),
            unprobed_facts=0 if known is None else len(known - asked),
            strange_facts=0 if known is None else len(old - known),
            new_facts=None if self.new_facts is None else len(self.new_facts),
            asked_new_facts=len(fresh if self.new_facts is None else fresh & self.new_facts),
            trained_on=Counter(self.probes[place].group or "" for place in self.trained_on),
            slices=tuple(self._slices()),
            champion_unanswered=len(lacking),
            challenger_unanswered=sum(
                unanswered(pair.after, right=pair.right_after) for pair in self._counted
            ),
            old_unanswered=sum(pair.probe.group == "old" for pair in lacking),
            noise=self.noise,
            general_noise=self._noise("general"),
        )

    @cached_property
    def decision(self) -> Decision:
        """What the gate says, with its tests."""
        return self.gate.decide(self.evidence)

    @property
    def verdict(self) -> Verdict:
        """Promote, reject or inconclusive."""
        return self.decision.verdict

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in sentences with numbers; what decided stands first."""
        return self.decision.reasons

    @cached_property
    def broken(self) -> tuple[str, ...]:
        """Facts of which the champion answered most probes right and the challenger does not."""
        return self._facts_where(
            lambda counts: _most(counts.before, counts) and not _most(counts.after, counts)
        )

    @cached_property
    def learned(self) -> tuple[str, ...]:
        """Facts of which the challenger answers most probes right and the champion did not."""
        return self._facts_where(
            lambda counts: _most(counts.after, counts) and not _most(counts.before, counts)
        )

    @cached_property
    def stale(self) -> tuple[str, ...]:
        """Facts for which the challenger gave an answer that is out of date, at least once."""
        return tuple(dict.fromkeys(pair.probe.fact for pair in self.pairs if pair.stale))

    @cached_property
    def _by_fact(self) -> Mapping[str, tuple[Pair, ...]]:
        facts: dict[str, list[Pair]] = defaultdict(list)
        for pair in self._counted:
            facts[pair.probe.fact].append(pair)
        return {fact: tuple(pairs) for fact, pairs in facts.items()}

    def _fact_tables(self, group: Group, label: str | None = None) -> tuple[PairedCounts, ...]:
        tables = (
            _table(pair for pair in pairs if _belongs(pair.probe, group, label))
            for pairs in self._by_fact.values()
        )
        return tuple(counts for counts in tables if counts.n)

    def _slices(self) -> Iterator[Slice]:
        groups: tuple[Group, ...] = ("old", "general")
        for group in groups:
            labels = (pair.probe.label for pair in self._counted if pair.probe.group == group)
            for label in filter(None, dict.fromkeys(labels)):
                facts, noise = self._fact_tables(group, label), self._noise(group, label)
                yield Slice(group=group, label=label, facts=facts, noise=noise)

    def _facts_where(self, holds: Callable[[PairedCounts], bool]) -> tuple[str, ...]:
        return tuple(fact for fact, pairs in self._by_fact.items() if holds(_table(pairs)))

    def judged_by(self, gate: Gate) -> Comparison:
        """The same answers, judged by another gate."""
        return replace(self, gate=gate)

    def side_by_side(self, limit: int | None = 20) -> str:
        """Questions with the expected, the old and the new answer as a plain text table: broken ones first.

        `limit` is the number of probes shown, None for all.
        """
        from ._text import side_by_side

        return side_by_side(self, limit)

    def sections(self) -> tuple[Section, ...]:
        """The parts of the report, for a page that shows more than this comparison."""
        from ._html import sections

        return sections(self)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained page: verdict, reasons, figures, facts, and every answer side by side.

        Raises:
            OSError: as `display.write_atomic`.
        """
        from ._html import page

        return page(self).write(path)

    def to_json(self) -> str:
        """Everything needed to judge again without a model: probes, answers, gate, and the verdict as a check."""
        from ._json import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Comparison:
        """The comparison that `to_json` wrote, computed afresh from its answers.

        Raises:
            DatasetError: it is not such a text, was written by another version of the format, or does not say any
                more what was written.
        """
        from ._json import from_json

        return from_json(text)

    @override
    def __repr__(self) -> str:
        return (
            f"Comparison({self.champion.name!r} -> {self.challenger.name!r}: {self.verdict}, "
            f"{len(self.probes)} probes, {len(self.broken)} facts broken, {len(self.learned)} learned, "
            f"{len(self.stale)} stale)"
        )

    @override
    def __str__(self) -> str:
        from ._text import summary

        return summary(self)

    def _repr_html_(self) -> str:
        from ._html import short

        return short(self)


_ORDER: tuple[Group, ...] = ("old", "updated", "new", "general")
_ACQUIRED: tuple[Group, ...] = ("new", "updated")


def _belongs(probe: Probe, group: Group, label: str | None) -> bool:
    """Whether a probe is of this group and, unless it is None, has this label."""
    return probe.group == group and label in {None, probe.label}


def _table(pairs: Iterable[Pair]) -> PairedCounts:
    return PairedCounts.of((pair.right_before, pair.right_after) for pair in pairs)


def _most(right: int, counts: PairedCounts) -> bool:
    return 2 * right > counts.n


def _check_answers(who: str, answers: Sequence[Any], probes: int) -> None:
    if len(answers) != probes:
        raise DatasetError(
            f"there are {len(answers)} answers of the {who} to {probes} probes",
            hint="Give one answer per probe, in the order of the probes; an empty text where the model said nothing",
        )
    for place, answer in enumerate(answers):
        if not isinstance(answer, str):
            raise DatasetError(
                f"answer {place + 1} of the {who} is {type(answer).__name__}, not text",
                hint="Give the text the model answered; an empty one where it said nothing",
            )


def _check_places(places: Mapping[Any, Any], probes: int) -> None:
    for place, row in places.items():
        if type(place) is not int or not 0 <= place < probes or not (row is None or type(row) is int):
            raise DatasetError(
                f"trained_on does not name places of the {probes} probes and rows",
                hint="Give what ProbeSet.trained_on(rows) returns",
            )
