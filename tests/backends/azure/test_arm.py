"""Deployments through Azure Resource Manager, over a transport that answers from a table."""

from __future__ import annotations

import json
import pickle
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from aoai_finetune.backends.azure._arm import ArmConfig, ArmDeployments, sku_of
from aoai_finetune.backends.azure._arm_errors import retry_after
from aoai_finetune.errors import FineTuneError, NotFound, OutcomeUnknown, ServiceError

CANARY = "canary-7f3a"
MODEL = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-facts"
CONFIG = ArmConfig("sub", "group", "account", token=lambda: CANARY)
BASE = (
    "https://management.azure.com/subscriptions/sub/resourceGroups/group"
    "/providers/Microsoft.CognitiveServices/accounts/account/deployments"
)
Answer = Callable[[httpx.Request], httpx.Response]


def deployment(name: str = "facts", state: str = "Succeeded", sku: str = "standard") -> dict[str, Any]:
    """A deployment as ARM shows it."""
    return {
        "id": f"/subscriptions/sub/resourceGroups/group/deployments/{name}",
        "name": name,
        "sku": {"name": sku, "capacity": 100},
        "properties": {
            "model": {"format": "OpenAI", "name": MODEL, "version": "1"},
            "provisioningState": state,
        },
        "systemData": {"createdAt": "2026-08-11T10:00:00.1234567Z"},
    }


def arm(answer: Answer, config: ArmConfig = CONFIG) -> ArmDeployments:
    """Deployments whose requests are answered by a function."""
    return ArmDeployments(config, transport=httpx.MockTransport(answer))


def replying(*replies: httpx.Response) -> tuple[ArmDeployments, list[httpx.Request]]:
    """Deployments that get these replies in turn, and the requests they sent."""
    sent: list[httpx.Request] = []
    waiting = iter(replies)

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return next(waiting)

    return arm(answer), sent


def failing(trouble: type[httpx.TransportError]) -> ArmDeployments:
    """Deployments whose requests fail on the way."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise trouble(f"with {request.headers['authorization']}", request=request)

    return arm(answer)


def test_creating_puts_sku_and_model() -> None:
    """The body has what the service asks for; the token is a bearer's."""
    deployments, sent = replying(httpx.Response(201, json=deployment(state="Creating")))
    record = deployments.create("facts", MODEL)
    assert (record.name, record.model, record.status) == ("facts", MODEL, "Creating")
    assert record.created_at == 1786442400
    assert str(sent[0].url) == f"{BASE}/facts?api-version=2024-10-01"
    assert (sent[0].method, sent[0].headers["authorization"]) == ("PUT", f"Bearer {CANARY}")
    assert json.loads(sent[0].content) == {
        "sku": {"name": "standard", "capacity": 100},
        "properties": {"model": {"format": "OpenAI", "name": MODEL, "version": "1"}},
    }


def test_tier_capacity_and_source_reach_the_body() -> None:
    """A model of another account is served at the tier and size asked for."""
    deployments, sent = replying(httpx.Response(200, json=deployment()))
    deployments.create("facts", MODEL, tier="developer", capacity=7, source="/subscriptions/other")
    body = json.loads(sent[0].content)
    assert body["sku"] == {"name": "developertier", "capacity": 7}
    assert body["properties"]["model"]["source"] == "/subscriptions/other"


@pytest.mark.parametrize(
    ("tier", "sku"),
    [
        ("standard", "standard"),
        ("global", "GlobalStandard"),
        ("developerTier", "developertier"),
        ("ProvisionedManaged", "ProvisionedManaged"),
    ],
)
def test_a_tier_becomes_a_sku_name(tier: str, sku: str) -> None:
    """Our words and the service's mean the same; others are passed through."""
    assert sku_of(tier) == sku


def test_a_creation_without_a_body_has_been_accepted() -> None:
    """Long-running operations may answer with nothing but headers."""
    deployments, _ = replying(httpx.Response(201))
    assert deployments.create("facts", MODEL).status == "Accepted"


