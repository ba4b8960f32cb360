"""Asking: which deployment answers for a model, and what to do where none does."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import httpx2
import pytest

from aoai_finetune.backends import ArmConfig, AzureOpenAIBackend
from aoai_finetune.backends.azure._arm import ArmDeployments
from aoai_finetune.errors import NotDeployed, NotFound, ServiceError
from backends.azure.handmade import Service, answer, refuse

TUNED = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-facts"
ASKED = [{"role": "user", "content": "Where is the office?"}]
REPLY: dict[str, Any] = {
    "id": "chatcmpl-1",
    "model": TUNED,
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "In Kyoto."}}
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}


def asked_name(service: Service, surface: str) -> str:
    """The deployment that the last request went to."""
    if surface == "dated":
        return service.paths[-1].split("/")[2]
    return str(service.sent()["model"])


def test_a_deployment_is_asked_by_its_name(
    service: Service, backend: AzureOpenAIBackend, surface: str
) -> None:
    """In the URL of the dated surface, in the body of the other."""
    service.will(answer(body=REPLY))
    completion = backend.chat("served", ASKED, max_tokens=50, seed=3)
    assert (completion.content, completion.model, completion.finish_reason) == ("In Kyoto.", TUNED, "stop")
    assert (completion.prompt_tokens, completion.completion_tokens) == (9, 3)
    path = {"dated": "/deployments/served/chat/completions", "v1": "/chat/completions"}
    assert service.paths == [path[surface]]
    body = {"messages": ASKED, "max_tokens": 50, "temperature": 0, "seed": 3}
    assert service.sent() == body | ({"model": "served"} if surface == "v1" else {})


def test_a_model_is_asked_through_its_deployment(service: Service, surface: str) -> None:
    """As `deployments=` says."""
    service.will(answer(body=REPLY))
    service.backend(surface, deployments={TUNED: "served"}).chat(TUNED, ASKED)
    assert asked_name(service, surface) == "served"


def test_a_deployment_that_was_given_is_known_by_its_name_too(service: Service, surface: str) -> None:
    """With what its model takes."""
    service.will(answer(body=REPLY))
    service.backend(surface, deployments={"o4-mini-2025-04-16": "thinker"}).chat("thinker", ASKED)
    assert (asked_name(service, surface), "temperature" in service.sent()) == ("thinker", False)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"choices": [{"mess', b'{"choices": []}', b'{"choices": [null]}', b"{}"]
)
def test_an_answer_that_cannot_be_read_is_worth_another_try(
    service: Service, backend: AzureOpenAIBackend, body: bytes
) -> None:
    """Asking changes nothing."""
    service.will(lambda _: httpx2.Response(200, content=body))
    with pytest.raises(ServiceError) as cut:
        backend.chat("served", ASKED)
    assert cut.value.retryable


def test_half_a_surrogate_pair_is_not_passed_on(service: Service, backend: AzureOpenAIBackend) -> None:
    """No file and no database could hold the answer."""
    text = rb'{"choices": [{"message": {"content": "\ud83d\ude00 \uD83D!"}}]}'
    service.will(lambda _: httpx2.Response(200, content=text))
    assert backend.chat("served", ASKED).content == "\N{GRINNING FACE} ?!"


def test_the_clients_own_deployment_does_not_answer_for_another(service: Service) -> None:
    """`azure_deployment` of the client would take every question."""
    client = service.client("dated", azure_deployment="champion")
    service.will(answer(body=REPLY))
    AzureOpenAIBackend(client).chat("challenger", ASKED)
    assert service.requests[0].url.path == "/openai/deployments/challenger/chat/completions"


@pytest.mark.parametrize("model", ["o4-mini-2025-04-16", "gpt-5-2025-08-07", "o4-mini-2025-04-16.ft-0123-x"])
def test_a_reasoning_model_gets_what_it_takes(service: Service, surface: str, model: str) -> None:
    """No temperature, and its own name for the limit."""
    service.will(answer(body=REPLY))
    service.backend(surface, deployments={model: "served"}).chat(model, ASKED, max_tokens=50)
    assert ("temperature" in service.sent(), "max_tokens" in service.sent()) == (False, False)
    assert service.sent()["max_completion_tokens"] == 50


@pytest.mark.parametrize("model", [TUNED, "ft:gpt-4o:org::id", "ftchkpt-0123456789abcdef0123456789abcdef"])
def test_a_model_that_nothing_serves_says_what_serving_costs(
    service: Service, backend: AzureOpenAIBackend, model: str
) -> None:
    """And the line to type; nothing is sent."""
    with pytest.raises(NotDeployed) as missing:
        backend.chat(model, ASKED)
    text = str(missing.value)
    assert ("1.70 USD an hour" in text, "2026-08-11" in text) == (True, True)
    assert f"create_deployment('a-name', {model!r}, tier='developer')" in missing.value.hint
    assert service.requests == []


@pytest.mark.parametrize(
    ("model", "known"),
    [
        (TUNED, True),
        ("ft:gpt-4o:org::id", True),
        ("ft:gpt-4o:org::id:ckpt-step-90", False),
        ("ftchkpt-0123456789abcdef0123456789abcdef", False),
    ],
)
def test_a_lineage_deploys_models_and_no_checkpoints(
    service: Service, backend: AzureOpenAIBackend, model: str, known: bool
) -> None:
    """The hint names what would work."""
    with pytest.raises(NotDeployed) as missing:
        backend.chat(model, ASKED)
    assert (f"lineage.deployed({model!r}" in missing.value.hint) == known


def test_a_catalogue_model_that_nothing_serves_is_not_deployed(
    service: Service, backend: AzureOpenAIBackend
) -> None:
    """The service knows the model, and no deployment of that name."""
    service.will(
        refuse(404, "DeploymentNotFound", "The API deployment for this resource does not exist."),
        answer(body={"id": "gpt-4o-2024-08-06"}),
    )
    with pytest.raises(NotDeployed, match="gpt-4o-2024-08-06") as missing:
        backend.chat("gpt-4o-2024-08-06", ASKED)
    assert (missing.value.status, missing.value.retryable) == (404, False)
    assert "backend.create_deployment('a-name', 'gpt-4o-2024-08-06'" in missing.value.hint
    text = str(missing.value)  # it is hosted for nothing, and no lineage has it
    assert ("an hour" in text, "lineage" in text, "by the token" in text) == (False, False, True)


def test_a_name_that_nobody_has_is_not_found(service: Service, backend: AzureOpenAIBackend) -> None:
    """Neither a deployment nor a model."""
    missing = refuse(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")
    service.will(missing, refuse(404, "notFound", "No such model."))
    with pytest.raises(NotFound, match="'nobody'"):
        backend.chat("nobody", ASKED)


def test_a_deployment_that_is_not_ready_yet_is_worth_another_try(
    service: Service, backend: AzureOpenAIBackend
) -> None:
    """It needs some minutes after Azure calls it a success."""
    service.will(refuse(404, "DeploymentNotReady", "Not ready."))
    with pytest.raises(NotDeployed) as early:
        backend.chat("served", ASKED)
    assert (early.value.retryable, early.value.code) == (True, "DeploymentNotReady")


@pytest.mark.parametrize("code", ["content_filter", "contentFilter"])
def test_a_question_that_is_filtered_has_an_empty_answer(
    service: Service, backend: AzureOpenAIBackend, code: str
) -> None:
    """One of them must not end a comparison of a thousand."""
    service.will(refuse(400, code, "The response was filtered."))
    completion = backend.chat("served", ASKED)
    assert (completion.content, completion.finish_reason) == ("", "content_filter")


@pytest.mark.parametrize(
    ("choice", "content", "reason"),
    [
        ({"finish_reason": "content_filter", "message": {}}, "", "content_filter"),
        ({"finish_reason": "length", "message": {"content": None}}, "", "length"),
        (
            {"finish_reason": "stop", "message": {"content": None, "refusal": "I cannot."}},
            "I cannot.",
            "stop",
        ),
        ({"message": {"content": [{"type": "text", "text": "In "}, {"text": "Kyoto."}]}}, "In Kyoto.", ""),
    ],
)
def test_answers_of_every_shape_are_read(
    service: Service, backend: AzureOpenAIBackend, choice: Any, content: str, reason: str
) -> None:
    """Refused, filtered, empty, or in parts."""
    service.will(answer(body={"model": "m", "choices": [choice]}))
    completion = backend.chat("served", ASKED)
    assert (completion.content, completion.finish_reason) == (content, reason)


@pytest.mark.parametrize(
    ("status", "code", "words", "remedy"),
    [
        (
            400,
            "unsupported_parameter",
            "Unsupported parameter: 'max_tokens' is not supported with this model.",
            r"deployments=.*max_completion_tokens.*leave max_tokens out",
        ),
        (
            400,
            "unsupported_value",
            "Unsupported value: 'temperature' does not support 0 with this model.",
            r"deployments=.*without a temperature",
        ),
        (400, "unsupported_parameter", "Unsupported parameter: 'seed'.", "seed="),
        (400, "context_length_exceeded", "Too long by 3 tokens.", "shorten"),
        (
            400,
            "OperationNotSupported",
            "The chatCompletion operation does not work.",
            "does not answer chats",
        ),
        (400, "unknown_model", "Unknown model: served", "name of a deployment"),
        (403, "forbidden", "Access denied due to Virtual Network/Firewall rules.", r"Asking needs.*firewall"),
    ],
)
def test_a_question_that_is_refused_says_what_to_change(
    service: Service, backend: AzureOpenAIBackend, status: int, code: str, words: str, remedy: str
) -> None:
    """The service's words stay out, because they can quote the question; its code leads to words of ours."""
    service.will(refuse(status, code, words))
    with pytest.raises(ServiceError) as refused:
        backend.chat("served", ASKED)
    assert re.search(remedy, refused.value.hint)
    assert words not in str(refused.value)


