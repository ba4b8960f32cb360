"""Paired statistics on small counts: exact where that is cheap, score-based where it is not.

Everything here is pure and takes counts or differences, never text. Throughout, `broken` counts pairs that were
right before and are wrong now, `fixed` counts the reverse, and `n` counts all pairs. Counts may be fractions,
because counts divided by a design effect are.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Literal

__all__ = [
    "ASSUMED_CORRELATION",
    "Alternative",
    "check_counts",
    "crossing",
    "design_effect",
    "mcnemar_exact",
    "normal_quantile",
    "restricted_estimate",
    "sign_flip",
    "tango_limits",
    "tango_noninferiority",
    "tango_score",
    "wilson",
    "zero_failures_bound",
]

Alternative = Literal["worse", "better", "two-sided"]
"""What a test looks for: the new model answers worse, better, or differently in either direction."""

ASSUMED_CORRELATION = 0.6
"""Correlation between probes of one fact where the data cannot tell: the measured range was 0.56 to 0.60."""

EXACT_FACTS = 20
"""Up to so many facts that changed, sign flips of any numbers are enumerated; above it they are drawn."""

_WHOLE_NUMBER_STEPS = 5_000_000
"""Up to so many additions (about a second), sign flips of whole numbers are counted exactly."""

_TOO_FEW_CHANGED = 40
"""Below so many facts that changed, an estimated design effect is not trusted to be small."""


def mcnemar_exact(broken: int, fixed: int, alternative: Alternative = "two-sided") -> float:
    """Exact p-value of McNemar's test that breaking and mending are equally likely.

    Given how many pairs changed, the broken ones are binomial with probability one half under the hypothesis
    (McNemar 1947, Psychometrika 12, in the exact form: a sign test on the discordant pairs). `"worse"` is
    P(X >= broken), `"better"` is P(X <= broken), `"two-sided"` is twice the smaller one, at most 1.

    Raises:
        ValueError: a count is negative.
    """
    if broken < 0 or fixed < 0:
        raise ValueError("counts of changed pairs cannot be negative")
    if alternative == "worse":
        return _upper_half_tail(broken, broken + fixed)
    if alternative == "better":
        return _upper_half_tail(fixed, broken + fixed)
    return min(1.0, 2 * _upper_half_tail(max(broken, fixed), broken + fixed))


def _upper_half_tail(k: int, n: int) -> float:
    """P(X >= k) for X binomial with n trials and probability one half, summed in whole numbers."""
    term = total = 1  # comb(n, n)
    for taken in range(n, k, -1):
        term = term * taken // (n - taken + 1)
        total += term
    return total / (1 << n)


def tango_score(broken: float, fixed: float, n: float, difference: float) -> float:
    """Score statistic of the hypothesis that the new accuracy is the old one plus `difference`.

    Tango 1998 (Statistics in Medicine 17, 891-908): (fixed - broken - n*d) / sqrt(n * (2q + d - d*d)), where q,
    the probability of breaking under the hypothesis, is the larger root of 2n*q*q + B*q + C with
    B = (2n + broken - fixed)*d - broken - fixed and C = -broken*d*(1 - d). Falls as `difference` grows, is
    McNemar's statistic at 0, and is defined with no changed pairs at all. Standard normal under the hypothesis.

    Raises:
        ValueError: no pairs, negative counts, more changes than pairs, or a difference outside -1 to 1.
    """
    check_counts(broken, fixed, n)
    if not -1 <= difference <= 1:
        raise ValueError("a difference of two accuracies lies between -1 and 1")
    excess = fixed - broken - n * difference
    if excess == 0:
        return 0.0
    q = restricted_estimate(broken, fixed, n, difference)
    variance = n * (2 * q + difference - difference * difference)
    return excess / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, excess)


def restricted_estimate(broken: float, fixed: float, n: float, difference: float) -> float:
    """The most likely chance of breaking, when the chance of mending is that plus `difference` (see `tango_score`)."""
    linear = (2 * n + broken - fixed) * difference - broken - fixed
    constant = -broken * difference * (1 - difference)
    # A square of a tiny number would be 0.
    root = math.sqrt(max(0.0, linear * linear - 8 * n * constant)) if constant else abs(linear)
    # Both forms are the larger root; each is used where it does not subtract nearly equal numbers.
    return -2 * constant / (root + linear) if linear > 0 else (root - linear) / (4 * n)


def tango_limits(broken: float, fixed: float, n: float, alpha: float = 0.05) -> tuple[float, float]:
    """Lower and upper limit of new accuracy minus old, each of them one-sided with confidence 1 - alpha.

    The two differences that Tango's score test just does not reject, found by bisection. Together they are a
    two-sided interval with confidence 1 - 2*alpha.

    Raises:
        ValueError: as `tango_score`, or alpha outside 0 to 0.5.
    """
    check_counts(broken, fixed, n)
    z = normal_quantile(1 - alpha)
    seen = (fixed - broken) / n
    lower = crossing(lambda d: tango_score(broken, fixed, n, d) > z, -1.0, seen)
    upper = crossing(lambda d: tango_score(broken, fixed, n, d) > -z, seen, 1.0)
    return lower, upper


def crossing(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where a condition that holds on the left stops holding, to 1e-10."""
    while high - low > 1e-10:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return (low + high) / 2


