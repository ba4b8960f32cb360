"""What a plan costs, and plans that cost too much."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune import Dataset, Replay, Supervised, TrainingPlan
from aoai_finetune.backends import Capabilities
from aoai_finetune.continual import Budget, History, Parent, StepOptions, plan_first, plan_next
from aoai_finetune.dataset import PRICES, Rate, TrainingPrice
from aoai_finetune.errors import BudgetExceeded, NotFound
from samples import BASE, facts, news

AZURE = Capabilities(provider="azure-openai")
MOCK = Capabilities(provider="mock", engine="softmax", free=True, counter="estimate")
PARENT = Parent(model=f"{BASE}.ft-1", base_model=BASE, resource="here", version="v1")
ROOT = Parent(model=BASE, base_model=BASE, resource="here")


def plan(able: Capabilities = AZURE, parent: Parent = PARENT, **options: object) -> TrainingPlan:
    """A plan that teaches the news to a model that knows the facts."""
    settings = replace(StepOptions(), **options)  # type: ignore[arg-type]
    return plan_next(news(), History().learned(facts()), parent, Replay(), settings, capabilities=able)


def first(able: Capabilities = AZURE, **options: object) -> TrainingPlan:
    """A first plan, which leaves the epochs to the service unless told."""
    settings = replace(StepOptions(), **options)  # type: ignore[arg-type]
    return plan_first(facts(), ROOT, settings, capabilities=able)


def test_a_plan_counts_with_the_models_own_encoding() -> None:
    """Where the service does."""
    planned = plan()
    assert planned.tokens is not None
    assert (planned.tokens.exact, planned.tokens.counter) == (True, "o200k_base")
    files = [part.training.tokens(BASE) for part in planned.step.parts]
    assert planned.tokens_per_epoch == sum(files[1:], files[0])


def test_a_plan_for_the_mock_counts_by_the_estimate() -> None:
    """Whatever is installed: what the mock bills and what its plans say is the same on every machine."""
    planned = plan(MOCK)
    assert planned.tokens is not None
    assert (planned.tokens.exact, planned.tokens.counter) == (False, "estimate")


def test_a_plan_names_its_cost_where_the_training_type_is_given() -> None:
    """With the date of the prices."""
    planned = plan(training_type="GlobalStandard")
    assert planned.tokens is not None
    assert planned.cost is not None
    assert planned.cost.amount == pytest.approx(planned.tokens.tokens * 5 / 1e6)
    assert f"global list price of {PRICES.date}" in str(planned)
    assert PRICES.date in planned._repr_html_()


@pytest.mark.parametrize(
    ("planned", "missing"),
    [
        (plan(), "Name it: training_type="),
        (plan(training_type="fast"), "global, regional, datazone, developer"),
        (first(training_type="global"), "n_epochs"),
        (
            plan(parent=replace(PARENT, base_model="gpt-4o-2024-05-13"), training_type="global"),
            "gpt-4o-2024-08-06",
        ),
        (plan(Capabilities(provider="elsewhere"), training_type="global"), "elsewhere"),
    ],
    ids=["no type", "a type nobody knows", "no epochs", "no price", "another provider"],
)
def test_a_plan_without_a_cost_says_what_is_missing(planned: TrainingPlan, missing: str) -> None:
    """It is still a plan."""
    assert planned.cost is None
    assert missing in planned.cost_unknown
    assert f"not known: {planned.cost_unknown}" in str(planned)


def test_a_simulated_service_charges_nothing() -> None:
    """Whatever the training type, and with epochs left to it."""
    for planned in (plan(MOCK), plan(MOCK, training_type="global"), first(MOCK)):
        assert planned.cost is not None
        assert planned.cost.amount == 0
        assert "nothing (simulated service)" in str(planned)


def test_a_plan_can_be_priced_elsewhere() -> None:
    """At another tier, in a region, by your own prices; for the mock too."""
    for planned in (plan(), plan(MOCK)):
        assert planned.tokens is not None
        millions = planned.tokens.tokens / 1e6
        assert planned.estimate_cost(tier="developer").amount == pytest.approx(2.5 * millions)
        assert planned.estimate_cost(tier="standard", region="swedencentral").amount == pytest.approx(
            6.05 * millions
        )
        own = TrainingPrice(model=BASE, tier="global", training=Rate(usd=1.0))
        mine = PRICES.with_prices(own, date="2026-12-01", source="mine")
        assert planned.estimate_cost(tier="global", prices=mine).amount == pytest.approx(millions)
        with pytest.raises(NotFound, match=r"Name it: tier='regional'.*training_type= when the plan is made"):
            planned.estimate_cost()


COST = plan(training_type="standard").estimate_cost()
TOKENS = COST.tokens.tokens


@pytest.mark.parametrize(
    "budget",
    [
        COST.high,
        Budget(usd=COST.high),
        Budget(tokens=TOKENS),
        Budget(usd=COST.high, tokens=TOKENS),
        Budget(usd=COST.low, region="eastus2"),
    ],
    ids=repr,
)
def test_a_plan_within_its_budget_passes(budget: Budget | float) -> None:
    """A limit may be reached."""
    Budget.of(budget).check(plan(training_type="standard"))


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (COST.low, "list price of"),
        (0.0, "USD 0.00"),
        (Budget(tokens=TOKENS - 1), f"{TOKENS - 1:,} tokens"),
        (Budget(usd=99, tokens=TOKENS - 1), "tokens"),
        (Budget(usd=COST.low, region="northeurope"), "northeurope"),
        (Budget(usd=99, region="marsnorth"), "marsnorth"),
    ],
    ids=["the highest price counts", "nothing", "tokens", "one of two", "a dear region", "an unknown region"],
)
def test_a_plan_beyond_its_budget_is_refused(budget: Budget | float, said: str) -> None:
    """The message says what it costs, and what was allowed."""
    with pytest.raises(BudgetExceeded, match=said):
        Budget.of(budget).check(plan(training_type="standard"))


@pytest.mark.parametrize(
    ("planned", "budget", "why"),
    [
        (plan(), 99.0, "training type"),
        (plan(training_type="fast"), 99.0, "fast"),
        (first(training_type="global"), 99.0, "number of epochs"),
        (first(training_type="global"), Budget(tokens=10**9), "number of epochs"),
        (first(MOCK), Budget(tokens=10**9), "number of epochs"),
    ],
)
def test_a_plan_whose_cost_nobody_knows_is_refused(
    planned: TrainingPlan, budget: Budget | float, why: str
) -> None:
    """A limit that is not checked is none; the message names what is missing."""
    with pytest.raises(BudgetExceeded, match=f"nobody knows.*{why}"):
        Budget.of(budget).check(planned)


def test_your_own_prices_know_other_services() -> None:
    """A table that you name is taken at its word."""
    planned = plan(Capabilities(provider="elsewhere"), training_type="global")
    with pytest.raises(BudgetExceeded, match="elsewhere"):
        Budget(usd=99).check(planned)
    Budget(usd=99, prices=PRICES).check(planned)


def test_a_simulated_service_is_within_every_budget_of_money() -> None:
    """A budget of tokens is checked there too."""
    Budget(usd=0).check(plan(MOCK))
    with pytest.raises(BudgetExceeded):
        Budget(tokens=1).check(plan(MOCK))


@pytest.mark.parametrize("limits", [{}, {"usd": -1.0}, {"usd": float("nan")}, {"tokens": -1}])
def test_a_budget_has_a_limit(limits: dict[str, float]) -> None:
    """Of zero or more."""
    with pytest.raises(ValueError, match="0 or more"):
        Budget(**limits)  # type: ignore[arg-type]


@pytest.mark.parametrize("limits", [{"usd": "5"}, {"tokens": "5"}, {"usd": True}])
def test_a_limit_that_is_no_number_is_named(limits: Any) -> None:
    """Rather than compared with one."""
    with pytest.raises(TypeError, match=r"(usd|tokens) of a budget is (str|bool), not a number"):
        Budget(**limits)


def test_epochs_make_a_first_plan_cost_something() -> None:
    """The formula of the service: tokens in the file times epochs times the price."""
    planned = first(training_type="developer", method=Supervised(n_epochs=3))
    assert planned.cost is not None
    assert planned.cost.amount == pytest.approx(3 * facts().tokens(BASE).tokens * 2.5 / 1e6)
    assert Dataset.from_examples(facts()).estimate_cost(BASE, n_epochs=3, tier="developer") == planned.cost


@pytest.mark.parametrize("limit", ["5 USD", True, None], ids=["text", "a truth", "nothing"])
def test_a_budget_that_is_no_number_is_told_so(limit: Any) -> None:
    """A notebook has no type checker."""
    with pytest.raises(TypeError, match="a number of USD"):
        Budget.of(limit)


def test_a_budget_below_a_cent_is_not_shown_as_nothing() -> None:
    """0.00 would be another budget."""
    with pytest.raises(BudgetExceeded, match=r"USD 0\.001"):
        Budget.of(0.001).check(plan(training_type="global"))


@pytest.mark.parametrize("given", ["news.jsonl", Path("news.jsonl")], ids=["text", "path"])
def test_a_file_name_where_rows_belong_is_met_with_the_way_to_read_it(given: Any) -> None:
    """The most likely slip."""
    with pytest.raises(TypeError, match="from_jsonl"):
        plan_first(given, ROOT, StepOptions(), capabilities=AZURE)
