"""Strategies are pure, seeded functions from rows to schedules."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune import Cumulative, Dataset, Joint, Naive, Replay
from aoai_finetune.continual import Coverage, Strategy

ALL: list[Strategy] = [
    Naive(),
    Replay(),
    Replay(unroll=False, fraction=0.25),
    Replay(unroll=5),
    Replay(ratio=1.5),
    Cumulative(),
    Joint(),
]


def rows(count: int, name: str) -> Dataset:
    """Distinct rows; three phrasings to a fact."""
    pairs = [(f"{name} question {n}", f"{name} answer {n // 3}") for n in range(count)]
    return Dataset.from_pairs(pairs, fact=lambda row: row.answer)


@pytest.mark.parametrize("strategy", ALL, ids=lambda each: each.name)
def test_every_new_row_is_trained_once_per_pass(strategy: Strategy) -> None:
    """`passes` means the same for every strategy, so they can be compared."""
    new, old = rows(4, "new"), rows(12, "old")
    (part,) = strategy.schedule(new, old).parts
    assert isinstance(part.n_epochs, int)
    visits = Counter(row for row in part.rows for _ in range(part.n_epochs) if row < len(new))
    assert set(visits.values()) == {strategy.passes}
    assert len(visits) == len(new)


@pytest.mark.parametrize("strategy", ALL, ids=lambda each: each.name)
def test_a_schedule_is_a_function_of_its_input(strategy: Strategy) -> None:
    """Equal input, equal schedule: plans can be replayed."""
    new, old = rows(4, "new"), rows(12, "old")
    assert strategy.schedule(new, old) == strategy.schedule(new, old)


def test_where_training_starts() -> None:
    """Only joint retraining leaves the parent."""
    new, old = rows(4, "new"), rows(12, "old")
    starts = {strategy.name: strategy.schedule(new, old).start for strategy in ALL}
    assert starts.pop("joint") == "base"
    assert set(starts.values()) == {"parent"}


@given(
    old=st.integers(0, 60),
    fraction=st.floats(0.01, 1.0),
    passes=st.integers(1, 12),
    sampler=st.sampled_from(["uniform", "coverage"]),
    seed=st.integers(0, 5),
)
def test_replay_draws_without_replacement_until_all_were_seen(
    old: int, fraction: float, passes: int, sampler: str, seed: int
) -> None:
    """No old row is rehearsed twice before every other one was rehearsed once."""
    replay = Replay(fraction=fraction, passes=passes, sampler=sampler, seed=seed)  # type: ignore[arg-type]
    new = rows(3, "new")
    (part,) = replay.schedule(new, rows(old, "old")).parts
    visits = Counter(row for row in part.rows if row >= len(new))
    counts = [visits[len(new) + row] for row in range(old)]
    assert max(counts, default=0) - min(counts, default=0) <= 1
    assert sum(counts) == round(fraction * old * passes)
    assert part.n_epochs == 1


def test_ten_percent_in_ten_passes_rehearses_every_row_once() -> None:
    """The default covers the whole history exactly once when it divides evenly."""
    new, old = rows(10, "new"), rows(40, "old")
    (part,) = Replay().schedule(new, old).parts
    assert Counter(row for row in part.rows if row >= 10) == dict.fromkeys(range(10, 50), 1)


def test_coverage_takes_one_row_of_every_fact_before_a_second() -> None:
    """A fixed file of 1/3 of the rows holds every fact when the sampler covers."""
    new, old = rows(10, "new"), rows(30, "old")
    (part,) = Replay(fraction=1 / 3, unroll=False, sampler="coverage").schedule(new, old).parts
    facts = [row.fact for row in old]
    rehearsed = Counter(facts[row - 10] for row in part.rows if row >= 10)
    assert set(rehearsed.values()) == {1}
    assert len(rehearsed) == 10


def test_new_rows_do_not_stand_at_the_end_of_a_file() -> None:
    """Where a service keeps the order, new rows at the end are learned at the cost of the old ones."""
    new, old = rows(10, "new"), rows(40, "old")
    for strategy in (Cumulative(), Joint(), Replay(fraction=1.0)):
        (part,) = strategy.schedule(new, old).parts
        assert any(row >= 10 for row in part.rows[-10:])


@pytest.mark.parametrize("fraction", [0, -0.1, 1.1])
def test_a_fraction_outside_its_range_is_refused(fraction: float) -> None:
    """A share is above 0 and at most 1."""
    with pytest.raises(ValueError, match="fraction"):
        Replay(fraction=fraction)


@pytest.mark.parametrize("make", [Naive, Replay, Cumulative, Joint])
@pytest.mark.parametrize("passes", [0, 51])
def test_passes_outside_the_services_limits_are_refused(make: type[Naive], passes: int) -> None:
    """n_epochs is 1 to 50 at the service."""
    with pytest.raises(ValueError, match="passes"):
        make(passes=passes)


def test_an_unknown_sampler_is_refused() -> None:
    """A typing error in a notebook is caught early."""
    with pytest.raises(ValueError, match="sampler"):
        Replay(sampler="nearest")  # type: ignore[arg-type]


@given(old=st.integers(0, 60), ratio=st.floats(0.1, 30), passes=st.integers(1, 12))
def test_a_ratio_counts_old_rows_per_new_row(old: int, ratio: float, passes: int) -> None:
    """Never more of them in a pass than there are."""
    new = rows(3, "new")
    (part,) = Replay(ratio=ratio, passes=passes).schedule(new, rows(old, "old")).parts
    rehearsed = sum(row >= len(new) for row in part.rows)
    assert rehearsed == round(min(3 * ratio, old) * passes)


def test_the_bill_of_a_ratio_does_not_grow_with_the_history() -> None:
    """What makes long chains cost as much per step at their end as at their beginning."""
    sizes = [
        len(Replay(ratio=2.0).schedule(rows(10, "new"), rows(old, "old")).parts[0].rows)
        for old in (40, 400, 4000)
    ]
    assert len(set(sizes)) == 1


@pytest.mark.parametrize(("unroll", "epochs"), [(True, 1), (10, 1), (5, 2), (2, 5), (1, 10), (False, 10)])
def test_what_is_not_written_out_is_left_to_epochs(unroll: bool | int, epochs: int) -> None:
    """Each epoch is a checkpoint to go back to; the tokens billed hardly change."""
    new, old = rows(10, "new"), rows(40, "old")
    (part,) = Replay(unroll=unroll).schedule(new, old).parts
    assert part.n_epochs == epochs
    assert len(part.rows) * epochs == 10 * (10 + 4)


def test_writing_more_passes_out_rehearses_more_rows() -> None:
    """The reason why all of them are, by default."""
    new, old = rows(10, "new"), rows(40, "old")
    seen = [
        len({row for row in Replay(unroll=unroll).schedule(new, old).parts[0].rows if row >= 10})
        for unroll in (False, 2, 5, True)
    ]
    assert seen == [4, 8, 20, 40]


def test_names_tell_the_kinds_of_replay_apart() -> None:
    """Tables of strategies have one line for each."""
    kinds = [Replay(), Replay(unroll=False), Replay(unroll=5), Replay(ratio=1.5), Replay(passes=1)]
    assert [kind.name for kind in kinds] == [
        "replay 10 %",
        "fixed replay 10 %",
        "replay unrolled 5x 10 %",
        "replay 1.5 per new row",
        "replay 10 %",
    ]


@pytest.mark.parametrize(
    "settings", [{"unroll": 3}, {"unroll": 0}, {"unroll": 20}, {"ratio": 0}, {"ratio": float("inf")}]
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, float]) -> None:
    """Three does not divide ten passes."""
    with pytest.raises(ValueError, match=next(iter(settings))):
        Replay(**settings)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Named:
    """A sampler of somebody's own: these rows, in this order."""

    positions: tuple[int, ...]

    def order(self, _new: Dataset, _old: Dataset, _chance: random.Random, /) -> Sequence[int]:
        """The positions."""
        return self.positions