def tango_noninferiority(broken: float, fixed: float, n: float, margin: float) -> float:
    """One-sided p-value of "the new model is worse by at least `margin`"; small means that it is not.

    Tango 1998, the score test at a difference of -margin: 1 - Phi(score). It is below alpha exactly when the
    lower limit of `tango_limits` lies above -margin.

    Raises:
        ValueError: as `tango_score`.
    """
    return 0.5 * math.erfc(tango_score(broken, fixed, n, -margin) / math.sqrt(2))


def sign_flip(
    differences: Sequence[float],
    alternative: Alternative = "two-sided",
    *,
    draws: int = 20_000,
    seed: int = 0,
) -> float:
    """P-value of the sign-flip permutation test that per-fact differences (new minus old) lie evenly around 0.

    Facts are the units, so probes of one fact may be as correlated as they like (Fisher's 1935 randomisation test
    for pairs). The statistic is the sum; flips that reach it count, ties included. Facts that did not change drop
    out. Every flip is counted for whole numbers (probes won or lost per fact) and for up to 20 changed facts;
    otherwise `draws` seeded random flips are, as (1 + hits) / (1 + draws) (Phipson and Smyth 2010), which never
    gives 0.

    Raises:
        ValueError: a difference is not a finite number.
    """
    if not all(math.isfinite(value) for value in differences):
        raise ValueError("a difference between two accuracies must be a finite number")
    changed = [value for value in differences if value]
    if alternative == "two-sided":
        towards = math.copysign(1, math.fsum(changed))
        return min(1.0, 2 * _flip_tail([towards * value for value in changed], draws, seed))
    return _flip_tail([-value for value in changed] if alternative == "worse" else changed, draws, seed)


def _flip_tail(values: Sequence[float], draws: int, seed: int) -> float:
    """Share of sign flips whose sum is at least the sum seen."""
    size = math.fsum(abs(value) for value in values)
    if all(float(value).is_integer() for value in values) and size * len(values) <= _WHOLE_NUMBER_STEPS:
        return _whole_flip_tail([round(abs(value)) for value in values], round(math.fsum(values)))
    reach = math.fsum(values) - 1e-9 * size
    if len(values) <= EXACT_FACTS:
        return _half_flip_tail(values, reach)
    hits = sum(total >= reach for total in _random_flips(values, draws, seed))
    return (1 + hits) / (1 + draws)


