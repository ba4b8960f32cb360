"""How many probes are needed: exact powers, and the published table of probe counts."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable

import pytest

from aoai_finetune.evaluation import (
    loss_p,
    mcnemar_exact,
    mcnemar_power,
    noninferiority_power,
    probes_to_find_drop,
    probes_to_show_kept,
)

stats = importlib.import_module("scipy.stats")  # the oracle; it has no types


def enumerated(n: int, broken: float, fixed: float, passes: Callable[[int, int], bool]) -> float:
    """The chance of every table of n pairs for which `passes` holds."""
    return sum(
        float(stats.multinomial.pmf([b, f, n - b - f], n, [broken, fixed, 1 - broken - fixed]))
        for b, f in itertools.product(range(n + 1), repeat=2)
        if b + f <= n and passes(b, f)
    )


def test_mcnemar_power_is_the_sum_over_all_tables() -> None:
    """Brute force over every outcome of 18 probes."""
    brute = enumerated(18, 0.3, 0.1, lambda b, f: mcnemar_exact(b, f, "worse") <= 0.05)
    assert mcnemar_power(18, 0.3, 0.1) == pytest.approx(brute, abs=1e-9)


def test_noninferiority_power_is_the_sum_over_all_tables() -> None:
    """Brute force over every outcome of 30 probes, with a true loss."""
    brute = enumerated(30, 0.08, 0.04, lambda b, f: loss_p(b, f, 30, 0.15) < 0.05)
    assert noninferiority_power(30, 0.15, 0.12, difference=-0.04) == pytest.approx(brute, abs=1e-9)


@pytest.mark.parametrize(
    ("broken", "fixed", "eighty", "ninety_five"),
    [
        (0.9, 0, 6, 7),
        (0.5, 0, 12, 16),
        (0.3, 0, 21, 28),
        (0.2, 0, 33, 44),
        (0.1, 0, 70, 90),
        (0.05, 0, 135, 185),
    ],
)
def test_probes_to_find_a_drop(broken: float, fixed: float, eighty: int, ninety_five: int) -> None:
    """The known counts for 80 % and 95 % power; the larger ones were rounded to steps of five."""
    assert probes_to_find_drop(broken, fixed) == pytest.approx(eighty, rel=0.06)
    assert probes_to_find_drop(broken, fixed, power=0.95) == pytest.approx(ninety_five, rel=0.06)


def test_probes_to_find_a_drop_under_churn() -> None:
    """10 % broken and 5 % mended take about 400 probes, 675 for 95 % power."""
    assert probes_to_find_drop(0.1, 0.05) == pytest.approx(400, rel=0.05)
    assert probes_to_find_drop(0.1, 0.05, power=0.95) == pytest.approx(675, rel=0.05)


@pytest.mark.parametrize(
    ("margin", "churn", "known"),
    [
        (0.05, 0, 59),
        (0.05, 0.02, 108),
        (0.05, 0.05, 167),
        (0.05, 0.1, 283),
        (0.1, 0, 29),
        (0.1, 0.05, 59),
        (0.1, 0.1, 83),
        (0.2, 0, 14),
    ],
)
def test_probes_to_show_that_facts_were_kept(margin: float, churn: float, known: int) -> None:
    """Without churn they are the smallest n with (1 - margin)**n < 5 %; churn asks for more."""
    assert probes_to_show_kept(margin, churn) == known
    assert noninferiority_power(known, margin, churn) >= 0.8


def test_fifty_nine_unbroken_probes_certify_five_points() -> None:
    """Without any churn 59 probes are enough and 58 are not."""
    assert probes_to_show_kept(0.05) == 59
    assert noninferiority_power(58, 0.05) == 0.0


def test_large_counts_come_from_the_normal_approximation() -> None:
    """A margin of half a point under 10 % churn is answered at once."""
    assert probes_to_show_kept(0.005, 0.1) == pytest.approx(24_730, rel=0.01)


def test_no_number_of_probes_finds_a_drop_that_is_not_there() -> None:
    """Nor shows a margin of zero."""
    assert probes_to_find_drop(0.05, 0.05) is None
    assert probes_to_show_kept(0.0, 0.1) is None


@pytest.mark.parametrize("shares", [(-0.1, 0.0), (0.7, 0.4)])
def test_impossible_shares_are_refused(shares: tuple[float, float]) -> None:
    """Negative shares, or more than everything changing."""
    with pytest.raises(ValueError, match="shares"):
        mcnemar_power(10, *shares)


def test_power_must_be_a_probability() -> None:
    """A power of 1 would need infinitely many probes."""
    with pytest.raises(ValueError, match="power"):
        probes_to_show_kept(0.05, power=1.0)


def test_nothing_changes_so_nothing_is_found() -> None:
    """No change, no power."""
    assert mcnemar_power(100, 0.0) == 0.0


def test_a_small_drop_under_churn_is_answered_by_the_approximation() -> None:
    """3 % broken and 2 % mended take about 3,100 probes."""
    assert probes_to_find_drop(0.03, 0.02) == pytest.approx(3_091, rel=0.01)


def test_churn_below_the_difference_is_refused() -> None:
    """Accuracy cannot move further than answers do."""
    with pytest.raises(ValueError, match="churn"):
        noninferiority_power(50, 0.05, 0.01, difference=-0.02)
