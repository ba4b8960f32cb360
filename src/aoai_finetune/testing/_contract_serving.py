"""What backends promise that can be asked, can pause, can deploy, or know their models."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..errors import NotDeployed, NotFound, OutcomeUnknown, ServiceError
from ._contract_service import Contract, Service, asking

__all__ = ["ChatContract", "DeploymentsContract", "ModelsContract", "PausableContract"]

_NOWHERE = "ftjob-00000000000000000000000000000000"


class ChatContract(Contract):
    """For a backend whose `capabilities.chat` is set. Where it can deploy, models are asked through deployments."""

    def test_a_trained_model_answers(self, service: Service) -> None:
        """A text, the model that spoke, why it stopped, and what was counted."""
        with service.answering(str(service.train().fine_tuned_model)) as name:
            reply = service.chat.chat(name, asking("What is entry 3?"))
        assert isinstance(reply.content, str)
        assert reply.model
        assert reply.finish_reason
        assert reply.prompt_tokens >= 0
        assert reply.completion_tokens >= 0

    def test_an_answer_can_be_cut(self, service: Service) -> None:
        """`max_tokens` is a limit."""
        with service.answering(str(service.train().fine_tuned_model)) as name:
            reply = service.chat.chat(name, asking("What is entry 3?"), max_tokens=1)
        assert reply.completion_tokens <= 1

    def test_questions_in_every_script_are_answered(self, service: Service) -> None:
        """What is not ASCII arrives."""
        with service.answering(str(service.train().fine_tuned_model)) as name:
            assert service.chat.chat(name, asking("本社はどこ？ 🏢"), temperature=0.5, seed=7).model

    def test_an_unknown_model_cannot_be_asked(self, service: Service) -> None:
        """`NotFound`, or `NotDeployed`; and the error does not repeat the prompt."""
        with pytest.raises((NotFound, NotDeployed)) as refused:
            service.chat.chat("gpt-nobody", asking("a prompt to keep quiet about"))
        assert "keep quiet" not in f"{refused.value!r} {refused.value} {vars(refused.value)}"

    def test_an_answer_is_not_in_its_repr(self, service: Service) -> None:
        """Content is shown where it is asked for."""
        with service.answering(str(service.train().fine_tuned_model)) as name:
            reply = service.chat.chat(name, asking("What is entry 3?"))
        assert not reply.content or reply.content not in repr(reply)

    def test_a_model_can_be_asked_from_several_threads(self, service: Service) -> None:
        """As comparisons do."""
        with (
            service.answering(str(service.train().fine_tuned_model)) as name,
            ThreadPoolExecutor(max_workers=4) as pool,
        ):

            def ask(number: int) -> str:
                return service.chat.chat(name, asking(f"What is entry {number}?")).content

            assert len(list(pool.map(ask, range(8)))) == 8


class PausableContract(Contract):
    """For a backend whose `capabilities.pause` is set."""

    def test_a_paused_job_stands_still_until_it_is_resumed(self, service: Service) -> None:
        """Time does not finish a paused job, and a resumed one ends as if nothing had been."""
        job = service.start()
        service.until(lambda: service.backend.get_job(job.id), lambda now: now.status == "running")
        service.pausable.pause_job(job.id)
        service.until(lambda: service.backend.get_job(job.id), lambda now: now.status == "paused")
        service.backend.clock.sleep(10 * service.pause)
        assert service.backend.get_job(job.id).status == "paused"
        assert service.pausable.resume_job(job.id).id == job.id
        assert service.finished(job).succeeded

    @pytest.mark.parametrize("operation", ["pause_job", "resume_job"])
    def test_a_job_that_is_over_is_left_as_it_is(self, service: Service, operation: str) -> None:
        """The refusal is a plain `ServiceError`."""
        job = service.train()
        with pytest.raises(ServiceError) as refused:
            getattr(service.backend, operation)(job.id)
        assert not isinstance(refused.value, OutcomeUnknown)
        assert service.backend.get_job(job.id) == job

    @pytest.mark.parametrize("operation", ["pause_job", "resume_job"])
    def test_a_job_that_is_not_there_cannot_be_paused(self, service: Service, operation: str) -> None:
        """`NotFound`, as everywhere."""
        with pytest.raises(NotFound):
            getattr(service.backend, operation)(_NOWHERE)


class DeploymentsContract(Contract):
    """For a backend whose `capabilities.deployments` is set. What is deployed here is removed here."""

    def test_a_deployment_is_made_listed_and_removed(self, service: Service) -> None:
        """It keeps its name and model, is ready after a while, and is not found after its deletion."""
        serving, model = service.deployments, str(service.train().fine_tuned_model)
        name = f"contract-{secrets.token_hex(4)}"
        made = serving.create_deployment(name, model)
        assert (made.name, made.model) == (name, model)
        try:
            ready = service.until(
                lambda: serving.get_deployment(name), lambda now: now.status.casefold() == "succeeded"
            )
            assert (ready.name, ready.model) == (name, model)
            assert [found.name for found in serving.list_deployments()].count(name) == 1
        finally:
            serving.delete_deployment(name)
        service.until(
            lambda: [found.name for found in serving.list_deployments()], lambda now: name not in now
        )
        with pytest.raises(NotFound):
            serving.get_deployment(name)

    @pytest.mark.parametrize("operation", ["get_deployment", "delete_deployment"])
    def test_an_unknown_deployment_is_not_found(self, service: Service, operation: str) -> None:
        """Reading and deleting say so."""
        with pytest.raises(NotFound):
            getattr(service.deployments, operation)("nothing-under-this-name")

    def test_a_model_that_is_not_there_cannot_be_deployed(self, service: Service) -> None:
        """A typed refusal that leaves no deployment behind."""
        name = f"contract-{secrets.token_hex(4)}"
        with pytest.raises((ServiceError, NotFound)) as refused:
            service.deployments.create_deployment(name, "no-such-model")
        assert not isinstance(refused.value, OutcomeUnknown)
        assert name not in {found.name for found in service.deployments.list_deployments()}


class ModelsContract(Contract):
    """For a backend whose `capabilities.models` is set: a lineage reads bases, makers and dates from it."""

    def test_the_made_model_is_known_and_listed(self, service: Service) -> None:
        """With the job that made it and the base it stands on, where the service tells them."""
        job = service.train()
        found = service.models.get_model(str(job.fine_tuned_model))
        assert found.id == job.fine_tuned_model
        assert found.base_model in {service.model, None}
        assert found.fine_tuning_job in {job.id, None}
        assert found.id in {model.id for model in service.models.list_models()}

    def test_a_catalogue_model_is_known(self, service: Service) -> None:
        """What jobs start from can be looked up."""
        assert service.models.get_model(service.model).id == service.model

    def test_an_unknown_model_is_not_found(self, service: Service) -> None:
        """`NotFound`, as everywhere."""
        with pytest.raises(NotFound):
            service.models.get_model("no-such-model")
