"""Paired statistics against scipy, brute force, published numbers and simulation."""

from __future__ import annotations

import importlib
import itertools
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.evaluation import (
    Alternative,
    PairedCounts,
    design_effect,
    mcnemar_exact,
    sign_flip,
    tango_limits,
    tango_noninferiority,
    tango_score,
    wilson,
    zero_failures_bound,
)

stats = importlib.import_module("scipy.stats")  # the oracle; it has no types
optimize = importlib.import_module("scipy.optimize")

counts = st.integers(0, 40)
shares = st.floats(-1, 1).filter(lambda share: share == 0 or abs(share) > 1e-12)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int]:
    """Broken, fixed and all pairs, of which there is at least one."""
    broken, fixed, same = draw(counts), draw(counts), draw(counts)
    return broken, fixed, max(1, broken + fixed + same)


@given(broken=counts, fixed=counts)
def test_mcnemar_is_the_binomial_sign_test_of_scipy(broken: int, fixed: int) -> None:
    """All three alternatives agree with scipy's exact binomial test."""
    changed = broken + fixed
    pairs: tuple[tuple[Alternative, str], ...] = (
        ("worse", "greater"),
        ("better", "less"),
        ("two-sided", "two-sided"),
    )
    for ours, theirs in pairs:
        oracle = stats.binomtest(broken, changed, 0.5, alternative=theirs).pvalue if changed else 1.0
        assert mcnemar_exact(broken, fixed, ours) == pytest.approx(oracle, rel=1e-9)


def test_mcnemar_of_nine_broken_and_one_mended_is_the_known_number() -> None:
    """The two-sided p-value of 9 against 1 is 22/1024."""
    assert mcnemar_exact(9, 1) == 22 / 1024


def test_mcnemar_takes_thousands_of_changed_pairs() -> None:
    """Whole numbers of any size are divided without overflow."""
    assert mcnemar_exact(2_600, 2_400, "worse") == pytest.approx(
        stats.binomtest(2_600, 5_000, 0.5, alternative="greater").pvalue, rel=1e-9
    )


def test_mcnemar_refuses_negative_counts() -> None:
    """A negative count is an error, not a probability."""
    with pytest.raises(ValueError, match="negative"):
        mcnemar_exact(-1, 3)


def restricted_likelihood(broken: float, fixed: float, n: float, difference: float) -> float:
    """The most likely chance of breaking when mending is that plus `difference`, by numerical search."""

    def cost(q: float) -> float:
        terms = ((broken, q), (fixed, q + difference), (n - broken - fixed, 1 - 2 * q - difference))
        return -sum(count * math.log(max(share, 1e-300)) for count, share in terms if count)

    low, high = max(0.0, -difference), (1 - difference) / 2
    return float(
        optimize.minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    )


@given(table=tables(), difference=st.floats(-0.9, 0.9))
def test_tango_score_uses_the_restricted_likelihood(table: tuple[int, int, int], difference: float) -> None:
    """The closed form agrees with a numerical maximum of the likelihood, from first principles."""
    broken, fixed, n = table
    q = restricted_likelihood(broken, fixed, n, difference)
    variance = n * (2 * q + difference - difference**2)
    excess = fixed - broken - n * difference
    if variance > 1e-3 and abs(excess) > 1e-9:
        assert tango_score(broken, fixed, n, difference) == pytest.approx(
            excess / math.sqrt(variance), rel=1e-3
        )


@given(table=tables())
def test_tango_score_at_zero_is_mcnemar_s_statistic(table: tuple[int, int, int]) -> None:
    """At no difference the score is (fixed - broken) / sqrt(fixed + broken)."""
    broken, fixed, n = table
    expected = (fixed - broken) / math.sqrt(fixed + broken) if fixed != broken else 0.0
    assert tango_score(broken, fixed, n, 0) == pytest.approx(expected)


@given(table=tables(), first=shares, second=shares)
def test_tango_score_falls_as_the_difference_grows(
    table: tuple[int, int, int], first: float, second: float
) -> None:
    """So that each limit is the one place where it crosses the quantile."""
    low, high = sorted((first, second))
    assert tango_score(*table, low) >= tango_score(*table, high) - 1e-9


@given(table=tables())
def test_tango_limits_hold_the_difference_seen(table: tuple[int, int, int]) -> None:
    """Lower <= seen <= upper, all within -1 to 1."""
    broken, fixed, n = table
    lower, upper = tango_limits(broken, fixed, n)
    assert -1 <= lower <= (fixed - broken) / n + 1e-9
    assert (fixed - broken) / n - 1e-9 <= upper <= 1


@given(table=tables())
def test_tango_limits_mirror_when_broken_and_fixed_swap(table: tuple[int, int, int]) -> None:
    """Exchanging the models turns the interval around."""
    broken, fixed, n = table
    lower, upper = tango_limits(broken, fixed, n)
    assert tango_limits(fixed, broken, n) == pytest.approx((-upper, -lower), abs=1e-9)


