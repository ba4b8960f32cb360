"""What given probes will be able to show, told before a model is trained or asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ..statistics._limits import loss_p
from ..statistics._paired import ASSUMED_CORRELATION, design_effect
from ..statistics._power import noninferiority_power, probes_to_show_kept
from ._numbers import count, percent, points, rounded
from ._retention import Basis

if TYPE_CHECKING:
    from random import Random

    from ..probes._probes import Probe, ProbeSet

__all__ = ["Power", "forecast"]

_DRAWS: Final = 2_000
"""So many comparisons are simulated; a chance is then right to within about 2 points."""

_FACT_DRAWS: Final = 200_000
"""Simulated facts in all: with more than 100 facts, fewer comparisons are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What a gate will be able to say about old facts with given probes. Printable; holds numbers only.

    Attributes:
        probes: probes of old facts.
        facts: how many facts they ask for.
        basis: whether the facts are a census or a sample.
        margin: the loss the gate tolerates.
        alpha: the error rate of each of its limits.
        churn: share of probes assumed to flip either way although nothing was lost.
        correlation: assumed between probes of one fact.
        design_effect: how many probes will carry as much as one independent probe; 1.0 in a census.
        chance: that a challenger as good as the champion is shown to have kept its facts (with several probes per
            fact from 2,000 seeded simulations, fewer above 100 facts: right to about 2 points).
        shows: the smallest margin that a chance of 80 % is had for; None when no margin below 1 is.
        finds: the smallest loss that will be found to be more than the margin with a chance of 80 %, when no other
            group was damaged (`tested_with`); None if none.
        needed: about how many probes in all, in the same number per fact, give a chance of 80 %; None for a margin
            of 0.
        tested_with: how many groups these probes make, old, general and every label, which share `alpha` (Holm) when
            they are asked whether they are lost.
    """

    probes: int
    facts: int
    basis: Basis
    margin: float
    alpha: float
    churn: float
    correlation: float
    design_effect: float
    chance: float
    shows: float | None
    finds: float | None
    needed: int | None
    tested_with: int = 1

    @property
    def effective_probes(self) -> float:
        """How many independent probes they will carry as much as."""
        return self.probes / self.design_effect

    @property
    def missing(self) -> int | None:
        """How many more probes are needed; 0 when there are enough, None when no number is."""
        if self.chance >= 0.8:
            return 0
        return None if self.needed is None else max(1, self.needed - self.probes)

    @override
    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        told = f"{count(self.probes, 'probe')} of {count(self.facts, 'old fact')}"
        if self.basis == "sample" and self.design_effect > 1:
            told += (
                f", as a sample: they carry as much as {self.effective_probes:.0f} independent ones (design effect "
                f"{self.design_effect:.1f}, from a correlation of {ASSUMED_CORRELATION:g} within a fact)"
            )
        yield f"{told}. If {percent(self.churn)} of them flip by chance:"
        yield (
            f"- a challenger as good as the champion is shown to have kept its facts, within {points(self.margin)}, "
            f"with a chance of {percent(round(self.chance, 2))}"
        )
        if self.shows is not None:
            yield f"- with a chance of 80% they show a margin of {points(math.ceil(200 * self.shows) / 200)}"
        if self.finds is not None:
            yield (
                f"- with a chance of 80% they find that more than {points(self.margin)} are lost when "
                f"{points(math.ceil(200 * self.finds) / 200)} are{self._together()}"
            )
        if self.missing:
            yield f"- about {rounded(self.missing)} more probes of the same kind raise the first chance to 80%"
        if self.missing is None:
            yield "- no number of probes shows a margin of 0"

    def _together(self) -> str:
        return f" ({self.tested_with} groups are asked together)" if self.tested_with > 1 else ""


def forecast(
    probes: ProbeSet,
    *,
    known_facts: Collection[str] | None,
    margin: float,
    alpha: float,
    basis: Basis,
    churn: float,
    correlation: float,
) -> Power:
    """See `Gate.power`."""
    sizes = _sizes(probes, known_facts)
    if not (0 <= churn <= 1 and 0 <= correlation < 1):
        raise ValueError("churn is a share from 0 to 1, and the correlation lies from 0 to below 1")
    effect = _assumed_effect(sizes, basis)
    independent = max(1, math.floor(sum(sizes) / effect))
    enough = probes_to_show_kept(margin, churn, alpha=alpha)
    groups = _groups(probes, known_facts)
    return Power(
        probes=sum(sizes),
        facts=len(sizes),
        basis=basis,
        margin=margin,
        alpha=alpha,
        churn=churn,
        correlation=correlation,
        design_effect=effect,
        chance=_chance(sizes, margin, alpha, basis, churn, correlation),
        shows=_smallest_margin(independent, churn, alpha),
        finds=_smallest_loss(independent, margin, churn, alpha / groups),
        needed=None if enough is None else math.ceil(enough * effect),
        tested_with=groups,
    )


def _sizes(probes: ProbeSet, known: Collection[str] | None) -> list[int]:
    """How many probes each old fact has."""
    asked = Counter(probe.fact for probe in probes if _is_old(probe, known))
    if not asked:
        raise ValueError("there are no probes of old facts, so nothing can be shown about them")
    return sorted(asked.values())


def _is_old(probe: Probe, known: Collection[str] | None) -> bool:
    return probe.group == "old" or (probe.group is None and (known is None or probe.fact in known))


def _groups(probes: ProbeSet, known: Collection[str] | None) -> int:
    """How many groups the gate will ask whether they are lost; a label of all probes of its group is none."""
    labels = (
        [probe.label for probe in probes if _is_old(probe, known)],
        [probe.label for probe in probes if probe.group == "general"],
    )
    return sum(bool(group) + len({*group} - {None}) * (len({*group}) > 1) for group in labels)


def _smallest_margin(n: int, churn: float, alpha: float) -> float | None:
    steps = (step / 200 for step in range(1, 200))
    return next((m for m in steps if noninferiority_power(n, m, churn, alpha=alpha) >= 0.8), None)


def _smallest_loss(n: int, margin: float, churn: float, alpha: float) -> float | None:
    """The loss of which n independent probes say with a chance of 80 % that it is above the margin."""
    for step in range(math.floor(200 * margin) + 1, 201):
        loss = step / 200
        mended = min(churn / 2, (1 - loss) / 2)
        if _chance_of_loss(n, loss, mended, margin, alpha) >= 0.8:
            return loss
    return None


def _chance_of_loss(n: int, loss: float, mended: float, margin: float, alpha: float) -> float:
    """By the normal approximation of the loss seen, with the limit that will be asked of it."""
    spread = math.sqrt(max(1e-12, loss + 2 * mended - loss * loss) / n)
    likely = max(0.0, loss - 0.8416 * spread)  # the loss seen is at least this in 80 % of comparisons
    fixed = n * mended
    return 0.8 if loss_p(fixed, min(n - fixed, fixed + n * likely), n, -margin) < alpha else 0.0


def _chance(
    sizes: Sequence[int], margin: float, alpha: float, basis: Basis, churn: float, correlation: float
) -> float:
    """The chance of `kept` for a true difference of 0: exact for single probes, otherwise simulated."""
    n = sum(sizes)
    independent = max(sizes) == 1 or not churn or not correlation
    if independent and _assumed_effect(sizes, basis) == 1:
        return noninferiority_power(n, margin, churn, alpha=alpha)
    from random import Random

    source = Random(f"{sizes} {margin} {alpha} {basis} {churn} {correlation}")
    draws = max(200, min(_DRAWS, _FACT_DRAWS // len(sizes)))
    seen = Counter(_outcome(source, sizes, basis, churn, correlation) for _ in range(draws))
    kept = sum(
        times
        for (broken, fixed, effect), times in seen.items()
        if loss_p(broken / effect, fixed / effect, n / effect, margin, step=1 / effect) < alpha
    )
    return kept / draws


def _outcome(
    source: Random, sizes: Sequence[int], basis: Basis, churn: float, correlation: float
) -> tuple[int, int, float]:
    """Broken and mended probes of one simulated comparison, and its design effect."""
    facts = [_fates(source, size, churn, correlation) for size in sizes]
    effect = design_effect(facts) if basis == "sample" else 1.0
    return sum(fact.count(-1) for fact in facts), sum(fact.count(1) for fact in facts), effect


def _assumed_effect(sizes: Sequence[int], basis: Basis) -> float:
    """The design effect while nothing has changed yet."""
    return design_effect([[0.0] * size for size in sizes]) if basis == "sample" else 1.0


def _fates(source: Random, size: int, churn: float, correlation: float) -> list[int]:
    """What becomes of the probes of one fact: -1, 0 or 1 each, half of the churn either way.

    Polya's urn, which draws from a Dirichlet-multinomial distribution: each probe copies one before it, or meets
    its own fate, so that any two of them are correlated as asked.
    """
    own = (1 - correlation) / correlation if correlation else math.inf
    fates: list[int] = []
    for place in range(size):
        if place and source.random() * (own + place) >= own:
            fates.append(fates[source.randrange(place)])
        else:
            luck = source.random()
            fates.append(-1 if luck < churn / 2 else int(luck < churn))
    return fates
