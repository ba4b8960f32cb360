"""What backends promise that can be asked, can deploy, or know their models."""

from __future__ import annotations

import pytest

from aoai_finetune.backends import Chat, Deployments, Models, Pausable, Supervised
from aoai_finetune.errors import NotFound, ServiceError
from contract.service import BASE, Service

TEN = Supervised(n_epochs=10)


def asking(question: str) -> list[dict[str, str]]:
    """A conversation of one question."""
    return [{"role": "system", "content": "You know entries."}, {"role": "user", "content": question}]


def chat(service: Service) -> Chat:
    """The backend as one that can be asked."""
    if not isinstance(service.backend, Chat):
        pytest.skip("no chat")
    return service.backend


def deployments(service: Service) -> Deployments:
    """The backend as one that can deploy."""
    if not isinstance(service.backend, Deployments):
        pytest.skip("no deployments")
    return service.backend


def pausable(service: Service) -> Pausable:
    """The backend as one that can pause."""
    if not isinstance(service.backend, Pausable):
        pytest.skip("no pausing")
    return service.backend


def test_a_trained_answer_is_given(service: Service) -> None:
    """The model learned its rows, and the completion counts tokens."""
    model = str(service.train(method=TEN).fine_tuned_model)
    reply = chat(service).chat(model, asking("What is entry 3?"))
    assert reply.content == "It is number 3."
    assert reply.model == model
    assert reply.finish_reason == "stop"
    assert reply.prompt_tokens > 0
    assert reply.completion_tokens > 0


def test_a_deployment_answers_under_its_name(service: Service) -> None:
    """Created, ready after a while, asked by name, and gone after deletion."""
    model = str(service.train(method=TEN).fine_tuned_model)
    serving = deployments(service)
    serving.create_deployment("facts", model)
    service.until(lambda: serving.get_deployment("facts"), lambda now: now.status == "Succeeded")
    assert chat(service).chat("facts", asking("What is entry 3?")).content == "It is number 3."
    assert [found.name for found in serving.list_deployments()] == ["facts"]
    serving.delete_deployment("facts")
    with pytest.raises(NotFound):
        serving.get_deployment("facts")


def test_an_unknown_model_cannot_be_asked(service: Service) -> None:
    """The error is a `NotFound`."""
    with pytest.raises(NotFound):
        chat(service).chat("gpt-nobody", asking("Anybody?"))


def test_unknown_deployments_are_not_found(service: Service) -> None:
    """Reading and deleting say so."""
    with pytest.raises(NotFound):
        deployments(service).get_deployment("nothing")
    with pytest.raises(NotFound):
        deployments(service).delete_deployment("nothing")


def test_the_made_model_is_listed_with_its_job_and_base(service: Service) -> None:
    """A lineage can be read from the service's models."""
    job = service.train()
    if not isinstance(service.backend, Models):
        pytest.skip("no models")
    found = service.backend.get_model(str(job.fine_tuned_model))
    assert (found.base_model, found.fine_tuning_job) == (BASE, job.id)
    assert found in list(service.backend.list_models())
    assert service.backend.get_model(BASE).fine_tune_until


def test_a_paused_job_stands_still_until_it_is_resumed(service: Service) -> None:
    """Pausing takes no model away, and time does not finish a paused job."""
    pausing, job = pausable(service), service.start()
    service.until(lambda: service.backend.get_job(job.id), lambda now: now.status == "running")
    pausing.pause_job(job.id)
    service.backend.clock.sleep(10_000.0)
    assert service.backend.get_job(job.id).status == "paused"
    pausing.resume_job(job.id)
    assert service.until(lambda: service.backend.get_job(job.id), lambda now: now.done).succeeded


def test_only_a_running_job_can_be_paused(service: Service) -> None:
    """A job that is over is left as it is."""
    pausing, job = pausable(service), service.train()
    with pytest.raises(ServiceError):
        pausing.pause_job(job.id)


def test_capabilities_say_which_protocols_are_there(service: Service) -> None:
    """Flags and methods agree."""
    backend, can = service.backend, service.backend.capabilities
    flags = (can.chat, can.pause, can.deployments, can.models)
    assert flags == tuple(isinstance(backend, seam) for seam in (Chat, Pausable, Deployments, Models))
    assert backend.resource