def test_a_failed_deployment_says_why() -> None:
    """The reason is only at the operation that created it."""
    operation = "https://management.azure.com/operations/1?api-version=1"
    deployments, sent = replying(
        httpx.Response(201, headers={"Azure-AsyncOperation": operation}, json=deployment(state="Creating")),
        httpx.Response(200, json=deployment(state="Failed")),
        httpx.Response(200, json={"status": "Failed", "error": {"code": "X", "message": "no room"}}),
    )
    deployments.create("facts", MODEL)
    assert deployments.get("facts").reason == "no room"
    assert str(sent[2].url) == operation


def test_an_operation_elsewhere_is_not_asked() -> None:
    """The token stays with Azure Resource Manager."""
    deployments, sent = replying(
        httpx.Response(201, headers={"Azure-AsyncOperation": "https://evil.example/1"}),
        httpx.Response(200, json=deployment(state="Failed")),
    )
    deployments.create("facts", MODEL)
    assert deployments.get("facts").reason == ""
    assert len(sent) == 2


def test_a_list_goes_on_with_the_next_page() -> None:
    """All pages of the same origin."""
    link = f"{BASE}?api-version=2024-10-01&$skiptoken=2"
    deployments, sent = replying(
        httpx.Response(200, json={"value": [deployment("a")], "nextLink": link}),
        httpx.Response(200, json={"value": [deployment("b"), {"name": "odd"}]}),
    )
    assert [record.name for record in deployments.list()] == ["a", "b", "odd"]
    assert str(sent[1].url) == link


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/deployments",
        "http://management.azure.com/x",
        "https://management.azure.com:444/x",
        "//evil.example/x",
        "https://management.azure.com@evil.example/x",
        "https://[",
    ],
)
def test_a_next_page_of_another_origin_is_refused(link: str) -> None:
    """It would take the token there."""
    deployments, sent = replying(httpx.Response(200, json={"value": [], "nextLink": link}))
    with pytest.raises(ServiceError, match="another origin"):
        list(deployments.list())
    assert len(sent) == 1


def test_a_list_that_links_to_itself_ends() -> None:
    """A service that never ends its list does not hang the caller."""
    page = httpx.Response(200, json={"value": [deployment()], "nextLink": f"{BASE}?page=2"})
    deployments, sent = replying(page, page, page, page)
    assert len(list(deployments.list())) == 2
    assert len(sent) == 2


