"""A deployment that may still be billed is never forgotten: lists that lie, other accounts, and other machines."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import override

from aoai_finetune import FineTuneJob, MockBackend, ModelLineage
from aoai_finetune.backends import DeploymentRecord, Fault, VirtualClock
from aoai_finetune.errors import NotFound, OutcomeUnknown, ServiceError
from aoai_finetune.lineage.serving._book import Renewing
from samples import BASE, facts

HOUR = 3600.0


class Service(MockBackend):
    """A resource whose deployments live in an account, and whose answers can be bent."""

    account = "sub/group/production"
    lists_nothing = False
    upper_case = False
    going_for = 0.0

    def __init__(self, **options: object) -> None:
        super().__init__(name="here", require_deployments=True, **options)  # type: ignore[arg-type]
        self.going: dict[str, tuple[float, str]] = {}
        self.busy_until = 0.0

    @override
    def list_deployments(self) -> Iterator[DeploymentRecord]:
        return iter(()) if self.lists_nothing else super().list_deployments()

    @override
    def get_deployment(self, name: str, /) -> DeploymentRecord:
        if name in self.going:
            until, model = self.going[name]
            if self.clock.now() < until:
                return DeploymentRecord(name=name, model=model, status="Deleting")
            raise NotFound(f"no deployment {name}")
        found = super().get_deployment(name)
        if self.upper_case:
            return DeploymentRecord(name=found.name, model=found.model.upper(), status=found.status)
        return found

    @override
    def delete_deployment(self, name: str, /) -> None:
        if self.clock.now() < self.busy_until:
            raise OutcomeUnknown("its state is not terminal", status=409, code="RequestConflict")
        model = super().get_deployment(name).model
        super().delete_deployment(name)
        if self.going_for:
            self.going[name] = self.clock.now() + self.going_for, model


@pytest.fixture
def backend() -> Service:
    """That resource."""
    return Service()


@pytest.fixture
def lineage(tmp_path: Path, backend: Service) -> Iterator[ModelLineage]:
    """A lineage on it, whose leases run on a clock of their own."""
    with ModelLineage(tmp_path / "a.db", backend=backend, lease_clock=VirtualClock()) as opened:
        yield opened


@pytest.fixture
def first(lineage: ModelLineage) -> FineTuneJob:
    """A version to serve."""
    return lineage.fine_tune(BASE, facts()).wait(progress=False)


def left_behind(lineage: ModelLineage, backend: Service, job: FineTuneJob) -> str:
    """A deployment that could not be removed, and its name."""
    backend.busy_until = backend.clock.now() + 10 * HOUR
    served = lineage.deployed(job, progress=False)
    with pytest.raises(ServiceError, match="may be left"), served:
        pass
    backend.busy_until = 0.0
    return next(iter(served.names.values()))


def test_a_list_that_does_not_show_it_proves_nothing(
    lineage: ModelLineage, backend: Service, first: FineTuneJob
) -> None:
    """A gateway that answers with an empty list removes no deployment."""
    name = left_behind(lineage, backend, first)
    backend.lists_nothing = True
    assert [one.name for one in lineage.deployments()] == [name]
    assert lineage.remove_deployments() == (name,)
    assert lineage.deployments() == ()


def test_a_model_in_another_case_is_the_same_model(
    lineage: ModelLineage, backend: Service, first: FineTuneJob
) -> None:
    """A control plane may spell names its own way."""
    name = left_behind(lineage, backend, first)
    backend.upper_case = True
    assert [(one.name, one.status) for one in lineage.deployments()] == [(name, "Succeeded")]
    assert lineage.remove_deployments() == (name,)
    with pytest.raises(NotFound):
        backend.get_deployment(name)


def test_what_another_account_has_is_neither_gone_nor_removed(
    lineage: ModelLineage, backend: Service, first: FineTuneJob
) -> None:
    """A wrong account in the configuration is an error that names both, and forgets nothing."""
    name = left_behind(lineage, backend, first)
    backend.account = "sub/group/another"
    backend.lists_nothing = True
    assert [(one.status, one.account) for one in lineage.deployments()] == [
        ("unknown", "sub/group/production")
    ]
    with pytest.raises(ServiceError, match="sub/group/production"):
        lineage.remove_deployments()
    backend.account = "sub/group/production"
    assert lineage.remove_deployments() == (name,)


def test_a_removal_is_insisted_on_while_the_service_puts_it_off(
    lineage: ModelLineage, backend: Service, first: FineTuneJob
) -> None:
    """Azure refuses to delete for the minutes in which it is still creating."""
    with lineage.deployed(first, progress=False):
        backend.busy_until = backend.clock.now() + 900
    assert list(backend.list_deployments()) == []
    assert lineage.deployments() == ()


def test_one_that_is_going_is_remembered_until_it_is_gone(
    lineage: ModelLineage, backend: Service, first: FineTuneJob
) -> None:
    """Deleting is not deleted."""
    backend.going_for = 1000.0
    with lineage.deployed(first, progress=False) as served:
        (name,) = served.names.values()
    (one,) = lineage.deployments()
    assert (one.name, one.status, one.in_use) == (name, "Deleting", False)
    backend.clock.sleep(1001)
    assert lineage.deployments() == ()


def test_what_a_lost_machine_left_is_swept_away_an_hour_later(
    tmp_path: Path, backend: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can ask whether its process lives; its lease tells."""
    clock = VirtualClock()
    monkeypatch.setattr(socket, "gethostname", lambda: "pod-1")
    with ModelLineage(tmp_path / "a.db", backend=backend, lease_clock=clock) as lost:
        job = lost.fine_tune(BASE, facts()).wait(progress=False)
        served = lost.deployed(job, progress=False)
        served.__enter__()
        monkeypatch.setattr(socket, "gethostname", lambda: "pod-2")
        with ModelLineage(tmp_path / "a.db", backend=backend, lease_clock=clock) as lineage:
            assert [one.in_use for one in lineage.deployments()] == [True]
            assert lineage.remove_deployments() == ()
            clock.sleep(HOUR)
            assert lineage.remove_deployments() == tuple(served.names.values())
        served.__exit__(None, None, None)


