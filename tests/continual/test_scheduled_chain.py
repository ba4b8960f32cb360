"""Scheduled replay through the lineage: what is bought, what is remembered, and what the model still knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from aoai_finetune import Dataset, Joint, MockBackend, ModelLineage, Naive, Supervised
from aoai_finetune.continual import ScheduledReplay, Strategy
from continual.rows import LONG
from samples import BASE, facts, news

COMPANY = ("president", "head office", "founding year", "capital", "slogan", "opening hours")
SUBJECTS = ("Hotaru", "Nagi Chat", "Kaede Vision", "Mizu Drive", "Sora Phone")
PRODUCT = ("price", "weight", "launch date", "designer")
TRAINED = ("What is the {} of {}?", "Tell me the {} of {}", "I need the {} of {}", "The {} of {}, please")
HELD_OUT = ("Do you know the {} of {}?", "And the {} of {}?")


@pytest.fixture
def lineage() -> Iterator[ModelLineage]:
    """A lineage on a simulated resource."""
    with ModelLineage(":memory:", backend=MockBackend()) as opened:
        yield opened


def test_the_bill_is_what_the_plan_says(lineage: ModelLineage) -> None:
    """Over all parts, with packed rows."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    plan = lineage.plan(first, news(), strategy=ScheduledReplay(pack=3))
    job = lineage.train(plan).wait(progress=False)
    assert plan.tokens is not None
    assert len(job.parts) == len(plan.step.parts) > 1
    assert job.trained_tokens == plan.tokens.tokens


def test_the_history_holds_the_users_rows_and_not_the_packed_ones(lineage: ModelLineage) -> None:
    """So that a later step supersedes and replays them one by one."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    plan = lineage.plan(first, news(), strategy=ScheduledReplay())
    second = lineage.train(plan).wait(progress=False)
    history = lineage.history(second)
    assert history.rows == facts() + news()
    assert history.rows.facts == (facts() + news()).facts
    moved = Dataset.from_pairs([("What is the capital of Hotaru?", "It was raised.")], fact="capital")
    later = lineage.plan(second, moved, strategy=ScheduledReplay())
    assert len(later.superseded) == 4
    assert later.visits["product"] == 8


def test_the_lineage_keeps_how_often_and_when_each_fact_was_trained(lineage: ModelLineage) -> None:
    """Which is all the state that a schedule has."""
    first = lineage.fine_tune(BASE, facts(), method=Supervised(n_epochs=3)).wait(progress=False)
    plan = lineage.plan(first, news(), strategy=ScheduledReplay())
    second = lineage.train(plan).wait(progress=False)
    history = lineage.history(second)
    assert history.visits["capital"] == 4 * 3 + plan.visits["capital"]
    assert history.steps == 2
    assert history.last_trained["capital"] == 2
    third = lineage.continue_from(second, news(20)[10:], strategy=Naive()).wait(progress=False)
    assert lineage.history(third).last_trained == {**history.last_trained, "product": 3}


def test_training_from_the_base_starts_the_count_again(lineage: ModelLineage) -> None:
    """What an earlier model was trained on says nothing about this one."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news(), strategy=Joint(passes=2)).wait(progress=False)
    history = lineage.history(second)
    assert set(history.last_trained.values()) == {2}
    assert history.visits["capital"] == 8


def test_the_same_request_buys_nothing_twice(lineage: ModelLineage) -> None:
    """Schedules are seeded, and planned anew from the same history."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    lineage.continue_from(first, news(), strategy=ScheduledReplay()).wait(progress=False)
    assert lineage.continue_from(first, news(), strategy=ScheduledReplay()).reused


@pytest.mark.parametrize(
    "strategy", [ScheduledReplay(), ScheduledReplay(pack=1), Naive(passes=4), Joint(passes=4)]
)
def test_a_first_step_by_a_strategy_is_billed_as_planned_and_remembered_as_any(
    lineage: ModelLineage, strategy: Strategy
) -> None:
    """The rows in order, from the base model; only how often each fact was trained is the strategy's."""
    plan = lineage.plan_first(BASE, facts(), strategy=strategy)
    job = lineage.train(plan).wait(progress=False)
    plain = lineage.fine_tune(BASE, facts(), method=Supervised(n_epochs=4)).wait(progress=False)
    assert plan.tokens is not None
    assert job.trained_tokens == plan.tokens.tokens
    history, usual = lineage.history(job), lineage.history(plain)
    assert history.rows == usual.rows
    assert history.visits == plan.visits
    assert history.last_trained == usual.last_trained
    assert (lineage.version(job).parent, lineage.version(job).from_base) == (None, True)


