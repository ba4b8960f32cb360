"""Deployments through the control plane, and chat with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest

from aoai_finetune.backends import Limits, ScriptedEngine
from aoai_finetune.testing import Emulator
from testing.clients import ACCOUNT, BASE, NAME, NO_TLS, Http, deploy, make_client, trained

VERSION = {"api-version": "2024-10-01"}
ASK = [{"role": "user", "content": "What is entry 4?"}]
DAY = 86_400.0


def get(http: Http, name: str) -> Any:
    """One deployment; the reply."""
    return http("GET", f"{ACCOUNT}/deployments/{name}", params=VERSION)


def chat(http: Http, name: str, **body: Any) -> Any:
    """A question to a deployment on v1; the reply."""
    given = {"model": name, "messages": ASK, "temperature": 0} | body
    return http("POST", "/openai/v1/chat/completions", json=given)


@contextmanager
def serving(**options: Any) -> Iterator[tuple[Emulator, Http]]:
    """An emulator made with options, and plain HTTP to it with its token."""
    headers = {"authorization": "Bearer test"}
    with (
        Emulator(name=NAME, **options) as emulator,
        httpx.Client(base_url=emulator.endpoint, headers=headers, verify=NO_TLS) as client,
    ):
        yield emulator, client.request


@pytest.fixture
def scripted() -> Iterator[tuple[Emulator, Http]]:
    """An emulator whose models say the alphabet, with the base model deployed as `abc`."""
    engine = ScriptedEngine(lambda _: "alpha beta gamma delta")
    with serving(engine=engine) as (emulator, client):
        deploy(client, "abc", BASE)
        emulator.advance(120)
        yield emulator, client


# -- the control plane -----------------------------------------------------------------------------------------


def test_a_deployment_is_shown_as_resource_manager_shows_it(http: Http, emulator: Emulator) -> None:
    """201, its place, its model, its sku; 200 when it is changed."""
    made = deploy(http, "facts", BASE, tier="GlobalStandard", capacity=50)
    assert made.status_code == 201
    body = made.json()
    assert body["id"] == f"{ACCOUNT}/deployments/facts"
    assert body["sku"] == {"name": "GlobalStandard", "capacity": 50}
    assert body["properties"]["model"] == {
        "format": "OpenAI",
        "name": "gpt-4.1-mini",
        "version": "2025-04-14",
    }
    assert body["properties"]["provisioningState"] == "Creating"
    emulator.advance(60)
    assert get(http, "facts").json()["properties"]["provisioningState"] == "Succeeded"
    assert deploy(http, "facts", "gpt-oss-20b").status_code == 200


def test_a_change_can_be_followed(http: Http, emulator: Emulator) -> None:
    """By the URL in its header, until it is over."""
    where = deploy(http, "facts", BASE).headers["azure-asyncoperation"]
    assert http("GET", where).json()["status"] == "InProgress"
    emulator.advance(60)
    assert http("GET", where).json()["status"] == "Succeeded"
    gone = http("DELETE", f"{ACCOUNT}/deployments/facts", params=VERSION)
    assert (gone.status_code, get(http, "facts").status_code) == (202, 404)
    assert http("GET", gone.headers["location"]).json()["status"] == "Succeeded"
    assert "list_deployments" not in emulator.calls


def test_where_a_model_was_copied_from_is_kept(http: Http) -> None:
    """For a model of another account."""
    body = {
        "sku": {"name": "standard", "capacity": 1},
        "properties": {"model": {"format": "OpenAI", "name": "gpt-oss-20b", "source": "/subscriptions/x"}},
    }
    made = http("PUT", f"{ACCOUNT}/deployments/d", params=VERSION, json=body)
    assert made.json()["properties"]["model"]["source"] == "/subscriptions/x"


def test_deployments_are_listed_in_pages() -> None:
    """With a link to the next one, which is the emulator's own."""
    with serving(limits=Limits(deployments=12)) as (emulator, http):
        names = [f"d{n}" for n in range(12)]
        for name in names:
            deploy(http, name, BASE)
        found, link = list[str](), f"{ACCOUNT}/deployments?api-version=2024-10-01"
        while link:
            page = http("GET", link).json()
            found += [each["name"] for each in page["value"]]
            link = page.get("nextLink", "")
            assert not link or link.startswith(emulator.endpoint)
        assert sorted(found) == sorted(names)
        assert deploy(http, "more", BASE).json()["error"]["code"] == "InsufficientQuota"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sku": {"name": "standard"}},
        {"sku": {"name": "standard"}, "properties": {"model": {}}},
        {"sku": {"name": "standard", "capacity": "much"}, "properties": {"model": {"name": "gpt-oss-20b"}}},
        {"sku": {"name": "standard", "capacity": 0}, "properties": {"model": {"name": "gpt-oss-20b"}}},
        {"sku": {"name": "cheap"}, "properties": {"model": {"name": "gpt-oss-20b"}}},
        {"sku": {"name": "standard"}, "properties": {"model": {"name": BASE, "version": "1"}}},
        {"sku": [], "properties": []},
        {"sku": {"name": "standard"}, "properties": {"model": {"name": "gpt-nobody"}}},
    ],
    ids=str,
)
def test_a_deployment_that_cannot_be_is_refused(http: Http, body: dict[str, Any]) -> None:
    """400, and none is there."""
    reply = http("PUT", f"{ACCOUNT}/deployments/d", params=VERSION, json=body)
    assert reply.status_code == 400
    assert get(http, "d").status_code == 404


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("00000000-0000", "11111111-0000", "SubscriptionNotFound"),
        ("resourceGroups/emulated", "resourceGroups/other", "ResourceGroupNotFound"),
        (f"accounts/{NAME}", "accounts/other", "ParentResourceNotFound"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_account_is_not_found(
    http: Http, emulator: Emulator, method: str, right: str, wrong: str, code: str
) -> None:
    """A configuration that names another one would fail on Azure, too."""
    assert emulator.account == ACCOUNT
    reply = http(method, f"{ACCOUNT.replace(right, wrong)}/deployments/d", params=VERSION, json={})
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, code)


