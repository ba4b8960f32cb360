"""Fictional facts whose probes are correlated, so that promises about error rates can be checked."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aoai_finetune.evaluation import Evidence, PairedCounts

__all__ = ["Facts", "evidence", "exact_census", "scenarios", "tables"]

Facts = tuple[PairedCounts, ...]


def tables(
    rng: random.Random, facts: int, per_fact: int, *, broken: float, mended: float, correlation: float = 0.5
) -> Facts:
    """One table per fact. Each fact has its own chances, drawn from a Dirichlet distribution.

    Two probes of a fact are then correlated by `correlation`; over all facts `broken` and `mended` is the true
    share of probes that flip. Written apart from the package, which draws by Polya's urn.
    """
    own = (1 - correlation) / correlation
    return tuple(
        _fact(rng, per_fact, (broken * own, mended * own, (1 - broken - mended) * own)) for _ in range(facts)
    )


def _fact(rng: random.Random, probes: int, weights: tuple[float, float, float]) -> PairedCounts:
    draws = [rng.gammavariate(weight, 1) if weight else 0.0 for weight in weights]
    chances = draws if sum(draws) else list(weights)
    fates = rng.choices((0, 1, 2), chances, k=probes)
    return PairedCounts(broken=fates.count(0), fixed=fates.count(1), kept=fates.count(2))


def exact_census(rng: random.Random, facts: int, per_fact: int, *, loss: float) -> Facts:
    """Facts whose own chances of breaking differ widely and have exactly `loss` as their mean."""
    fates = [min(1.0, 2 * loss) if place % 2 else 0.0 for place in range(facts)]
    return tuple(_broken(rng, per_fact, fate) for fate in fates)


def _broken(rng: random.Random, probes: int, chance: float) -> PairedCounts:
    broken = sum(rng.random() < chance for _ in range(probes))
    return PairedCounts(broken=broken, kept=probes - broken)


def evidence(old: Facts, *, unprobed: int = 1) -> Evidence:
    """A comparison that hangs on old facts alone; some of them have no probe unless `unprobed` is 0."""
    return Evidence(old=old, known_facts=len(old) + unprobed, unprobed_facts=unprobed, new_facts=0)


def scenarios() -> Iterator[tuple[int, int, float, float]]:
    """Facts, probes per fact, margin, share mended: what the slow simulations go through."""
    for facts, per_fact in ((10, 3), (20, 3), (20, 6), (40, 1), (40, 3), (40, 6), (80, 3), (160, 3)):
        for margin in (0.05, 0.1):
            for mended in (0.0, 0.05):
                yield facts, per_fact, margin, mended