@given(table=tables(), margin=st.floats(0, 0.9), alpha=st.floats(0.001, 0.4))
def test_tango_p_value_and_lower_limit_say_the_same(
    table: tuple[int, int, int], margin: float, alpha: float
) -> None:
    """p < alpha exactly when the lower limit is above -margin."""
    lower, _ = tango_limits(*table, alpha)
    if abs(lower + margin) > 1e-9:
        assert (tango_noninferiority(*table, margin) < alpha) == (lower > -margin)


def test_a_margin_that_underflows_when_squared_is_still_a_margin() -> None:
    """No change and next to no margin: nothing is shown, so p is one half."""
    assert tango_noninferiority(0, 0, 1, 1e-246) == pytest.approx(0.5)


def test_tango_limits_of_a_published_example() -> None:
    """21 children, 1 better and 7 worse: 95 % limits -0.517 and -0.026 (airway data of Bentur 2009)."""
    assert tango_limits(7, 1, 21, 0.025) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize("n", [1, 5, 52, 500])
def test_tango_without_changed_pairs_has_a_closed_form(n: int) -> None:
    """Nothing broke and nothing was mended: the limits are -+ z*z / (n + z*z), not zero."""
    square = 1.6448536269514722**2
    assert tango_limits(0, 0, n) == pytest.approx((-square / (n + square), square / (n + square)))


def test_tango_limits_when_everything_broke() -> None:
    """Ten of ten broken: the loss may be everything, and is at least 57 points."""
    assert tango_limits(10, 0, 10) == pytest.approx((-1.0, -0.5741), abs=1e-4)


@pytest.mark.parametrize("table", [(0, 0, 0), (-1, 0, 3), (2, 2, 3)])
def test_tango_refuses_impossible_counts(table: tuple[int, int, int]) -> None:
    """No pairs, a negative count, or more changes than pairs."""
    with pytest.raises(ValueError, match="changed pairs"):
        tango_score(*table, 0.0)


def test_tango_limit_covers_the_truth_about_as_often_as_promised() -> None:
    """Exact coverage of the one-sided 95 % lower limit at 40 pairs: near 95 % for several true tables."""
    for broken_share, fixed_share in ((0.05, 0.05), (0.2, 0.1), (0.1, 0.02)):
        truth = fixed_share - broken_share
        covered = 0.0
        for broken, fixed in itertools.product(range(41), repeat=2):
            if broken + fixed <= 40:
                weight = stats.multinomial.pmf(
                    [broken, fixed, 40 - broken - fixed],
                    40,
                    [broken_share, fixed_share, 1 - broken_share - fixed_share],
                )
                covered += weight * (tango_noninferiority(broken, fixed, 40, -truth) >= 0.05)
        assert 0.92 < covered < 0.99


whole_or_not = st.lists(st.integers(-6, 6), max_size=9) | st.lists(
    st.sampled_from([-0.5, 0.25, 1.5]), max_size=8
)


@given(differences=whole_or_not)
def test_sign_flip_is_the_share_of_all_flips(differences: list[float]) -> None:
    """The fast exact count agrees with writing every flip down."""
    flips = [
        sum(sign * value for sign, value in zip(signs, differences, strict=True))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    seen = sum(differences)
    assert sign_flip(differences, "worse") == pytest.approx(
        sum(total <= seen for total in flips) / len(flips)
    )
    assert sign_flip(differences, "better") == pytest.approx(
        sum(total >= seen for total in flips) / len(flips)
    )
    assert sign_flip(differences) == pytest.approx(
        sum(abs(total) >= abs(seen) for total in flips) / len(flips)
    )


def test_sign_flip_agrees_with_scipy_s_permutation_test() -> None:
    """Exact permutation of signs in scipy gives the same one-sided p-value."""
    differences = [-0.5, -1.0, 0.25, -0.75, -0.25, 0.0, -1.0, 0.5]
    oracle = stats.permutation_test(
        (differences,),
        sum,
        permutation_type="samples",
        n_resamples=1_000,
        alternative="less",
    ).pvalue
    assert sign_flip(differences, "worse") == pytest.approx(oracle)


def test_sign_flip_counts_ties_of_shares_that_rounding_splits() -> None:
    """Thirds do not add up exactly; a flip that reaches the same sum counts all the same."""
    assert sign_flip([1 / 3, 1 / 3, 1 / 3, -1.0, 1.0], "better") == sign_flip([1, 1, 1, -3, 3], "better")


def test_sign_flip_of_many_whole_numbers_is_exact() -> None:
    """Two hundred facts that each lost one probe: one flip in 2**200 is as bad."""
    assert sign_flip([-1] * 200, "worse") == pytest.approx(2.0**-200)


def test_sign_flip_of_unchanged_facts_is_one() -> None:
    """Nothing changed, so nothing speaks for a change."""
    assert sign_flip([0, 0, 0], "worse") == sign_flip([]) == 1.0


def test_sign_flip_draws_above_twenty_facts_and_stays_near_the_exact_number() -> None:
    """Halves are drawn, the whole numbers twice their size are counted; both say nearly the same."""
    rng = random.Random(7)
    whole = [rng.choice((-2, -1, -1, 1)) for _ in range(24)]
    exact = sign_flip(whole, "worse")
    halves = [value / 2 for value in whole]
    assert sign_flip(halves, "worse") == pytest.approx(exact, abs=4 * math.sqrt(exact / 20_000))
    assert sign_flip(halves, "worse") != exact


def test_sign_flip_is_the_same_for_the_same_seed() -> None:
    """A verdict does not change when it is computed again."""
    differences = [(-1) ** place * 0.1 * (place % 7) - 0.02 for place in range(40)]
    assert sign_flip(differences, seed=3) == sign_flip(differences, seed=3)


def test_sign_flip_refuses_what_is_not_a_number() -> None:
    """NaN is an error, never a p-value."""
    with pytest.raises(ValueError, match="finite"):
        sign_flip([0.5, float("nan")])


def test_sign_flip_keeps_its_size_when_probes_of_a_fact_move_together() -> None:
    """With no true change and fully correlated probes it finds a drop in at most 5 % of 1,000 runs (3 sigma)."""
    rng = random.Random(11)
    found = sum(
        sign_flip([4 * rng.choice((-1, 0, 0, 1)) for _ in range(12)], "worse") <= 0.05 for _ in range(1_000)
    )
    assert found / 1_000 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1_000)