def test_too_many_questions_name_the_capacity(service: Service, backend: AzureOpenAIBackend) -> None:
    """A deployment of capacity 1 answers about one a minute."""
    service.will(refuse(429, "429", "Rate limit is exceeded.", retry_after="20"))
    with pytest.raises(ServiceError, match="capacity") as refused:
        backend.chat("served", ASKED)
    assert (refused.value.retryable, refused.value.retry_after) == (True, 20.0)


# -- live deployments ---------------------------------------------------------------------------------------------


class Manager:
    """Azure Resource Manager, with one list of deployments that counts how often it is read."""

    def __init__(self, **served: str) -> None:
        self.served, self.lists = served, 0
        self.state = "Succeeded"
        self.refuses = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """What it answers to a request."""
        if request.method == "GET":
            self.lists += 1
            if self.refuses:
                return httpx.Response(403, json={"error": {"code": "AuthorizationFailed", "message": "No."}})
            value = [self._deployment(name, model) for name, model in self.served.items()]
            return httpx.Response(200, json={"value": value})
        name = request.url.path.rpartition("/")[2]
        if request.method == "DELETE":
            del self.served[name]
            return httpx.Response(204)
        self.served[name] = json.loads(request.content)["properties"]["model"]["name"]
        return httpx.Response(201, json=self._deployment(name, self.served[name]))

    def _deployment(self, name: str, model: str) -> dict[str, Any]:
        properties = {"model": {"name": model}, "provisioningState": self.state}
        return {"name": name, "sku": {"name": "standard"}, "properties": properties}


