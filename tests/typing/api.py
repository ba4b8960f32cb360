"""The promises of the design, as programs a type checker must accept. Never run; checked by mypy and pyright."""

from __future__ import annotations

from typing import assert_type

from openai import OpenAI

from aoai_finetune import (
    DPO,
    AzureOpenAIBackend,
    Backend,
    Comparison,
    Dataset,
    FineTuneJob,
    Gate,
    MockBackend,
    ModelLineage,
    ModelVersion,
    Naive,
    ProbeSet,
    Reinforcement,
    Replay,
    Supervised,
    TrainingPlan,
    ValidationReport,
    Verdict,
    wait_all,
)
from aoai_finetune.backends import (
    ArmConfig,
    Chat,
    Completion,
    Deployments,
    FileRecord,
    JobRequest,
    Models,
    Pausable,
)
from aoai_finetune.continual import Budget
from aoai_finetune.dataset import PRICES, Cost, Statistics, TokenCount


def story() -> Verdict:
    """The example of the design."""
    with ModelLineage("assistant.db", backend=MockBackend(path="mock")) as lineage:
        facts = Dataset.from_jsonl("company_facts.jsonl", fact=lambda example: example.answer)
        assert_type(facts.validate().raise_for_errors(), ValidationReport)
        facts, probes = ProbeSet.hold_out(facts, per_fact=1)
        first = lineage.fine_tune(
            "gpt-4.1-mini-2025-04-14", facts, suffix="facts", method=Supervised(n_epochs=3)
        ).wait()
        assert_type(first, FineTuneJob)
        plan = lineage.plan(first, facts[:10], strategy=Replay(fraction=0.1), validation=facts)
        assert_type(plan, TrainingPlan)
        second = lineage.train(plan).wait(timeout=60)
        third = lineage.continue_from(second, facts, strategy=Naive(passes=3), suffix="naive", again=True)
        wait_all([second, third])
        comparison = lineage.compare(first, second, probes, gate=Gate(margin=0.1))
        assert_type(comparison, Comparison)
        assert_type(lineage.promote(second), ModelVersion)
        return comparison.verdict


async def awaited(lineage: ModelLineage, facts: Dataset, probes: ProbeSet) -> list[str]:
    """The async twins."""
    first = await (await lineage.fine_tune_async("gpt-4.1-mini-2025-04-14", facts)).wait_async()
    second = await lineage.continue_from_async(first, facts, strategy=Replay())
    await lineage.compare_async(first, await second.wait_async(), probes)
    return [event.message async for event in second.events_async(follow=True)]


def what_the_mock_is(mock: MockBackend) -> tuple[Backend, Chat, Deployments, Models]:
    """Every protocol the mock promises."""
    return mock, mock, mock, mock


def what_azure_is(client: OpenAI, arm: ArmConfig) -> tuple[Backend, Chat, Pausable, Deployments, Models]:
    """Every protocol the real service promises, over the user's own client."""
    azure = AzureOpenAIBackend(client, deployments={"model": "name"}, arm=arm, training_type="global")
    assert_type(azure.prune_files(), tuple[FileRecord, ...])
    assert_type(azure.chat("name", [{"role": "user", "content": "?"}]), Completion)
    azure.create_job(JobRequest(model="m", training_file="f", method=DPO(beta=0.1)))
    azure.create_job(JobRequest(model="m", training_file="f", method=Reinforcement(grader={"type": "multi"})))
    with AzureOpenAIBackend.from_env(training_type="developer", credential=lambda: "token") as backend:
        return backend, azure, backend, backend, backend


def what_it_costs(lineage: ModelLineage, facts: Dataset) -> FineTuneJob:
    """Tokens, prices and limits."""
    assert_type(facts.tokens("gpt-4.1", workers=2), TokenCount)
    assert_type(facts.statistics(), Statistics)
    assert_type(facts.estimate_cost("gpt-4.1", n_epochs=3, tier="global", prices=PRICES), Cost)
    plan = lineage.plan("champion", facts, training_type="global")
    assert_type(plan.cost, Cost | None)
    assert_type(plan.estimate_cost(tier="developer").amount, float | None)
    lineage.train(plan, budget=5.0)
    return lineage.continue_from("champion", facts, budget=Budget(tokens=10_000))
