"""A budget is checked before anything is sent or stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from aoai_finetune import FineTuneJob, MockBackend, ModelLineage, Replay, Supervised
from aoai_finetune.continual import Budget
from aoai_finetune.errors import BudgetExceeded
from samples import BASE, facts, news

TIGHT = Budget(tokens=10)
THREE = Supervised(n_epochs=3)


@pytest.fixture
def first(lineage: ModelLineage) -> FineTuneJob:
    """A model that knows the facts."""
    return lineage.fine_tune(BASE, facts(), method=THREE, budget=Budget(tokens=10**6)).wait(progress=False)


def test_a_first_fine_tune_beyond_its_budget_sends_nothing(
    lineage: ModelLineage, backend: MockBackend
) -> None:
    """Neither file nor job, and the lineage remembers none."""
    with pytest.raises(BudgetExceeded, match="10 tokens"):
        lineage.fine_tune(BASE, facts(), method=THREE, budget=TIGHT)
    assert not any(backend.calls.get(name) for name in ("upload_file", "create_job"))
    assert list(lineage.jobs()) == []


Step = Callable[[ModelLineage, FineTuneJob], object]


@pytest.mark.parametrize(
    "step",
    [
        lambda lineage, first: lineage.continue_from(first, news(), budget=TIGHT),
        lambda lineage, first: lineage.train(lineage.plan(first, news()), budget=TIGHT),
        lambda lineage, first: asyncio.run(lineage.continue_from_async(first, news(), budget=TIGHT)),
        lambda lineage, first: asyncio.run(lineage.train_async(lineage.plan(first, news()), budget=TIGHT)),
        lambda lineage, _: asyncio.run(
            lineage.fine_tune_async(BASE, facts(), method=THREE, suffix="x", budget=TIGHT)
        ),
    ],
    ids=["continue_from", "train", "continue_from_async", "train_async", "fine_tune_async"],
)
def test_every_way_to_train_knows_budgets(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob, step: Step
) -> None:
    """Nothing is sent by any of them."""
    sent = backend.calls["create_job"]
    with pytest.raises(BudgetExceeded):
        step(lineage, first)
    assert backend.calls["create_job"] == sent == 1


def test_within_its_budget_a_plan_is_bought(lineage: ModelLineage, first: FineTuneJob) -> None:
    """The budget is no part of the request: asked for again with another one, the job is the same."""
    plan = lineage.plan(first, news(), strategy=Replay())
    assert plan.tokens is not None
    job = lineage.train(plan, budget=Budget(tokens=plan.tokens.tokens))
    assert lineage.train(plan, budget=5.0).id == job.id
    assert job.wait(progress=False).trained_tokens == plan.tokens.tokens
