"""Each request is sent once, to its own origin, and what goes wrong becomes one error of ours."""

from __future__ import annotations

import io
import pickle
import ssl
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import openai
import pytest

from aoai_finetune.backends import AzureOpenAIBackend, JobRequest
from aoai_finetune.errors import FineTuneError, NotFound, OutcomeUnknown, ServiceError
from backends.azure.handmade import DATED, HOST, KEY, Service, answer, broken, refuse

CREATE = JobRequest(model="gpt-4.1-mini-2025-04-14", training_file="file-1", suffix="facts")
Call = Callable[[AzureOpenAIBackend], object]

CHANGES: dict[str, Call] = {
    "create_job": lambda backend: backend.create_job(CREATE),
    "cancel_job": lambda backend: backend.cancel_job("ftjob-1"),
    "upload_file": lambda backend: backend.upload_file(io.BytesIO(b"{}\n"), filename="a.jsonl"),
    "delete_file": lambda backend: backend.delete_file("file-1"),
}
READS: dict[str, Call] = {
    "get_job": lambda backend: backend.get_job("ftjob-1"),
    "list_jobs": lambda backend: list(backend.list_jobs()),
    "get_file": lambda backend: backend.get_file("file-1"),
    "list_files": lambda backend: list(backend.list_files()),
    "read_file": lambda backend: backend.read_file("file-1"),
    "list_events": lambda backend: list(backend.list_events("ftjob-1")),
    "list_checkpoints": lambda backend: list(backend.list_checkpoints("ftjob-1")),
    "get_model": lambda backend: backend.get_model("gpt-4.1"),
    "list_models": lambda backend: list(backend.list_models()),
    "chat": lambda backend: backend.chat("served", [{"role": "user", "content": "?"}]),
}
ALL = CHANGES | READS


def failure(backend: AzureOpenAIBackend, call: Call) -> ServiceError:
    """The error of a call, which must be one of ours and carry nobody else's."""
    with pytest.raises(FineTuneError) as raised:
        call(backend)
    error = raised.value
    assert (error.__cause__, error.__context__) == (None, None)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert isinstance(error, ServiceError)
    return error


@pytest.mark.parametrize(
    ("call", "status"),
    [
        *((call, 307) for call in ALL.values()),
        *((CHANGES["create_job"], status) for status in (300, 301, 302, 303, 304, 308)),
    ],
)
def test_a_redirect_is_never_followed(
    service: Service, backend: AzureOpenAIBackend, call: Call, status: int
) -> None:
    """Not with a client that would; the message says so, and nothing of where it pointed."""
    service.will(answer(status, location="https://evil.example/?sig=canary"))
    error = failure(backend, call)
    assert (error.status, error.retryable, len(service.requests)) == (status, False, 1)
    assert ("redirects are refused" in str(error), "canary" in str(error)) == (True, False)


NOT_SENT = [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError]
UNCLEAR = [
    httpx2.ReadTimeout,
    httpx2.WriteTimeout,
    httpx2.ReadError,
    httpx2.WriteError,
    httpx2.RemoteProtocolError,
]


@pytest.mark.parametrize("call", ALL.values(), ids=ALL)
@pytest.mark.parametrize("error", NOT_SENT, ids=lambda error: error.__name__)
def test_without_a_connection_nothing_was_done(
    service: Service, backend: AzureOpenAIBackend, call: Call, error: type[Exception]
) -> None:
    """So the same call may be made again."""
    service.will(broken(error))
    raised = failure(backend, call)
    assert (type(raised), raised.retryable, raised.status) == (ServiceError, True, None)


