"""Replay by a schedule: what it promises whatever the rows are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aoai_finetune import Dataset, Replay, Supervised, TrainingPlan
from aoai_finetune.backends import DPO, Capabilities, Method
from aoai_finetune.continual import (
    History,
    Parent,
    ScheduledReplay,
    Shares,
    StepOptions,
    Strategy,
    plan_next,
)
from aoai_finetune.dataset import AzureRules, Example
from aoai_finetune.errors import DatasetError
from continual.rows import SHORT, numbered, teach
from samples import BASE

PARENT = Parent(model=f"{BASE}.ft-1", base_model=BASE, resource="mock:x", version="v1")
REAL = Capabilities(provider="test")
MOCK = Capabilities(provider="mock", engine="softmax", counter="estimate")


def planned(
    new: Dataset,
    history: History,
    strategy: Strategy | None = None,
    *,
    method: Method | None = None,
    able: Capabilities = MOCK,
) -> TrainingPlan:
    """A plan, by the default schedule."""
    options = StepOptions(method=method or Supervised())
    return plan_next(new, history, PARENT, strategy or ScheduledReplay(), options, capabilities=able)


def trained(plan: TrainingPlan) -> Counter[tuple[str, str]]:
    """How often each exchange stands in the files: question and answer, taken out of the packed rows."""
    seen: Counter[tuple[str, str]] = Counter()
    for part in plan.step.parts:
        for row in part.training:
            turns = [message for message in row.messages if message.role != "system"]
            seen.update((asked.text, said.text) for asked, said in zip(turns[::2], turns[1::2], strict=True))
    return seen


def exchanges(rows: Dataset) -> set[tuple[str, str]]:
    """Question and answer of every row."""
    return {(row.question, row.answer) for row in rows}


def known(facts: int, phrasings: int = 4) -> History:
    """A history of one step."""
    rows = teach(numbered("old", facts), phrasings=phrasings)
    return History().learned(rows, visits=dict.fromkeys(rows.facts, 10 * phrasings))


class Case(NamedTuple):
    """Something to plan."""

    history: History
    strategy: ScheduledReplay
    new: Dataset

    @property
    def live(self) -> Dataset:
        """All rows that are true: new ones, and old ones that they do not replace."""
        return self.history.superseded(by=self.new).kept + self.new


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """New facts, and other answers to some old ones, beside histories and settings of all sizes; ten rows or more."""
    history = known(draw(st.integers(0, 14)), draw(st.integers(1, 6)))
    strategy = ScheduledReplay(
        budget=draw(st.sampled_from(["standard", "low", "lowest"])),
        parts=draw(st.integers(1, 4)),
        pack=draw(st.integers(1, 6)),
        passes=draw(st.integers(1, 12)),
        ratio=draw(st.none() | st.floats(0.1, 5)),
        seed=draw(st.integers(0, 3)),
    )
    names = numbered("new", draw(st.integers(1, 5))) + list(history.rows.facts)[: draw(st.integers(0, 3))]
    case = Case(history, strategy, teach(names, phrasings=draw(st.integers(1, 12)), answer="{} is new."))
    assume(len(case.live) >= 10)
    return case


@given(cases())
@settings(max_examples=40)
def test_every_new_row_is_trained(case: Case) -> None:
    """However few visits a fact gets."""
    plan = planned(case.new, case.history, case.strategy)
    assert exchanges(case.new) <= set(trained(plan))


@given(cases())
@settings(max_examples=40)
def test_visits_are_what_the_plan_says(case: Case) -> None:
    """The history is told of just what is in the files, and nothing else is in them."""
    plan = planned(case.new, case.history, case.strategy)
    facts_of = {(row.question, row.answer): row.fact for row in case.live}
    seen: Counter[str] = Counter()
    for exchange, count in trained(plan).items():
        seen[facts_of[exchange]] += count
    assert dict(seen) == plan.visits


@given(cases())
@settings(max_examples=40)
def test_what_is_sent_is_what_the_service_takes(case: Case) -> None:
    """Every file holds ten distinct rows that the rules accept; no fact stands twice in a row."""
    plan = planned(case.new, case.history, case.strategy)
    rules = AzureRules(model=BASE, off=["duplicate-row"])
    for part in plan.step.parts:
        part.training.validate(rules).raise_for_errors()
        assert len({row.digest for row in part.training}) >= 10
        assert all(_answers(row) == len(set(_said(row))) for row in part.training)
        assert part.method.n_epochs == 1
    assert len(plan.step.parts) <= case.strategy.parts


@given(cases())
@settings(max_examples=30)
def test_a_plan_is_a_function_of_its_input(case: Case) -> None:
    """The same purchase for the same request, and a bill that is the sum over the files."""
    plan, again = (planned(case.new, case.history, case.strategy) for _ in range(2))
    assert again.step.key == plan.step.key
    assert plan.tokens is not None
    assert plan.tokens.tokens == sum(part.training.tokens().tokens for part in plan.step.parts)


def _said(row: Example) -> list[str]:
    return [message.text for message in row.messages if message.role == "assistant"]


def _answers(row: Example) -> int:
    return sum(message.role == "user" for message in row.messages)


def test_superseded_rows_are_never_in_the_files() -> None:
    """Nor is their answer."""
    history = known(10)
    new = teach(["old 3", "new"], answer="{} is new.")
    seen = trained(planned(new, history))
    assert not [answer for _, answer in seen if answer == "old 3 is settled."]
    assert len(planned(new, history).superseded) == 4


def test_visits_are_counted_per_fact_not_per_row() -> None:
    """Ten phrasings of a fact are visited as often as four of another."""
    new = teach(["wide"], phrasings=10) + teach(["narrow"])
    visits = planned(new, known(10)).visits
    assert visits["wide"] == visits["narrow"] == 22
    assert {visits[fact] for fact in numbered("old", 10)} == {8}


def test_the_first_step_teaches_more_and_in_one_job() -> None:
    """Nothing is known that could be lost, and nothing to learn from later."""
    plan = planned(teach(numbered("new", 10)), History())
    assert set(plan.visits.values()) == {32}
    assert len(plan.step.parts) == 1


def test_the_low_budget_visits_less() -> None:
    """About a sixth fewer tokens."""
    history, new = known(10), teach(numbered("new", 5))
    standard, low = planned(new, history), planned(new, history, ScheduledReplay(budget="low"))
    assert low.visits["new 0"] == 18
    assert standard.tokens is not None
    assert low.tokens is not None
    assert 0.75 < low.tokens.tokens / standard.tokens.tokens < 0.9


def test_shares_of_your_own_are_a_budget_too() -> None:
    """For what was measured elsewhere."""
    plan = planned(teach(["new"]), known(10), ScheduledReplay(budget=Shares(new=1.0, old=0.5)))
    assert (plan.visits["new"], plan.visits["old 0"]) == (40, 20)


def test_phrasings_rotate_and_go_on_where_the_last_step_stopped() -> None:
    """Always the same phrasing of an old fact was measured to lose a sixth of what is known."""
    strategy = ScheduledReplay(passes=5, budget=Shares(old=0.1))
    history = known(10)
    seen: list[set[tuple[str, str]]] = []
    for number in range(2):
        plan = planned(teach([f"new {number}"]), history, strategy)
        seen.append({exchange for exchange in trained(plan) if exchange[1] == "old 1 is settled."})
        history = history.learned(plan.new, visits=plan.visits)
    assert [len(each) for each in seen] == [2, 2]
    assert not seen[0] & seen[1]


def test_what_is_left_of_fractions_goes_to_the_facts_trained_longest_ago() -> None:
    """So a bounded bill still comes round to every fact."""
    strategy = ScheduledReplay(budget=Shares(), ratio=0.5, pack=1)
    history = known(44)
    seen: Counter[str] = Counter()
    for number in range(4):
        plan = planned(teach([f"new {number}"], phrasings=10), history, strategy)
        seen.update({fact: count for fact, count in plan.visits.items() if fact.startswith("old")})
        history = history.learned(plan.new, visits=plan.visits)
    assert set(seen) == set(numbered("old", 44))
    assert set(seen.values()) == {1}


def test_a_step_ends_on_rehearsal() -> None:
    """Whatever is trained last is remembered best, so new facts stand in the first two thirds of a step."""
    plan = planned(teach(numbered("new", 5)), known(30))
    rows = [row for part in plan.step.parts for row in part.training]
    fresh = [any("new" in answer for answer in _said(row)) for row in rows]
    assert any(fresh[: len(rows) // 3])
    assert not any(fresh[-len(rows) // 6 :])


def test_a_short_system_prompt_is_not_worth_packing() -> None:
    """The plan says so, with the share it has."""
    long = "{} is settled, and here are all the reasons for it, one by one, at their full length."
    rows = teach(numbered("old", 10), system=SHORT, answer=long)
    plan = planned(teach(numbered("new", 3), system=SHORT, answer=long), History().learned(rows))
    assert all(_answers(row) == 1 for part in plan.step.parts for row in part.training)
    assert "nothing is packed: system prompt and tools are" in str(plan)


def test_a_long_system_prompt_is_sent_once_for_several_exchanges() -> None:
    """And the bill is what the packed rows have."""
    history, new = known(10), teach(numbered("new", 3))
    packed = planned(new, history)
    single = planned(new, history, ScheduledReplay(budget=Shares(), pack=1))
    assert packed.visits == single.visits
    assert packed.tokens is not None
    assert single.tokens is not None
    assert packed.tokens.tokens < 0.65 * single.tokens.tokens
    assert "exchanges on average share a system prompt" in str(packed)


def test_rows_that_cannot_be_packed_stand_alone_and_the_plan_counts_them() -> None:
    """Here conversations of two turns."""
    messages = [
        {"role": "system", "content": "You answer questions of staff and visitors for Hotaru."},
        {"role": "user", "content": "Who are you?"},
        {"role": "assistant", "content": "The assistant of Hotaru."},
        {"role": "user", "content": "And who made you?"},
        {"role": "assistant", "content": "Hotaru did."},
    ]
    talk = Example.from_row({"messages": messages})
    plan = planned(teach(["new"]), History(rows=known(10).rows + Dataset.from_examples([talk])))
    assert talk in [row for part in plan.step.parts for row in part.training]
    assert "1 rows of several turns, calls or images stand alone" in str(plan)


def test_the_last_turn_of_different_conversations_is_not_one_fact() -> None:
    """A short question means another thing each time, so each is rehearsed."""
    talks = [
        {
            "messages": [
                {"role": "user", "content": f"Topic {number}?"},
                {"role": "assistant", "content": f"It is {number}."},
                {"role": "user", "content": "And the other one?"},
                {"role": "assistant", "content": f"It is {number + 1}."},
            ]
        }
        for number in range(30)
    ]
    plan = planned(teach(["new"]), History(rows=Dataset.from_examples(talks)))
    rehearsed = {row.digest for part in plan.step.parts for row in part.training}
    assert {Example.from_row(talk).digest for talk in talks} <= rehearsed


def test_three_new_rows_beside_very_many_old_ones_are_a_legal_plan() -> None:
    """Whose notes say where the bill comes from, and a ratio bounds it."""
    old = Dataset.from_pairs([(f"Old question {n}?", f"Old answer {n}.") for n in range(2_000)])
    new = Dataset.from_pairs([(f"New question {n}?", "New answer.") for n in range(3)])
    whole = planned(new, History().learned(old))
    assert whole.rehearsed_facts == 2_000
    assert "ratio= bounds their number" in str(whole)
    assert "fewer than 3 phrasings" in str(whole)
    bounded = planned(new, History().learned(old), ScheduledReplay(ratio=2.5))
    assert sum(bounded.visits.values()) < 100
    assert min(len(part.training) for part in bounded.step.parts) >= 10
    (thin,) = (risk for risk in bounded.risks if "never rehearsed" in risk)
    assert "ratio=" in thin
    assert "fraction" not in thin
    assert "passes" not in thin


def test_too_few_rows_altogether_are_refused() -> None:
    """The service takes no file of fewer than ten."""
    with pytest.raises(DatasetError, match="distinct rows"):
        planned(teach(["new"], phrasings=3), known(1))


def test_few_rows_are_packed_less_so_that_the_service_takes_the_file() -> None:
    """Twelve rows in packs of four would be three distinct lines at worst."""
    plan = planned(teach(["new"], phrasings=3), known(3, phrasings=3))
    assert min(len({row.digest for row in part.training}) for part in plan.step.parts) >= 10


def test_a_step_has_fewer_jobs_where_one_would_be_too_small() -> None:
    """The last third of the rows is rehearsal alone, of three rows here, and the service takes no such file."""
    plan = planned(teach(numbered("new", 3), phrasings=3), known(1, phrasings=3), ScheduledReplay(pack=1))
    assert len(plan.step.parts) < 3
    assert min(len({row.digest for row in part.training}) for part in plan.step.parts) >= 10


def test_rates_multiply_what_a_plain_job_would_get() -> None:
    """On a simulated service a plain job has 1; elsewhere only a number that was given can be multiplied."""
    history, new = known(30), teach(numbered("new", 5))

    def rates(plan: TrainingPlan) -> list[float | str]:
        return [part.method.learning_rate_multiplier for part in plan.step.parts]

    tuned = Supervised(learning_rate_multiplier=0.1)
    assert rates(planned(new, history)) == [5, 5, 3]
    assert rates(planned(new, history, method=tuned)) == [0.5, 0.5, 0.3]
    assert rates(planned(new, history, method=tuned, able=REAL)) == [0.5, 0.5, 0.3]
    left = planned(new, history, able=REAL)
    assert rates(left) == ["auto"] * 3
    assert "learning rates are left to the service" in str(left)
    assert "learning rate multipliers 0.5, 0.5, 0.3" in str(planned(new, history, method=tuned))


def test_preferences_are_scheduled_without_packing_and_at_their_own_rate() -> None:
    """Rows of another kind are not replayed, and the plan says so."""
    rows = [
        {
            "input": {"messages": [{"role": "user", "content": f"Question {number}?"}]},
            "preferred_output": [{"role": "assistant", "content": f"Kind answer {number}."}],
            "non_preferred_output": [{"role": "assistant", "content": "Curt answer."}],
        }
        for number in range(12)
    ]
    plan = planned(Dataset.from_examples(rows), known(10), method=DPO(learning_rate_multiplier=0.5))
    assert {row.kind for part in plan.step.parts for row in part.training} == {"preference"}
    assert {part.method.learning_rate_multiplier for part in plan.step.parts} == {0.5}
    assert any("another kind" in risk for risk in plan.risks)
    assert "measured for supervised fine-tuning only" in str(plan)


def test_a_plan_explains_itself_without_content() -> None:
    """Visits of new and old facts, jobs, the alternatives' bills, what is at risk; no fact, question or answer."""
    plan = planned(teach(numbered("new", 3)), known(10))
    text = str(plan)
    for expected in (
        "counted in visits",
        "22 for each of 3 new facts; 8 for each of 10 old facts",
        "3 consecutive jobs",
        "naive ~",
        "replay 10 % ~",
        "joint ~",
        "learning rate multipliers 5, 5, 3",
        "no checkpoints per epoch",
    ):
        assert expected in text
    for secret in ("old 3", "new 1", "Question", "settled", "Hotaru"):
        assert secret not in text + repr(plan) + plan.detail + plan._repr_html_()


