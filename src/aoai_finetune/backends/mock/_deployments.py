"""Deployments and chat of the simulated resource."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...dataset import counter_for, row_tokens
from ._models import find_start, refuse_retired, weights_of
from ._refusal import ServiceFault, invalid, missing
from ._rows import check_messages
from ._world import Moment

__all__ = [
    "Asked",
    "Text",
    "advance_deployment",
    "completion",
    "create_deployment",
    "delete_deployment",
    "find_model",
    "get_deployment",
    "list_deployments",
    "shortened",
]

_CREATING_SECONDS = 60.0
_LONGEST_NAME = 64
_DAY = 86_400.0
_IDLE_SECONDS = 15 * _DAY
"""A deployment of a fine-tuned model that nobody asks for 15 days is deleted; one of the developer tier after 24
hours in any case (Azure's guide to deploying fine-tuned models)."""
_WINDOW_SECONDS = 60.0
_SKUS = frozenset(
    {
        "standard",
        "globalstandard",
        "datazonestandard",
        "developer",
        "developertier",
        "provisionedmanaged",
        "globalprovisionedmanaged",
        "datazoneprovisionedmanaged",
    }
)
_NOT_DEPLOYED = (
    "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes,"
    " please wait a moment and try again."
)


def create_deployment(
    moment: Moment,
    *,
    name: str,
    model: str,
    sku: str = "standard",
    capacity: int = 1,
    version: str = "1",
    source: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Begin to serve a model under a name; a name that is in use gets the new model, as a PUT does."""
    _check_request(name, sku, capacity)
    start = find_start(moment, model)
    if start is None:
        raise invalid(f"The model '{model}' does not exist.", "model")
    refuse_retired(moment, start.base.tuned_until if start.tuned else start.base.base_until, model)
    replaced = moment.records.remove("deployment", name)
    if moment.records.count("deployment") >= moment.world.limits.deployments:
        most = moment.world.limits.deployments
        raise ServiceFault(400, "InsufficientQuota", f"The resource already has {most} deployments.")
    body: dict[str, Any] = {
        "name": name,
        "model": model,
        "sku": sku,
        "capacity": capacity,
        "version": version,
        "source": dict(source or {}),
        "provisioningState": "Creating",
        "created_at": int(moment.now),
        "used_at": moment.now,
    }
    moment.records.add("deployment", name, body, due=moment.now + _CREATING_SECONDS)
    return body | {"replaced": replaced}


def _check_request(name: str, sku: str, capacity: int) -> None:
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise invalid(f"The deployment name must have 1 to {_LONGEST_NAME} characters.", "name")
    if sku.casefold() not in _SKUS:
        raise invalid(f"The sku '{sku}' is not supported.", "sku")
    if capacity < 1:
        raise invalid("The capacity must be 1 or more.", "sku")


def get_deployment(moment: Moment, *, name: str) -> dict[str, Any]:
    """One deployment."""
    body = moment.records.get("deployment", name)
    if body is None:
        raise missing("deployment", name)
    return body


def list_deployments(moment: Moment) -> dict[str, Any]:
    """All deployments."""
    return {"value": moment.records.newest("deployment")}


def delete_deployment(moment: Moment, *, name: str) -> None:
    """Stop serving."""
    if moment.world.limits.conflicts and get_deployment(moment, name=name)["provisioningState"] == "Creating":
        text = "Another operation is being performed on the parent resource. Try again later."
        raise ServiceFault(409, "RequestConflict", text)
    if not moment.records.remove("deployment", name):
        raise missing("deployment", name)


def advance_deployment(moment: Moment, name: str) -> None:
    """Creation is over; or nobody wanted the deployment for so long, or its day is over, that it is deleted."""
    body = get_deployment(moment, name=name)
    if body["provisioningState"] == "Creating":
        body |= {"provisioningState": "Succeeded", "ready_at": moment.now + moment.world.limits.ready_after}
    if moment.now >= _end(body):
        delete_deployment(moment, name=name)
    else:
        moment.records.change("deployment", name, body, due=_end(body))


def _end(body: Mapping[str, Any]) -> float:
    """When a deployment is deleted by itself."""
    idle = float(body["used_at"]) + _IDLE_SECONDS
    return min(idle, body["created_at"] + _DAY) if body["sku"].casefold().startswith("developer") else idle


@dataclass(frozen=True, slots=True)
class Asked:
    """A model about to answer: its name, its catalogue root, its weights, and when it was asked."""

    model: str
    base: str
    weights: bytes | None = field(repr=False)
    time: int


def find_model(
    moment: Moment, name: str, messages: Sequence[Mapping[str, Any]], *, deployed_only: bool
) -> Asked:
    """The model behind a deployment name or, unless only deployments answer, a model name."""
    check_messages(messages)
    deployment = moment.records.get("deployment", name)
    if deployment is not None:
        _use(moment, deployment)
    served = name if deployment is None else str(deployment["model"])
    start = None if deployment is None and deployed_only else find_start(moment, served)
    if start is None:
        raise ServiceFault(404, "DeploymentNotFound", _NOT_DEPLOYED, "model")
    refuse_retired(moment, start.base.tuned_until if start.tuned else start.base.base_until, start.name)
    return Asked(start.name, start.base.id, weights_of(moment, start), int(moment.now))


def _use(moment: Moment, deployment: dict[str, Any]) -> None:
    """Count one request, where that matters. Raises `ServiceFault` 404 before it is ready, 429 above its rate."""
    if moment.now < deployment.get("ready_at", float("inf")):
        text = f"The deployment '{deployment['name']}' is not ready yet."
        raise ServiceFault(404, "DeploymentNotReady", text, "model")
    rates = moment.world.limits.rates
    if rates:
        _count(moment, deployment)
    if rates or moment.now - deployment["used_at"] > _DAY / 24:
        deployment["used_at"] = moment.now
        moment.records.change("deployment", deployment["name"], deployment, due=_end(deployment))


def _count(moment: Moment, deployment: dict[str, Any]) -> None:
    """One request of this minute; capacity 1 stands for about one request a minute."""
    begin, used = deployment.get("window", (moment.now, 0))
    if moment.now - begin >= _WINDOW_SECONDS:
        begin, used = moment.now, 0
    if used >= deployment["capacity"]:
        rest = math.ceil(begin + _WINDOW_SECONDS - moment.now)
        text = f"Requests have exceeded the call rate limit of your deployment. Please retry after {rest} seconds."
        raise ServiceFault(429, "RateLimitReached", text, retry_after=rest)
    deployment["window"] = [begin, used + 1]


def shortened(text: str, stop: Sequence[str], max_tokens: int | None) -> Text:
    """An answer up to the first stop sequence, and not longer than `max_tokens`."""
    ends = [at for one in stop if (at := text.find(one)) >= 0]
    text = text[: min(ends, default=len(text))]
    used, finish = (
        counter_for(None).count(text),
        "stop",
    )  # as training counts: the same usage on every machine
    if max_tokens is not None and used > max_tokens:
        text, finish = text[: max(0, len(text) * max_tokens // used)], "length"
        used = max_tokens
    return Text(text, finish, used)


class Text(NamedTuple):
    """One choice of a reply: its text, why it ends, its tokens."""

    content: str
    finish: str
    tokens: int


def completion(asked: Asked, messages: Sequence[Mapping[str, Any]], texts: Sequence[Text]) -> dict[str, Any]:
    """The reply to a chat request, with token usage."""
    used = sum(text.tokens for text in texts)
    prompt = row_tokens({"messages": messages}, counter_for(None))
    return {
        "id": f"chatcmpl-{zlib.crc32(asked.model.encode()):08x}{asked.time:x}",
        "object": "chat.completion",
        "created": asked.time,
        "model": asked.model,
        "choices": [
            {
                "index": index,
                "finish_reason": text.finish,
                "message": {"role": "assistant", "content": text.content},
            }
            for index, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": prompt, "completion_tokens": used, "total_tokens": prompt + used},
    }