def test_the_accounts_name_has_no_case(http: Http) -> None:
    """As in Resource Manager."""
    path = f"{ACCOUNT.replace('emulated', 'Emulated').replace(NAME, NAME.upper())}/deployments"
    assert http("GET", path, params=VERSION).status_code == 200


@pytest.mark.parametrize("model", ["gpt-4o-mini", "gpt-4o"])
def test_gpt_4o_has_no_developer_tier(http: Http, model: str) -> None:
    """Its fine-tuned models neither; other tiers and other models are served."""
    body = {
        "sku": {"name": "developertier", "capacity": 1},
        "properties": {"model": {"format": "OpenAI", "name": f"{model}-2024-07-18.ft-1", "version": "1"}},
    }
    reply = http("PUT", f"{ACCOUNT}/deployments/d", params=VERSION, json=body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "InvalidResourceProperties")
    assert "SKU 'developertier'" in reply.json()["error"]["message"]


def test_a_deployment_that_is_being_made_can_refuse_to_go() -> None:
    """One change at a time; where limits ask for it."""
    with serving(limits=Limits(conflicts=True)) as (emulator, http):
        deploy(http, "facts", BASE)
        early = http("DELETE", f"{ACCOUNT}/deployments/facts", params=VERSION)
        assert (early.status_code, early.json()["error"]["code"]) == (409, "RequestConflict")
        emulator.advance(60)
        assert http("DELETE", f"{ACCOUNT}/deployments/facts", params=VERSION).status_code == 202


def test_a_location_knows_its_models_and_their_dates(http: Http) -> None:
    """With the names and dates of the catalogue."""
    path = (
        f"{ACCOUNT.partition('/resourceGroups')[0]}/providers/Microsoft.CognitiveServices"
        "/locations/swedencentral/models"
    )
    models = {
        each["model"]["name"]: each["model"] for each in http("GET", path, params=VERSION).json()["value"]
    }
    assert models["gpt-4.1-mini"]["version"] == "2025-04-14"
    assert models["gpt-4.1-mini"]["deprecation"]["fineTune"] == "2027-04-14T00:00:00Z"
    assert models["gpt-oss-20b"]["version"] == "1"


# -- the life of a deployment ----------------------------------------------------------------------------------


def test_succeeded_is_not_ready(http: Http, emulator: Emulator) -> None:
    """For a while chat still says that nothing is there to answer."""
    deploy(http, "facts", BASE)
    emulator.advance(60)
    assert get(http, "facts").json()["properties"]["provisioningState"] == "Succeeded"
    early = chat(http, "facts")
    assert (early.status_code, early.json()["error"]["code"]) == (404, "DeploymentNotReady")
    emulator.advance(30)
    assert chat(http, "facts").status_code == 200


@pytest.mark.parametrize("tier", ["developertier", "Developer"])
def test_a_developer_deployment_lives_for_a_day(http: Http, emulator: Emulator, tier: str) -> None:
    """Also when it is used."""
    deploy(http, "facts", BASE, tier=tier)
    emulator.advance(DAY - 1)
    assert chat(http, "facts").status_code == 200
    emulator.advance(1)
    assert get(http, "facts").status_code == 404


def test_a_deployment_nobody_asks_is_deleted_after_15_days(http: Http, emulator: Emulator) -> None:
    """Counted from the last question; the model stays."""
    deploy(http, "facts", BASE)
    emulator.advance(14 * DAY)
    assert chat(http, "facts").status_code == 200
    emulator.advance(15 * DAY - 1)
    assert get(http, "facts").status_code == 200
    emulator.advance(1)
    assert get(http, "facts").status_code == 404
    assert http("GET", f"/openai/v1/models/{BASE}").status_code == 200