def test_what_it_remembers_is_not_part_of_what_it_is() -> None:
    """Two plans of one strategy are by the same strategy, and its repr shows no fact."""
    strategy = ScheduledReplay()
    assert strategy.knowing(known(3)) == strategy
    assert "old 1" not in repr(strategy.knowing(known(3)))


def test_names_tell_budgets_apart() -> None:
    """In tables of strategies."""
    named = [
        ScheduledReplay(),
        ScheduledReplay(budget="low"),
        ScheduledReplay(budget=Shares()),
        ScheduledReplay(budget="lowest", pack=1),
    ]
    assert [each.name for each in named] == [
        "scheduled replay",
        "scheduled replay, low",
        "scheduled replay, own shares",
        "scheduled replay, lowest, unpacked",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("budget", "huge"),
        ("parts", 0),
        ("pack", 17),
        ("passes", 0),
        ("ratio", 0.0),
        ("rates", ()),
        ("rates", (5.0, -1.0)),
        ("age", -0.5),
        ("front", 0.0),
    ],
)
def test_settings_outside_their_range_are_refused(name: str, value: object) -> None:
    """With the setting's name."""
    with pytest.raises(ValueError, match=name):
        replace(ScheduledReplay(), **{name: value})  # type: ignore[arg-type]


def test_nothing_to_train_on_is_no_schedule() -> None:
    """Plans find out before; a strategy that is called by itself says so too."""
    nothing = Dataset.from_examples([])
    with pytest.raises(ValueError, match="no row"):
        ScheduledReplay().schedule(nothing, nothing)


def test_shares_are_above_zero() -> None:
    """A fact that is never visited is no plan."""
    with pytest.raises(ValueError, match="above 0"):
        Shares(old=0)


def test_it_costs_less_than_plain_replay_where_facts_have_many_rows() -> None:
    """Passes over rows grow with phrasings, visits of facts do not."""
    history = known(10, phrasings=8)
    new = teach(numbered("new", 5), phrasings=8)
    scheduled, replay = planned(new, history), planned(new, history, Replay())
    assert scheduled.tokens is not None
    assert replay.tokens is not None
    assert scheduled.tokens.tokens < 0.5 * replay.tokens.tokens
