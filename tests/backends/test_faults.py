"""The fault plan: what goes wrong, what the service did about it, and how it is told."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from aoai_finetune.backends import Fault, FaultKind, JobRecord, MockBackend
from aoai_finetune.errors import NotFound, OutcomeUnknown, ServiceError

BASE = "gpt-4.1-mini-2025-04-14"
Starts = Callable[..., JobRecord]


def jobs(backend: MockBackend) -> int:
    """How many jobs the resource has."""
    return len(list(backend.list_jobs()))


def test_a_refused_connection_proves_that_nothing_happened(start: Starts) -> None:
    """A plain, retryable error without a status; the next call goes through."""
    backend = MockBackend(faults=[Fault("create_job", "refused")])
    with pytest.raises(ServiceError) as refused:
        start(backend)
    assert not isinstance(refused.value, OutcomeUnknown)
    assert (refused.value.retryable, refused.value.status) == (True, None)
    assert jobs(backend) == 0
    assert start(backend).id


@pytest.mark.parametrize(("kind", "made"), [("lost_request", 0), ("lost_reply", 1)])
def test_a_broken_connection_leaves_the_outcome_unknown(start: Starts, kind: str, made: int) -> None:
    """The caller sees the same error whether the service acted or not."""
    backend = MockBackend(faults=[Fault("create_job", kind)])
    with pytest.raises(OutcomeUnknown) as unclear:
        start(backend)
    assert not unclear.value.retryable
    assert jobs(backend) == made


def test_a_request_can_be_acted_on_late(start: Starts) -> None:
    """The job appears `delay` seconds after the call, and not before."""
    backend = MockBackend(faults=[Fault("create_job", FaultKind.ACTED_LATE, delay=45)])
    with pytest.raises(OutcomeUnknown):
        start(backend)
    backend.clock.sleep(44)
    assert jobs(backend) == 0
    backend.clock.sleep(1)
    assert jobs(backend) == 1


def test_an_upload_can_be_acted_on_late(content: bytes) -> None:
    """The file appears with its content."""
    backend = MockBackend(faults=[Fault("upload_file", "acted_late", delay=20)])
    with pytest.raises(OutcomeUnknown):
        backend.upload_file(io.BytesIO(content), filename="late.jsonl")
    assert not list(backend.list_files())
    backend.clock.sleep(20)
    (file,) = backend.list_files()
    assert (file.filename, backend.read_file(file.id)) == ("late.jsonl", content)


def test_a_late_request_that_is_refused_makes_nothing(start: Starts) -> None:
    """Nobody hears the refusal, and time goes on."""
    backend = MockBackend(faults=[Fault("create_job", "acted_late")])
    with pytest.raises(OutcomeUnknown):
        start(backend, suffix="not.legal")
    backend.clock.sleep(60)
    assert jobs(backend) == 0


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
@pytest.mark.parametrize("acted", [False, True])
def test_unclear_statuses_of_a_change_leave_the_outcome_unknown(
    start: Starts, status: int, acted: bool
) -> None:
    """Whether the service acted is a knob, and not to be seen in the error."""
    backend = MockBackend(faults=[Fault("create_job", "http", status=status, acted=acted)])
    with pytest.raises(OutcomeUnknown) as unclear:
        start(backend)
    assert unclear.value.status == status
    assert jobs(backend) == int(acted)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_clear_statuses_of_a_change_are_refusals(start: Starts, status: int) -> None:
    """Other 4xx prove that nothing happened, and asking again does not help."""
    backend = MockBackend(faults=[Fault("create_job", "http", status=status)])
    with pytest.raises(ServiceError) as refused:
        start(backend)
    assert not isinstance(refused.value, OutcomeUnknown)
    assert (refused.value.status, refused.value.retryable) == (status, False)
    assert jobs(backend) == 0


def test_too_many_requests_say_when_to_come_back(start: Starts) -> None:
    """429 is retryable and carries Retry-After."""
    backend = MockBackend(faults=[Fault("create_job", "http", status=429, retry_after=7)])
    with pytest.raises(ServiceError) as refused:
        start(backend)
    assert (refused.value.retryable, refused.value.retry_after) == (True, 7)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("get_job", "refused"),
        Fault("get_job", "lost_request"),
        Fault("get_job", "lost_reply"),
        Fault("get_job", "http", status=408),
        Fault("get_job", "http", status=503),
        Fault("get_job", "http", status=429),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_a_read_that_fails_may_be_sent_again(start: Starts, fault: Fault) -> None:
    """A read changes nothing, so its outcome is never unknown."""
    backend = MockBackend(faults=[fault])
    job = start(backend)
    with pytest.raises(ServiceError) as failed:
        backend.get_job(job.id)
    assert failed.value.retryable
    assert not isinstance(failed.value, OutcomeUnknown)
    assert backend.get_job(job.id).id == job.id


def test_a_fault_meets_the_calls_it_names(start: Starts) -> None:
    """`at` counts calls of the operation from 0, `times` says how many in a row."""
    backend = MockBackend(faults=[Fault("get_job", "refused", at=1, times=2)])
    job, outcomes = start(backend), list[bool]()
    for _ in range(4):
        try:
            outcomes.append(bool(backend.get_job(job.id)))
        except ServiceError:
            outcomes.append(False)
    assert outcomes == [True, False, False, True]
    assert backend.calls["get_job"] == 4


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        (Fault("create_job", "time_out"), 0),
        (Fault("create_job", "time_out", acted=True), 1),
        (Fault("create_job", "truncated"), 1),
        (Fault("create_job", "stalled"), 1),
        (Fault("create_job", "invalid_json"), 1),
        (Fault("create_job", "wrong_type"), 0),
        (Fault("create_job", "wrong_type", acted=True), 1),
    ],
    ids=lambda given: f"{given.kind}-{given.acted}" if isinstance(given, Fault) else "",
)
def test_a_reply_that_tells_nothing_leaves_the_outcome_unknown(
    start: Starts, fault: Fault, made: int
) -> None:
    """For a change; what the emulator does on a connection is told here as what it means."""
    backend = MockBackend(faults=[fault])
    with pytest.raises(OutcomeUnknown):
        start(backend)
    assert jobs(backend) == made


@pytest.mark.parametrize("kind", ["time_out", "truncated", "stalled", "invalid_json", "wrong_type"])
def test_a_read_without_a_usable_reply_may_be_sent_again(kind: str) -> None:
    """Nothing has changed."""
    backend = MockBackend(faults=[Fault("list_jobs", kind)])
    with pytest.raises(ServiceError) as failed:
        backend.list_jobs()
    assert failed.value.retryable
    assert not isinstance(failed.value, OutcomeUnknown)
    assert jobs(backend) == 0


@pytest.mark.parametrize("operation", ["create_job", "list_jobs"])
def test_a_slow_reply_loses_nothing(start: Starts, operation: str) -> None:
    """It is only slow."""
    backend = MockBackend(faults=[Fault(operation, "slow")])
    assert [start(backend).id] == [job.id for job in backend.list_jobs()]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(start: Starts, status: int) -> None:
    """The service did not act, and asking again does not help."""
    backend = MockBackend(
        faults=[Fault("create_job", "redirect", status=status, location="https://other.example")]
    )
    with pytest.raises(ServiceError, match="redirects are not followed") as refused:
        start(backend)
    assert (refused.value.status, refused.value.retryable) == (status, False)
    assert "other.example" not in str(refused.value)
    assert jobs(backend) == 0


def test_a_job_can_be_made_to_fail(start: Starts) -> None:
    """It is created, and fails with an error in the service's shape."""
    backend = MockBackend(faults=[Fault("create_job", "job_fails", code="contentFilter")])
    job = start(backend)
    backend.clock.sleep(10_000)
    failed = backend.get_job(job.id)
    assert (failed.status, failed.fine_tuned_model, failed.trained_tokens) == ("failed", None, None)
    assert failed.error is not None
    assert failed.error.code == "contentFilter"
    assert next(backend.list_events(job.id)).level == "error"