@pytest.mark.parametrize("status", [200, 202, 204])
def test_deleting_is_done_whatever_the_success(status: int) -> None:
    """At once, later, or long ago."""
    deployments, sent = replying(httpx.Response(status))
    deployments.delete("facts")
    assert sent[0].method == "DELETE"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The token goes nowhere else, and nothing was done."""
    deployments, sent = replying(httpx.Response(status, headers={"Location": "https://evil.example/"}))
    with pytest.raises(ServiceError, match="redirect") as caught:
        deployments.create("facts", MODEL)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("trouble", "unclear"),
    [
        (httpx.ConnectError, False),
        (httpx.ConnectTimeout, False),
        (httpx.PoolTimeout, False),
        (httpx.ReadTimeout, True),
        (httpx.WriteTimeout, True),
        (httpx.ReadError, True),
        (httpx.RemoteProtocolError, True),
    ],
)
def test_a_change_without_a_reply_is_unclear_unless_it_was_never_sent(
    trouble: type[httpx.TransportError], unclear: bool
) -> None:
    """Only a failed connection proves that nothing was done."""
    with pytest.raises(ServiceError) as caught:
        failing(trouble).create("facts", MODEL)
    assert isinstance(caught.value, OutcomeUnknown) is unclear
    assert caught.value.retryable is not unclear


@pytest.mark.parametrize("trouble", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_looking_can_be_repeated_after_any_lost_reply(trouble: type[httpx.TransportError]) -> None:
    """A read changes nothing."""
    with pytest.raises(ServiceError) as caught:
        failing(trouble).get("facts")
    assert caught.value.retryable
    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "unclear", "retryable"),
    [
        (400, False, False),
        (401, False, False),
        (403, False, False),
        (408, True, False),
        (409, True, False),
        (410, False, False),
        (429, False, True),
        (500, True, False),
        (503, True, False),
    ],
)
def test_a_refused_change_is_certain_or_unclear_by_its_status(
    status: int, unclear: bool, retryable: bool
) -> None:
    """The same rule as for training."""
    deployments, _ = replying(
        httpx.Response(
            status,
            headers={"x-ms-request-id": "r-1", "retry-after": "7"},
            json={"error": {"code": "Some", "message": "said the service"}},
        )
    )
    with pytest.raises(ServiceError, match="said the service" if status != 401 else "401") as caught:
        deployments.create("facts", MODEL)
    error = caught.value
    assert (isinstance(error, OutcomeUnknown), error.retryable) == (unclear, retryable)
    assert (error.status, error.code, error.request_id, error.retry_after) == (status, "Some", "r-1", 7.0)


def test_a_missing_deployment_is_not_found() -> None:
    """It can be looked for like any other thing."""
    deployments, _ = replying(httpx.Response(404, json={"error": {"code": "DeploymentNotFound"}}))
    with pytest.raises(NotFound):
        deployments.get("facts")


def test_a_missing_account_is_no_missing_deployment() -> None:
    """A wrong configuration must not look like something that is gone."""
    deployments, _ = replying(httpx.Response(404, json={"error": {"code": "ResourceGroupNotFound"}}))
    with pytest.raises(ServiceError, match="ArmConfig"):
        deployments.delete("facts")


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"name": "fa', b"[" * 100_000, b"\xff"])
def test_a_success_nobody_can_read_is_unclear(body: bytes) -> None:
    """A proxy's page, a cut-off reply, something hostile: the deployment may exist."""
    deployments, _ = replying(httpx.Response(200, content=body), httpx.Response(200, content=body))
    with pytest.raises(OutcomeUnknown):
        deployments.create("facts", MODEL)
    with pytest.raises(ServiceError) as caught:
        deployments.get("facts")
    assert caught.value.retryable


