"""The lineage on a service behind HTTP: the emulator, through the real client, on both surfaces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from aoai_finetune import FineTuneJob, Joint, MockBackend, ModelLineage, Naive
from aoai_finetune.backends import Fault, Limits
from aoai_finetune.errors import BudgetExceeded, NotDeployed, OutcomeUnknown, ServiceError, WrongResource
from aoai_finetune.testing import Emulator
from samples import BASE, facts, news, probes

Surface = Literal["v1", "dated"]


@pytest.fixture(params=["v1", "dated"])
def surface(request: pytest.FixtureRequest) -> Surface:
    """The two faces of the service."""
    given: Surface = request.param
    return given


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A resource behind HTTP."""
    with Emulator() as running:
        yield running


def test_versions_are_served_compared_and_gone(path: Path, emulator: Emulator, surface: Surface) -> None:
    """The price is the list price; outside the block nothing answers and nothing is left."""
    backend = emulator.backend(surface=surface)
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts(), suffix="facts").wait(progress=False)
        second = lineage.continue_from(first, news()).wait(progress=False)
        with pytest.raises(NotDeployed, match="USD an hour"):
            lineage.compare(first, second, probes(), progress=False)
        served = lineage.deployed(first, second, tier="standard", progress=False)
        assert served.price.usd_per_hour == (3.4, 3.4)
        with served:
            assert lineage.compare(first, second, probes(), progress=False).acquisition is not None
            assert {one.status for one in lineage.deployments()} == {"Succeeded"}
        assert list(backend.list_deployments()) == []


def test_a_tournament_serves_what_it_asks_and_goes_on_after_a_refusal(
    path: Path, emulator: Emulator, surface: Surface
) -> None:
    """The trainings are bought once, the deployments are gone, and the chain is measured without any."""
    backend = emulator.backend(surface=surface)
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts(), suffix="facts").wait(progress=False)
        contest = lineage.tournament
        with pytest.raises(NotDeployed, match="USD an hour"):
            contest(first, news(), [Naive(), Joint()], probes(), progress=False)
        jobs = emulator.calls["create_job"]
        held = contest(first, news(), [Naive(), Joint()], probes(), serve="developer", progress=False)
        assert emulator.calls["create_job"] == jobs
        assert [each.comparison is not None for each in held.entrants] == [True, True]
        assert list(backend.list_deployments()) == []
        joint = held.entrants[1].version
        assert joint is not None
        stages = {"facts": probes()[:6], "news": probes()[6:]}
        assert lineage.matrix(first, joint, probes=stages, progress=False).accuracy == 1.0


def test_a_tournament_within_no_budget_sends_nothing(path: Path, emulator: Emulator) -> None:
    """At list prices each strategy fits, both together do not."""
    with ModelLineage(path, backend=emulator.backend(training_type="global")) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        strategies = (Naive(), Joint())
        costs = [lineage.plan(first, news(), strategy=strategy).cost for strategy in strategies]
        total = sum(cost.high for cost in costs if cost is not None)
        sent = emulator.calls["upload_file"]
        with pytest.raises(BudgetExceeded, match="2 trainings cost up to"):
            lineage.tournament(first, news(), strategies, probes(), budget=total * 0.99, progress=False)
        assert emulator.calls["upload_file"] == sent
        with pytest.raises(NotDeployed):
            lineage.tournament(first, news(), strategies, probes(), budget=total, progress=False)
        assert emulator.calls["upload_file"] == sent + 2


def test_retirement_dates_come_from_the_service(path: Path, emulator: Emulator, surface: Surface) -> None:
    """For fine-tuned models, and for their base."""
    with ModelLineage(path, backend=emulator.backend(surface=surface)) as lineage:
        lineage.fine_tune(BASE, facts()).wait(progress=False)
        (only,) = lineage.retirements()
        assert only.inference_until is not None
        assert only.base_fine_tune_until is not None
        assert only.days_left is not None


def test_a_deployment_is_found_as_soon_as_it_is_ready(path: Path, surface: Surface) -> None:
    """Also when the list of deployments was read a moment before."""
    question = [{"role": "user", "content": "Who is there?"}]
    with Emulator(limits=Limits(ready_after=0)) as emulator:
        backend = emulator.backend(surface=surface)
        with ModelLineage(path, backend=backend) as lineage:
            first = lineage.fine_tune(BASE, facts(), suffix="facts").wait(progress=False)
            second = lineage.continue_from(first, news()).wait(progress=False)
            with lineage.deployed(first, tier="standard", progress=False):
                backend.create_deployment("late", str(second.fine_tuned_model))
                emulator.clock.sleep(50)
                assert backend.chat(str(first.fine_tuned_model), question).content
                emulator.clock.sleep(20)
                assert backend.chat(str(second.fine_tuned_model), question).content


