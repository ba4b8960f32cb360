"""How much of a difference is chance: what a model answers when it is asked the same again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ._evidence import PairedCounts, total
from ._statistics import sign_flip

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
    """

    repeats: int
    counts: PairedCounts
    p_above: float

    @property
    def share(self) -> float:
        """Share of old probes that flip when the same model is asked again, 0 to 1."""
        return self.counts.churn


def noise_floor(
    first: Sequence[bool], repeats: Sequence[Sequence[bool]], challenger: Sequence[bool]
) -> NoiseFloor | None:
    """The noise floor of some probes, each a sequence of right or wrong; None without repeats or probes."""
    if not repeats or not first:
        return None
    tables = (PairedCounts.of(zip(first, again, strict=True)) for again in repeats)
    known = [place for place, right in enumerate(first) if right]
    excess = [sum(repeat[place] for repeat in repeats) - len(repeats) * challenger[place] for place in known]
    return NoiseFloor(repeats=len(repeats), counts=total(tables), p_above=sign_flip(excess, "better"))
