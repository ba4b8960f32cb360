"""Faults on the wire: what an unmodified client makes of them, and whether the service acted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import openai
import pytest

from aoai_finetune.backends import Fault, FaultKind
from aoai_finetune.testing import Emulator
from testing.clients import BASE, ROWS, make_client, uploaded

SHORT = 0.3
"""Seconds that a client waits for a reply which never comes."""


@contextmanager
def faulty(surface: str, *faults: Fault, timeout: float = 10.0) -> Iterator[tuple[Emulator, openai.OpenAI]]:
    """An emulator with a plan, and a client of it."""
    with Emulator(faults=faults) as emulator, make_client(emulator, surface, timeout=timeout) as client:
        yield emulator, client


def create(emulator: Emulator, client: openai.OpenAI) -> Any:
    """One job on a file of its own."""
    return client.fine_tuning.jobs.create(model=BASE, training_file=uploaded(client, emulator))


def made(client: openai.OpenAI) -> int:
    """How many jobs the resource has."""
    return len(list(client.fine_tuning.jobs.list()))


@pytest.mark.parametrize(("kind", "jobs"), [("lost_request", 0), ("lost_reply", 1), ("refused", 0)])
def test_a_reset_is_a_real_one(surface: str, kind: str, jobs: int) -> None:
    """The connection is reset before or after the service acts; the client cannot tell which."""
    with faulty(surface, Fault("create_job", kind)) as (emulator, client):
        with pytest.raises(openai.APIConnectionError) as broken:
            create(emulator, client)
        assert not isinstance(broken.value, openai.APITimeoutError)
        assert "reset" in str(broken.value.__cause__).casefold()
        assert made(client) == jobs


@pytest.mark.parametrize(
    ("fault", "jobs"),
    [
        (Fault("create_job", "time_out"), 0),
        (Fault("create_job", "time_out", acted=True), 1),
        (Fault("create_job", "stalled"), 1),
    ],
    ids=["before", "after", "in the middle"],
)
def test_a_reply_that_never_comes_is_a_time_out(surface: str, fault: Fault, jobs: int) -> None:
    """The client gives up first, and the emulator lets go."""
    with faulty(surface, fault, timeout=SHORT) as (emulator, client):
        with pytest.raises(openai.APITimeoutError):
            create(emulator, client)
        assert made(client) == jobs


def test_a_request_is_acted_on_late(surface: str) -> None:
    """The job appears after the client gave up, when its time has come, and not before."""
    fault = Fault("create_job", "acted_late", delay=40)
    with faulty(surface, fault, timeout=SHORT) as (emulator, client):
        with pytest.raises(openai.APITimeoutError):
            create(emulator, client)
        emulator.advance(39)
        assert made(client) == 0
        emulator.advance(1)
        assert made(client) == 1


def test_an_upload_is_acted_on_late(surface: str) -> None:
    """With its content."""
    fault = Fault("upload_file", "acted_late", delay=5)
    with faulty(surface, fault, timeout=SHORT) as (emulator, client):
        with pytest.raises(openai.APITimeoutError):
            client.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
        emulator.advance(5)
        (file,) = client.files.list()
        assert client.files.content(file.id).read() == ROWS


def test_a_late_request_that_cannot_be_read_makes_nothing(surface: str) -> None:
    """Nobody hears the refusal."""
    with faulty(surface, Fault("upload_file", "acted_late"), timeout=SHORT) as (emulator, client):
        with pytest.raises(openai.APITimeoutError):
            client.post("/files", cast_to=object, body={"purpose": "fine-tune"})
        emulator.advance(60)
        assert list(client.files.list()) == []


def test_a_reply_without_a_body_is_cut_off_as_well() -> None:
    """More is promised than nothing."""
    with faulty("dated", Fault("delete_job", "truncated")) as (emulator, client):
        job = create(emulator, client)
        emulator.advance(10_000)
        with pytest.raises(openai.APIConnectionError):
            client.delete(f"/fine_tuning/jobs/{job.id}", cast_to=object)
        assert made(client) == 0


def test_a_reply_is_cut_off(surface: str) -> None:
    """Fewer bytes come than were promised, and the connection ends."""
    with faulty(surface, Fault("create_job", "truncated")) as (emulator, client):
        with pytest.raises(openai.APIConnectionError) as broken:
            create(emulator, client)
        assert "without sending complete message" in str(broken.value.__cause__)
        assert made(client) == 1


def test_a_reply_is_no_json(surface: str) -> None:
    """It is complete, says that it is JSON, and is not; the client hands it on undecoded or fails."""
    with faulty(surface, Fault("create_job", "invalid_json")) as (emulator, client):
        file = uploaded(client, emulator)
        raw = client.fine_tuning.jobs.with_raw_response.create(model=BASE, training_file=file)
        assert raw.headers["content-type"] == "application/json"
        with pytest.raises(ValueError, match="Expecting"):
            raw.http_response.json()
        assert made(client) == 1


@pytest.mark.parametrize("acted", [False, True])
def test_a_proxy_answers_with_a_page(surface: str, acted: bool) -> None:
    """200 and HTML."""
    with faulty(surface, Fault("create_job", "wrong_type", acted=acted)) as (emulator, client):
        file = uploaded(client, emulator)
        raw = client.fine_tuning.jobs.with_raw_response.create(model=BASE, training_file=file)
        assert (raw.status_code, raw.headers["content-type"][:9]) == (200, "text/html")
        assert made(client) == int(acted)


def test_a_slow_reply_arrives_whole(surface: str) -> None:
    """In pieces, and nothing is lost."""
    with faulty(surface, Fault("create_job", "slow"), Fault("read_file", "slow")) as (emulator, client):
        job = create(emulator, client)
        assert client.files.content(job.training_file).read() == ROWS
        assert made(client) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 410, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("acted", [False, True])
def test_a_status_comes_whether_the_service_acted_or_not(surface: str, status: int, acted: bool) -> None:
    """The reply is the face's own error body, and looks the same in both cases."""
    fault = Fault("create_job", "http", status=status, acted=acted, retry_after=7)
    with faulty(surface, fault) as (emulator, client):
        with pytest.raises(openai.APIStatusError) as refused:
            create(emulator, client)
        assert refused.value.status_code == status
        assert refused.value.response.headers["retry-after"] == "7"
        assert refused.value.code
        assert made(client) == int(acted)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_points_elsewhere(surface: str, status: int) -> None:
    """The service did not act; what follows it is the client's affair."""
    with Emulator() as target:
        fault = Fault("get_job", "redirect", status=status, location=f"{target.endpoint}/caught")
        with faulty(surface, fault) as (_, client):
            client._client.follow_redirects = False
            with pytest.raises(openai.APIStatusError) as moved:
                client.fine_tuning.jobs.retrieve("ftjob-1")
            assert moved.value.response.headers["location"] == f"{target.endpoint}/caught"
        assert target.requests == ()


