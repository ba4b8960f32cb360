"""What every backend promises about jobs, their events, checkpoints and results."""

from __future__ import annotations

import csv
import io
import re

import pytest

from aoai_finetune.backends import JobRequest, Supervised
from aoai_finetune.errors import NotFound, ServiceError
from contract.service import BASE, Service


def test_a_created_job_can_be_read_and_found(service: Service) -> None:
    """Read your write, also through the list; submit-once hangs on it."""
    job = service.start()
    assert service.backend.get_job(job.id).training_file == job.training_file
    assert [
        found.id for found in service.backend.list_jobs() if found.training_file == job.training_file
    ] == [job.id]


def test_a_job_says_what_it_was_asked(service: Service) -> None:
    """The request comes back in the record."""
    job = service.start(suffix="facts_v-1", seed=7, training_type="GlobalStandard")
    assert (job.model, job.suffix, job.seed, job.method) == (BASE, "facts_v-1", 7, "supervised")
    assert (job.training_type or "").casefold() == "globalstandard"


def test_a_job_succeeds_and_names_its_model(service: Service) -> None:
    """The name is made of base model, job id and suffix."""
    job = service.train(suffix="facts")
    assert job.succeeded
    assert job.fine_tuned_model == f"{BASE}.ft-{job.id.removeprefix('ftjob-')}-facts"
    assert job.finished_at is not None
    assert job.finished_at > job.created_at


def test_a_running_job_has_no_model_yet(service: Service) -> None:
    """The model is named when the job is over, and not before."""
    job = service.start()
    assert not job.done
    assert job.fine_tuned_model is None


def test_a_job_is_pending_then_running_then_succeeded(service: Service) -> None:
    """A job goes through the service's statuses in order."""
    job = service.start()
    seen = [job.status]
    while not job.done:
        service.backend.clock.sleep(5.0)
        job = service.backend.get_job(job.id)
        seen.append(job.status)
    assert list(dict.fromkeys(seen)) == ["pending", "running", "succeeded"]


def test_jobs_are_listed_newest_first(service: Service) -> None:
    """As on the wire."""
    made = [service.start().id for _ in range(3)]
    assert [job.id for job in service.backend.list_jobs()] == made[::-1]


def test_billed_tokens_grow_with_epochs(service: Service) -> None:
    """Price is file tokens times epochs."""
    once = service.train(method=Supervised(n_epochs=1)).trained_tokens
    thrice = service.train(method=Supervised(n_epochs=3)).trained_tokens
    assert once is not None
    assert thrice == 3 * once > 0


def test_hyperparameters_left_open_are_resolved_when_the_job_is_over(service: Service) -> None:
    """`auto` is -1 or a number while open, and a number of epochs at the end."""
    job = service.train(method=Supervised())
    assert job.hyperparameters["n_epochs"] >= 1


def test_events_come_newest_first_and_tell_the_bill(service: Service) -> None:
    """As on the wire; the last thing said is what was billed."""
    job = service.train()
    events = list(service.backend.list_events(job.id))
    assert events[0].message == f"Training tokens billed: {job.trained_tokens}"
    assert events[-1].message.startswith("Job enqueued.")
    assert [event.created_at for event in events] == sorted((e.created_at for e in events), reverse=True)
    assert len({event.id for event in events}) == len(events)


def test_events_of_a_job_that_runs_grow_at_the_new_end_only(service: Service) -> None:
    """What was seen once stays, so a follower can remember the newest id."""
    job, before = service.start(), list[str]()
    while not service.backend.get_job(job.id).done:
        now = [event.id for event in service.backend.list_events(job.id)]
        assert now[len(now) - len(before) :] == before
        before = now
        service.backend.clock.sleep(15.0)


def test_checkpoints_are_the_last_three_epochs(service: Service) -> None:
    """One per epoch, three kept, the newest is the model itself."""
    job = service.train(method=Supervised(n_epochs=5))
    found = list(service.backend.list_checkpoints(job.id))
    assert len(found) == 3
    assert found[0].fine_tuned_model_checkpoint == job.fine_tuned_model
    assert [c.step_number for c in found] == sorted((c.step_number for c in found), reverse=True)
    assert all(c.fine_tuning_job_id == job.id and "train_loss" in c.metrics for c in found)


def test_the_result_file_has_a_row_of_numbers_for_each_step(service: Service) -> None:
    """`results.csv` with the documented columns."""
    job = service.train()
    rows = list(csv.DictReader(io.StringIO(service.backend.read_file(job.result_files[0]).decode())))
    assert {"step", "train_loss", "train_mean_token_accuracy", "valid_loss"} <= set(rows[0])
    assert [int(row["step"]) for row in rows] == list(range(1, len(rows) + 1))
    assert all(float(row["train_loss"]) >= 0 for row in rows)