def test_design_effect_of_identical_probes_is_the_number_per_fact() -> None:
    """Three probes that always change together carry as much as one."""
    rng = random.Random(5)
    clusters = [[rng.choice((-1, 0, 1))] * 3 for _ in range(400)]
    assert design_effect(clusters) == pytest.approx(3, rel=0.02)


def test_design_effect_of_independent_probes_is_near_one() -> None:
    """With many facts the data is believed."""
    rng = random.Random(6)
    clusters = [[rng.choice((-1, 0, 0, 1)) for _ in range(3)] for _ in range(600)]
    assert design_effect(clusters) == pytest.approx(1, abs=0.12)


def test_design_effect_assumes_the_measured_correlation_where_nothing_changed() -> None:
    """No change says nothing about correlation: three probes per fact count 1 + 2 * 0.6."""
    assert design_effect([[0, 0, 0]] * 10) == pytest.approx(2.2)


def test_thirty_probes_of_ten_facts_count_as_about_fourteen() -> None:
    """The rule of thumb for 10 facts with 3 phrasings each."""
    assert 30 / design_effect([[0, 0, 0]] * 10) == pytest.approx(14, abs=0.5)


@given(st.lists(st.lists(st.integers(-1, 1), max_size=6), min_size=1, max_size=30).filter(any))
def test_design_effect_is_never_below_one(clusters: list[list[int]]) -> None:
    """Probes never count for more than themselves."""
    assert design_effect(clusters) >= 1


def test_design_effect_of_single_probes_is_one_while_little_changed() -> None:
    """One probe per fact cannot be correlated with another of its fact."""
    assert design_effect([[-1], [0], [0], [1], [0]]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tango_score(0, 0, 5, 1.5), "between -1 and 1"),
        (lambda: tango_limits(0, 0, 5, 1.0), "probability"),
        (lambda: design_effect([[1]], correlation=2), "correlation"),
        (lambda: wilson(3, 2), "successes"),
        (lambda: wilson(0, 0), "at least one trial"),
        (lambda: zero_failures_bound(0), "at least one trial"),
        (lambda: zero_failures_bound(math.nan), "at least one trial"),
        (lambda: wilson(math.nan, 3), "successes"),
        (lambda: tango_score(math.nan, 0, 5, 0.1), "changed pairs"),
        (lambda: design_effect([[math.nan, 0]]), "finite"),
        (lambda: PairedCounts(fixed=math.nan), "negative"),  # type: ignore[arg-type]
    ],
)
def test_arguments_that_make_no_sense_are_refused(call: Callable[[], object], words: str) -> None:
    """None of them is turned into a number."""
    with pytest.raises(ValueError, match=words):
        call()


def test_design_effect_needs_a_probe() -> None:
    """No probe has no variance."""
    with pytest.raises(ValueError, match="at least one probe"):
        design_effect([[], []])


@given(n=st.integers(1, 200), data=st.data())
def test_wilson_is_the_interval_of_scipy(n: int, data: st.DataObject) -> None:
    """Both limits agree with scipy for any count."""
    successes = data.draw(st.integers(0, n))
    oracle = stats.binomtest(successes, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson(successes, n) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


@pytest.mark.parametrize(("n", "bound"), [(30, 0.095), (60, 0.049), (100, 0.030), (300, 0.010)])
def test_no_failure_in_n_bounds_the_rate(n: int, bound: float) -> None:
    """Zero of 30, 60, 100 and 300 at 95 %."""
    assert zero_failures_bound(n) == pytest.approx(bound, abs=6e-4)


@given(n=st.integers(1, 500), alpha=st.floats(0.01, 0.5))
def test_no_failure_bound_is_clopper_pearson(n: int, alpha: float) -> None:
    """The one-sided exact limit of scipy for zero successes."""
    oracle = (
        stats.binomtest(0, n, alternative="less")
        .proportion_ci(confidence_level=1 - alpha, method="exact")
        .high
    )
    assert zero_failures_bound(n, alpha) == pytest.approx(oracle, rel=1e-6)