def test_a_lease_is_renewed_until_the_block_is_over() -> None:
    """By a thread, because the block belongs to the user; and not afterwards."""
    beats, twice = list[int](), threading.Event()

    def beat() -> None:
        beats.append(1)
        if len(beats) == 2:
            twice.set()

    renewing = Renewing(beat, every=0.001)
    assert twice.wait(timeout=30)
    renewing.close()
    assert not any(each.name == "aoai-finetune-lease" for each in threading.enumerate())


def test_an_open_block_keeps_what_it_has(lineage: ModelLineage, first: FineTuneJob) -> None:
    """A renewed lease holds from then on."""
    with lineage.deployed(first, progress=False) as served:
        clock = lineage._lease_clock
        assert clock is not None
        clock.sleep(HOUR - 1)
        served._book.renew(served._owner)
        clock.sleep(HOUR - 1)
        assert lineage.remove_deployments() == ()
        assert [one.in_use for one in lineage.deployments()] == [True]


def test_a_service_that_asks_for_days_is_not_obeyed_when_removing(tmp_path: Path) -> None:
    """What costs by the hour is not left for as long as a reply says."""
    fault = Fault("delete_deployment", "http", status=429, retry_after=1e12, times=3)
    backend = Service(faults=[fault])
    with ModelLineage(tmp_path / "a.db", backend=backend) as lineage:
        job = lineage.fine_tune(BASE, facts()).wait(progress=False)
        with lineage.deployed(job, progress=False):
            before = backend.clock.now()
        assert list(backend.list_deployments()) == []
        assert backend.clock.now() - before <= 1800
