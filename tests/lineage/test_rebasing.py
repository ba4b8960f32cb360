"""Moving what was learned to another base model, or another resource, before the old one retires."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from aoai_finetune import Dataset, MockBackend, ModelLineage, Naive, ProbeSet, Replay
from aoai_finetune.continual import Budget
from aoai_finetune.errors import BudgetExceeded, LineageError, NotFound, WrongResource

OLD, NEW = "gpt-4o-mini-2024-07-18", "gpt-4.1-mini-2025-04-14"
ANSWERS = {f"fact {number}": f"answer {number}" for number in range(6)}
ASK = ("Tell me {}.", "What do you know of {}?", "Please say {} now.")


def rows_of(facts: dict[str, str]) -> Dataset:
    """Three phrasings of each fact."""
    pairs = [(ask.format(fact), answer) for fact, answer in facts.items() for ask in ASK]
    return Dataset.from_pairs(pairs, fact=[fact for fact in facts for _ in ASK])


@pytest.fixture
def backend() -> Iterator[MockBackend]:
    """A resource."""
    with MockBackend(name="here") as backend:
        yield backend


@pytest.fixture
def lineage(backend: MockBackend, tmp_path: Path) -> Iterator[ModelLineage]:
    """A chain of two steps on the old base, of which the second changed an answer."""
    with ModelLineage(tmp_path / "chain.db", backend=backend) as lineage:
        first = lineage.fine_tune(OLD, rows_of(ANSWERS)).wait(progress=False)
        news = rows_of({"fact 0": "another answer", "fact 9": "answer 9"})
        second = lineage.continue_from(first, news, strategy=Replay(fraction=0.5)).wait(progress=False)
        lineage.promote(second)
        yield lineage


def test_everything_learned_is_trained_onto_the_new_base(lineage: ModelLineage) -> None:
    """The new version answers all facts, the changed one with its new answer, and descends from the old version."""
    job = lineage.rebase("champion", model=NEW).wait(progress=False).raise_for_status()
    version = lineage.version(job)
    assert (job.model, version.base_model, version.from_base) == (NEW, NEW, True)
    assert version.parent == lineage.version("champion").id
    probes = ProbeSet.from_examples(lineage.history("champion").rows)
    comparison = lineage.compare("champion", job, probes, progress=False)
    assert all(pair.right_after for pair in comparison.pairs)
    assert comparison.stale == ()


def test_the_history_stays_what_it_was(lineage: ModelLineage) -> None:
    """So that the next step from the rebased version replays the same live rows, and nothing stale."""
    before = lineage.history("champion").rows
    job = lineage.rebase("champion", model=NEW).wait(progress=False)
    assert sorted(row.digest for row in lineage.history(job).rows) == sorted(row.digest for row in before)


def test_the_plan_can_be_seen_before_it_is_bought(lineage: ModelLineage, backend: MockBackend) -> None:
    """Its tokens are those the service bills, and planning sends nothing."""
    jobs = len(list(backend.list_jobs()))
    plan = lineage.plan_rebase("champion", model=NEW, passes=4)
    assert len(list(backend.list_jobs())) == jobs
    job = lineage.train(plan).wait(progress=False)
    assert plan.tokens is not None
    assert plan.tokens.tokens == job.trained_tokens


def test_another_resource_takes_over(lineage: ModelLineage, tmp_path: Path) -> None:
    """The same base elsewhere is another base; both resources answer for the comparison."""
    first = lineage.version("champion")
    path = lineage.path
    lineage.close()
    with (
        MockBackend(name="there") as there,
        ModelLineage(path, backend=there) as moved,
    ):
        job = moved.rebase(first.id, model=OLD).wait(progress=False)
        assert moved.version(job).resource == "mock:there"


def test_rebasing_twice_buys_once(lineage: ModelLineage) -> None:
    """The same request returns the job that exists; again=True buys another."""
    first = lineage.rebase("champion", model=NEW)
    assert lineage.rebase("champion", model=NEW).id == first.id
    assert lineage.rebase("champion", model=NEW, again=True).id != first.id


def test_it_does_not_block_the_event_loop(lineage: ModelLineage) -> None:
    """The twin returns the same job."""
    job = asyncio.run(lineage.rebase_async("champion", model=NEW))
    assert job.id == lineage.rebase("champion", model=NEW).id


@pytest.mark.parametrize(
    ("model", "error"),
    [(OLD, LineageError), ("gpt-4.1-mimi-2025-04-14", NotFound)],
    ids=["its own base", "a mistyped base"],
)
def test_what_is_no_new_base_is_refused_before_anything_is_sent(
    lineage: ModelLineage, backend: MockBackend, model: str, error: type[Exception]
) -> None:
    """And the message says what to do instead."""
    jobs = len(list(backend.list_jobs()))
    with pytest.raises(error):
        lineage.rebase("champion", model=model)
    assert len(list(backend.list_jobs())) == jobs


def test_a_fine_tuned_model_is_no_base(lineage: ModelLineage) -> None:
    """Continuing from one is another thing."""
    tuned = lineage.version("champion").model
    with pytest.raises(LineageError, match="fine-tuned"):
        lineage.rebase("champion", model=tuned)


def test_a_backend_the_lineage_does_not_know_is_refused(lineage: ModelLineage) -> None:
    """Its jobs would be lost on the next start."""
    with MockBackend(name="elsewhere") as other, pytest.raises(WrongResource, match="elsewhere"):
        lineage.rebase("champion", model=NEW, backend=other)


def test_a_lineage_without_a_backend_cannot_rebase(lineage: ModelLineage) -> None:
    """It only reads."""
    with ModelLineage(lineage.path) as reading, pytest.raises(LineageError, match="without a backend"):
        reading.rebase("champion", model=NEW)


def test_a_budget_holds_for_a_rebase_too(lineage: ModelLineage) -> None:
    """It is checked before anything is sent."""
    with pytest.raises(BudgetExceeded):
        lineage.rebase("champion", model=NEW, budget=Budget(tokens=10))


def test_a_version_of_a_rebased_one_goes_on(lineage: ModelLineage) -> None:
    """The chain continues on the new base."""
    rebased = lineage.rebase("champion", model=NEW).wait(progress=False)
    more = rows_of({f"fact {number}": f"answer {number}" for number in range(20, 24)})
    job = lineage.continue_from(rebased, more, strategy=Naive()).wait(progress=False)
    assert lineage.version(job).base_model == NEW
