"""How many probes a question needs, told before anything is paid for.

Counts are of independent probes; multiply them by the design effect where probes come in groups of one fact.
Powers are exact sums over all outcomes, leaving out less than 1e-9 of the probability.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from ._limits import loss_p
from ._paired import normal_quantile

__all__ = ["mcnemar_power", "noninferiority_power", "probes_to_find_drop", "probes_to_show_kept"]

_EXACT_UP_TO = 1_000
"""Above so many probes the normal approximation is right within a few per cent, and exact sums get slow."""


def mcnemar_power(n: int, broken: float, fixed: float = 0.0, *, alpha: float = 0.05) -> float:
    """Chance that n probes show a drop: that one-sided exact McNemar is at most alpha.

    `broken` and `fixed` are the true shares of probes that break and mend. The number of changed probes is
    binomial, and so is the number broken among them (Connor 1987, Biometrics 43).

    Raises:
        ValueError: shares that are negative or add up to more than 1, or no probe.
    """
    changing = _check_shares(n, broken, fixed)
    if not changing:
        return 0.0
    total = 0.0
    for changed, weight in _outcomes(n, changing):
        needed = _critical_broken(changed, alpha)
        total += weight * _at_least(needed, changed, broken / changing)
    return total


def _critical_broken(changed: int, alpha: float) -> int:
    """The fewest broken of `changed` pairs that one-sided exact McNemar finds significant."""
    term = tail = math.ldexp(1.0, -changed)
    needed = changed + 1
    while tail <= alpha and needed > 0:
        needed -= 1
        term *= needed / (changed - needed + 1)
        tail += term
    return needed


def noninferiority_power(
    n: int, margin: float, churn: float = 0.0, *, alpha: float = 0.05, difference: float = 0.0
) -> float:
    """Chance that n probes show that at most `margin` was lost: that `loss_p` is below alpha.

    `churn` is the true share of probes that flip either way, `difference` the true new accuracy minus the old.

    Raises:
        ValueError: a margin outside 0 to 1, churn smaller than the difference, or no probe.
    """
    if not 0 <= margin < 1 or abs(difference) > churn:
        raise ValueError("the margin lies between 0 and 1, and churn is at least as large as the difference")
    changing = _check_shares(n, (churn - difference) / 2, (churn + difference) / 2)
    share = 0.5 * (1 - difference / churn) if churn else 0.5
    total = 0.0
    for changed, weight in _outcomes(n, changing):
        allowed = _most_broken(n, changed, margin, alpha)
        total += weight * (1 - _at_least(allowed + 1, changed, share))
    return total


def _most_broken(n: int, changed: int, margin: float, alpha: float) -> int:
    """The most broken of `changed` pairs with which the test still passes, -1 for none."""
    passing, failing = -1, changed + 1
    while failing - passing > 1:
        broken = (passing + failing) // 2
        if loss_p(broken, changed - broken, n, margin) < alpha:
            passing = broken
        else:
            failing = broken
    return passing


def probes_to_find_drop(
    broken: float, fixed: float = 0.0, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """The fewest independent probes that show a drop of this size with this chance; None if there is no drop.

    Exact up to 1,000 probes, above that (z_alpha + z_power)**2 * (broken + fixed) / (broken - fixed)**2.

    Raises:
        ValueError: as `mcnemar_power`, or a power outside 0 to 1.
    """
    _check_shares(1, broken, fixed)
    _check_power(power)
    if broken <= fixed:
        return None
    rough = _approximate(broken + fixed, broken - fixed, alpha, power)
    if rough > _EXACT_UP_TO:
        return rough
    return _fewest(lambda n: mcnemar_power(n, broken, fixed, alpha=alpha) >= power)


def probes_to_show_kept(
    margin: float, churn: float = 0.0, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """The fewest independent probes that show, for a challenger as good as the champion, that it is so.

    As good means a true difference of 0, with this churn; None when the margin is 0, which no number of probes
    can show. Exact up to 1,000 probes, above that (z_alpha + z_power)**2 * churn / margin**2.

    Raises:
        ValueError: as `noninferiority_power`, or a power outside 0 to 1.
    """
    _check_power(power)
    if margin <= 0:
        return None
    rough = _approximate(churn, margin, alpha, power)
    if rough > _EXACT_UP_TO:
        return rough
    return _fewest(lambda n: noninferiority_power(n, margin, churn, alpha=alpha) >= power)


def _approximate(churn: float, distance: float, alpha: float, power: float) -> int:
    reach = normal_quantile(1 - alpha) + normal_quantile(power)
    return math.ceil(reach * reach * churn / (distance * distance))


def _fewest(enough: Callable[[int], bool]) -> int:
    """The smallest n that is enough, taking `enough` as rising; powers saw a little, so it is near the first."""
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _outcomes(n: int, share: float) -> Iterator[tuple[int, float]]:
    """How many of n pairs change, with the probability of each number, all but 1e-9 of it."""
    spread = 6.5 * math.sqrt(n * share * (1 - share)) + 12
    for changed in range(max(0, math.floor(n * share - spread)), min(n, math.ceil(n * share + spread)) + 1):
        yield changed, _binomial(changed, n, share)


def _at_least(k: int, n: int, share: float) -> float:
    """P(X >= k) for X binomial: the shorter tail, summed from its largest term on."""
    if k <= 0 or k > n:
        return float(k <= 0)
    if share <= 0 or share >= 1:
        return float(share >= 1)
    if k > n * share:
        return _tail(k, n, share)
    return 1 - _tail(n - k + 1, n, 1 - share)


def _tail(k: int, n: int, share: float) -> float:
    """The same for k above the mean, where each term is smaller than the one before."""
    term = total = _binomial(k, n, share)
    odds = share / (1 - share)
    for i in range(k, n):
        term *= (n - i) / (i + 1) * odds
        total += term
        if term < 1e-15 * total:
            break
    return min(1.0, total)


def _binomial(k: int, n: int, share: float) -> float:
    if share <= 0 or share >= 1:
        return float(k == n * round(share))
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share))


def _check_shares(n: int, broken: float, fixed: float) -> float:
    if n < 1 or broken < 0 or fixed < 0 or broken + fixed > 1:
        raise ValueError(
            "there is at least one probe, and the shares that change lie between 0 and 1 together"
        )
    return broken + fixed


def _check_power(power: float) -> None:
    if not 0 < power < 1:
        raise ValueError("a power lies strictly between 0 and 1")