@pytest.mark.parametrize("body", [b"", b"null", b'{"error": "no"}', b'{"error": {"code": 3}}', b"<html>"])
def test_a_refusal_without_a_usable_body_is_typed_all_the_same(body: bytes) -> None:
    """Gateways answer in their own words."""
    deployments, _ = replying(httpx.Response(403, content=body))
    with pytest.raises(ServiceError, match="HTTP 403"):
        deployments.get("facts")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_leniently(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds or a date; nonsense is no wait."""
    assert retry_after(headers) == seconds


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "x" * 65, "-a", "a?b", "ü"])
def test_a_name_azure_does_not_take_is_refused_here(name: str) -> None:
    """And never becomes another path."""
    deployments, sent = replying()
    for call in (deployments.get, deployments.delete):
        with pytest.raises(ValueError, match="deployment"):
            call(name)
    assert not sent


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://management.azure.com",
        "https://user:word@management.azure.com",
        "https://management.azure.com?x=1",
        "management.azure.com",
        "https://",
    ],
)
def test_a_token_is_only_sent_where_it_is_safe(endpoint: str) -> None:
    """Plain http is for this machine."""
    with pytest.raises(ValueError, match="endpoint"):
        ArmConfig("sub", "group", "account", endpoint=endpoint)


@pytest.mark.parametrize("account", ["", " ", "a/b", "..", "a?b", "a#b"])
def test_an_account_is_a_plain_name(account: str) -> None:
    """It becomes one part of a path."""
    with pytest.raises(ValueError, match="account"):
        ArmConfig("sub", "group", account)


def test_a_token_itself_is_refused() -> None:
    """It would end up in places where only a function is safe, and it expires."""
    given: Any = CANARY
    with pytest.raises(TypeError) as caught:
        ArmConfig("sub", "group", "account", token=given)
    assert CANARY not in str(caught.value)


def test_a_credential_is_asked_for_the_scope_of_the_endpoint() -> None:
    """What azure-identity offers is taken as it is."""
    asked: list[str] = []

    class Token:
        token = CANARY

    class Credential:
        def get_token(self, *scopes: str) -> Token:
            asked.extend(scopes)
            return Token()

    config = replace(CONFIG, token=Credential())
    arm(lambda _: httpx.Response(200, json=deployment()), config).get("facts")
    assert asked == ["https://management.azure.com/.default"]


@pytest.mark.parametrize("answer", ["", "line\nbreak", "ümlaut", None])
def test_what_cannot_be_a_token_is_not_sent(answer: Any) -> None:
    """Nothing was sent, and the error does not show it."""
    with pytest.raises(ServiceError, match="no token") as caught:
        arm(lambda _: httpx.Response(200), replace(CONFIG, token=lambda: answer)).get("facts")
    assert "break" not in str(caught.value)


def _say_it() -> str:
    raise RuntimeError(CANARY)


@pytest.mark.parametrize(
    "call",
    [
        lambda: failing(httpx.ReadTimeout).create("facts", MODEL),
        lambda: failing(httpx.ConnectError).get("facts"),
        lambda: replying(httpx.Response(500))[0].delete("facts"),
        lambda: replying(httpx.Response(200, content=b"<"))[0].create("facts", MODEL),
        lambda: arm(lambda _: httpx.Response(200), replace(CONFIG, token=_say_it)).get("facts"),
    ],
)
def test_no_error_shows_the_token(call: Callable[[], object]) -> None:
    """Not in text, arguments, pickle, chain, or the locals of a traceback."""
    with pytest.raises(FineTuneError) as caught:
        call()
    error = caught.value
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    for text in (str(error), repr(error), repr(error.args), repr(vars(error)), shown):
        assert CANARY not in text
    assert CANARY.encode() not in pickle.dumps(error)
    assert (error.__cause__, error.__context__) == (None, None)


def test_an_interrupt_does_not_show_the_token() -> None:
    """Ctrl-C leaves the client's frames behind."""

    def interrupt(request: httpx.Request) -> httpx.Response:
        header = request.headers["authorization"]
        raise KeyboardInterrupt(len(header))

    with pytest.raises(KeyboardInterrupt) as caught:
        arm(interrupt).get("facts")
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert CANARY not in "".join(shown.format())


def test_a_config_shows_and_pickles_no_token() -> None:
    """Without a token it travels; with one it says where to make it."""
    plain = ArmConfig("sub", "group", "account")
    assert pickle.loads(pickle.dumps(plain)) == plain
    with pytest.raises(TypeError, match="not picklable"):
        pickle.dumps(CONFIG)
    assert "token" not in repr(CONFIG)
    assert repr(arm(lambda _: httpx.Response(200))) == "ArmDeployments('account')"


def test_a_reply_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A huge reply is no deployment."""
    monkeypatch.setattr("aoai_finetune.backends.azure._arm_calls._LARGEST", 10)
    deployments, _ = replying(httpx.Response(200, json=deployment()))
    with pytest.raises(OutcomeUnknown, match="HugeReply"):
        deployments.create("facts", MODEL)


def test_a_catalogue_model_and_its_version_are_named_apart() -> None:
    """As Azure Resource Manager has it; the record has the name that jobs and questions use."""
    served = deployment() | {
        "properties": {
            "model": {"name": "gpt-4.1-mini", "version": "2025-04-14"},
            "provisioningState": "Creating",
        }
    }
    deployments, sent = replying(httpx.Response(201, json=served))
    assert deployments.create("base", "gpt-4.1-mini-2025-04-14").model == "gpt-4.1-mini-2025-04-14"
    model = json.loads(sent[0].content)["properties"]["model"]
    assert (model["name"], model["version"]) == ("gpt-4.1-mini", "2025-04-14")