def test_a_validation_file_is_measured(service: Service) -> None:
    """Full validation numbers stand in the result file and the checkpoints."""
    validation = service.upload(service.rows(4))
    job = service.train(validation_file=validation.id)
    assert job.validation_file == validation.id
    assert next(service.backend.list_checkpoints(job.id)).metrics["full_valid_loss"] >= 0


def test_a_fine_tuned_model_can_be_trained_further(service: Service) -> None:
    """The second job's model is the first one's result, and its name keeps the root model."""
    first = service.train()
    second = service.train(service.rows(10, "Something new, {}."), model=str(first.fine_tuned_model))
    assert second.succeeded
    assert second.model == first.fine_tuned_model
    assert re.fullmatch(rf"{re.escape(BASE)}\.ft-[0-9a-f]{{32}}", str(second.fine_tuned_model))


def test_a_checkpoint_can_be_trained_further(service: Service) -> None:
    """Checkpoints are models too."""
    job = service.train(method=Supervised(n_epochs=2))
    checkpoint = list(service.backend.list_checkpoints(job.id))[-1].fine_tuned_model_checkpoint
    assert service.train(model=checkpoint).succeeded


def test_deleting_the_file_of_a_job_does_not_stop_it(service: Service) -> None:
    """Deletion is allowed while a job uses the file."""
    job = service.start()
    service.backend.delete_file(job.training_file)
    assert service.until(lambda: service.backend.get_job(job.id), lambda now: now.done).succeeded


def test_a_cancelled_job_ends_without_a_model(service: Service) -> None:
    """Cancelling is final."""
    job = service.start()
    service.backend.cancel_job(job.id)
    ended = service.until(lambda: service.backend.get_job(job.id), lambda now: now.done)
    assert (ended.status, ended.fine_tuned_model) == ("cancelled", None)


def test_a_job_that_is_over_cannot_be_cancelled(service: Service) -> None:
    """The refusal changes nothing."""
    job = service.train()
    with pytest.raises(ServiceError):
        service.backend.cancel_job(job.id)
    assert service.backend.get_job(job.id) == job


@pytest.mark.parametrize("operation", ["get_job", "cancel_job"])
def test_an_unknown_job_is_not_found(service: Service, operation: str) -> None:
    """Each operation on one job says so."""
    with pytest.raises(NotFound):
        getattr(service.backend, operation)("ftjob-00000000000000000000000000000000")


@pytest.mark.parametrize("operation", ["list_events", "list_checkpoints"])
def test_lists_of_an_unknown_job_are_not_found(service: Service, operation: str) -> None:
    """A list of nothing is not an empty list."""
    with pytest.raises(NotFound):
        list(getattr(service.backend, operation)("ftjob-00000000000000000000000000000000"))


def test_nine_examples_are_refused_and_leave_no_job(service: Service) -> None:
    """The service's minimum is ten."""
    file = service.upload(service.rows(9))
    with pytest.raises(ServiceError) as refused:
        service.backend.create_job(JobRequest(model=BASE, training_file=file.id))
    assert refused.value.status == 400
    assert not list(service.backend.list_jobs())


def test_ten_examples_are_accepted(service: Service) -> None:
    """The minimum is inclusive."""
    assert service.start(service.rows(10)).id


def test_a_file_that_is_not_processed_is_refused(service: Service) -> None:
    """Azure wants a completed import first."""
    file = service.backend.upload_file(io.BytesIO(service.rows(10)), filename="rows.jsonl")
    with pytest.raises(ServiceError, match="completed file import") as refused:
        service.backend.create_job(JobRequest(model=BASE, training_file=file.id))
    assert (refused.value.status, refused.value.code) == (400, "invalidPayload")


def test_an_unknown_model_is_refused_with_near_names(service: Service) -> None:
    """A version forgotten is the common mistake."""
    with pytest.raises(ServiceError, match="does not support fine-tuning") as refused:
        service.start(model="gpt-4.1-mini")
    assert BASE in refused.value.hint


@pytest.mark.parametrize("suffix", ["with.dot", "", "x" * 41, "mit leer", "改善"])
def test_a_suffix_outside_the_rule_is_refused(service: Service, suffix: str) -> None:
    """1 to 40 characters of A-Z, a-z, 0-9, underscore and dash."""
    with pytest.raises(ServiceError) as refused:
        service.start(suffix=suffix)
    assert refused.value.status == 400


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_a_seed_outside_the_range_is_refused(service: Service, seed: int) -> None:
    """0 to 2147483647."""
    with pytest.raises(ServiceError):
        service.start(seed=seed)
