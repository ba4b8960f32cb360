"""A backend from the environment: which variables count, in which order, and what their absence says."""

from __future__ import annotations

import sys
import traceback
from types import ModuleType
from typing import Any

import openai
import pytest

from aoai_finetune import AzureOpenAIBackend
from backends.azure.handmade import HOST, KEY, Service

TOKEN = "t-canary-0123456789"


def made(monkeypatch: pytest.MonkeyPatch, *, options: dict[str, Any] | None = None, **variables: str) -> Any:
    """A backend from these variables and no others (the fixture removes those of the machine)."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return AzureOpenAIBackend.from_env(training_type="global", **(options or {}))


def headers(backend: Any) -> dict[str, str]:
    """What a request of the backend's client would carry."""
    client: Any = backend._client
    options = client._prepare_options(
        openai._models.FinalRequestOptions.construct(method="get", url="/files")
    )
    return dict(client._build_request(options).headers)


@pytest.mark.parametrize(
    ("variables", "options", "url"),
    [
        ({"AZURE_OPENAI_ENDPOINT": HOST}, {}, f"{HOST}/openai/v1/"),
        ({"AZURE_OPENAI_ENDPOINT": f"{HOST}/"}, {}, f"{HOST}/openai/v1/"),
        ({"AZURE_OPENAI_ENDPOINT": f"{HOST}/openai"}, {}, f"{HOST}/openai/v1/"),
        ({"AZURE_OPENAI_ENDPOINT": f"{HOST}/openai/v1/"}, {}, f"{HOST}/openai/v1/"),
        ({"AZURE_OPENAI_ENDPOINT": HOST, "OPENAI_API_VERSION": "2024-10-21"}, {}, f"{HOST}/openai/"),
        (
            {"AZURE_OPENAI_ENDPOINT": f"{HOST}/openai/", "OPENAI_API_VERSION": "2024-10-21"},
            {},
            f"{HOST}/openai/",
        ),
        ({"AZURE_OPENAI_ENDPOINT": HOST, "OPENAI_API_VERSION": "preview"}, {}, f"{HOST}/openai/v1/"),
        (
            {"AZURE_OPENAI_ENDPOINT": f"{HOST}/openai/v1", "OPENAI_API_VERSION": "2024-10-21"},
            {},
            f"{HOST}/openai/v1/",
        ),
        ({"AZURE_OPENAI_ENDPOINT": HOST}, {"api_version": "2024-10-21"}, f"{HOST}/openai/"),
        (
            {"AZURE_OPENAI_ENDPOINT": "https://other.openai.azure.com"},
            {"endpoint": HOST},
            f"{HOST}/openai/v1/",
        ),
        ({"OPENAI_BASE_URL": f"{HOST}/openai/v1/"}, {}, f"{HOST}/openai/v1/"),
        (
            {"AZURE_OPENAI_ENDPOINT": HOST, "OPENAI_BASE_URL": "https://api.openai.com/v1"},
            {},
            f"{HOST}/openai/v1/",
        ),
        (
            {"AZURE_AI_PROJECT_ENDPOINT": "https://contoso.services.ai.azure.com/api/projects/p"},
            {},
            "https://contoso.services.ai.azure.com/api/projects/p/openai/v1/",
        ),
        ({"AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9"}, {}, "http://127.0.0.1:9/openai/v1/"),
    ],
)
def test_the_endpoint_and_the_api_version_choose_the_surface(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    options: dict[str, Any],
    url: str,
) -> None:
    """An argument wins over a variable, the endpoint of Azure over OpenAI's."""
    backend = made(monkeypatch, options=options, AZURE_OPENAI_API_KEY=KEY, **variables)
    assert str(backend._client.base_url) == url


@pytest.mark.parametrize("version", [{}, {"OPENAI_API_VERSION": "2024-10-21"}])
def test_a_token_wins_over_a_key(
    service: Service, monkeypatch: pytest.MonkeyPatch, version: dict[str, str]
) -> None:
    """As in openai's own client."""
    backend = made(
        monkeypatch,
        AZURE_OPENAI_ENDPOINT=HOST,
        AZURE_OPENAI_API_KEY=KEY,
        options=None,
        AZURE_OPENAI_AD_TOKEN=TOKEN,
        **version,
    )
    sent = headers(backend)
    assert (sent["authorization"], "api-key" in sent) == (f"Bearer {TOKEN}", False)


