"""Deployments and chat of the simulated resource."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...dataset import counter_for, row_tokens
from ._checks import check_messages
from ._models import find_start, refuse_retired, weights_of
from ._refusal import ServiceFault, invalid, missing
from ._world import Moment

__all__ = [
    "Asked",
    "advance_deployment",
    "completion",
    "create_deployment",
    "delete_deployment",
    "find_model",
    "get_deployment",
    "list_deployments",
]

_CREATING_SECONDS = 60.0
_LONGEST_NAME = 64


def create_deployment(moment: Moment, *, name: str, model: str, sku: str = "standard") -> dict[str, Any]:
    """Begin to serve a model under a name; a name that is in use gets the new model, as a PUT does."""
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise invalid(f"The deployment name must have 1 to {_LONGEST_NAME} characters.", "name")
    start = find_start(moment, model)
    if start is None:
        raise invalid(f"The model '{model}' does not exist.", "model")
    refuse_retired(moment, start.base.tuned_until if start.tuned else start.base.base_until, model)
    body: dict[str, Any] = {
        "name": name,
        "model": model,
        "sku": sku,
        "provisioningState": "Creating",
        "created_at": int(moment.now),
    }
    moment.records.remove("deployment", name)
    moment.records.add("deployment", name, body, due=moment.now + _CREATING_SECONDS)
    return body


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
    if not moment.records.remove("deployment", name):
        raise missing("deployment", name)


def advance_deployment(moment: Moment, name: str) -> None:
    """Creation is over."""
    body = get_deployment(moment, name=name)
    moment.records.change("deployment", name, body | {"provisioningState": "Succeeded"})


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
    if deployment is not None and deployment["provisioningState"] != "Succeeded":
        raise ServiceFault(404, "DeploymentNotReady", f"The deployment '{name}' is not ready yet.", "model")
    start = (
        None
        if deployment is None and deployed_only
        else find_start(moment, (deployment or {"model": name})["model"])
    )
    if start is None:
        raise ServiceFault(404, "DeploymentNotFound", f"The API deployment '{name}' does not exist.", "model")
    refuse_retired(moment, start.base.tuned_until if start.tuned else start.base.base_until, start.name)
    return Asked(start.name, start.base.id, weights_of(moment, start), int(moment.now))


def completion(
    asked: Asked, messages: Sequence[Mapping[str, Any]], text: str, max_tokens: int | None
) -> dict[str, Any]:
    """The reply to a chat request, with token usage; a text longer than `max_tokens` is cut."""
    counter = counter_for(None)  # as training does: the same usage on every machine
    used, finish = counter.count(text), "stop"
    if max_tokens is not None and used > max_tokens:
        text, finish = text[: max(0, len(text) * max_tokens // used)], "length"
        used = max_tokens
    prompt = row_tokens({"messages": messages}, counter)
    return {
        "id": f"chatcmpl-{zlib.crc32(asked.model.encode()):08x}{asked.time:x}",
        "object": "chat.completion",
        "created": asked.time,
        "model": asked.model,
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": used, "total_tokens": prompt + used},
    }