def test_a_later_page_can_fail(start: Starts) -> None:
    """Each page of a list is a call."""
    backend = MockBackend(faults=[Fault("list_files", "refused", at=1)])
    for n in range(101 - 1):
        backend.upload_file(io.BytesIO(b"x"), filename=str(n))
    assert len(list(backend.list_files())) == 100
    with pytest.raises(ServiceError):
        backend.list_files()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"operation": "train_job", "kind": "refused"}, "unknown operation"),
        ({"operation": "create_job", "kind": "explodes"}, "unknown kind"),
        ({"operation": "get_job", "kind": "acted_late"}, "cannot act late"),
        ({"operation": "get_job", "kind": "job_fails"}, "job_fails is for create_job"),
        ({"operation": "get_job", "kind": "http", "status": 200}, "status 200"),
        ({"operation": "get_job", "kind": "refused", "times": 0}, "times 1 or more"),
        ({"operation": "get_job", "kind": "redirect"}, "needs a location"),
        ({"operation": "get_job", "kind": "redirect", "status": 200, "location": "x"}, "301, 302"),
        ({"operation": "read_file", "kind": "invalid_json"}, "not JSON"),
        ({"operation": "delete_job", "kind": "acted_late"}, "cannot act late"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(arguments: dict[str, str], text: str) -> None:
    """The plan is checked when it is written, not when it would be met."""
    with pytest.raises(ValueError, match=text):
        Fault(**arguments)  # type: ignore[arg-type]


def test_a_missing_thing_is_told_as_such_even_when_changing() -> None:
    """A 404 of the service itself is a `NotFound`."""
    with pytest.raises(NotFound):
        MockBackend().cancel_job("ftjob-1")
