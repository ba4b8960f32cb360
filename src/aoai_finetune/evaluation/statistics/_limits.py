"""What paired counts say about a loss: small-sample tails and limits, and Holm's correction for several tests.

Tango's normal approximation is too sure of itself where little was broken: with 52 pairs, none of them broken, it
certifies a loss below 5 points, although a model that lost exactly 5 points shows that in 6.9 % of cases. So its
estimates are kept and the tail is computed by a saddlepoint approximation, which is near exact and needs no sum
over tables.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ._paired import check_counts, crossing, restricted_estimate

__all__ = ["holm", "loss_p", "paired_limits"]

_FLAT = 1e-3
"""Below so small a tilt the saddlepoint formula is a difference of huge numbers, and the normal tail is as good."""


def loss_p(broken: float, fixed: float, n: float, margin: float, *, step: float = 1.0) -> float:
    """One-sided p-value of "the new model is worse by at least `margin`"; small means that it is not.

    The chance of counts at least as good as these, when exactly `margin` was lost and breaking and mending are as
    likely as Tango 1998 estimates them under that hypothesis; by the saddlepoint formula of Lugannani and Rice
    (1980, Advances in Applied Probability 12) with a continuity correction of half a step (Daniels 1987,
    International Statistical Review 55). With nothing broken nor mended it is exact: (1 - margin)**n.
    A negative margin asks whether the new model is better by at least so much.

    Args:
        broken: pairs right before and wrong now; a fraction where counts were divided by a design effect.
        fixed: the reverse.
        n: all pairs.
        margin: -1 to 1.
        step: what one pair counts for, 1 divided by the design effect.

    Raises:
        ValueError: no pairs, negative counts, more changes than pairs, or a margin outside -1 to 1.
    """
    check_counts(broken, fixed, n)
    if not -1 <= margin <= 1:
        raise ValueError("a margin is a share between -1 and 1")
    if not broken and not fixed:
        return math.pow(1 - margin, n) if margin > 0 else 1.0
    breaking = restricted_estimate(broken, fixed, n, -margin)
    return _tail(breaking, max(0.0, breaking - margin), fixed - broken - step / 2, n)


def _tail(breaking: float, mending: float, excess: float, n: float) -> float:
    """Chance that n pairs have at least this excess of mended over broken ones."""
    mean = excess / n
    if mean <= -1 or (breaking <= 0 and mean <= 0):
        return 1.0
    if mean >= 1 or (mending <= 0 and mean >= 0):
        return 0.0
    staying = max(0.0, 1 - breaking - mending)
    if staying <= 0 and min(breaking, mending) <= 0:  # every pair has the same fate
        return float(mending > 0)
    tilt = _tilt(breaking, mending, staying, mean)
    total = staying + breaking / tilt + mending * tilt
    slope, spread = math.log(tilt), (breaking / tilt + mending * tilt) / total - mean * mean
    if spread <= 0:
        return float(mean <= mending - breaking)
    if abs(slope) < _FLAT:
        return _above((excess - n * (mending - breaking)) / math.sqrt(n * spread))
    distance = math.copysign(math.sqrt(max(0.0, 2 * (slope * excess - n * math.log(total)))), slope)
    lattice = 2 * math.sinh(slope / 2) * math.sqrt(n * spread)
    density = math.exp(-distance * distance / 2) / math.sqrt(2 * math.pi)
    return min(1.0, max(0.0, _above(distance) + density * (1 / lattice - 1 / distance)))


def _tilt(breaking: float, mending: float, staying: float, mean: float) -> float:
    """The factor that tilts the chances of one pair until this is their mean: a root of a quadratic."""
    square, linear, constant = mending * (1 - mean), -staying * mean, -breaking * (1 + mean)
    root = math.sqrt(linear * linear - 4 * square * constant)
    # Both forms are the positive root; each is used where it does not subtract nearly equal numbers.
    return -2 * constant / (linear + root) if linear > 0 else (root - linear) / (2 * square)


def _above(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2))


def paired_limits(
    broken: float, fixed: float, n: float, alpha: float = 0.05, *, step: float = 1.0
) -> tuple[float, float]:
    """Lower and upper limit of new accuracy minus old, each of them one-sided with confidence 1 - alpha.

    The two differences that `loss_p` just does not reject, found by bisection. Together they are a two-sided
    interval with confidence 1 - 2*alpha.

    Raises:
        ValueError: as `loss_p`, or alpha outside 0 to 0.5.
    """
    check_counts(broken, fixed, n)
    if not 0 < alpha < 0.5:
        raise ValueError("alpha is a probability above 0 and below 0.5")
    seen = (fixed - broken) / n
    lower = crossing(lambda d: loss_p(broken, fixed, n, -d, step=step) < alpha, -1.0, seen)
    upper = crossing(lambda d: loss_p(fixed, broken, n, d, step=step) >= alpha, seen, 1.0)
    return lower, upper


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """P-values corrected for being several, in their order: all below alpha are significant together.

    The smallest of k is multiplied by k, the next by k - 1 and so on, none ending below one before it (Holm 1979,
    Scandinavian Journal of Statistics 6). The chance of any false alarm stays below alpha however the tests depend
    on each other.

    Raises:
        ValueError: a value is not a probability.
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("a p-value lies between 0 and 1")
    corrected, floor = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = floor
    return tuple(corrected)
