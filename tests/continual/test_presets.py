"""What budgets stand for, with packing and without."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aoai_finetune import Dataset, Joint, Supervised, TrainingPlan
from aoai_finetune.backends import Capabilities
from aoai_finetune.continual import History, Parent, ScheduledReplay, Shares, StepOptions, Strategy, plan_next
from continual.rows import LONG, numbered, teach
from samples import BASE

PARENT = Parent(model=f"{BASE}.ft-1", base_model=BASE, resource="mock:x", version="v1")
MOCK = Capabilities(provider="mock", engine="softmax", counter="estimate")
NEW = numbered("new", 3)
OLD = numbered("old", 20)


def planned(
    strategy: ScheduledReplay, history: History | None = None, new: Dataset | None = None
) -> TrainingPlan:
    """A plan of three new facts beside twenty known ones."""
    rows = teach(OLD)
    known = history or History().learned(rows, visits=dict.fromkeys(rows.facts, 40))
    options = StepOptions(method=Supervised())
    return plan_next(new or teach(NEW), known, PARENT, strategy, options, capabilities=MOCK)


def rates(plan: TrainingPlan) -> list[float | str]:
    """Of the jobs."""
    return [part.method.learning_rate_multiplier for part in plan.step.parts]


def rehearsed(plan: TrainingPlan) -> int:
    """Visits of known facts."""
    return sum(count for fact, count in plan.visits.items() if fact in OLD)


@pytest.mark.parametrize("budget", ["standard", "low", "lowest"])
def test_rows_that_stand_alone_are_visited_less_and_at_lower_rates(budget: str) -> None:
    """Each is a training step of its own; the plan says which settings it was made with."""
    packed = planned(ScheduledReplay(budget=budget))  # type: ignore[arg-type]
    single = planned(ScheduledReplay(budget=budget, pack=1))  # type: ignore[arg-type]
    assert single.visits["new 0"] < packed.visits["new 0"]
    assert rehearsed(single) < rehearsed(packed)
    assert rates(single) == ([3, 3, 1.5] if budget == "standard" else [3, 2.5, 1.2])
    assert "schedule for rows that stand alone" in str(single)
    assert "rows that stand alone" not in str(packed)


def test_each_budget_is_cheaper_than_the_one_before() -> None:
    """Packed and not."""
    for pack in (1, 4):
        plans = [planned(ScheduledReplay(budget=name, pack=pack)) for name in ("standard", "low", "lowest")]
        bills = [plan.tokens.tokens for plan in plans if plan.tokens]
        assert bills == sorted(set(bills), reverse=True)
        assert len(bills) == 3


def test_without_packing_a_step_costs_about_what_it_costs_packed() -> None:
    """And half of what the visits for packed rows would cost."""
    packed, single = planned(ScheduledReplay()), planned(ScheduledReplay(pack=1))
    wasteful = planned(ScheduledReplay(budget=Shares(), pack=1))
    assert packed.tokens
    assert single.tokens
    assert wasteful.tokens
    assert 0.8 < single.tokens.tokens / packed.tokens.tokens < 1.25
    assert single.tokens.tokens < 0.55 * wasteful.tokens.tokens


def whole_chain(strategy: Strategy) -> int:
    """The bill of ten stages of five facts each; most of every row is the system prompt."""
    history, bill = History(), 0
    for stage in range(10):
        new = teach(numbered(f"stage {stage}, fact", 5), system=f"{LONG} {LONG}")
        plan = plan_next(new, history, PARENT, strategy, StepOptions(), capabilities=MOCK)
        history = history.learned(new, visits=plan.visits, from_base=plan.from_base)
        bill += plan.tokens.tokens if plan.tokens else 0
    return bill


def test_a_chain_of_ten_stages_costs_a_seventh_of_joint_retraining() -> None:
    """With packing and without; the lowest budget costs a tenth, packed."""
    joint = whole_chain(Joint())
    assert 0.12 < whole_chain(ScheduledReplay()) / joint < 0.15
    assert 0.12 < whole_chain(ScheduledReplay(pack=1)) / joint < 0.15
    assert whole_chain(ScheduledReplay(budget="lowest")) / joint < 0.10


def test_what_is_given_goes_before_what_a_budget_stands_for() -> None:
    """Rates, shares and age, each by itself."""
    assert rates(planned(ScheduledReplay(pack=1, rates=(5.0, 4.0, 3.0)))) == [5, 4, 3]
    own = planned(ScheduledReplay(pack=1, budget=Shares(new=0.5, old=0.25)))
    assert (own.visits["new 0"], own.visits["old 0"]) == (20, 10)
    assert rates(own) == [3, 3, 1.5]
    assert rates(planned(ScheduledReplay(budget="lowest"))) == [8, 7, 3]


def test_a_new_fact_is_visited_more_while_little_is_known() -> None:
    """A step of few facts is short and teaches little; what a fact gets when nothing is known is the most it gets."""
    shares = Shares(first=0.8, new=0.2, old=0.1, early=4.0)
    many, few = History().learned(teach(OLD)), History().learned(teach(OLD[:2]))
    strategy = ScheduledReplay(pack=1, budget=shares)
    assert planned(strategy, many).visits["new 0"] == round(0.2 * (1 + 4 / 20) * 40)
    assert planned(strategy, few).visits["new 0"] == round(0.6 * 40)
    assert "10% of joint's visits for known facts, 60% for new ones" in str(planned(strategy, few))
    assert planned(strategy, History().learned(teach(OLD[:1]))).visits["new 0"] == round(0.8 * 40)


@settings(max_examples=50)
@given(st.integers(0, 500), st.floats(0, 100), st.floats(0.01, 1), st.floats(0.01, 1))
def test_the_share_of_a_new_fact_stays_between_that_of_later_steps_and_the_first(
    known: int, early: float, first: float, new: float
) -> None:
    """And falls as more is known."""
    shares = Shares(first=first, new=new, early=early)
    if known:
        assert new <= shares.of_new(known) <= max(first, new)
        assert shares.of_new(known + 1) <= shares.of_new(known)
    else:
        assert shares.of_new(0) == first


def test_new_facts_stand_in_the_first_part_of_a_step() -> None:
    """What follows them is rehearsal; on a small bill without packing it is the last quarter of what is rehearsed, where nothing else is given."""

    def last_new(strategy: ScheduledReplay) -> float:
        rows = [row for part in planned(strategy).step.parts for row in part.training]
        places = [place for place, row in enumerate(rows) if "new" in str(row.row)]
        return max(places) / len(rows)

    low = ScheduledReplay(pack=1, budget="low")
    assert last_new(low) == last_new(replace(low, front=0.75)) < 0.85
    assert last_new(ScheduledReplay(pack=1, front=0.4)) < 0.60


def test_system_prompts_of_their_own_leave_nothing_to_share() -> None:
    """Long ones too: then nothing is packed, by the settings for that."""
    alone = [
        teach([name], system=f"You are the careful, patient and polite desk of {name}.")
        for name in (*NEW, *OLD)
    ]
    new, old = alone[0] + alone[1] + alone[2], alone[3]
    for rows in alone[4:]:
        old += rows
    plan = planned(ScheduledReplay(), History().learned(old, visits=dict.fromkeys(old.facts, 40)), new)
    assert "too few to share a line" in str(plan)
    assert rates(plan) == [3, 3, 1.5]


def uneven() -> History:
    """Half of the known facts were trained four times as often as the others."""
    visits = {fact: 80 if number % 2 else 20 for number, fact in enumerate(OLD)}
    return History().learned(teach(OLD), visits=visits)


def test_facts_that_were_trained_often_get_fewer_visits_where_nothing_is_packed() -> None:
    """In proportion to the root of their earlier visits: four times as often, half as many."""
    visits = planned(ScheduledReplay(pack=1, budget=Shares(old=0.15), age=0.5), uneven()).visits
    seldom, often = ([visits[fact] for fact in OLD[first::2]] for first in (0, 1))
    assert (set(seldom), set(often)) == ({8}, {4})
    assert {planned(ScheduledReplay(), uneven()).visits[fact] for fact in OLD} == {8}


@settings(max_examples=20)
@given(st.lists(st.integers(0, 200), min_size=20, max_size=20), st.sampled_from([0.25, 0.5, 1.0, 2.0]))
def test_age_moves_visits_between_facts_and_adds_none(seen: list[int], age: float) -> None:
    """The bill stays what it is without."""
    history = History().learned(teach(OLD), visits=dict(zip(OLD, seen, strict=True)))
    flat, aged = (planned(ScheduledReplay(pack=1, age=each), history) for each in (0.0, age))
    assert rehearsed(aged) == rehearsed(flat)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 500), min_size=3, max_size=3))
def test_the_minimum_of_distinct_rows_goes_before_age(seen: list[int]) -> None:
    """Three known facts beside one new row: unequal visits must not leave the service under ten rows."""
    rows = teach(OLD[:3])
    history = History().learned(rows, visits=dict(zip(OLD, seen, strict=False)))
    plan = planned(ScheduledReplay(age=2.0), history, teach(["new"], phrasings=1))
    assert min(len({row.digest for row in part.training}) for part in plan.step.parts) >= 10
