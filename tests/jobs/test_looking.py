"""Looking at jobs again: how long to wait, when to give up, and what is said meanwhile."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from aoai_finetune import FineTuneJob, MockBackend, wait_all
from aoai_finetune.backends import Fault, JobRecord
from aoai_finetune.errors import ServiceError, WaitTimeout
from aoai_finetune.jobs import LONGEST_PAUSE, asked_pause, drive, patiently, takes_too_long
from aoai_finetune.jobs._looking import NAMING, note_of
from samples import BASE, facts

DAYS = 10_000_000.0


def submit(backend: MockBackend) -> FineTuneJob:
    """A job that runs."""
    return FineTuneJob.submit(backend, model=BASE, training=facts())


class SignedOut(MockBackend):
    """Signing in fails, so no request can be made."""

    asked = 0

    @override
    def get_job(self, job_id: str, /) -> JobRecord:
        self.asked += 1
        raise ServiceError("get_job: no token (CredentialUnavailableError)", hint="Sign in")

    @override
    def list_jobs(self) -> Iterator[JobRecord]:
        self.asked += 1
        raise ServiceError("list_jobs: no token (CredentialUnavailableError)", hint="Sign in")


class Unnamed(MockBackend):
    """Tells which model was made some looks after the job has succeeded."""

    silent = 3

    @override
    def get_job(self, job_id: str, /) -> JobRecord:
        record = super().get_job(job_id)
        if record.succeeded and self.silent:
            self.silent -= 1
            return replace(record, fine_tuned_model=None)
        return record


@given(st.floats(allow_nan=True, allow_infinity=True) | st.none())
def test_whatever_a_service_asks_for_is_a_bearable_pause(asked: float | None) -> None:
    """Days, infinity, less than nothing, and no number at all."""
    pause = asked_pause(ServiceError("slowly", retry_after=asked))
    assert math.isfinite(pause)
    assert 0 <= pause <= LONGEST_PAUSE


def test_a_look_comes_early_where_the_service_asks_for_days() -> None:
    """Looking harms nobody."""
    backend = MockBackend(faults=[Fault("get_job", "http", status=429, retry_after=DAYS, times=2)])
    job = submit(backend)
    before = backend.clock.now()
    assert job.wait(progress=False).succeeded
    assert backend.clock.now() - before < 3 * LONGEST_PAUSE


def test_what_would_be_sent_again_after_days_is_an_error_now() -> None:
    """It says how long the service asks to wait, and nothing was bought."""
    backend = MockBackend(faults=[Fault("create_job", "http", status=429, retry_after=DAYS)])
    before = backend.clock.now()
    with pytest.raises(ServiceError) as caught:
        submit(backend)
    assert caught.value.retry_after == DAYS
    assert takes_too_long(caught.value)
    assert backend.clock.now() - before < LONGEST_PAUSE
    assert list(backend.list_jobs()) == []


def test_a_wait_that_can_be_borne_is_kept() -> None:
    """Sent again, once, after what the service asked for."""
    backend, calls = MockBackend(), list[float]()

    def call() -> int:
        calls.append(backend.clock.now())
        if len(calls) == 1:
            raise ServiceError("slowly", status=429, retryable=True, retry_after=LONGEST_PAUSE)
        return 7

    assert drive(patiently(call, tries=3), backend.clock) == 7
    assert calls[1] - calls[0] == LONGEST_PAUSE


def test_signing_in_that_goes_on_failing_ends_the_wait() -> None:
    """Nobody waits for a month for a token."""
    backend = SignedOut()
    job = submit(backend)
    with pytest.raises(ServiceError, match="no token"):
        job.wait(progress=False)
    assert backend.asked == 10


def test_signing_in_that_goes_on_failing_ends_the_wait_for_many() -> None:
    """Where a list is asked for, too."""
    backend = SignedOut()
    jobs = [submit(backend), submit(backend)]
    with pytest.raises(ServiceError, match="no token"):
        wait_all(jobs, progress=False)
    assert backend.asked == 10


def test_a_timeout_names_the_last_trouble(caplog: pytest.LogCaptureFixture) -> None:
    """So does the progress line, and a line of the log, once."""
    backend = MockBackend(faults=[Fault("get_job", "http", status=503, at=1, times=10**6)])
    job = submit(backend)
    with caplog.at_level(logging.WARNING), pytest.raises(WaitTimeout, match="503"):
        job.wait(timeout=3600, progress=False)
    assert "503" in note_of(job, 0.0) or "not seen now" in note_of(job, 0.0)
    assert len([line for line in caplog.messages if "cannot be seen" in line]) == 1


def test_trouble_that_has_passed_is_not_named() -> None:
    """The last look is the one that counts."""
    backend = MockBackend(faults=[Fault("get_job", "http", status=503, times=1)])
    job = submit(backend)
    with pytest.raises(WaitTimeout) as caught:
        job.wait(timeout=30, progress=False)
    assert "failed" not in str(caught.value)


def test_a_pause_that_was_asked_for_is_shown() -> None:
    """Whoever watches knows why nothing moves."""
    assert note_of(submit(MockBackend()), 300.0).endswith("asked to wait 300 s")


def test_a_success_is_waited_for_until_it_says_which_model_it_made() -> None:
    """The service tells the name a little later."""
    job = submit(Unnamed()).wait(progress=False)
    assert job.fine_tuned_model


def test_many_successes_are_waited_for_until_they_say_their_models() -> None:
    """One by one where the list shows a job that is already known to be over."""

    class Late(MockBackend):
        silent = 2

        @override
        def list_jobs(self) -> Iterator[JobRecord]:
            records = list(super().list_jobs())
            if any(record.succeeded for record in records) and self.silent:
                self.silent -= 1
                return iter([replace(record, fine_tuned_model=None) for record in records])
            return iter(records)

    backend = Late()
    jobs = wait_all([submit(backend), submit(backend)], progress=False)
    assert all(job.fine_tuned_model for job in jobs)


def test_a_success_that_never_says_its_model_ends_the_wait_all_the_same() -> None:
    """After ten minutes of the backend's time."""
    backend = Unnamed()
    backend.silent = 10**6
    job = submit(backend)
    while not job.refresh().done:
        backend.clock.sleep(30)
    before = backend.clock.now()
    assert job.wait(progress=False).fine_tuned_model is None
    assert NAMING <= backend.clock.now() - before <= NAMING + 60
