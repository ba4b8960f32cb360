"""What every backend promises about jobs, their events, checkpoints and models."""

from __future__ import annotations

import pytest

from ..backends import Supervised
from ..errors import FineTuneError, NotFound, OutcomeUnknown, ServiceError
from ._contract_service import Contract, Service, attempt

__all__ = ["JobsContract"]

_NOWHERE = "ftjob-00000000000000000000000000000000"


class JobsContract(Contract):
    """Create, get, list and cancel; events and checkpoints. Part of `BackendContract`."""

    def test_a_created_job_is_found_at_once_by_its_file(self, service: Service) -> None:
        """Read your write, also through the list: settling an unclear submission hangs on it."""
        job = service.start()
        assert service.backend.get_job(job.id).training_file == job.training_file
        assert service.made_of(job.training_file) == [job.id]

    def test_a_job_says_what_it_was_asked(self, service: Service) -> None:
        """The request comes back in the record."""
        job = service.start(suffix="facts_v-1", seed=7)
        seen = service.backend.get_job(job.id)
        assert (seen.model, seen.method, seen.training_file) == (
            service.model,
            "supervised",
            job.training_file,
        )
        assert seen.suffix in {"facts_v-1", None}
        assert seen.seed in {7, None}

    def test_each_creation_makes_one_job(self, service: Service) -> None:
        """The same request sent twice buys twice; a backend decides nothing."""
        request = service.request(service.upload().id)
        made = {service.backend.create_job(request).id for _ in range(2)}
        assert len(made) == 2
        assert set(service.made_of(request.training_file)) == made

    def test_equal_rows_with_different_seeds_are_two_jobs(self, service: Service) -> None:
        """Each file names its own training."""
        one, two = service.start(seed=1), service.start(seed=2)
        assert one.id != two.id
        assert service.made_of(one.training_file) == [one.id]
        assert service.made_of(two.training_file) == [two.id]

    def test_a_job_succeeds_and_names_its_model(self, service: Service) -> None:
        """When it is over there is a model, a time, and perhaps a bill; not before."""
        job = service.start(suffix="facts")
        assert (job.done, job.fine_tuned_model) == (False, None)
        ended = service.finished(job)
        assert ended.succeeded, ended.error
        assert ended.fine_tuned_model
        assert ended.finished_at is None or ended.finished_at >= ended.created_at
        assert ended.trained_tokens is None or ended.trained_tokens > 0

    def test_a_finished_job_stays_as_it_is(self, service: Service) -> None:
        """Two looks at a job that is over show the same."""
        job = service.train()
        service.backend.clock.sleep(service.pause)
        assert service.backend.get_job(job.id) == job

    def test_jobs_are_listed_newest_first(self, service: Service) -> None:
        """As on the wire."""
        made = [service.start().id for _ in range(3)]
        assert [job.id for job in service.backend.list_jobs() if job.id in made] == made[::-1]

    def test_all_jobs_are_listed_once_over_all_pages(self, service: Service) -> None:
        """A job that a later page shows is found, too."""
        file = service.upload()
        made = [self._started_and_cancelled(service, file.id) for _ in range(self.many)]
        ids = [job.id for job in service.backend.list_jobs()]
        assert set(made) <= set(ids)
        assert len(ids) == len(set(ids))

    def _started_and_cancelled(self, service: Service, file_id: str) -> str:
        job = service.backend.create_job(service.request(file_id))
        service.backend.cancel_job(job.id)
        return job.id

    @pytest.mark.parametrize("operation", ["get_job", "cancel_job", "list_events", "list_checkpoints"])
    def test_an_unknown_job_is_not_found(self, service: Service, operation: str) -> None:
        """Each operation on one job says so; a list of nothing is not an empty list."""
        with pytest.raises(NotFound):
            list(getattr(service.backend, operation)(_NOWHERE))

    def test_a_cancelled_job_ends_without_a_model(self, service: Service) -> None:
        """Cancelling is final."""
        job = service.start()
        assert service.backend.cancel_job(job.id).id == job.id
        ended = service.finished(job)
        assert (ended.status, ended.fine_tuned_model) == ("cancelled", None)

    def test_a_job_that_is_over_cannot_be_cancelled(self, service: Service) -> None:
        """The refusal is a plain `ServiceError`, and changes nothing."""
        job = service.train()
        with pytest.raises(ServiceError) as refused:
            service.backend.cancel_job(job.id)
        assert not isinstance(refused.value, OutcomeUnknown)
        assert service.backend.get_job(job.id) == job

    def test_a_fine_tuned_model_can_be_trained_further(self, service: Service) -> None:
        """The second job's model is the first one's result."""
        first = service.train()
        second = service.train(service.rows(answer="Something new, {}."), model=first.fine_tuned_model)
        assert second.succeeded, second.error
        assert second.model == first.fine_tuned_model
        assert second.fine_tuned_model not in {first.fine_tuned_model, None}

    # -- what is refused -----------------------------------------------------------------------------------

    def test_too_few_rows_leave_no_job_that_succeeds(self, service: Service) -> None:
        """One row fewer than `capabilities.min_examples` is refused, at once or when the job looks at them."""
        few = service.upload(service.rows(service.backend.capabilities.min_examples - 1))
        seen = attempt(lambda: service.backend.create_job(service.request(few.id)))
        if isinstance(seen, FineTuneError):
            assert not isinstance(seen, OutcomeUnknown)
            assert service.made_of(few.id) == []
        else:
            assert service.finished(seen).status == "failed"

    def test_the_least_rows_are_enough(self, service: Service) -> None:
        """The minimum is inclusive."""
        assert service.train(service.rows(service.backend.capabilities.min_examples)).succeeded

    def test_an_unknown_training_file_is_refused(self, service: Service) -> None:
        """A plain, typed refusal that is not worth repeating; no job is left behind."""
        unknown = "file-00000000000000000000000000000000"
        with pytest.raises((ServiceError, NotFound)) as refused:
            service.backend.create_job(service.request(unknown))
        assert not isinstance(refused.value, OutcomeUnknown)
        assert not getattr(refused.value, "retryable", False)
        assert service.made_of(unknown) == []

    def test_an_unknown_model_is_refused(self, service: Service) -> None:
        """A plain, typed refusal; no job is left behind."""
        file = service.upload()
        with pytest.raises((ServiceError, NotFound)) as refused:
            service.backend.create_job(service.request(file.id, model="no-such-model"))
        assert not isinstance(refused.value, OutcomeUnknown)
        assert service.made_of(file.id) == []

    # -- events and checkpoints ----------------------------------------------------------------------------

    def test_events_come_newest_first_and_once(self, service: Service) -> None:
        """As on the wire, each with an id, a level and words."""
        events = list(service.backend.list_events(service.train().id))
        assert events
        times = [event.created_at for event in events]
        assert times == sorted(times, reverse=True)
        assert len({event.id for event in events}) == len(events)
        assert all(event.id and event.level for event in events)

    def test_events_of_a_running_job_grow_at_the_new_end_only(self, service: Service) -> None:
        """What was seen once stays, so a follower can remember the newest id."""
        job, before = service.start(), list[str]()
        while not service.backend.get_job(job.id).done:
            now = [event.id for event in service.backend.list_events(job.id)]
            assert now[len(now) - len(before) :] == before
            before = now
            service.backend.clock.sleep(15.0)

    def test_checkpoints_belong_to_their_job_newest_first(self, service: Service) -> None:
        """Each is a model; a job that has none yet lists none."""
        job = service.start(method=Supervised(n_epochs=4))
        assert list(service.backend.list_checkpoints(job.id)) == []
        service.finished(job)
        found = list(service.backend.list_checkpoints(job.id))
        steps = [checkpoint.step_number for checkpoint in found]
        assert steps == sorted(steps, reverse=True)
        assert all(checkpoint.fine_tuning_job_id == job.id for checkpoint in found)
        assert all(checkpoint.fine_tuned_model_checkpoint for checkpoint in found)

    def test_result_files_can_be_read(self, service: Service) -> None:
        """A finished job's result files are files."""
        for file_id in service.train().result_files:
            assert service.backend.read_file(file_id)