@pytest.mark.parametrize("call", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("error", UNCLEAR)
def test_a_change_without_a_reply_may_have_happened(
    service: Service, backend: AzureOpenAIBackend, call: Call, error: type[Exception]
) -> None:
    """The outcome is unknown, and nothing is tried again."""
    service.will(broken(error))
    raised = failure(backend, call)
    assert (type(raised), raised.retryable) == (OutcomeUnknown, False)
    assert error.__name__ in raised.message


@pytest.mark.parametrize("call", READS.values(), ids=READS)
@pytest.mark.parametrize("error", UNCLEAR)
def test_reading_may_be_tried_again(
    service: Service, backend: AzureOpenAIBackend, call: Call, error: type[Exception]
) -> None:
    """It changes nothing."""
    service.will(broken(error))
    raised = failure(backend, call)
    assert (type(raised), raised.retryable) == (ServiceError, True)


STATUSES = [
    (400, False, False),
    (401, False, False),
    (403, False, False),
    (408, True, True),
    (409, True, True),
    (410, False, False),
    (413, False, False),
    (425, True, True),
    (429, False, True),
    (499, True, True),
    (500, True, True),
    (502, True, True),
    (503, True, True),
]


@pytest.mark.parametrize("call", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(("status", "unclear", "_passing"), STATUSES)
def test_what_a_status_says_about_a_change(
    service: Service, backend: AzureOpenAIBackend, call: Call, status: int, unclear: bool, _passing: bool
) -> None:
    """A refusal proves that nothing happened; 408, 409 and the service's own failures do not."""
    service.will(refuse(status, "someCode", "No."))
    error = failure(backend, call)
    assert isinstance(error, OutcomeUnknown) == unclear
    assert (error.status, error.code, error.retryable) == (status, "someCode", status == 429)
    assert len(service.requests) == 1  # sending again is decided by who knows what it would cost


@pytest.mark.parametrize("call", READS.values(), ids=READS)
@pytest.mark.parametrize(("status", "_unclear", "passing"), STATUSES)
def test_what_a_status_says_about_a_look(
    service: Service, backend: AzureOpenAIBackend, call: Call, status: int, _unclear: bool, passing: bool
) -> None:
    """It never is unclear; looking again helps where the trouble passes."""
    service.will(refuse(status, "someCode", "No."))
    error = failure(backend, call)
    assert (type(error), error.retryable) == (ServiceError, passing)
    assert len(service.requests) == 1  # sending again is decided by who knows what it would cost


NONSENSE = [
    b"",
    b"<html>busy</html>",
    b'{"id": "ftjob-',
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: str(body[:12]))
def test_a_job_that_cannot_be_read_may_exist(
    service: Service, backend: AzureOpenAIBackend, body: bytes
) -> None:
    """A cut-off or foreign reply to a creation leaves the outcome unknown; it never is an untyped error."""
    service.will(lambda _: httpx2.Response(201, content=body))
    assert isinstance(failure(backend, CHANGES["create_job"]), OutcomeUnknown)


@pytest.mark.parametrize("body", [*NONSENSE, b"{}", b'{"data": null}'], ids=lambda body: str(body[:12]))
def test_a_list_that_cannot_be_read_is_not_an_empty_list(
    service: Service, backend: AzureOpenAIBackend, body: bytes
) -> None:
    """Otherwise a job would be taken for gone."""
    service.will(lambda _: httpx2.Response(200, content=body))
    assert failure(backend, READS["list_jobs"]).retryable


@pytest.mark.parametrize("name", ["delete_file", "upload_file", "cancel_job"])
def test_a_web_page_in_place_of_a_reply_leaves_the_outcome_unknown(
    service: Service, backend: AzureOpenAIBackend, name: str
) -> None:
    """Whoever answered was not the service."""
    service.will(lambda _: httpx2.Response(200, html="<html>sign in</html>"))
    assert isinstance(failure(backend, CHANGES[name]), OutcomeUnknown)


def test_a_reply_that_the_client_itself_refuses_may_hide_a_job(
    service: Service, backend: AzureOpenAIBackend
) -> None:
    """openai can be told to be strict."""

    def refuse_it(request: httpx2.Request) -> httpx2.Response:
        raise openai.APIResponseValidationError(httpx2.Response(200, request=request), None)

    service.will(refuse_it)
    assert isinstance(failure(backend, CHANGES["create_job"]), OutcomeUnknown)


def test_a_web_page_is_no_result_file(service: Service, backend: AzureOpenAIBackend) -> None:
    """A proxy in between answers with one, and 200."""
    service.will(lambda _: httpx2.Response(200, html="<html>sign in</html>"))
    assert failure(backend, READS["read_file"]).retryable


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"apim_request_id": "a-1", "x_request_id": "x-1"}, "a-1"),
        ({"x_request_id": "x-1"}, "x-1"),
        ({}, None),
    ],
)
def test_the_request_id_is_the_one_to_quote(
    service: Service, backend: AzureOpenAIBackend, headers: dict[str, str], expected: str | None
) -> None:
    """Azure's gateway has its own header for it."""
    service.will(refuse(400, "invalidPayload", "No.", **headers))
    assert failure(backend, CHANGES["create_job"]).request_id == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "-3"}, 0.0),
        ({}, None),
    ],
)
def test_the_service_may_say_when_to_come_back(
    service: Service, backend: AzureOpenAIBackend, headers: dict[str, str], seconds: float | None
) -> None:
    """In seconds, milliseconds, or as a date."""
    service.will(refuse(429, "tooManyRequests", "Slow down.", **headers))
    assert failure(backend, READS["get_job"]).retry_after == seconds