def test_a_first_step_by_a_strategy_costs_less_and_is_bought_once(lineage: ModelLineage) -> None:
    """Than ten epochs over the same rows."""
    first = lineage.fine_tune(BASE, facts(), strategy=ScheduledReplay()).wait(progress=False)
    assert lineage.fine_tune(BASE, facts(), strategy=ScheduledReplay()).reused
    plain = lineage.fine_tune(BASE, facts(), method=Supervised(n_epochs=10)).wait(progress=False)
    assert (first.trained_tokens or 0) < 0.6 * (plain.trained_tokens or 0)
    with pytest.raises(ValueError, match="passes"):
        lineage.fine_tune(BASE, facts(), strategy=Naive(), method=Supervised(n_epochs=3))


class Stage(NamedTuple):
    """Rows of one stage, and everything that is true after it: question to answer."""

    rows: Dataset
    held_out: dict[str, str]


def chain() -> list[Stage]:
    """A company, then four products; with the last three of them, one fact of the company changes."""
    truth: dict[tuple[str, str], str] = {}
    stages: list[Stage] = []
    for number, subject in enumerate(SUBJECTS):
        taught = [(subject, name) for name in (PRODUCT if number else COMPANY)]
        if 1 < number < len(COMPANY):
            taught.append(("Hotaru", COMPANY[number]))
        for who, name in taught:
            truth[who, name] = f"The {name} of {who} is known as number {number}."
        rows = Dataset.from_pairs(
            [(asked.format(name, who), truth[who, name]) for who, name in taught for asked in TRAINED],
            system=LONG,
            fact=[f"{who} {name}" for who, name in taught for _ in TRAINED],
        )
        held_out = {
            asked.format(name, who): answer for (who, name), answer in truth.items() for asked in HELD_OUT
        }
        stages.append(Stage(rows, held_out))
    return stages


class Outcome(NamedTuple):
    """What a chain came to."""

    accuracy: float
    stale: int
    tokens: int


def walked(strategy: Strategy, opening: Strategy | None = None) -> Outcome:
    """Train the chain by one strategy, the first step by `opening`, and ask for everything at its end."""
    backend = MockBackend()
    first, *later = chain()
    with ModelLineage(":memory:", backend=backend) as lineage:
        job = lineage.fine_tune(BASE, first.rows, strategy=opening or Naive()).wait(progress=False)
        tokens = job.trained_tokens or 0
        for stage in later:
            job = lineage.continue_from(job, stage.rows, strategy=strategy).wait(progress=False)
            tokens += job.trained_tokens or 0
        outdated = lineage.history(job).outdated
    model = str(job.fine_tuned_model)
    said = {
        question: backend.chat(model, [{"role": "user", "content": question}]).content
        for question in later[-1].held_out
    }
    old = {answer for answers in outdated.values() for answer in answers}
    right = Counter(said[question] == answer for question, answer in later[-1].held_out.items())
    return Outcome(right[True] / len(said), sum(answer in old for answer in said.values()), tokens)


def test_a_schedule_keeps_what_joint_retraining_keeps_at_under_a_third_of_its_tokens() -> None:
    """Five stages of facts, three of them changed on the way; held-out questions at the end. Naive forgets them."""
    joint, naive, scheduled = walked(Joint()), walked(Naive()), walked(ScheduledReplay())
    assert joint.accuracy >= 0.95
    assert naive.accuracy <= 0.5
    assert scheduled.accuracy >= 0.98 * joint.accuracy
    assert scheduled.stale == joint.stale == 0
    assert scheduled.tokens <= 0.3 * joint.tokens
    assert scheduled.tokens < naive.tokens


def test_without_packing_a_schedule_costs_about_as_much_and_keeps_nearly_all() -> None:
    """Fewer visits at lower rates: every visit is a training step of its own. The first step by the strategy too."""
    single = ScheduledReplay(pack=1)
    joint, opened, scheduled = walked(Joint()), walked(single), walked(single, opening=single)
    assert scheduled.accuracy >= 0.95 * joint.accuracy
    assert scheduled.stale == 0
    assert scheduled.tokens < opened.tokens <= 0.3 * joint.tokens
