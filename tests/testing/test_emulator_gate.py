"""Who is let in, and by which URL; what is refused is refused in the words of the face that was asked."""

from __future__ import annotations

import openai
import pytest

from aoai_finetune.testing import Emulator
from testing.clients import ACCOUNT, NAME, Http, fetch, make_client

JOBS = {"v1": "/openai/v1/fine_tuning/jobs", "dated": "/openai/fine_tuning/jobs?api-version=2024-10-21"}
DEPLOYMENTS = f"{ACCOUNT}/deployments?api-version=2024-10-01"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"api-key": "wrong"},
        {"api-key": ""},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic test"},
        {"authorization": "test"},
        {"authorization": "Bearer test2", "api-key": "tes"},
        {"api-key": "t\xe9st"},
    ],
    ids=str,
)
def test_nobody_comes_in_without_the_key_or_a_token(
    emulator: Emulator, surface: str, headers: dict[str, str]
) -> None:
    """401 with Azure's text, which does not repeat what was given."""
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    reply = fetch("GET", emulator.endpoint + JOBS[surface], headers=encoded)
    assert reply.status_code == 401
    assert reply.json()["error"]["message"].startswith(
        "Access denied due to invalid subscription key or wrong"
    )
    assert emulator.calls == {}


@pytest.mark.parametrize(
    "headers",
    [{"api-key": "k"}, {"authorization": "Bearer k"}, {"authorization": "bearer t"}, {"API-KEY": "k"}],
    ids=str,
)
def test_the_key_and_the_token_open_both_faces(surface: str, headers: dict[str, str]) -> None:
    """In the header for keys, or behind Bearer, which also takes the token."""
    with Emulator(key="k", token="t") as emulator:
        assert fetch("GET", emulator.endpoint + JOBS[surface], headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{"api-key": "k"}, {"authorization": "Bearer k"}, {}], ids=str)
def test_the_control_plane_takes_the_token_only(headers: dict[str, str]) -> None:
    """A key is none."""
    with Emulator(key="k", token="t", name=NAME) as emulator:
        refused = fetch("GET", emulator.endpoint + DEPLOYMENTS, headers=headers)
        assert refused.status_code == 401
        assert refused.json()["error"]["code"] in {"AuthenticationFailed", "InvalidAuthenticationToken"}
        allowed = fetch("GET", emulator.endpoint + DEPLOYMENTS, headers={"authorization": "Bearer t"})
        assert allowed.json() == {"value": []}


def test_a_client_with_another_key_is_told_so(emulator: Emulator, surface: str) -> None:
    """As openai's own error for it."""
    with make_client(emulator, surface, key="other") as client, pytest.raises(openai.AuthenticationError):
        client.files.list()


@pytest.mark.parametrize("version", ["", "?api-version=", "?api-version=v1", "?api-version=latest"])
def test_the_dated_face_needs_a_date(http: Http, version: str) -> None:
    """A gateway's 404, as for a path that does not exist."""
    reply = http("GET", f"/openai/files{version}")
    assert (reply.status_code, reply.json()) == (
        404,
        {"error": {"code": "404", "message": "Resource not found"}},
    )


@pytest.mark.parametrize("version", ["", "?api-version=v1", "?api-version=preview"])
def test_v1_needs_no_version(http: Http, version: str) -> None:
    """It has two of its own."""
    assert http("GET", f"/openai/v1/files{version}").status_code == 200


def test_v1_refuses_a_date(emulator: Emulator) -> None:
    """What an AzureOpenAI client meets that was given the wrong base URL."""
    client = openai.AzureOpenAI(
        base_url=f"{emulator.endpoint}/openai/v1/", api_version="2024-10-21", api_key="test", max_retries=0
    )
    with client, pytest.raises(openai.BadRequestError, match="not allowed when using /v1 path"):
        client.files.list()


