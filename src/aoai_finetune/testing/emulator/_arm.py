"""The control plane on the wire: deployments of one account as Azure Resource Manager shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from ...backends.mock import ServiceFault
from ._answer import Answer, as_json
from ._ask import Ask, Surface
from ._endpoint import Endpoint, named

__all__ = ["ENDPOINTS"]

_ARM: frozenset[Surface] = frozenset({"arm"})
_SUBSCRIPTION = "/subscriptions/{subscription}"
_PROVIDER = "/providers/Microsoft.CognitiveServices"
_ALL = f"{_SUBSCRIPTION}/resourceGroups/{{group}}{_PROVIDER}/accounts/{{account}}/deployments"
_ONE = f"{_ALL}/{{name}}"
_LOCATION = f"{_SUBSCRIPTION}{_PROVIDER}/locations/{{location}}"
_PAGE = 5
_NO_DEVELOPER_TIER = "gpt-4o"
"""Models, fine-tuned or not, that are served in no developer tier (Azure's guide to deploying fine-tuned models)."""
_VERSION = re.compile(r"(?!.*\.ft-)(.+)-(20\d\d-\d\d-\d\d)")
"""A catalogue model's whole name; a fine-tuned model's suffix may end like one, and means nothing."""


def _wanted(ask: Ask) -> dict[str, Any]:
    """What a PUT asks for. Raises `ServiceFault` 400 where the body is not a deployment."""
    try:
        body = ask.json()
        sku, model = body.get("sku") or {"name": "Standard"}, body["properties"]["model"]
        names = (model["name"], model.get("version"), sku["name"])
        capacity = int(sku.get("capacity", 1))
        source = {key: str(model[key]) for key in ("source", "sourceAccount") if model.get(key)}
    except (KeyError, TypeError, ValueError, AttributeError, ServiceFault):
        raise ServiceFault(
            400,
            "InvalidRequestContent",
            "The request content was invalid: a deployment needs sku.name, sku.capacity and properties.model.",
        ) from None
    name, version, tier = (str(given or "1") for given in names)
    if tier.casefold().startswith("developer") and name.casefold().startswith(_NO_DEVELOPER_TIER):
        model = f"Format:OpenAI,Name:{name},Version:{version}"
        text = f"The specified SKU '{tier}' of account deployment is not supported by the model '{model}'."
        raise ServiceFault(400, "InvalidResourceProperties", text)
    return {
        "name": ask.name("name"),
        "model": _whole_name(name, version),
        "sku": tier,
        "capacity": capacity,
        "version": version,
        "source": source,
    }


def _whole_name(name: str, version: str) -> str:
    """ARM names a catalogue model and its version apart; everything else has the version 1."""
    if _VERSION.fullmatch(name):
        text = f"The model 'Format: OpenAI, Name: {name}, Version: {version}' of account deployment is not supported."
        raise ServiceFault(400, "DeploymentModelNotSupported", text)
    return f"{name}-{version}" if _VERSION.fullmatch(f"{name}-{version}") else name


def _show_put(body: Mapping[str, Any], ask: Ask) -> Answer:
    status = 200 if body.get("replaced") else 201
    return as_json(_resource(body, ask), status=status, headers=_operation(ask, body["name"]))


def _show_one(body: Mapping[str, Any], ask: Ask) -> Answer:
    return as_json(_resource(body, ask))


def _show_all(found: Mapping[str, Any], ask: Ask) -> Answer:
    """A page of a few, so that nobody gets away with reading the first page only."""
    token = ask.query.get("$skiptoken", "")
    begin = int(token) if token.isascii() and token.isdigit() else 0
    value = cast("list[dict[str, Any]]", found["value"])
    page: dict[str, Any] = {"value": [_resource(body, ask) for body in value[begin : begin + _PAGE]]}
    if begin + _PAGE < len(value):
        more = f"{ask.origin}{ask.path}?api-version={ask.api_version}&%24skiptoken={begin + _PAGE}"
        page["nextLink"] = more
    return as_json(page)


def _show_deleted(_: object, ask: Ask) -> Answer:
    headers = _operation(ask, ask.name("name"))
    return Answer(
        status=202, headers=headers | {"location": headers["azure-asyncoperation"], "retry-after": "0"}
    )


def _operation(ask: Ask, name: str) -> dict[str, str]:
    where = (
        f"/subscriptions/{ask.name('subscription')}{_PROVIDER}/locations/emulated"
        f"/operationResults/{name}?api-version={ask.api_version}"
    )
    return {"azure-asyncoperation": ask.origin + where}


def _show_operation(found: Mapping[str, Any], ask: Ask) -> Answer:
    """How far the change of a deployment is; one that is gone was deleted."""
    name = ask.name("name")
    states = [body["provisioningState"] for body in found["value"] if body["name"] == name]
    status = "InProgress" if states == ["Creating"] else "Succeeded"
    return as_json({"id": ask.path, "name": name, "status": status})


def _resource(body: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    """A deployment in ARM's shape."""
    dated = _VERSION.fullmatch(body["model"])
    name, version = dated.groups() if dated else (body["model"], body.get("version", "1"))
    parts = {"format": "OpenAI", "name": name, "version": version}
    group = f"/subscriptions/{ask.name('subscription')}/resourceGroups/{ask.name('group')}"
    made = datetime.fromtimestamp(body["created_at"], UTC).isoformat().replace("+00:00", "Z")
    return {
        "id": f"{group}{_PROVIDER}/accounts/{ask.name('account')}/deployments/{body['name']}",
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "name": body["name"],
        "sku": {"name": body["sku"], "capacity": body.get("capacity", 1)},
        "properties": {
            "model": parts | body.get("source", {}),
            "provisioningState": body["provisioningState"],
            "capabilities": {"chatCompletion": "true"},
            "versionUpgradeOption": "NoAutoUpgrade",
        },
        "systemData": {"createdAt": made, "createdByType": "Application"},
        "etag": f'"{body["name"]}-{body["created_at"]}"',
    }


def _models(found: Mapping[str, Any], _: Ask) -> Answer:
    """The catalogue with its dates, as the models API of a location shows it."""
    return as_json({"value": [_model(body) for body in found["data"] if "fine_tune" not in body]})


def _model(body: Mapping[str, Any]) -> dict[str, Any]:
    dated = _VERSION.fullmatch(body["id"])
    name, version = dated.groups() if dated else (body["id"], "1")
    dates = {
        wire: datetime.fromtimestamp(body["deprecation"][key], UTC).isoformat().replace("+00:00", "Z")
        for key, wire in (("fine_tune", "fineTune"), ("inference", "inference"))
        if key in body["deprecation"]
    }
    model = {
        "format": "OpenAI",
        "name": name,
        "version": version,
        "lifecycleStatus": "GenerallyAvailable",
        "deprecation": dates | {"deprecationStatus": "Planned"},
        "capabilities": {"fineTune": "true", "inference": "true", "chatCompletion": "true"},
    }
    return {"kind": "OpenAI", "skuName": "S0", "model": model}


def _none(_: Ask) -> dict[str, Any]:
    return {}


ENDPOINTS = (
    Endpoint("PUT", _ONE, "create_deployment", _wanted, _show_put, _ARM),
    Endpoint("GET", _ONE, "get_deployment", named("name"), _show_one, _ARM),
    Endpoint("DELETE", _ONE, "delete_deployment", named("name"), _show_deleted, _ARM),
    Endpoint("GET", _ALL, "list_deployments", _none, _show_all, _ARM),
    Endpoint(
        "GET",
        f"{_LOCATION}/operationResults/{{name}}",
        "list_deployments",
        _none,
        _show_operation,
        _ARM,
        name="get_operation",
    ),
    Endpoint("GET", f"{_LOCATION}/models", "list_models", _none, _models, _ARM),
)
"""Deployments, what became of a change, and the models of a location."""
