"""What Azure OpenAI promises beyond the seam, held by every simulation of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aoai_finetune.backends import Supervised
from aoai_finetune.errors import ServiceError
from aoai_finetune.testing import Service
from aoai_finetune.testing._contract_service import asking
from contract.makers import MAKERS

BASE = "gpt-4.1-mini-2025-04-14"
TYPE = "GlobalStandard"
TEN = Supervised(n_epochs=10)


@pytest.fixture(params=["mock-in-memory", "dated-key", "v1-token"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """One backend of each kind in turn, with nothing in it."""
    with MAKERS[request.param](tmp_path) as backend:
        yield Service(backend=backend, model=BASE, training_type=TYPE)


# -- files -----------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_jsonl_becomes_an_error_with_details(service: Service) -> None:
    """The import refuses it, not the upload."""
    file = service.upload(b"question,answer\n")
    assert file.status == "error"
    assert file.status_details


def test_deleting_the_file_of_a_job_does_not_stop_it(service: Service) -> None:
    """Deletion is allowed while a job uses the file."""
    job = service.start()
    service.backend.delete_file(job.training_file)
    assert service.finished(job).succeeded


# -- jobs ------------------------------------------------------------------------------------------------------


def test_a_job_says_what_it_was_asked(service: Service) -> None:
    """Suffix, seed, method and training type come back in the record."""
    job = service.start(suffix="facts_v-1", seed=7)
    assert (job.model, job.suffix, job.seed, job.method) == (BASE, "facts_v-1", 7, "supervised")
    assert (job.training_type or "").casefold() == "globalstandard"


def test_the_model_is_named_by_base_job_and_suffix(service: Service) -> None:
    """So the job's id can be read from the model's name."""
    job = service.train(suffix="facts")
    assert job.fine_tuned_model == f"{BASE}.ft-{job.id.removeprefix('ftjob-')}-facts"
    assert job.finished_at is not None
    assert job.finished_at > job.created_at


def test_a_job_is_pending_then_running_then_succeeded(service: Service) -> None:
    """A job goes through the service's statuses in order; v1 words the first one as OpenAI does."""
    job = service.start()
    seen = [job.status]
    while not job.done:
        service.backend.clock.sleep(5.0)
        job = service.backend.get_job(job.id)
        seen.append(job.status)
    first, *rest = dict.fromkeys(seen)
    assert first in {"pending", "queued"}
    assert rest == ["running", "succeeded"]


def test_billed_tokens_grow_with_epochs(service: Service) -> None:
    """Price is file tokens times epochs."""
    once = service.train(method=Supervised(n_epochs=1)).trained_tokens
    thrice = service.train(method=Supervised(n_epochs=3)).trained_tokens
    assert once is not None
    assert thrice == 3 * once > 0


def test_hyperparameters_left_open_are_resolved_when_the_job_is_over(service: Service) -> None:
    """`auto` is -1 or a number while open, and a number of epochs at the end."""
    job = service.start(method=Supervised())
    assert job.hyperparameters.get("n_epochs", -1) in {-1, "auto"}
    assert service.finished(job).hyperparameters["n_epochs"] >= 1


def test_the_log_begins_in_the_queue_and_ends_with_the_bill(service: Service) -> None:
    """In the service's words."""
    job = service.train()
    events = list(service.backend.list_events(job.id))
    assert events[0].message == f"Training tokens billed: {job.trained_tokens}"
    assert events[-1].message.startswith("Job enqueued.")


def test_checkpoints_are_the_last_three_epochs(service: Service) -> None:
    """One per epoch, three kept, the newest is the model itself."""
    job = service.train(method=Supervised(n_epochs=5))
    found = list(service.backend.list_checkpoints(job.id))
    assert len(found) == 3
    assert found[0].fine_tuned_model_checkpoint == job.fine_tuned_model
    assert all("train_loss" in checkpoint.metrics for checkpoint in found)


def test_a_checkpoint_can_be_trained_further(service: Service) -> None:
    """Checkpoints are models too."""
    job = service.train()
    checkpoint = list(service.backend.list_checkpoints(job.id))[-1].fine_tuned_model_checkpoint
    assert service.train(model=checkpoint).succeeded


def test_a_second_generation_keeps_the_root_in_its_name(service: Service) -> None:
    """The base of the chain, and its own job."""
    second = service.train(service.rows(answer="New, {}."), model=service.train().fine_tuned_model)
    assert re.fullmatch(rf"{re.escape(BASE)}\.ft-[0-9a-f]{{32}}", str(second.fine_tuned_model))


