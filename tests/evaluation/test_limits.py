"""Small-sample tails and limits against exact sums, and Holm's correction."""

from __future__ import annotations

import importlib
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.evaluation import (
    holm,
    loss_p,
    paired_limits,
    tango_limits,
    tango_noninferiority,
    zero_failures_bound,
)

stats = importlib.import_module("scipy.stats")  # the oracle; it has no types

counts = st.integers(0, 40)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int]:
    """Broken, fixed and all pairs, of which there is at least one."""
    broken, fixed, same = draw(counts), draw(counts), draw(counts)
    return broken, fixed, max(1, broken + fixed + same)


def certified(n: int, margin: float, mended: float) -> float:
    """The exact chance that n pairs certify a loss below the margin, when exactly the margin was lost."""
    passing = [
        (broken, fixed)
        for broken, fixed in itertools.product(range(n + 1), repeat=2)
        if broken + fixed <= n
        and fixed - broken > -2 * margin * n
        and loss_p(broken, fixed, n, margin) < 0.05
    ]
    shares = [margin + mended, mended, 1 - margin - 2 * mended]
    return sum(
        float(stats.multinomial.pmf([broken, fixed, n - broken - fixed], n, shares))
        for broken, fixed in passing
    )


@pytest.mark.parametrize("n", [14, 28, 52, 58, 59, 60])
@pytest.mark.parametrize("margin", [0.05, 0.1, 0.2])
def test_a_loss_of_exactly_the_margin_is_certified_in_at_most_five_per_cent(n: int, margin: float) -> None:
    """Exact sums over all tables; Tango's own approximation certifies up to 6.9 % of them (52 pairs, 5 points)."""
    assert max(certified(n, margin, mended) for mended in (0, 0.01, 0.05)) <= 0.05


def test_tango_s_own_approximation_certifies_too_much() -> None:
    """The reason for another tail: 52 unbroken pairs happen in 6.9 % of cases when 5 points were lost."""
    assert tango_noninferiority(0, 0, 52, 0.05) < 0.05 < 0.95**52 < loss_p(0, 0, 52, 0.05) + 1e-12


@given(n=st.integers(1, 500), margin=st.floats(0.001, 0.5))
def test_unchanged_pairs_give_the_exact_bound(n: int, margin: float) -> None:
    """(1 - margin)**n, whose limit is Clopper's and Pearson's."""
    assert loss_p(0, 0, n, margin) == pytest.approx((1 - margin) ** n)
    assert paired_limits(0, 0, n)[0] == pytest.approx(-zero_failures_bound(n), abs=1e-9)


@pytest.mark.parametrize(("broken", "n", "margin"), [(1, 60, 0.1), (3, 80, 0.1), (6, 100, 0.1), (2, 40, 0.2)])
def test_without_mended_pairs_the_tail_is_nearly_binomial(broken: int, n: int, margin: float) -> None:
    """Never below scipy's exact binomial by more than a tenth."""
    exact = stats.binom.cdf(broken, n, margin)
    assert exact * 0.9 < loss_p(broken, 0, n, margin) < exact * 2.5


@given(table=tables(), margin=st.floats(0, 0.9), alpha=st.floats(0.001, 0.4))
def test_p_value_and_lower_limit_say_the_same(
    table: tuple[int, int, int], margin: float, alpha: float
) -> None:
    """p < alpha exactly when the lower limit is above -margin."""
    lower, _ = paired_limits(*table, alpha)
    if abs(lower + margin) > 1e-6:
        assert (loss_p(*table, margin) < alpha) == (lower > -margin)


@given(table=tables())
def test_limits_hold_the_difference_seen_and_mirror(table: tuple[int, int, int]) -> None:
    """Lower <= seen <= upper; exchanging the models turns the interval around."""
    broken, fixed, n = table
    lower, upper = paired_limits(broken, fixed, n)
    assert -1 <= lower <= (fixed - broken) / n + 1e-9
    assert (fixed - broken) / n - 1e-9 <= upper <= 1
    assert paired_limits(fixed, broken, n) == pytest.approx((-upper, -lower), abs=1e-9)


@given(table=tables(), first=st.floats(-1, 1), second=st.floats(-1, 1))
def test_a_larger_loss_is_excluded_more_surely(
    table: tuple[int, int, int], first: float, second: float
) -> None:
    """The p-value falls as the margin grows, but for a ripple of the approximation near one half."""
    low, high = sorted((first, second))
    assert loss_p(*table, high) <= loss_p(*table, low) + 0.03


def test_many_pairs_give_tango_s_limits() -> None:
    """The correction is for small counts: with 20,000 pairs both are the same to a tenth of a point."""
    ours, tangos = paired_limits(900, 700, 20_000), tango_limits(900, 700, 20_000)
    assert ours == pytest.approx(tangos, abs=2e-4)


def test_everything_broken_is_certainly_a_loss() -> None:
    """Ten of ten: at least 54 points are lost, at most all."""
    lower, upper = paired_limits(10, 0, 10)
    assert lower == pytest.approx(-1)
    assert -0.75 < upper < -0.5


@pytest.mark.parametrize(
    "bad", [(0, 0, 0, 0.1), (3, 3, 5, 0.1), (-1, 0, 3, 0.1), (0, 0, 3, 1.5), (0, 0, 3, math.nan)]
)
def test_impossible_counts_and_margins_are_refused(bad: tuple[int, int, int, float]) -> None:
    """No p-value is made of them."""
    with pytest.raises(ValueError, match=r"counts|margin"):
        loss_p(*bad)


def test_a_confidence_that_is_none_is_refused() -> None:
    """Limits at one half are no limits."""
    with pytest.raises(ValueError, match="alpha"):
        paired_limits(0, 0, 5, 0.5)


def test_holm_gives_the_published_example() -> None:
    """Four p-values, worked out by hand: 0.01, 0.04, 0.03 and 0.005."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_lies_between_each_value_and_bonferroni(values: list[float]) -> None:
    """It never makes a p-value smaller, never larger than their number times it, and keeps their order."""
    corrected = holm(values)
    assert all(
        p <= q <= min(1.0, len(values) * p * (1 + 1e-9)) for p, q in zip(values, corrected, strict=True)
    )
    ranked = sorted(zip(values, corrected, strict=True))
    assert [q for _, q in ranked] == sorted(corrected)


def test_holm_of_one_changes_nothing() -> None:
    """One test needs no correction."""
    assert holm([0.031]) == (0.031,)


@pytest.mark.parametrize("bad", [[1.2], [-0.1], [math.nan]])
def test_holm_refuses_what_is_no_probability(bad: list[float]) -> None:
    """NaN among them would be sorted anywhere."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm(bad)
