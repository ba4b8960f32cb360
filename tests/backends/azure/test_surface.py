"""Which clients are taken, and what the backend says about the resource behind them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import httpx2
import openai
import pytest

from aoai_finetune.backends import (
    AzureOpenAIBackend,
    Backend,
    Chat,
    Deployments,
    JobRequest,
    Models,
    Pausable,
    SystemClock,
)
from aoai_finetune.errors import NotSupported
from backends.azure.handmade import DATED, HOST, KEY, STABLE, Service, answer


def dated(url: str | None = HOST, version: str = "2024-10-21", **options: Any) -> openai.OpenAI:
    """A client of the dated kind."""
    place: dict[str, Any] = {"azure_endpoint": url} if url else {}
    return openai.AzureOpenAI(**place, api_key=KEY, api_version=version, **options)


def plain(url: str | None) -> openai.OpenAI:
    """A client of the other kind."""
    return openai.OpenAI(base_url=url, api_key=KEY)


def test_it_is_every_kind_of_backend(backend: AzureOpenAIBackend) -> None:
    """Jobs, chat, pausing, deployments, models."""
    for protocol in (Backend, Chat, Pausable, Deployments, Models):
        assert isinstance(backend, protocol)


@pytest.mark.parametrize(
    ("client", "advice"),
    [
        (lambda: dated(f"{HOST}/openai/v1"), "refuses"),
        (lambda: dated(f"{HOST}/openai/v1/"), "refuses"),
        (lambda: dated(None, base_url=f"{HOST}/openai/v1/"), "openai.OpenAI"),
        (lambda: dated(None, base_url=f"{HOST}/openai/deployments/a"), "azure_endpoint"),
        (lambda: dated(None, base_url=HOST), "ends in /openai"),
        (lambda: dated(version="preview"), "belongs to /openai/v1/"),
        (lambda: plain(HOST), "ends in /openai/v1/"),
        (lambda: plain(f"{HOST}/openai"), "ends in /openai/v1/"),
        (lambda: plain("https://eastus.api.cognitive.microsoft.com/openai/v1/"), "resource's own endpoint"),
    ],
)
def test_a_client_that_does_not_fit_its_url_is_told_what_does(client: Any, advice: str) -> None:
    """When the backend is made, not at the first request."""
    with pytest.raises(ValueError, match=advice):
        AzureOpenAIBackend(client(), training_type="global")


@pytest.mark.parametrize("client", ["a string", None, openai.AsyncOpenAI(base_url=HOST, api_key=KEY)])
def test_only_a_synchronous_client_is_taken(client: Any) -> None:
    """The contract is synchronous; the async twins live above it."""
    with pytest.raises(TypeError, match="synchronous"):
        AzureOpenAIBackend(client, training_type="global")


@pytest.mark.parametrize(
    ("client", "resource"),
    [
        (dated, "contoso.openai.azure.com"),
        (lambda: dated(azure_deployment="served"), "contoso.openai.azure.com"),
        (lambda: plain(f"{HOST}/openai/v1/"), "contoso.openai.azure.com"),
        (lambda: plain("https://CONTOSO.services.ai.azure.com/openai/v1"), "contoso.openai.azure.com"),
        (
            lambda: plain("https://contoso.services.ai.azure.com/api/projects/p/openai/v1/"),
            "contoso.openai.azure.com",
        ),
        (lambda: dated("https://contoso.cognitiveservices.azure.com/"), "contoso.openai.azure.com"),
        (lambda: plain("https://gateway.example/tenant-a/openai/v1/"), "gateway.example/tenant-a"),
        (lambda: dated("http://127.0.0.1:8123"), "127.0.0.1:8123"),
        (lambda: plain("http://127.0.0.1:8123/openai/v1/"), "127.0.0.1:8123"),
        (lambda: plain(None), "api.openai.com"),
    ],
)
def test_both_surfaces_of_a_resource_have_one_name(client: Any, resource: str) -> None:
    """So a lineage may go on over the other surface."""
    assert AzureOpenAIBackend(client()).resource == resource


@pytest.mark.parametrize(
    ("client", "pauses", "directs", "largest"),
    [
        (dated, False, False, 512 * 1024 * 1024),
        (lambda: dated(version="2024-05-01-preview"), True, False, 512 * 1024 * 1024),
        (lambda: dated(version="2025-04-01-preview"), True, True, 512 * 1024 * 1024),
        (lambda: plain(f"{HOST}/openai/v1/"), True, True, 100 * 1024 * 1024),
    ],
)
def test_capabilities_are_those_of_the_surface(
    client: Any, pauses: bool, directs: bool, largest: int
) -> None:
    """Stable api-versions cannot pause, and know supervised training only; /openai/v1/ takes no parts."""
    able = AzureOpenAIBackend(client(), training_type="global").capabilities
    assert (able.provider, able.pause, able.max_file_bytes) == ("azure-openai", pauses, largest)
    assert able.methods == {"supervised"} | ({"dpo", "reinforcement"} if directs else set())
    assert able.quotas["files"] == 100
    assert (able.chat, able.models, able.deployments, able.engine) == (True, True, False, None)


def test_openai_itself_is_a_backend_without_training_types(service: Service) -> None:
    """Its models answer without a deployment."""
    http = httpx2.Client(transport=service.transport())
    backend = AzureOpenAIBackend(openai.OpenAI(api_key=KEY, http_client=http))
    service.will(answer(body={"id": "ftjob-1", "status": "validating_files"}))
    assert backend.create_job(JobRequest(model="gpt-4.1", training_file="file-1")).id == "ftjob-1"
    assert (backend.capabilities.provider, "trainingType" in service.sent()) == ("openai", False)
    with pytest.raises(ValueError, match="no training types"):
        backend.create_job(JobRequest(model="gpt-4.1", training_file="file-1", training_type="global"))


@pytest.mark.parametrize("what", ["pause_job", "resume_job"])
def test_a_stable_api_version_cannot_pause(service: Service, what: str) -> None:
    """Said here, with the surface that can; nothing is sent."""
    with pytest.raises(NotSupported, match=STABLE):
        getattr(service.backend("dated", api_version=STABLE), what)("ftjob-1")
    assert service.requests == []


@pytest.mark.parametrize(
    "call",
    [
        lambda backend: backend.create_deployment("a", "b"),
        lambda backend: backend.get_deployment("a"),
        lambda backend: backend.list_deployments(),
        lambda backend: backend.delete_deployment("a"),
    ],
)
def test_deployments_need_to_be_told_where_they_live(backend: AzureOpenAIBackend, call: Any) -> None:
    """The message names `ArmConfig`."""
    with pytest.raises(NotSupported, match="ArmConfig"):
        call(backend)


def test_the_time_is_the_machines_unless_another_is_given() -> None:
    """Waiting for a real service takes real time."""
    assert isinstance(AzureOpenAIBackend(dated()).clock, SystemClock)


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_it_shows_the_host_and_the_surface(backend: AzureOpenAIBackend, surface: str, show: Any) -> None:
    """And no key."""
    shown = show(backend)
    assert ("contoso.openai.azure.com" in shown, KEY in shown) == (True, False)
    assert (DATED if surface == "dated" else "/openai/v1/") in shown


@pytest.mark.parametrize("make", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_cannot_be_pickled_or_copied(backend: AzureOpenAIBackend, make: Any) -> None:
    """Its client holds a key; the message says what to do instead."""
    with pytest.raises(TypeError, match="in each process"):
        make(backend)


def test_a_client_that_was_given_stays_open(service: Service, surface: str) -> None:
    """It is its user's."""
    client = service.client(surface)
    with AzureOpenAIBackend(client):
        pass
    assert not client.is_closed()
    assert (client.max_retries, client._client.follow_redirects) == (2, True)