def test_a_key_is_sent_as_each_surface_wants_it(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the line end that files of keys have."""
    new = made(monkeypatch, AZURE_OPENAI_ENDPOINT=HOST, AZURE_OPENAI_API_KEY=f"{KEY}\n")
    assert headers(new)["authorization"] == f"Bearer {KEY}"
    dated = made(monkeypatch, OPENAI_API_VERSION="2024-10-21")
    assert headers(dated)["api-key"] == KEY
    assert "authorization" not in headers(dated)


@pytest.mark.parametrize("version", [None, "2024-10-21"])
def test_a_credential_that_is_given_wins_over_the_environment(
    service: Service, monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    """A function that returns a token, asked for each request."""
    tokens = iter(["first", "second"])
    options = {"credential": lambda: next(tokens), "api_version": version}
    backend = made(monkeypatch, options=options, AZURE_OPENAI_ENDPOINT=HOST, AZURE_OPENAI_API_KEY=KEY)
    assert [headers(backend)["authorization"] for _ in range(2)] == ["Bearer first", "Bearer second"]


class Credential:
    """What azure-identity's credentials look like."""

    def get_token(self, *scopes: str) -> Any:
        """A token that names its scopes."""
        token = ModuleType("token")
        vars(token)["token"] = f"token-for-{'-'.join(scopes)}"
        return token


@pytest.mark.parametrize(
    ("endpoint", "scope"),
    [
        (HOST, "https://cognitiveservices.azure.com/.default"),
        ("https://contoso.services.ai.azure.com/api/projects/p", "https://ai.azure.com/.default"),
    ],
)
def test_azure_identity_is_the_last_resort(
    service: Service, monkeypatch: pytest.MonkeyPatch, endpoint: str, scope: str
) -> None:
    """Its default credential, for the scope of the endpoint."""
    identity = ModuleType("azure.identity")
    vars(identity)["DefaultAzureCredential"] = Credential
    monkeypatch.setitem(sys.modules, "azure", ModuleType("azure"))
    monkeypatch.setitem(sys.modules, "azure.identity", identity)
    backend = made(monkeypatch, AZURE_OPENAI_ENDPOINT=endpoint)
    assert headers(backend)["authorization"] == f"Bearer token-for-{scope}"


def test_without_any_credential_it_says_where_one_goes(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And which extra brings the last resort."""
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(ValueError, match=r"AZURE_OPENAI_API_KEY.*-e '\.\[azure\]'"):
        made(monkeypatch, AZURE_OPENAI_ENDPOINT=HOST)


def test_openais_key_is_not_sent_to_azure(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to another company; beside OPENAI_BASE_URL it is meant for that URL."""
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(ValueError, match="no credential"):
        made(monkeypatch, AZURE_OPENAI_ENDPOINT=HOST, OPENAI_API_KEY="sk-of-another")
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT")
    backend = made(monkeypatch, OPENAI_BASE_URL=f"{HOST}/openai/v1", OPENAI_API_KEY=KEY)
    assert headers(backend)["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("foreign", ["https://gateway.example/openai/v1", "https://api.openai.com/v1"])
@pytest.mark.parametrize(
    "azures",
    [
        {"AZURE_OPENAI_API_KEY": "azure-canary-0123"},
        {"AZURE_OPENAI_AD_TOKEN": "azure-canary-0123"},
        {"AZURE_OPENAI_API_KEY": "azure-canary-0123", "AZURE_OPENAI_AD_TOKEN": "azure-canary-0123"},
    ],
    ids="+".join,
)
def test_no_credential_for_azure_goes_to_a_host_that_is_not_azures(
    service: Service, monkeypatch: pytest.MonkeyPatch, foreign: str, azures: dict[str, Any]
) -> None:
    """OPENAI_BASE_URL is read by every program over OpenAI; whoever it names gets OpenAI's key, or nothing."""
    with pytest.raises(ValueError, match="AZURE_OPENAI_ENDPOINT"):
        made(monkeypatch, OPENAI_BASE_URL=foreign, **azures)
    sent = headers(made(monkeypatch, OPENAI_API_KEY=KEY))
    assert (sent["authorization"], "api-key" in sent) == (f"Bearer {KEY}", False)


@pytest.mark.parametrize("credential", [lambda: TOKEN, Credential()], ids=["function", "identity"])
def test_a_credential_that_is_given_does_not_go_there_either(
    service: Service, monkeypatch: pytest.MonkeyPatch, credential: Any
) -> None:
    """`endpoint=` says that it is meant."""
    options = {"credential": credential}
    foreign = "https://gateway.example/openai/v1"
    with pytest.raises(ValueError, match="endpoint="):
        made(monkeypatch, options=options, OPENAI_BASE_URL=foreign, OPENAI_API_KEY=KEY)
    backend = made(monkeypatch, options=options | {"endpoint": foreign})
    assert str(TOKEN if callable(credential) else "token-for-") in headers(backend)["authorization"]


@pytest.mark.parametrize(
    "trusted",
    [f"{HOST}/openai/v1", "https://contoso.services.ai.azure.com/openai/v1", "http://localhost:9/openai/v1"],
)
def test_a_host_of_azures_may_be_named_by_either_variable(
    service: Service, monkeypatch: pytest.MonkeyPatch, trusted: str
) -> None:
    """Microsoft's own samples do so; this machine is nobody else."""
    backend = made(monkeypatch, OPENAI_BASE_URL=trusted, AZURE_OPENAI_API_KEY=KEY)
    assert headers(backend)["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "host", ["openai.azure.com.example", "contoso.openai.azure.com.example", "xopenai.azure.com", "azure.com"]
)
def test_a_host_that_looks_like_azures_is_not(
    service: Service, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Only whole names of resources count."""
    with pytest.raises(ValueError, match="not Azure's"):
        made(monkeypatch, OPENAI_BASE_URL=f"https://{host}/openai/v1", AZURE_OPENAI_API_KEY=KEY)


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        (HOST, "ends in /openai/v1/"),
        (f"{HOST}/openai", "ends in /openai/v1/"),
        (f"{HOST}/openai/deployments/served", "is a deployment's"),
        ("https://api.openai.com", "ends in /v1"),
        ("https://api.openai.com/openai/v1", "ends in /v1"),
    ],
)
def test_openais_variable_is_taken_as_it_is(
    service: Service, monkeypatch: pytest.MonkeyPatch, url: str, advice: str
) -> None:
    """Nothing is put at its end; what cannot be meant is refused."""
    with pytest.raises(ValueError, match=advice):
        made(monkeypatch, OPENAI_BASE_URL=url, OPENAI_API_KEY=KEY)


def test_openai_itself_may_be_named(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every program over the openai package is configured."""
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.com/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    backend: Any = AzureOpenAIBackend.from_env()
    assert (backend.resource, str(backend._client.base_url)) == (
        "api.openai.com",
        "https://api.openai.com/v1/",
    )


def test_an_endpoint_may_have_space_around_it(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given, or read from a variable."""
    given = made(monkeypatch, options={"endpoint": f" {HOST}/openai/v1/ \n"}, AZURE_OPENAI_API_KEY=KEY)
    read = made(monkeypatch, AZURE_OPENAI_ENDPOINT=f"{HOST} \n")
    assert str(given._client.base_url) == str(read._client.base_url) == f"{HOST}/openai/v1/"


@pytest.mark.parametrize("path", ["/openai/deployments/served", "/openai/deployments/served/"])
def test_the_url_of_a_deployment_is_no_endpoint(
    service: Service, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The portal shows it; files and jobs live above it."""
    with pytest.raises(ValueError, match=r"is a deployment's.*deployments="):
        made(monkeypatch, AZURE_OPENAI_ENDPOINT=f"{HOST}{path}", AZURE_OPENAI_API_KEY=KEY)


@pytest.mark.parametrize(
    ("endpoint", "advice"),
    [
        ("", "AZURE_OPENAI_ENDPOINT"),
        ("contoso.openai.azure.com", "https URL"),
        ("http://contoso.openai.azure.com", "https URL"),
        ("https://user:secret@contoso.openai.azure.com", "without user"),
        ("https://contoso.openai.azure.com?key=secret", "without user, query"),
    ],
)
def test_an_endpoint_that_a_key_must_not_be_sent_to_is_refused(
    service: Service, monkeypatch: pytest.MonkeyPatch, endpoint: str, advice: str
) -> None:
    """And it is not repeated, because it may hold a secret."""
    with pytest.raises(ValueError, match=advice) as refused:
        made(monkeypatch, AZURE_OPENAI_ENDPOINT=endpoint, AZURE_OPENAI_API_KEY=KEY)
    assert "secret" not in str(refused.value)


def test_an_api_version_does_not_fit_the_new_surface(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When both are said at once, one of them is a mistake."""
    options = {"endpoint": f"{HOST}/openai/v1", "api_version": "2024-10-21"}
    with pytest.raises(ValueError, match="leave it out"):
        made(monkeypatch, options=options, AZURE_OPENAI_API_KEY=KEY)


def test_a_credential_that_is_none_is_refused(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token as text would grow old, and stand in tracebacks."""
    with pytest.raises(TypeError, match="function") as refused:
        made(monkeypatch, options={"credential": 7}, AZURE_OPENAI_ENDPOINT=HOST)
    report = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    assert "from_env" in "".join(report.format())


def test_a_client_of_its_own_is_closed_with_the_backend(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else could."""
    with made(monkeypatch, AZURE_OPENAI_ENDPOINT=HOST, AZURE_OPENAI_API_KEY=KEY) as backend:
        client = backend._client
        assert not client.is_closed()
    assert client.is_closed()