def test_a_missing_job_is_not_found(service: Service, backend: AzureOpenAIBackend) -> None:
    """The service knows the URL, and not the id; the error names the request to quote to support."""
    service.will(refuse(404, "notFound", "The job does not exist.", apim_request_id="a-1"))
    with pytest.raises(NotFound, match="does not exist") as missing:
        backend.get_job("ftjob-none")
    again = pickle.loads(pickle.dumps(missing.value))
    for error in (missing.value, again):
        assert (error.status, error.code, error.request_id) == (404, "notFound", "a-1")


def test_a_missing_url_is_another_matter(service: Service, backend: AzureOpenAIBackend) -> None:
    """Nothing is said about the job, so it must not be taken for gone."""
    service.will(refuse(404, "404", "Resource not found"))
    error = failure(backend, READS["get_job"])
    assert "api-version" in error.hint


@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_what_is_no_id_is_not_sent(service: Service, backend: AzureOpenAIBackend, bad: str) -> None:
    """An empty one would ask for the list instead."""
    for call in (
        backend.get_job,
        backend.get_file,
        backend.delete_file,
        backend.cancel_job,
        backend.get_model,
    ):
        with pytest.raises(NotFound):
            call(bad)
    assert service.requests == []


def test_an_id_stays_within_its_segment(service: Service, backend: AzureOpenAIBackend) -> None:
    """Slashes and question marks are quoted."""
    service.will(answer(body={"id": "x"}))
    backend.get_job("../files/a?b#c")
    assert service.requests[0].url.raw_path.partition(b"?")[0].endswith(b"/jobs/..%2Ffiles%2Fa%3Fb%23c")


def test_a_closed_client_is_said_to_be_closed(service: Service, surface: str) -> None:
    """Nothing was sent."""
    client = service.client(surface)
    backend = AzureOpenAIBackend(client, training_type="global")
    client.close()
    error = failure(backend, CHANGES["create_job"])
    assert (type(error), error.retryable, "closed" in str(error)) == (ServiceError, False, True)


def test_a_credential_that_fails_leaves_nothing_behind(service: Service) -> None:
    """The request was never made, so the outcome is known; what the credential says is not shown."""

    def provide() -> str:
        raise RuntimeError(f"cannot sign in with {KEY}")

    http = httpx2.Client(transport=service.transport())
    for client in (
        openai.AzureOpenAI(
            azure_endpoint=HOST, api_version=DATED, azure_ad_token_provider=provide, http_client=http
        ),
        openai.OpenAI(base_url=f"{HOST}/openai/v1/", api_key=provide, http_client=http),
    ):
        error = failure(AzureOpenAIBackend(client, training_type="global"), CHANGES["create_job"])
        assert (type(error), KEY in str(error), "az login" in error.hint) == (ServiceError, False, True)
    assert service.requests == []


def test_a_transport_that_fails_in_its_own_way_leaves_the_outcome_unknown(
    service: Service, backend: AzureOpenAIBackend
) -> None:
    """The request may have left before it did."""
    service.will(broken(RuntimeError))
    assert isinstance(failure(backend, CHANGES["create_job"]), OutcomeUnknown)