def test_capacity_limits_the_rate() -> None:
    """One request a minute for each unit, and Retry-After says how long; where limits ask for it."""
    with serving(limits=Limits(rates=True)) as (emulator, http):
        deploy(http, "facts", BASE, capacity=2)
        emulator.advance(120)
        assert [chat(http, "facts").status_code for _ in range(3)] == [200, 200, 429]
        emulator.advance(20)
        wait = chat(http, "facts").headers["retry-after"]
        assert wait == "40"
        emulator.advance(float(wait))
        assert chat(http, "facts").status_code == 200


# -- chat ------------------------------------------------------------------------------------------------------


def test_only_deployments_answer(client: openai.OpenAI, emulator: Emulator) -> None:
    """Neither a fine-tuned model's name nor a base model's is one."""
    job = trained(client, emulator)
    for name in (job.fine_tuned_model, BASE, "nobody"):
        with pytest.raises(openai.NotFoundError) as missing:
            client.chat.completions.create(model=name, messages=[{"role": "user", "content": "?"}])
        assert missing.value.code == "DeploymentNotFound"


def test_answers_are_the_mocks(client: openai.OpenAI, emulator: Emulator, http: Http) -> None:
    """The same calls with the same seed give the same ids, tokens and text."""
    import io

    from aoai_finetune.backends import JobRequest, MockBackend
    from testing.clients import ROWS

    job = trained(client, emulator)
    with MockBackend() as mock:
        file = mock.upload_file(io.BytesIO(ROWS), filename="rows.jsonl")
        mock.clock.sleep(10)
        twin = mock.create_job(JobRequest(model=BASE, training_file=file.id))
        mock.clock.sleep(10_000)
        twin = mock.get_job(twin.id)
        said = mock.chat(str(twin.fine_tuned_model), ASK, temperature=0.9, seed=3)
    assert (job.id, job.fine_tuned_model, job.trained_tokens, job.seed) == (
        twin.id,
        twin.fine_tuned_model,
        twin.trained_tokens,
        twin.seed,
    )
    deploy(http, "facts", job.fine_tuned_model)
    emulator.advance(120)
    body = chat(http, "facts", temperature=0.9, seed=3).json()
    assert body["choices"][0]["message"]["content"] == said.content
    assert body["usage"]["total_tokens"] == said.prompt_tokens + said.completion_tokens


def test_an_answer_is_cut_where_it_is_told(scripted: tuple[Emulator, Http]) -> None:
    """At a stop sequence, or at a number of tokens."""
    _, http = scripted
    whole = chat(http, "abc").json()
    assert whole["choices"][0]["message"]["content"] == "alpha beta gamma delta"
    stopped = chat(http, "abc", stop=["delta", " gamma"]).json()["choices"][0]
    assert (stopped["message"]["content"], stopped["finish_reason"]) == ("alpha beta", "stop")
    for name in ("max_tokens", "max_completion_tokens"):
        short = chat(http, "abc", **{name: 2}).json()
        assert short["choices"][0]["finish_reason"] == "length"
        assert short["usage"]["completion_tokens"] == 2


def test_several_answers_are_numbered(scripted: tuple[Emulator, Http]) -> None:
    """And all are counted."""
    body = chat(scripted[1], "abc", n=3).json()
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert (
        body["usage"]["completion_tokens"]
        == 3 * chat(scripted[1], "abc").json()["usage"]["completion_tokens"]
    )


def test_what_the_emulator_does_not_know_is_ignored(scripted: tuple[Emulator, Http]) -> None:
    """Clients send more than a simulated model can heed."""
    reply = chat(scripted[1], "abc", top_p=0.5, user="u", tools=[], response_format={"type": "text"})
    assert reply.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": "hello"},
        {"messages": [{"role": "robot", "content": "?"}]},
        {"messages": [7]},
        {"temperature": 3},
        {"temperature": "hot"},
        {"max_tokens": 0},
        {"n": 1000},
        {"n": True},
        {"stop": [1]},
        {"model": ""},
    ],
    ids=str,
)
def test_a_question_that_is_none_is_refused(scripted: tuple[Emulator, Http], body: dict[str, Any]) -> None:
    """400 with the field's name."""
    reply = chat(scripted[1], "abc", **body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, next(iter(body)))


@pytest.mark.parametrize("surface", ["v1", "dated"])
def test_an_answer_is_streamed(scripted: tuple[Emulator, Http], surface: str) -> None:
    """In pieces that join to the answer; the first has no choices, as on Azure; usage comes where it is asked for."""
    with make_client(scripted[0], surface) as client:
        stream = client.chat.completions.create(
            model="abc",
            messages=[{"role": "user", "content": "?"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
    assert chunks[0].choices == []
    pieces = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert ("".join(pieces), len([piece for piece in pieces if piece])) == ("alpha beta gamma delta", 4)
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0