def _whole_flip_tail(sizes: Sequence[int], reach: int) -> float:
    """All flips of whole numbers at once: the distribution of their sum grows by one number after the other."""
    chances = [1.0]  # of choosing 0, 1, 2, ... as the sum of the numbers that stay positive
    for size in sizes:
        longer = [0.0] * size
        chances = [
            0.5 * (here + there) for here, there in zip(chances + longer, longer + chances, strict=True)
        ]
    return min(1.0, math.fsum(chances[(sum(sizes) + reach + 1) // 2 :]))


def _half_flip_tail(values: Sequence[float], reach: float) -> float:
    """All flips at once: the sums of one half are sorted, those of the other half are looked up in them."""
    half = len(values) // 2
    left, right = _all_flips(values[:half]), sorted(_all_flips(values[half:]))
    hits = sum(len(right) - bisect_left(right, reach - total) for total in left)
    return hits / (1 << len(values))


def _all_flips(values: Sequence[float]) -> list[float]:
    sums = [0.0]
    for value in values:
        sums = [total + signed for total in sums for signed in (value, -value)]
    return sums


def _random_flips(values: Sequence[float], draws: int, seed: int) -> Iterator[float]:
    from random import Random

    source, everything = Random(seed), math.fsum(values)
    for _ in range(draws):
        bits = source.getrandbits(len(values))
        yield everything - 2 * sum(value for place, value in enumerate(values) if bits >> place & 1)


def design_effect(clusters: Sequence[Sequence[float]], *, correlation: float = ASSUMED_CORRELATION) -> float:
    """How many correlated probes carry as much as one independent probe: never below 1.

    `clusters` holds the paired differences (-1, 0 or 1) of each fact's probes. The estimate is the variance of the
    mean difference with facts as the units over its variance with probes as the units: F/(F-1) * sum of squared
    fact residuals, over n/(n-1) * sum of squared probe residuals (Kish 1965, Survey Sampling, 5.4 and 8.2; the
    paired form is Miller 2024, arXiv 2411.00640). Where fewer than 40 facts changed, the estimate rests on too
    little to be believed when it is small; it is then at least 1 + (m - 1) * `correlation`, with m the mean number
    of probes per fact weighted by probes.

    Raises:
        ValueError: no probe at all, a difference that is no finite number, or a correlation outside 0 to 1.
    """
    filled = [cluster for cluster in clusters if cluster]
    if not filled:
        raise ValueError("a design effect needs at least one probe")
    if not all(math.isfinite(value) for cluster in filled for value in cluster):
        raise ValueError("a difference between two accuracies must be a finite number")
    if not 0 <= correlation <= 1:
        raise ValueError("the correlation within a fact lies between 0 and 1")
    n = sum(len(cluster) for cluster in filled)
    size = sum(len(cluster) * len(cluster) for cluster in filled) / n
    assumed = 1 + (size - 1) * correlation
    changed = sum(any(cluster) for cluster in filled)
    estimate = _variance_ratio(filled, n)
    return max(1.0, estimate) if changed >= _TOO_FEW_CHANGED else max(1.0, estimate, assumed)


def _variance_ratio(clusters: Sequence[Sequence[float]], n: int) -> float:
    mean = math.fsum(value for cluster in clusters for value in cluster) / n
    between = math.fsum(math.fsum(value - mean for value in cluster) ** 2 for cluster in clusters)
    within = math.fsum((value - mean) ** 2 for cluster in clusters for value in cluster)
    facts = len(clusters)
    return (between * facts / (facts - 1)) / (within * n / (n - 1)) if facts > 1 and within > 0 else 1.0


def wilson(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Two-sided score interval of a proportion.

    Wilson 1927 (JASA 22): (p + z*z/2n -+ z*sqrt(p(1-p)/n + z*z/4n*n)) / (1 + z*z/n).

    Raises:
        ValueError: no trials, successes outside 0 to n, or a confidence outside 0 to 1.
    """
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError("successes lie between 0 and the number of trials, and there is at least one trial")
    z = normal_quantile(0.5 + confidence / 2)
    share, weight = successes / n, z * z / n
    centre = share + weight / 2
    spread = z * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    return max(0.0, (centre - spread) / (1 + weight)), min(1.0, (centre + spread) / (1 + weight))


def zero_failures_bound(n: float, alpha: float = 0.05) -> float:
    """Upper limit, with confidence 1 - alpha, of a failure rate of which n trials showed none.

    1 - alpha**(1/n), exact (Clopper and Pearson 1934); about 3/n at 95 %, the rule of three.

    Raises:
        ValueError: no trials, or alpha outside 0 to 1.
    """
    if not n > 0 or not 0 < alpha < 1:
        raise ValueError("there is at least one trial, and alpha lies between 0 and 1")
    return 1 - math.pow(alpha, 1 / n)


@lru_cache(maxsize=64)
def normal_quantile(probability: float) -> float:
    """The standard normal value below which this probability lies.

    Raises:
        ValueError: the probability is not strictly between 0 and 1.
    """
    from statistics import NormalDist

    if not 0 < probability < 1:
        raise ValueError("a probability must lie strictly between 0 and 1")
    return NormalDist().inv_cdf(probability)


def check_counts(broken: float, fixed: float, n: float) -> None:
    """ValueError unless these are counts of changed pairs out of n."""
    if not (n > 0 and broken >= 0 and fixed >= 0 and broken + fixed <= n * (1 + 1e-12)):
        raise ValueError(
            "counts of changed pairs must be at least 0 and no more than the pairs, of which there is at least one"
        )
