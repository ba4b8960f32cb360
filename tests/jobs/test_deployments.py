"""Deployments are created, waited for until they answer, and taken away."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from typing_extensions import override

from aoai_finetune import MockBackend
from aoai_finetune.backends import Capabilities, Fault
from aoai_finetune.errors import NotSupported, OutcomeUnknown, ServiceError, WaitTimeout
from aoai_finetune.jobs import deploy, deploy_async, drive, remove_deployment
from aoai_finetune.testing import Emulator
from samples import BASE

NEVER = 10**6
QUESTION = [{"role": "user", "content": "Who is there?"}]


def serving(*faults: Fault) -> MockBackend:
    """A resource where only deployments answer."""
    return MockBackend(require_deployments=True, faults=faults)


def test_a_deployed_model_answers() -> None:
    """When `deploy` returns, a question is answered at once."""
    backend = serving()
    record = deploy(backend, "facts", BASE)
    assert (record.name, record.model, record.status) == ("facts", BASE, "Succeeded")
    assert backend.chat("facts", QUESTION).content


def test_deploying_works_in_the_event_loop() -> None:
    """The same course, waiting there."""
    backend = serving()
    assert asyncio.run(deploy_async(backend, "facts", BASE, tier="developer")).tier == "developer"


@pytest.mark.parametrize("status", [404, 429, 503])
def test_succeeded_is_not_ready(status: int) -> None:
    """A deployment that does not answer yet is asked again."""
    backend = serving(Fault("chat", "http", status=status, times=4, retry_after=20))
    before = backend.clock.now()
    deploy(backend, "facts", BASE)
    assert backend.calls["chat"] == 5
    assert backend.clock.now() - before > 60


def test_a_throttled_probe_waits_as_long_as_it_is_told() -> None:
    """Retry-After is kept."""
    backend = serving(Fault("chat", "http", status=429, retry_after=500))
    before = backend.clock.now()
    deploy(backend, "facts", BASE)
    assert backend.clock.now() - before > 500


def test_a_refused_question_is_an_answer() -> None:
    """Somebody is there, whatever they think of a ping."""
    backend = serving(Fault("chat", "http", status=400))
    assert deploy(backend, "facts", BASE).status == "Succeeded"


def test_a_deployment_that_never_answers_is_a_timeout_with_advice() -> None:
    """The wait is over, the deployment is not."""
    backend = serving(Fault("chat", "http", status=404, times=NEVER))
    with pytest.raises(WaitTimeout, match="delete it"):
        deploy(backend, "facts", BASE, timeout=900)
    assert backend.get_deployment("facts").model == BASE


def test_an_existing_deployment_is_taken_as_it_is() -> None:
    """Asked for again, nothing is created."""
    backend = serving()
    deploy(backend, "facts", BASE)
    deploy(backend, "facts", BASE)
    assert backend.calls["create_deployment"] == 1


def test_a_name_that_serves_another_model_is_refused() -> None:
    """Nobody's deployment is changed under their feet."""
    backend = serving()
    deploy(backend, "facts", BASE)
    with pytest.raises(ServiceError, match=BASE):
        deploy(backend, "facts", "gpt-4.1-nano-2025-04-14")
    assert backend.get_deployment("facts").model == BASE


@pytest.mark.parametrize("kind", ["lost_request", "lost_reply", "acted_late", "refused"])
def test_an_unclear_creation_is_asked_for_again(kind: str) -> None:
    """Creating is idempotent, so in the end there is one deployment, and it answers."""
    backend = serving(Fault("create_deployment", kind, delay=3))
    deploy(backend, "facts", BASE)
    assert [record.name for record in backend.list_deployments()] == ["facts"]


def test_a_creation_that_stays_unclear_says_so() -> None:
    """After patient attempts."""
    backend = serving(Fault("create_deployment", "lost_request", times=NEVER))
    with pytest.raises(OutcomeUnknown):
        deploy(backend, "facts", BASE)


def test_a_refused_creation_is_said_at_once() -> None:
    """A refusal does not pass."""
    backend = serving()
    with pytest.raises(ServiceError, match="does not exist"):
        deploy(backend, "facts", "gpt-unheard-of")
    assert backend.calls["create_deployment"] == 1


def test_a_refused_key_ends_the_wait() -> None:
    """It will be refused again."""
    backend = serving(Fault("chat", "http", status=401))
    with pytest.raises(ServiceError, match="401"):
        deploy(backend, "facts", BASE)


def test_looking_survives_what_passes() -> None:
    """Transport errors while waiting are survived."""
    backend = serving(Fault("get_deployment", "http", status=503, at=1, times=3))
    assert deploy(backend, "facts", BASE).status == "Succeeded"


@pytest.mark.parametrize("kind", ["lost_request", "lost_reply", "acted_late", "refused"])
def test_an_unclear_removal_is_repeated_until_it_is_gone(kind: str) -> None:
    """Nothing stays and costs."""
    backend = serving(Fault("delete_deployment", kind, delay=1))
    deploy(backend, "facts", BASE)
    drive(remove_deployment(backend, "facts", BASE), backend.clock)
    assert not list(backend.list_deployments())


def test_removing_what_is_gone_is_fine() -> None:
    """Somebody else was faster."""
    backend = serving()
    drive(remove_deployment(backend, "facts", BASE), backend.clock)
    assert backend.calls["delete_deployment"] == 1


def test_what_serves_another_model_by_now_is_left_alone() -> None:
    """Somebody has taken the name over."""
    backend = serving()
    deploy(backend, "facts", "gpt-4.1-nano-2025-04-14")
    drive(remove_deployment(backend, "facts", BASE), backend.clock)
    assert len(list(backend.list_deployments())) == 1


def test_a_refused_removal_is_an_error() -> None:
    """It may still be there."""
    backend = serving(Fault("delete_deployment", "http", status=403))
    deploy(backend, "facts", BASE)
    with pytest.raises(ServiceError, match="403"):
        drive(remove_deployment(backend, "facts", BASE), backend.clock)


@pytest.mark.parametrize("operation", ["create_deployment", "delete_deployment"])
@pytest.mark.parametrize(
    "kind", ["lost_request", "lost_reply", "time_out", "truncated", "invalid_json", "wrong_type"]
)
def test_trouble_on_the_wire_leaves_no_deployment_behind(operation: str, kind: str) -> None:
    """Through HTTP: created, answering and removed, whatever was lost on the way."""
    with Emulator(faults=[Fault(operation, kind)]) as emulator:
        backend = emulator.backend(surface="v1", timeout=0.5)
        deploy(backend, "facts", BASE)
        drive(remove_deployment(backend, "facts", BASE), backend.clock)
        assert list(backend.list_deployments()) == []


def test_a_backend_without_deployments_says_so() -> None:
    """Nothing is asked of it."""

    class Plain(MockBackend):
        @property
        @override
        def capabilities(self) -> Capabilities:
            return replace(super().capabilities, deployments=False)

    backend = Plain()
    with pytest.raises(NotSupported, match="no deployments"):
        deploy(backend, "facts", BASE)
    assert not backend.calls
