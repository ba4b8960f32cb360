"""Whose deployments they are: the account of the configuration, the one of the endpoint, and what a list proves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import openai
import pytest

from aoai_finetune import AzureOpenAIBackend
from aoai_finetune.backends import ArmConfig
from aoai_finetune.backends.azure._arm import ArmDeployments
from aoai_finetune.errors import NotFound, ServiceError, WrongResource

CONFIG = ArmConfig("sub", "Group", "Contoso", token=lambda: "canary-7f3a")
HERE = "contoso.openai.azure.com"
VARIABLES = {
    "AZURE_SUBSCRIPTION_ID": "sub",
    "AZURE_RESOURCE_GROUP": "group",
    "AZURE_OPENAI_ACCOUNT": "contoso",
}


def account(properties: Mapping[str, Any], status: int = 200) -> tuple[list[str], httpx.MockTransport]:
    """A control plane whose account says this, and the paths that were asked for."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.rpartition("/")[2])
        if asked[-1] == "deployments":
            return httpx.Response(200, json={"value": []})
        return httpx.Response(status, json={"name": "Contoso", "properties": properties})

    return asked, httpx.MockTransport(answer)


@pytest.mark.parametrize(
    "properties",
    [
        {"endpoint": "https://contoso.openai.azure.com/"},
        {
            "endpoint": "https://westeurope.api.cognitive.microsoft.com/",
            "endpoints": {"OpenAI Language Model Instance API": "https://Contoso.openai.azure.com/"},
        },
        {"endpoint": "https://contoso.cognitiveservices.azure.com/"},
        {"endpoint": "https://swedencentral.api.cognitive.microsoft.com/"},
        {"endpoint": None, "endpoints": []},
        {},
    ],
)
def test_an_account_that_fits_or_does_not_say_is_asked_once(properties: Mapping[str, Any]) -> None:
    """One request more, and only the first time."""
    asked, transport = account(properties)
    deployments = ArmDeployments(CONFIG, resource=HERE, transport=transport)
    assert [list(deployments.list()) for _ in range(2)] == [[], []]
    assert asked == ["Contoso", "deployments", "deployments"]


def test_an_account_with_another_endpoint_is_refused() -> None:
    """Nothing is looked for, made or deleted there."""
    asked, transport = account({"endpoint": "https://fabrikam.openai.azure.com/"})
    deployments = ArmDeployments(CONFIG, resource=HERE, transport=transport)
    for call in (lambda: deployments.delete("facts"), lambda: deployments.get("facts"), deployments.list):
        with pytest.raises(WrongResource, match="fabrikam"):
            call()
    assert set(asked) == {"Contoso"}


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_that_may_not_be_asked_is_taken_as_it_is(status: int) -> None:
    """The role for deployments need not include it."""
    asked, transport = account({}, status)
    assert list(ArmDeployments(CONFIG, resource=HERE, transport=transport).list()) == []
    assert asked == ["Contoso", "deployments"]


@pytest.mark.parametrize("status", [307, 401])
def test_where_the_account_is_not_the_call_is_not_made(status: int) -> None:
    """A redirect, or a refused token: the token is not sent twice for the same answer."""
    asked, transport = account({}, status)
    with pytest.raises(ServiceError):
        ArmDeployments(CONFIG, resource=HERE, transport=transport).delete("facts")
    assert asked == ["Contoso"]


def test_an_account_that_does_not_answer_now_is_asked_again() -> None:
    """What passes proves nothing."""
    asked, transport = account({}, 503)
    deployments = ArmDeployments(CONFIG, resource=HERE, transport=transport)
    for _ in range(2):
        list(deployments.list())
    assert asked == ["Contoso", "deployments"] * 2


@pytest.mark.parametrize("resource", ["127.0.0.1:8123", "gateway.example.com/azure", None])
def test_behind_a_host_of_ones_own_nothing_is_asked(resource: str | None) -> None:
    """A gateway's name says nothing about accounts."""
    asked, transport = account({"endpoint": "https://fabrikam.openai.azure.com/"})
    assert list(ArmDeployments(CONFIG, resource=resource, transport=transport).list()) == []
    assert asked == ["deployments"]


def test_a_backend_names_its_account() -> None:
    """In one spelling, because Azure Resource Manager does not mind cases."""
    client = openai.OpenAI(base_url=f"https://{HERE}/openai/v1/", api_key="k")
    assert AzureOpenAIBackend(client, arm=CONFIG).account == "sub/group/contoso"
    assert AzureOpenAIBackend(client).account == ""


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(200),
        httpx.Response(204),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"value": None}),
        httpx.Response(200, json={"value": {}}),
    ],
)
def test_an_answer_without_a_list_is_no_empty_list(reply: httpx.Response) -> None:
    """A gateway that answers with nothing has removed nothing."""
    deployments = ArmDeployments(CONFIG, transport=httpx.MockTransport(lambda _: reply))
    with pytest.raises(ServiceError, match="is no list") as caught:
        list(deployments.list())
    assert caught.value.retryable


def test_a_missing_account_is_told_from_a_missing_deployment() -> None:
    """One code for both; the message says which."""
    where = "The Resource 'Microsoft.CognitiveServices/accounts/contoso"

    def deployments(what: str) -> ArmDeployments:
        error = {"code": "ResourceNotFound", "message": f"{where}{what}' was not found."}
        return ArmDeployments(
            CONFIG, transport=httpx.MockTransport(lambda _: httpx.Response(404, json={"error": error}))
        )

    with pytest.raises(NotFound):
        deployments("/deployments/facts").get("facts")
    with pytest.raises(ServiceError, match="ArmConfig"):
        deployments("").get("facts")


def test_a_token_that_cannot_be_had_now_may_be_had_later() -> None:
    """Nothing was sent, so the same call can be made again."""

    def broken() -> str:
        raise RuntimeError("the metadata service hiccups")

    with pytest.raises(ServiceError, match="RuntimeError") as caught:
        ArmDeployments(ArmConfig("sub", "group", "account", token=broken)).get("facts")
    assert (caught.value.retryable, caught.value.status) == (True, None)
    assert "hiccups" not in str(caught.value)


def test_the_environment_names_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three variables, and keywords for the rest."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    config = ArmConfig.from_env(capacity=7)
    assert (config.account_id, config.capacity) == ("sub/group/contoso", 7)


def test_without_an_account_it_is_the_one_of_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has set the endpoint has named it."""
    for name, value in (VARIABLES | {"AZURE_OPENAI_ENDPOINT": "https://Fabrikam.openai.azure.com/"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AZURE_OPENAI_ACCOUNT")
    assert ArmConfig.from_env().account == "fabrikam"


@pytest.mark.parametrize("missing", list(VARIABLES))
def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """An endpoint of one's own does not name an account."""
    for name, value in (VARIABLES | {"AZURE_OPENAI_ENDPOINT": "https://gateway.example.com"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    with pytest.raises(ValueError, match=missing):
        ArmConfig.from_env()
