"""Strategies that compete: trained on the same rows, judged on the same probes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from aoai_finetune import FineTuneJob, Gate, Joint, MockBackend, ModelLineage, Naive, Replay, Verdict
from aoai_finetune.backends import Fault
from aoai_finetune.continual import Budget
from aoai_finetune.errors import BudgetExceeded, DatasetError, NotDeployed
from aoai_finetune.lineage import Tournament
from samples import BASE, facts, news, probes

STRATEGIES = (Naive(), Replay(fraction=0.5), Joint())
LENIENT = Gate(margin=0.4)
"""Six probes of old facts decide no narrower margin."""


@pytest.fixture
def first(lineage: ModelLineage) -> FineTuneJob:
    """The version that is continued."""
    return lineage.fine_tune(BASE, facts()).wait(progress=False)


def held(lineage: ModelLineage, first: FineTuneJob) -> Tournament:
    """A tournament of three."""
    return lineage.tournament(first, news(), STRATEGIES, probes(), gate=LENIENT, progress=False)


def test_the_cheapest_promoted_strategy_is_the_best(lineage: ModelLineage, first: FineTuneJob) -> None:
    """Naive forgets and is rejected; of those that are promoted the bill decides."""
    result = held(lineage, first)
    naive, _, joint = result.entrants
    assert naive.verdict is Verdict.REJECT
    assert joint.verdict is Verdict.PROMOTE
    assert result.best is not None
    promoted = [each.tokens for each in result.entrants if each.verdict is Verdict.PROMOTE]
    assert result.best.tokens == min(filter(None, promoted))
    assert result.ranking[-1] is naive
    assert result.share(joint) == 1.0
    assert (result.share(naive) or 1) < 0.5


def test_without_a_promoted_strategy_there_is_no_best(lineage: ModelLineage, first: FineTuneJob) -> None:
    """The table says so."""
    result = lineage.tournament(first, news(), [Naive()], probes(), gate=LENIENT, progress=False)
    assert result.best is None
    assert "No strategy is promoted" in str(result)


def test_asked_again_it_buys_and_asks_nothing(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob
) -> None:
    """And says the same; a strategy more costs only its own."""
    before = str(held(lineage, first))
    calls = backend.calls["create_job"], backend.calls["chat"]
    assert str(held(lineage, first)) == before
    assert (backend.calls["create_job"], backend.calls["chat"]) == calls
    lineage.tournament(first, news(), [*STRATEGIES, Replay()], probes(), gate=LENIENT, progress=False)
    assert (backend.calls["create_job"], backend.calls["chat"]) == (calls[0] + 1, calls[1] + len(probes()))


def test_all_trainings_are_watched_with_one_list(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob
) -> None:
    """No request for each job: they run at the same time."""
    looked = backend.calls["get_job"]
    held(lineage, first)
    assert backend.calls["get_job"] == looked
    assert backend.calls["list_jobs"] > 0


def test_the_budget_is_that_of_all_together(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob
) -> None:
    """Each alone fits, the sum does not, and nothing is sent; twice the same counts once."""
    plans = [lineage.plan(first, news(), strategy=strategy) for strategy in STRATEGIES]
    bills = [plan.tokens.tokens for plan in plans if plan.tokens is not None]
    assert len(bills) == 3
    sent = backend.calls["upload_file"]
    with pytest.raises(BudgetExceeded, match="3 trainings"):
        lineage.tournament(
            first,
            news(),
            STRATEGIES,
            probes(),
            gate=LENIENT,
            budget=Budget(tokens=sum(bills) - 1),
            progress=False,
        )
    assert backend.calls["upload_file"] == sent
    twice = [Naive(), Naive()]
    result = lineage.tournament(
        first, news(), twice, probes(), gate=LENIENT, budget=Budget(tokens=bills[0], usd=0), progress=False
    )
    assert [each.name for each in result.entrants] == ["naive"]
    assert backend.calls["upload_file"] == sent + 1


def test_nothing_is_sent_when_one_plan_is_wrong(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob
) -> None:
    """Three new rows are enough for replay, and too few for the service without it."""
    sent = backend.calls["upload_file"]
    with pytest.raises(DatasetError, match="at least 10"):
        lineage.tournament(first, news(3), [Joint(), Naive()], probes(), gate=LENIENT, progress=False)
    with pytest.raises(ValueError, match="at least one strategy"):
        lineage.tournament(first, news(), [], probes(), gate=LENIENT, progress=False)
    assert backend.calls["upload_file"] == sent


def test_a_training_that_fails_stands_in_the_table(path: Path) -> None:
    """The others are judged all the same."""
    backend = MockBackend(faults=[Fault("create_job", "job_fails", at=1)])
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        result = lineage.tournament(first, news(), [Naive(), Joint()], probes(), gate=LENIENT, progress=False)
        failed, joint = result.entrants
        assert (failed.version, failed.comparison, failed.verdict) == (None, None, None)
        assert joint.verdict is Verdict.PROMOTE
        assert "job failed" in str(result)
        assert result.ranking == (joint, failed)


def test_nothing_is_deployed_unless_asked(path: Path) -> None:
    """The trainings are kept, the error says how to go on, and what was deployed for it is gone again."""
    backend = MockBackend(require_deployments=True)
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        with pytest.raises(NotDeployed) as missing:
            lineage.tournament(first, news(), STRATEGIES, probes(), gate=LENIENT, progress=False)
        assert "serve='developer'" in missing.value.__notes__[0]
        assert "create_deployment" not in backend.calls
        lineage.tournament(
            first, news(), STRATEGIES, probes(), gate=LENIENT, serve="developer", progress=False
        )
        assert backend.calls["create_deployment"] == 4
        assert list(backend.list_deployments()) == []
        lineage.tournament(
            first, news(), STRATEGIES, probes(), gate=LENIENT, serve="developer", progress=False
        )
        assert backend.calls["create_deployment"] == 4


def test_the_table_shows_numbers_and_no_row(lineage: ModelLineage, first: FineTuneJob, path: Path) -> None:
    """As text, in a notebook and as a page."""
    result = held(lineage, first)
    text = str(result)
    for word in ("naive", "joint", "100%", "reject", "promote", "Best: ", "softmax learner, not from GPT"):
        assert word in text
        assert word in result._repr_html_()
    page = result.to_html(path.with_suffix(".html")).read_text(encoding="utf-8")
    for shown in (text, repr(result), page):
        assert "Nagi Chat" not in shown
        assert "president" not in shown


def test_a_tournament_is_held_in_an_event_loop(lineage: ModelLineage, first: FineTuneJob) -> None:
    """The twin buys and finds the same."""
    awaited = asyncio.run(
        lineage.tournament_async(first, news(), STRATEGIES, probes(), gate=LENIENT, progress=False)
    )
    assert str(awaited) == str(
        lineage.tournament(first, news(), STRATEGIES, probes(), gate=LENIENT, progress=False)
    )


def test_the_event_loop_deploys_only_when_asked_too(path: Path) -> None:
    """The same words, the same clean end."""
    backend = MockBackend(require_deployments=True)
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        with pytest.raises(NotDeployed) as missing:
            asyncio.run(
                lineage.tournament_async(first, news(), [Joint()], probes(), gate=LENIENT, progress=False)
            )
        assert "serve='developer'" in missing.value.__notes__[0]
        result = asyncio.run(
            lineage.tournament_async(
                first, news(), [Joint()], probes(), gate=LENIENT, serve="developer", progress=False
            )
        )
        assert result.best is not None
        assert list(backend.list_deployments()) == []


def test_a_strategy_given_twice_competes_once(lineage: ModelLineage, first: FineTuneJob) -> None:
    """One job is one row; equal plans of other names are shown."""
    result = lineage.tournament(first, news(), [Joint(), Joint()], probes(), gate=LENIENT, progress=False)
    assert [each.name for each in result.entrants] == ["joint"]


def test_the_table_says_what_luck_may_do(lineage: ModelLineage, first: FineTuneJob) -> None:
    """In text and in HTML, where several were judged; one alone has the gate's alpha."""
    result = held(lineage, first)
    for shown in (str(result), result._repr_html_()):
        assert "up to 3 times as often" in shown
    alone = lineage.tournament(first, news(), [Joint()], probes(), gate=LENIENT, progress=False)
    assert "times as often" not in str(alone)