def test_the_control_plane_needs_a_version(http: Http) -> None:
    """In Resource Manager's words."""
    reply = http("GET", f"{ACCOUNT}/deployments")
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "MissingApiVersionParameter")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/openai/v1/nothing"),
        ("GET", "/openai/v1/files/"),
        ("GET", "/openai/v1/fine_tuning/jobs/ftjob-1/unknown"),
        ("PUT", "/openai/v1/files"),
        ("POST", "/openai/v1/uploads"),
        ("POST", "/openai/v1/files/import"),
        ("DELETE", "/openai/v1/fine_tuning/jobs/ftjob-1"),
        ("POST", "/openai/fine_tuning/jobs/ftjob-1/pause?api-version=2024-10-21"),
        ("POST", "/openai/chat/completions?api-version=2024-10-21"),
        ("POST", "/openai/v1/deployments/d/chat/completions"),
        ("POST", f"{ACCOUNT}/deployments/d?api-version=2024-10-01"),
        ("GET", "/openai/v1/files/..%2f..%2fetc%2fpasswd"),
    ],
)
def test_what_a_face_does_not_have_is_not_found(
    emulator: Emulator, http: Http, method: str, path: str
) -> None:
    """404 from the gateway; nothing reaches the resource."""
    reply = http(method, path)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "404")
    assert emulator.calls == {}


def test_refusals_are_worded_by_face(http: Http) -> None:
    """The dated face has `innererror`, v1 `param` and `type`, the control plane neither."""
    body = {"model": "gpt-nobody", "training_file": "file-1"}
    dated = http("POST", JOBS["dated"], json=body)
    assert dated.json() == {
        "error": {
            "code": "invalidPayload",
            "message": "The specified base model does not support fine-tuning.",
            "target": "model",
            "innererror": {"code": "invalidPayload"},
        }
    }
    v1 = http("POST", JOBS["v1"], json=body)
    assert v1.json() == {
        "error": {
            "code": "invalidPayload",
            "message": "The specified base model does not support fine-tuning.",
            "param": "model",
            "type": "error",
            "inner_error": {},
        }
    }
    gone = http("GET", f"{ACCOUNT}/deployments/none?api-version=2024-10-01")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert set(gone.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize("path", ["/openai/v1/files", "/openai/v1/nowhere", DEPLOYMENTS])
def test_every_reply_names_its_request(http: Http, path: str) -> None:
    """In the header that openai reads, and in the ones that Azure documents; no two are the same."""
    one, other = http("GET", path).headers, http("GET", path).headers
    assert one["apim-request-id"] == one["x-request-id"] == one["x-ms-request-id"]
    assert one["apim-request-id"] != other["apim-request-id"]


def test_what_was_asked_is_remembered_without_secrets(http: Http, emulator: Emulator) -> None:
    """Method, path and status; the query and the headers are gone."""
    http("GET", "/openai/v1/files?after=canary", headers={"x-canary": "canary"})
    (seen,) = emulator.requests
    assert (seen.method, seen.path, seen.status) == ("GET", "/openai/v1/files", 200)
    assert "canary" not in repr(emulator.requests)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'"text"'])
def test_a_body_that_is_no_object_is_refused(http: Http, surface: str, content: bytes) -> None:
    """400, whatever is sent."""
    reply = http("POST", JOBS[surface], content=content)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalidPayload")


def test_secrets_are_in_no_repr_and_no_log(
    emulator: Emulator, http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is what was uploaded or asked."""
    with Emulator(key="canary-key", token="canary-token") as other, caplog.at_level("DEBUG"):
        fetch(
            "POST",
            f"{other.endpoint}/openai/v1/chat/completions",
            headers={"api-key": "canary-key"},
            json={"model": "canary-model", "messages": [{"role": "user", "content": "canary-prompt"}]},
        )
        server = [
            record for record in caplog.records if record.name.split(".")[0] in {"uvicorn", "aoai_finetune"}
        ]
        assert server == []
        assert "canary" not in repr(other) + repr(other.requests) + repr(vars(other))