def test_a_developer_deployment_costs_nothing_by_the_hour(
    path: Path, emulator: Emulator, surface: Surface
) -> None:
    """And says when it ends."""
    with ModelLineage(path, backend=emulator.backend(surface=surface)) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        with lineage.deployed(first, progress=False) as served:
            assert served.price.usd_per_hour == (0.0, 0.0)
            assert "24 hours" in str(served.price)


def test_a_chain_made_by_hand_is_adopted(path: Path, emulator: Emulator, surface: Surface) -> None:
    """From its last job to the catalogue model."""
    backend = emulator.backend(surface=surface)
    first = FineTuneJob.submit(backend, model=BASE, training=facts()).wait(progress=False)
    model = str(first.fine_tuned_model)
    second = FineTuneJob.submit(backend, model=model, training=news()).wait(progress=False)
    with ModelLineage(path, backend=backend) as lineage:
        lineage.adopt(second.id)
        assert [version.job_id for version in lineage.versions] == [first.id, second.id]
        assert lineage.history(second.id).rows == facts() + news()


@pytest.mark.parametrize("kind", ["lost_reply", "acted_late"])
def test_sync_finds_a_job_whose_creation_was_unclear(path: Path, surface: Surface, kind: str) -> None:
    """The reply was lost, the job was not."""
    fault = Fault("create_job", kind, delay=400)
    with Emulator(faults=[fault]) as emulator:
        backend = emulator.backend(surface=surface, timeout=0.5)
        with ModelLineage(path, backend=backend, settle=0) as lineage:
            if kind == "acted_late":
                with pytest.raises(OutcomeUnknown):
                    lineage.fine_tune(BASE, facts())
                assert len(lineage.sync().unknown) == 1
                emulator.clock.sleep(500)
                (found,) = lineage.sync().found
            else:
                found = lineage.fine_tune(BASE, facts()).id
            assert lineage.job(found).wait(progress=False).succeeded
            assert len(lineage.versions) == len(list(backend.list_jobs())) == 1


def test_without_a_training_type_nothing_is_stored_or_sent(
    path: Path, emulator: Emulator, surface: Surface
) -> None:
    """Where rows go is decided by people, before anything happens."""
    backend = emulator.backend(surface=surface, training_type=None)
    with ModelLineage(path, backend=backend) as lineage:
        with pytest.raises(ServiceError, match="training type"):
            lineage.fine_tune(BASE, facts())
        assert lineage.jobs() == []
        assert emulator.calls.get("upload_file", 0) == 0
        assert lineage.fine_tune(BASE, facts(), training_type="global").wait(progress=False).succeeded


def test_the_usual_training_type_stands_in_the_plan(path: Path, emulator: Emulator) -> None:
    """So its price is known, and asking for the same by name buys nothing twice."""
    backend = emulator.backend(surface="v1", training_type="global")
    with ModelLineage(path, backend=backend) as lineage:
        assert lineage.plan_first(BASE, facts()).step.training_type == "global"
        lineage.fine_tune(BASE, facts())
        assert lineage.fine_tune(BASE, facts(), training_type="global").reused


def test_an_emulated_resource_is_the_same_on_another_port(path: Path, tmp_path: Path) -> None:
    """What a folder keeps goes on where it stopped, whichever port is free today."""
    with Emulator(tmp_path / "kept") as emulator, ModelLineage(path, backend=emulator.backend()) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        assert emulator.endpoint.rpartition(":")[2] not in lineage.version(first).resource
    with Emulator(tmp_path / "kept") as emulator, ModelLineage(path, backend=emulator.backend()) as lineage:
        assert lineage.continue_from(first.id, news()).wait(progress=False).succeeded


def test_a_parent_of_another_resource_is_refused_before_anything_is_planned(path: Path) -> None:
    """A plan without a price would be a wrong number that looks right."""
    with ModelLineage(path, backend=MockBackend(name="there")) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    with (
        ModelLineage(path, backend=MockBackend(name="here")) as lineage,
        pytest.raises(WrongResource, match="mock:there"),
    ):
        lineage.plan(first.id, news())