def test_a_job_can_be_made_to_fail(surface: str) -> None:
    """It is created, and ends with the planned code."""
    with faulty(surface, Fault("create_job", "job_fails", code="contentFilter")) as (emulator, client):
        job = create(emulator, client)
        emulator.advance(10_000)
        failed = client.fine_tuning.jobs.retrieve(job.id)
        assert (failed.status, failed.error and failed.error.code) == ("failed", "contentFilter")


def test_a_job_that_is_refused_cannot_be_made_to_fail(surface: str) -> None:
    """There is none; the refusal is what the client gets."""
    with (
        faulty(surface, Fault("create_job", "job_fails")) as (_, client),
        pytest.raises(openai.BadRequestError),
    ):
        client.fine_tuning.jobs.create(model=BASE, training_file="file-1")


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - {"acted_late", "job_fails", "redirect"}))
def test_one_fault_leaves_the_next_call_alone(surface: str, kind: str) -> None:
    """Whatever went wrong with a read, the second one is fine, on the same client."""
    with faulty(surface, Fault("list_jobs", kind), timeout=SHORT) as (emulator, client):
        with suppress(openai.APIError, ValueError, AttributeError):  # it hands on what it cannot decode
            client.fine_tuning.jobs.list()
        assert client.fine_tuning.jobs.list().data == []
        assert emulator.calls == {"list_jobs": 2}


def test_a_closed_port_refuses_connections(surface: str) -> None:
    """For the length of a block; afterwards the same client gets through to the same port."""
    with faulty(surface) as (emulator, client):
        assert made(client) == 0
        with emulator.refuse_connections():
            with pytest.raises(openai.APIConnectionError) as refused:
                made(client)
            assert "refused" in str(refused.value.__cause__).casefold()
        assert made(client) == 0
        assert emulator.calls == {"list_jobs": 2}


def test_the_emulators_own_client_is_refused_for_one_operation(surface: str) -> None:
    """Its request goes to a port of this machine that is closed; the next one arrives."""
    from aoai_finetune.errors import OutcomeUnknown, ServiceError

    with Emulator(faults=[Fault("list_files", "refused")]) as emulator:
        backend = emulator.backend("v1" if surface == "v1" else "dated")
        with pytest.raises(ServiceError) as refused:
            list(backend.list_files())
        assert (refused.value.retryable, refused.value.status) == (True, None)
        assert not isinstance(refused.value, OutcomeUnknown)
        assert list(backend.list_files()) == []
        assert emulator.calls == {"list_files": 2}
        assert [seen.status for seen in emulator.requests] == [200]


def test_closing_lets_held_requests_go(surface: str) -> None:
    """A client that waits for a reply which never comes is told when the emulator ends."""
    import threading

    with faulty(surface, Fault("list_jobs", "time_out")) as (emulator, client):
        errors: list[Exception] = []

        def ask() -> None:
            try:
                client.fine_tuning.jobs.list()
            except openai.APIError as why:
                errors.append(why)

        waiting = threading.Thread(target=ask)
        waiting.start()
        while not emulator.requests:
            waiting.join(0.01)
        emulator.close()
        waiting.join(10)
        assert len(errors) == 1
        assert not isinstance(errors[0], openai.APITimeoutError)
