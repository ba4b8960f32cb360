"""A redirect is never followed: credentials stay at the origin they were meant for, and the caller is told."""

from __future__ import annotations

import io
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import openai
import pytest

from aoai_finetune.backends import ArmConfig, AzureOpenAIBackend, Backend, JobRequest
from aoai_finetune.errors import FineTuneError, ServiceError
from security.capture import Capture, captured

KEY, TOKEN = "key-that-must-stay", "token.that-must-stay"
HOST = "contoso.openai.azure.com"
ORIGIN = f"https://{HOST}"
ARM = "https://management.azure.com"

STATUSES = (301, 302, 303, 307, 308)
TARGETS: Mapping[str, str] = {
    "the same origin": "{origin}/openai/elsewhere",
    "another port": "{origin}:8443/openai/files",
    "another host": "https://attacker.example/openai/files",
    "plain http": "http://{host}/openai/files",
    "scheme-relative": "//attacker.example/openai/files",
    "a subdomain": "https://evil.{host}/openai/files",
    "user and address": "https://{host}@127.0.0.1:9/openai/files",
}

OPERATIONS: Mapping[str, Callable[[Any], object]] = {
    "get_job": lambda backend: backend.get_job("ftjob-1"),
    "list_files": lambda backend: list(backend.list_files()),
    "read_file": lambda backend: backend.read_file("file-1"),
    "create_job": lambda backend: backend.create_job(JobRequest(model="m", training_file="file-1")),
    "upload_file": lambda backend: backend.upload_file(io.BytesIO(b"{}\n"), filename="rows.jsonl"),
    "delete_file": lambda backend: backend.delete_file("file-1"),
    "chat": lambda backend: backend.chat("served", [{"role": "user", "content": "?"}]),
}
CONTROL: Mapping[str, Callable[[Any], object]] = {
    "create_deployment": lambda backend: backend.create_deployment("served", "m"),
    "get_deployment": lambda backend: backend.get_deployment("served"),
    "list_deployments": lambda backend: list(backend.list_deployments()),
    "delete_deployment": lambda backend: backend.delete_deployment("served"),
}


@pytest.fixture(scope="module")
def capture() -> Iterator[Capture]:
    """One local server for all tests of this file."""
    with captured() as capture:
        yield capture


def client(surface: str, auth: str) -> openai.OpenAI:
    """A user's own client, with redirects and retries as openai sets them."""
    http = openai.DefaultHttpxClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    if surface == "v1":
        secret: Any = KEY if auth == "key" else lambda: TOKEN
        return openai.OpenAI(base_url=f"{ORIGIN}/openai/v1/", api_key=secret, http_client=http)
    way: dict[str, Any] = {"api_key": KEY} if auth == "key" else {"azure_ad_token_provider": lambda: TOKEN}
    return openai.AzureOpenAI(
        azure_endpoint=ORIGIN, api_version="2025-04-01-preview", http_client=http, **way
    )


def redirect(capture: Capture, status: int, target: str, origin: str, host: str) -> None:
    """Let the server answer everything with a redirect."""
    capture.arrived.clear()
    capture.status, capture.location = status, TARGETS[target].format(origin=origin, host=host)


def assert_it_stays(
    capture: Capture, backend: Backend, operation: Callable[[Any], object], origin: str
) -> None:
    """One request to the origin, none anywhere else, and a typed error without credentials."""
    capture.arrived.clear()
    with pytest.raises(ServiceError) as refused:
        operation(backend)
    assert [request.origin for request in capture.arrived] == [origin]
    assert KEY in capture.arrived[0].everything or TOKEN in capture.arrived[0].everything
    told = f"{refused.value!r} {refused.value} {vars(refused.value)}"
    assert KEY not in told
    assert TOKEN not in told
    assert not refused.value.retryable


@pytest.mark.parametrize("surface", ["dated", "v1"])
@pytest.mark.parametrize("auth", ["key", "token"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("status", STATUSES)
def test_credentials_stay_at_the_data_plane(
    capture: Capture, status: int, target: str, auth: str, surface: str
) -> None:
    """Reads, changes, forms and questions alike."""
    redirect(capture, status, target, ORIGIN, HOST)
    with client(surface, auth) as ours:
        backend = AzureOpenAIBackend(ours, training_type="standard")
        for operation in OPERATIONS.values():
            assert_it_stays(capture, backend, operation, ORIGIN)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("status", STATUSES)
def test_tokens_stay_at_the_control_plane(capture: Capture, status: int, target: str) -> None:
    """Azure Resource Manager's token could do far more than a key."""
    redirect(capture, status, target, ARM, "management.azure.com")
    arm = ArmConfig("subscription", "group", "account", token=lambda: TOKEN)
    with client("v1", "key") as ours:
        backend = AzureOpenAIBackend(ours, arm=arm, training_type="standard")
        for operation in CONTROL.values():
            assert_it_stays(capture, backend, operation, ARM)


def test_a_next_page_at_another_origin_is_not_fetched(capture: Capture) -> None:
    """A link in a reply is a redirect by another name."""
    capture.arrived.clear()
    capture.status, capture.location = 200, ""
    capture.body = b'{"value": [], "nextLink": "https://attacker.example/deployments"}'
    arm = ArmConfig("subscription", "group", "account", token=lambda: TOKEN)
    with client("v1", "key") as ours, pytest.raises(FineTuneError):
        list(AzureOpenAIBackend(ours, arm=arm, training_type="standard").list_deployments())
    capture.body = b"{}"
    assert {request.origin for request in capture.arrived} == {ARM}


@pytest.mark.parametrize("surface", ["dated", "v1"])
def test_the_client_by_itself_would_have_followed(capture: Capture, surface: str) -> None:
    """So the tests above see what they would have to see; afterwards the client is as its user made it."""
    redirect(capture, 307, "another port", ORIGIN, HOST)
    with client(surface, "key") as ours:
        with pytest.raises(ServiceError):
            AzureOpenAIBackend(ours, training_type="standard").get_job("ftjob-1")
        with pytest.raises(openai.APIConnectionError):  # round and round
            ours.with_options(max_retries=0).fine_tuning.jobs.retrieve("ftjob-1")
    assert f"{ORIGIN}:8443" in {request.origin for request in capture.arrived}
