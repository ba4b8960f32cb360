"""The handle: waiting, reading, stopping."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from typing_extensions import override

from aoai_finetune import FineTuneJob, MockBackend, Supervised, wait_all
from aoai_finetune.backends import Capabilities, VirtualClock
from aoai_finetune.backends.mock import Fault
from aoai_finetune.errors import JobNotSucceeded, NotFound, NotSupported, ServiceError, WaitTimeout
from aoai_finetune.jobs import wait_all_async
from samples import BASE, facts


def submit(backend: MockBackend, *, seed: int | None = None, n_epochs: int = 4) -> FineTuneJob:
    """One submitted job."""
    return FineTuneJob.submit(
        backend,
        model=BASE,
        training=facts(),
        suffix="hotaru",
        seed=seed,
        method=Supervised(n_epochs=n_epochs),
    )


@pytest.fixture
def backend() -> MockBackend:
    """A mock in memory."""
    return MockBackend()


def test_a_job_has_the_wires_names(backend: MockBackend) -> None:
    """Status, model, file, tokens, hyperparameters, as the service calls them."""
    job = submit(backend, seed=7)
    assert (job.model, job.suffix, job.seed, job.fine_tuned_model) == (BASE, "hotaru", 7, None)
    assert not job.done
    job.wait(progress=False)
    assert job.status == "succeeded"
    assert job.fine_tuned_model is not None
    assert job.fine_tuned_model.startswith(f"{BASE}.ft-")
    assert job.fine_tuned_model.endswith("-hotaru")
    assert job.trained_tokens == facts().tokens().tokens * 4
    assert job.hyperparameters["n_epochs"] == 4
    assert job.result_files
    assert job.finished_at is not None
    assert job.finished_at > job.created_at


def test_wait_returns_for_any_end_and_raise_for_status_judges(backend: MockBackend) -> None:
    """A failure is a status, not an exception, until somebody asks."""
    failing = MockBackend(faults=[Fault("create_job", "job_fails")])
    job = submit(failing).wait(progress=False)
    assert job.status == "failed"
    with pytest.raises(JobNotSucceeded, match="failed"):
        job.raise_for_status()
    running = submit(backend)
    with pytest.raises(JobNotSucceeded, match="not finished"):
        running.raise_for_status()
    assert running.wait(progress=False).raise_for_status() is running


def test_a_timeout_ends_the_wait_and_not_the_job(backend: MockBackend) -> None:
    """The timeout is in the backend's time."""
    job = submit(backend)
    before = backend.clock.now()
    with pytest.raises(WaitTimeout, match=job.id):
        job.wait(timeout=10, progress=False)
    assert backend.clock.now() - before <= 10
    assert job.wait(progress=False).succeeded


@pytest.mark.parametrize("kind", ["refused", "lost_reply"])
def test_transport_errors_are_survived_while_waiting(kind: str) -> None:
    """A failed look is no reason to stop waiting."""
    backend = MockBackend(faults=[Fault("get_job", kind, at=1, times=5)])
    assert submit(backend).wait(progress=False).succeeded


def test_a_refused_key_ends_the_wait() -> None:
    """Nothing gets better by asking again with a key that is refused."""
    backend = MockBackend(faults=[Fault("get_job", "http", status=401, times=100)])
    with pytest.raises(ServiceError, match="401"):
        submit(backend).wait(progress=False)


def test_events_are_oldest_first_and_each_once(backend: MockBackend) -> None:
    """The wire lists newest first, and again with every poll; users read a log."""
    job = submit(backend)
    followed = list(job.events(follow=True))
    assert job.succeeded
    times = [event.created_at for event in followed]
    assert times == sorted(times)
    ids = [event.id for event in followed]
    assert len(set(ids)) == len(ids)
    assert [event.id for event in job.events()] == ids
    messages = [event.message for event in followed]
    assert messages.index("Training started.") < messages.index("Job succeeded.")


def test_metrics_are_the_real_training_curve(backend: MockBackend) -> None:
    """One row per step; the loss of a learner that learns goes down."""
    metrics = submit(backend).wait(progress=False).metrics()
    losses = [row["train_loss"] for row in metrics]
    assert len(losses) > 10
    assert sum(losses[-5:]) < sum(losses[:5]) / 2


def test_checkpoints_are_oldest_first_and_usable(backend: MockBackend) -> None:
    """The models of the last epochs can be trained further."""
    job = submit(backend).wait(progress=False)
    steps = [checkpoint.step_number for checkpoint in job.checkpoints()]
    assert steps == sorted(steps)
    checkpoint = job.checkpoints()[0].fine_tuned_model_checkpoint
    assert FineTuneJob.submit(backend, model=checkpoint, training=facts()).wait(progress=False).succeeded