def test_a_sampler_of_your_own_decides_what_is_replayed() -> None:
    """In its order, and from the beginning when it is used up."""
    new, old = rows(4, "new"), rows(20, "old")
    (part,) = Replay(passes=5, sampler=Named((7, 3, 5))).schedule(new, old).parts
    rehearsed = [row - 4 for row in part.rows if row >= 4]
    assert sorted(rehearsed[:2]) == [3, 7]
    assert Counter(rehearsed) == {7: 4, 3: 3, 5: 3}


@pytest.mark.parametrize("positions", [(), (1, 1), (20,), (-1,)])
def test_a_sampler_that_names_no_row_is_found_out(positions: tuple[int, ...]) -> None:
    """Before anything is planned on it."""
    with pytest.raises(ValueError, match="sampler Named"):
        Replay(sampler=Named(positions)).schedule(rows(4, "new"), rows(20, "old"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passes", 2.5),
        ("passes", True),
        ("passes", "3"),
        ("passes", None),
        ("fraction", "0.1"),
        ("fraction", True),
        ("ratio", "1"),
        ("unroll", 2.5),
        ("sampler", object()),
        ("sampler", Coverage),
        ("sampler", None),
    ],
)
def test_a_setting_of_another_type_is_refused_where_it_is_written(name: str, value: object) -> None:
    """Not when the step is planned, and not by the service, which counts whole epochs."""
    with pytest.raises(ValueError, match=f"{name} is "):
        Replay(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", [Naive, Joint, Cumulative])
def test_half_a_pass_is_refused(strategy: type[Naive | Joint | Cumulative]) -> None:
    """By every strategy that has passes."""
    with pytest.raises(ValueError, match=r"passes is 2\.5"):
        strategy(passes=2.5)  # type: ignore[arg-type]
