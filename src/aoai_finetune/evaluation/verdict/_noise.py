"""How much of a difference is chance: what a model answers when it is asked the same again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..statistics._paired import sign_flip
from ._evidence import PairedCounts, total

__all__ = ["NoiseFloor", "noise_floor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseFloor:
    """What became of the old probes when the champion was asked again: flips that no training caused.

    Attributes:
        repeats: how often it was asked again.
        counts: McNemar's table of its first answers and the repeated ones, of all repeats together.
        p_above: one-sided p-value of "the challenger gets no more of what the champion first got right wrong than the
            champion does itself when it is asked again", by sign flips over probes; with one repeat this is the
            exact McNemar test of repeat and challenger.
        p_above_facts: the same by sign flips over facts, for facts that are a sample.
    """

    repeats: int
    counts: PairedCounts
    p_above: float
    p_above_facts: float

    @property
    def share(self) -> float:
        """Share of old probes that flip when the same model is asked again, 0 to 1."""
        return self.counts.churn


def noise_floor(
    first: Sequence[bool],
    repeats: Sequence[Sequence[bool]],
    challenger: Sequence[bool],
    facts: Sequence[str],
) -> NoiseFloor | None:
    """The noise floor of some probes, each a sequence of right or wrong; None without repeats or probes.

    `facts` names the fact of each probe.
    """
    if not repeats or not first:
        return None
    tables = (PairedCounts.of(zip(first, again, strict=True)) for again in repeats)
    excess: dict[str, list[int]] = defaultdict(list)
    for place, right in enumerate(first):
        if right:
            again = sum(repeat[place] for repeat in repeats)
            excess[facts[place]].append(again - len(repeats) * challenger[place])
    return NoiseFloor(
        repeats=len(repeats),
        counts=total(tables),
        p_above=sign_flip([each for fact in excess.values() for each in fact], "better"),
        p_above_facts=sign_flip([sum(fact) for fact in excess.values()], "better"),
    )