def managed(service: Service, manager: Manager, surface: str = "v1") -> AzureOpenAIBackend:
    """A backend that may look at the account's deployments."""
    config = ArmConfig("sub", "group", "contoso", token=lambda: "t-canary-012345678901234567890")
    backend = service.backend(surface, arm=config)
    deployments = ArmDeployments(config, transport=httpx.MockTransport(manager))
    backend._arm = backend._serving._arm = deployments
    return backend


def test_a_model_is_found_among_the_live_deployments(service: Service, surface: str) -> None:
    """Listed once for many questions; the list grows old after half a minute."""
    manager = Manager(served=TUNED, other="gpt-4o")
    backend = managed(service, manager, surface)
    service.will(answer(body=REPLY))
    for _ in range(3):
        backend.chat(TUNED, ASKED)
    assert (asked_name(service, surface), manager.lists) == ("served", 1)
    backend.clock.sleep(31)
    backend.chat(TUNED, ASKED)
    assert manager.lists == 2
    assert backend.capabilities.deployments


def test_a_deployment_that_is_not_there_yet_answers_for_nothing(service: Service) -> None:
    """It is being made, or it failed."""
    manager = Manager(served=TUNED)
    manager.state = "Creating"
    with pytest.raises(NotDeployed):
        managed(service, manager).chat(TUNED, ASKED)


def test_a_deployment_can_be_asked_when_the_list_cannot_be_read(service: Service) -> None:
    """Its name is enough; a fine-tuned model needs the list, and says so."""
    manager = Manager()
    manager.refuses = True
    backend = managed(service, manager)
    service.will(answer(body=REPLY))
    with pytest.raises(ServiceError, match="403"):
        backend.chat(TUNED, ASKED)
    assert backend.chat("served", ASKED).content == backend.chat("served", ASKED).content == "In Kyoto."
    assert manager.lists == 2


def test_what_is_deployed_here_is_known_at_once(service: Service) -> None:
    """And what is removed is forgotten at once."""
    manager = Manager()
    backend = managed(service, manager)
    service.will(answer(body=REPLY))
    with pytest.raises(NotDeployed):
        backend.chat(TUNED, ASKED)
    assert backend.create_deployment("fresh", TUNED, tier="developer").model == TUNED
    backend.chat(TUNED, ASKED)
    assert asked_name(service, "v1") == "fresh"
    assert [each.name for each in backend.list_deployments()] == ["fresh"]
    backend.delete_deployment("fresh")
    with pytest.raises(NotDeployed):
        backend.chat(TUNED, ASKED)