def test_the_result_file_has_a_row_of_numbers_for_each_step(service: Service) -> None:
    """`results.csv` with the documented columns."""
    job = service.train()
    rows = list(csv.DictReader(io.StringIO(service.backend.read_file(job.result_files[0]).decode())))
    assert {"step", "train_loss", "train_mean_token_accuracy", "valid_loss"} <= set(rows[0])
    assert [int(row["step"]) for row in rows] == list(range(1, len(rows) + 1))
    assert all(float(row["train_loss"]) >= 0 for row in rows)


def test_a_validation_file_is_measured(service: Service) -> None:
    """Full validation numbers stand in the checkpoints."""
    validation = service.upload(service.rows(4))
    job = service.train(validation_file=validation.id)
    assert job.validation_file == validation.id
    assert next(service.backend.list_checkpoints(job.id)).metrics["full_valid_loss"] >= 0


# -- what is refused -------------------------------------------------------------------------------------------


def test_nine_examples_are_refused_and_leave_no_job(service: Service) -> None:
    """The service's minimum is ten."""
    file = service.upload(service.rows(9))
    with pytest.raises(ServiceError) as refused:
        service.backend.create_job(service.request(file.id))
    assert refused.value.status == 400
    assert service.made_of(file.id) == []


def test_a_file_that_is_not_processed_is_refused(service: Service) -> None:
    """Azure wants a completed import first."""
    file = service.send()
    with pytest.raises(ServiceError, match="completed file import") as refused:
        service.backend.create_job(service.request(file.id))
    assert (refused.value.status, refused.value.code) == (400, "invalidPayload")


def test_an_unknown_model_is_refused_in_the_services_words(service: Service) -> None:
    """A version forgotten is the common mistake; the hint says what else may be meant."""
    with pytest.raises(ServiceError, match="does not support fine-tuning") as refused:
        service.start(model="gpt-4.1-mini")
    assert refused.value.hint


@pytest.mark.parametrize("suffix", ["with.dot", "", "x" * 41, "mit leer", "改善"])
def test_a_suffix_outside_the_rule_is_refused(service: Service, suffix: str) -> None:
    """1 to 40 characters of A-Z, a-z, 0-9, underscore and dash; by the service, or before it is sent."""
    file = service.upload()
    _refused(lambda: service.backend.create_job(service.request(file.id, suffix=suffix)))
    assert service.made_of(file.id) == []


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_a_seed_outside_the_range_is_refused(service: Service, seed: int) -> None:
    """0 to 2147483647."""
    file = service.upload()
    _refused(lambda: service.backend.create_job(service.request(file.id, seed=seed)))
    assert service.made_of(file.id) == []


def _refused(call: Callable[[], object]) -> None:
    with pytest.raises((ServiceError, ValueError)):
        call()


# -- what answers ----------------------------------------------------------------------------------------------


def test_a_trained_answer_is_given(service: Service) -> None:
    """The model learned its rows, and the completion counts tokens."""
    with service.answering(str(service.train(method=TEN).fine_tuned_model)) as name:
        reply = service.chat.chat(name, asking("What is entry 3?"))
    assert (reply.content, reply.finish_reason) == ("It is number 3.", "stop")
    assert reply.prompt_tokens > 0
    assert reply.completion_tokens > 0


def test_a_deployed_model_answers_under_its_own_name(service: Service) -> None:
    """The backend finds the deployment that serves it."""
    model = str(service.train(method=TEN).fine_tuned_model)
    with service.answering(model):
        assert service.chat.chat(model, asking("What is entry 3?")).content == "It is number 3."


def test_the_made_model_is_listed_with_its_job_base_and_dates(service: Service) -> None:
    """A lineage can be read from the service's models."""
    job = service.train()
    found = service.models.get_model(str(job.fine_tuned_model))
    assert (found.base_model, found.fine_tuning_job) == (BASE, job.id)
    assert service.models.get_model(BASE).fine_tune_until


def test_a_pause_of_hours_costs_no_training(service: Service) -> None:
    """A paused job has not gone on."""
    job = service.start()
    service.until(lambda: service.backend.get_job(job.id), lambda now: now.status == "running")
    service.pausable.pause_job(job.id)
    service.until(lambda: service.backend.get_job(job.id), lambda now: now.status == "paused")
    service.backend.clock.sleep(10_000.0)
    assert service.backend.get_job(job.id).status == "paused"
    service.pausable.resume_job(job.id)
    assert service.finished(job).succeeded