def test_cancelling(backend: MockBackend) -> None:
    """A cancelled job is over, and cancelling it again is refused."""
    job = submit(backend).cancel()
    assert job.wait(progress=False).status == "cancelled"
    with pytest.raises(ServiceError):
        job.cancel()


def test_pausing_and_resuming(backend: MockBackend) -> None:
    """A paused job is not over; it goes on when it is resumed."""
    job = submit(backend)
    while job.refresh().status != "running":
        backend.clock.sleep(10)
    assert job.pause().status in {"pausing", "paused"}
    backend.clock.sleep(24 * 3600)
    assert not job.refresh().done
    assert job.resume().wait(progress=False).succeeded


class WithoutPause(MockBackend):
    """A service that cannot pause."""

    @property
    @override
    def capabilities(self) -> Capabilities:
        """All but pausing."""
        return replace(super().capabilities, pause=False)


def test_what_the_backend_cannot_do_is_named() -> None:
    """Pausing is optional."""
    with pytest.raises(NotSupported, match="pause"):
        submit(WithoutPause()).pause()


def test_attaching_to_a_job_by_its_id(backend: MockBackend) -> None:
    """Another program can watch the same job."""
    job = submit(backend)
    again = FineTuneJob.attach(backend, job.id)
    assert again.wait(progress=False).fine_tuned_model == job.refresh().fine_tuned_model
    with pytest.raises(NotFound):
        FineTuneJob.attach(backend, "ftjob-00000000000000000000000000000000")


class InterruptedClock(VirtualClock):
    """The user presses Ctrl-C during the n-th sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.armed = False

    @override
    def sleep(self, seconds: float, /) -> None:
        """Sleep, or be interrupted."""
        if self.armed:
            raise KeyboardInterrupt
        super().sleep(seconds)


def test_ctrl_c_leaves_the_job_alone_and_says_how_to_come_back() -> None:
    """The note names the job."""
    clock = InterruptedClock()
    backend = MockBackend(clock=clock)
    job = submit(backend)
    clock.armed = True
    with pytest.raises(KeyboardInterrupt) as stop:
        job.wait(progress=False)
    assert job.id in stop.value.__notes__[0]
    clock.armed = False
    assert job.wait(progress=False).succeeded


def test_many_jobs_are_watched_with_one_list_per_look(backend: MockBackend) -> None:
    """Twenty jobs cost no more requests than one."""
    jobs = [submit(backend, seed=seed) for seed in range(20)]
    before = backend.calls.get("get_job", 0)
    assert [job.id for job in wait_all(jobs, progress=False)] == [job.id for job in jobs]
    assert all(job.succeeded for job in jobs)
    assert backend.calls.get("get_job", 0) == before
    assert wait_all([]) == []


def test_many_jobs_are_watched_in_an_event_loop(backend: MockBackend) -> None:
    """The same, awaited; a time-out names a job that is still running."""
    jobs = [submit(backend, seed=seed) for seed in range(3)]
    with pytest.raises(WaitTimeout):
        asyncio.run(wait_all_async(jobs, timeout=1, progress=False))
    assert all(job.succeeded for job in asyncio.run(wait_all_async(jobs, progress=False)))


def test_submitting_in_an_event_loop(backend: MockBackend) -> None:
    """The async twin of submit."""

    async def story() -> FineTuneJob:
        job = await FineTuneJob.submit_async(backend, model=BASE, training=facts(), validation=facts()[:10])
        return await job.wait_async(progress=False)

    assert asyncio.run(story()).validation_file


@pytest.mark.parametrize("suffix", ["", "a.b", "x" * 41, "名前"])
def test_a_suffix_the_service_would_refuse_is_refused_here(backend: MockBackend, suffix: str) -> None:
    """Before anything is uploaded."""
    with pytest.raises(ValueError, match="suffix"):
        FineTuneJob.submit(backend, model=BASE, training=facts(), suffix=suffix)
    assert not list(backend.list_files())


def test_repr_names_states_and_no_rows(backend: MockBackend) -> None:
    """A notebook shows the handle without showing what is trained."""
    job = submit(backend)
    assert job.id in repr(job)
    assert "running" in repr(job) or "pending" in repr(job)
    assert "Hotaru" not in repr(job) + job._repr_html_()