def test_a_certificate_that_is_not_trusted_is_named(service: Service, backend: AzureOpenAIBackend) -> None:
    """The handshake failed, so nothing was sent; trying again does not help."""

    def fail(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("tls") from ssl.SSLCertVerificationError("self-signed")

    service.will(fail)
    error = failure(backend, CHANGES["create_job"])
    assert (type(error), error.retryable, "certificate" in error.hint) == (ServiceError, False, True)


def test_a_client_over_the_older_http_library_works_too() -> None:
    """openai still takes one at run time."""
    seen = list[httpx.Request]()

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.method == "GET":
            return httpx.Response(200, json={"id": "ftjob-1", "status": "running"})
        if len(seen) == 2:
            return httpx.Response(307, headers={"location": "https://evil.example/"})
        raise httpx.ReadTimeout("planned")

    http: Any = httpx.Client(transport=httpx.MockTransport(handle), follow_redirects=True)
    client = openai.OpenAI(base_url=f"{HOST}/openai/v1/", api_key=KEY, http_client=http)
    backend = AzureOpenAIBackend(client, training_type="global")
    assert backend.get_job("ftjob-1").status == "running"
    assert failure(backend, CHANGES["create_job"]).status == 307
    assert isinstance(failure(backend, CHANGES["create_job"]), OutcomeUnknown)
    assert [request.url.host for request in seen] == ["contoso.openai.azure.com"] * 3


def test_ctrl_c_within_a_request_carries_nothing_of_it(service: Service, backend: AzureOpenAIBackend) -> None:
    """The frames of the client hold the key."""
    service.will(broken(KeyboardInterrupt))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt) as stopped:
        backend.create_job(CREATE)
    report = traceback.TracebackException.from_exception(stopped.value, capture_locals=True)
    assert KEY not in "".join(report.format())


@pytest.mark.parametrize("call", ALL.values(), ids=ALL)
@pytest.mark.parametrize("status", [400, 401])
def test_a_traceback_with_all_its_variables_holds_no_key(
    service: Service, backend: AzureOpenAIBackend, call: Call, status: int
) -> None:
    """Neither does the error, when the service echoes what it was sent."""
    service.will(refuse(status, "unauthorized", f"{KEY} is wrong; Bearer {KEY} too; Authorization={KEY}"))
    with pytest.raises(FineTuneError) as raised:
        call(backend)
    report = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    # This test's own frame knows the key; the frames below it are ours.
    report.stack.pop(0)
    assert KEY not in "".join(report.format()) + repr(vars(raised.value)) + str(raised.value)


@pytest.mark.parametrize("name", ["chat", "upload_file"])
@pytest.mark.parametrize("status", [400, 404, 422, 429, 500])
def test_words_that_could_quote_rows_are_not_shown(
    service: Service, backend: AzureOpenAIBackend, name: str, status: int
) -> None:
    """Only the code, and words of ours."""
    service.will(refuse(status, "invalidPayload", "Invalid value: 'canary prompt'"))
    with pytest.raises(FineTuneError) as raised:
        ALL[name](backend)
    assert "canary" not in f"{raised.value} {raised.value.args} {vars(raised.value)}"


def test_a_long_message_is_cut_and_kept_on_one_line(service: Service, backend: AzureOpenAIBackend) -> None:
    """A gateway may answer with a whole page."""
    service.will(refuse(400, "invalidPayload", "Bad\r\n\x1b[31m" + "x" * 100_000))
    message = failure(backend, CHANGES["create_job"]).message
    assert (len(message) < 700, message.isprintable()) == (True, True)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("api-key: 0123456789abcdef is wrong", "api-key: [not shown] is wrong"),
        ("Got Authorization='Bearer abc.DEF-123456789'", "Got Authorization='Bearer [not shown]'"),
        ("https://x.example/rows?se=1&sig=aB3%2Fxyz12345", "https://x.example/rows?se=1&sig=[not shown]"),
        ("The access token authentication is off", "The access token authentication is off"),
        ("Bearer authentication is required", "Bearer authentication is required"),
        ("Training tokens billed: 7223000", "Training tokens billed: 7223000"),
    ],
)
def test_what_looks_like_a_credential_is_left_out(
    service: Service, backend: AzureOpenAIBackend, words: str, shown: str
) -> None:
    """Whoever's it is; plain words stay."""
    service.will(refuse(400, "invalidPayload", words))
    assert failure(backend, CHANGES["create_job"]).message == shown
