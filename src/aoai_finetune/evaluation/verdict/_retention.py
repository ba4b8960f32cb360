"""Whether what was known is still known: one test, read by the gate, by reports and by people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..statistics._limits import loss_p, paired_limits
from ..statistics._paired import design_effect, mcnemar_exact, normal_quantile, sign_flip
from ..statistics._power import probes_to_show_kept
from ._evidence import PairedCounts, total
from ._noise import NoiseFloor

__all__ = ["Basis", "RetentionTest", "retention_test"]

Basis = Literal["census", "sample"]
"""census: every fact there is was probed, and the unit is the probe. sample: the unit is the fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionTest:
    """What paired probes of old facts say about the challenger.

    Attributes:
        counts: the table of all probes together.
        facts: how many facts they ask for.
        basis: census or sample.
        margin: the loss that is tolerated.
        alpha: error rate of each limit.
        design_effect: how many probes carry as much as one independent probe; 1.0 in a census.
        lower: one-sided lower limit of new accuracy minus old (`paired_limits` on effective counts).
        upper: the upper one.
        p_inferior: p-value of "at least `margin` was lost"; small when facts are kept.
        p_lost: p-value of "at most `margin` was lost"; small when facts are lost. Corrected by Holm where a gate
            asks it of several groups.
        tested_with: how many groups the gate tested together, this one included.
        p_broken: exact McNemar over probes, one-sided: more broke than was mended.
        p_facts: sign-flip permutation over facts, one-sided: the same with facts as units.
        p_above_noise: p-value of "what broke is no more than what the champion breaks itself when it is asked again",
            with the unit that fits the basis; None when it was not asked again.
    """

    counts: PairedCounts
    facts: int
    basis: Basis
    margin: float
    alpha: float
    design_effect: float
    lower: float
    upper: float
    p_inferior: float
    p_lost: float
    p_broken: float
    p_facts: float
    tested_with: int = 1
    p_above_noise: float | None = None

    @property
    def outcome(self) -> Literal["kept", "lost", "undecided"]:
        """kept: the loss is certainly below the margin. lost: certainly above it. undecided: too few to tell."""
        if self.lower > -self.margin:
            return "kept"
        return "lost" if self.p_lost < self.alpha else "undecided"

    @property
    def catastrophic(self) -> bool:
        """More than half of what the champion answered right is wrong now, and that is no accident."""
        return 2 * self.counts.broken > self.counts.before and self.p_drop <= self.alpha

    @property
    def p_drop(self) -> float:
        """That more broke than was mended, with the unit of the basis: `p_broken` in a census, `p_facts` in a sample."""
        return self.p_broken if self.basis == "census" else self.p_facts

    @property
    def only_noise(self) -> bool:
        """A loss that is not shown to be more than what the champion loses when it is asked again."""
        lost = self.catastrophic or self.outcome == "lost"
        return lost and self.p_above_noise is not None and self.p_above_noise > self.alpha

    @property
    def effective_probes(self) -> float:
        """How many independent probes these carry as much as."""
        return self.counts.n / self.design_effect

    def probes_needed(self, *, power: float = 0.8) -> int | None:
        """About how many probes in all would decide, with this chance; None when hardly any number would.

        Taken is the churn seen and a challenger that is as good as the champion. Where the loss seen is larger
        than the margin, or where so many probes were asked already, the difference seen is taken instead, by the
        normal approximation.
        """
        needed = None
        if self.counts.difference > -self.margin:
            needed = self._needed_if_nothing_was_lost(power)
        if needed is None or needed <= self.counts.n:
            needed = self._needed_for_what_was_seen(power)
        return needed if needed is not None and needed <= 100 * self.counts.n + 1_000 else None

    def _needed_if_nothing_was_lost(self, power: float) -> int | None:
        independent = probes_to_show_kept(self.margin, self.counts.churn, alpha=self.alpha, power=power)
        return None if independent is None else math.ceil(independent * self.design_effect)

    def _needed_for_what_was_seen(self, power: float) -> int | None:
        distance = self.counts.difference + self.margin
        if not distance:
            return None
        reach = normal_quantile(1 - self.alpha) + normal_quantile(power)
        variance = self.counts.churn - self.counts.difference**2
        needed = math.ceil(reach * reach * variance / distance**2 * self.design_effect)
        return max(needed, self.counts.n + 1)


def retention_test(
    facts: Sequence[PairedCounts],
    *,
    margin: float,
    alpha: float,
    basis: Basis,
    noise: NoiseFloor | None = None,
) -> RetentionTest | None:
    """Test the tables of some facts, one table per fact; None when there is no probe."""
    asked = [counts for counts in facts if counts.n]
    if not asked:
        return None
    counts = total(asked)
    differences = [list(fact.differences()) for fact in asked]
    effect = design_effect(differences) if basis == "sample" else 1.0
    broken, fixed, n = counts.broken / effect, counts.fixed / effect, counts.n / effect
    lower, upper = paired_limits(broken, fixed, n, alpha, step=1 / effect)
    return RetentionTest(
        counts=counts,
        facts=len(asked),
        basis=basis,
        margin=margin,
        alpha=alpha,
        design_effect=effect,
        lower=lower,
        upper=upper,
        p_inferior=loss_p(broken, fixed, n, margin, step=1 / effect),
        p_lost=loss_p(fixed, broken, n, -margin, step=1 / effect),
        p_broken=mcnemar_exact(counts.broken, counts.fixed, "worse"),
        p_facts=sign_flip([sum(fact) for fact in differences], "worse"),
        p_above_noise=None if noise is None else _p_above(noise, basis),
    )


def _p_above(noise: NoiseFloor, basis: Basis) -> float:
    return noise.p_above if basis == "census" else noise.p_above_facts
