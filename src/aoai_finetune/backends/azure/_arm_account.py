"""Which account deployments are made in, and whether it is the one that answers at the endpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from ...errors import WrongResource
from ._surface import azure_name

__all__ = ["account_from_env", "check_account"]

_ACCOUNT: Final = "AZURE_OPENAI_ACCOUNT"
_ENDPOINT: Final = "AZURE_OPENAI_ENDPOINT"


def account_from_env() -> tuple[str, str, str]:
    """Subscription, resource group and account as the environment names them.

    Raises:
        ValueError: a variable is missing; the message names it.
    """
    subscription, group = (_needed(name) for name in ("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP"))
    account = os.environ.get(_ACCOUNT, "").strip() or _account_of(os.environ.get(_ENDPOINT, ""))
    if not account:
        raise ValueError(
            f"{_ACCOUNT} is not set, and {_ENDPOINT} does not name it: deployments need the name of the resource"
        )
    return subscription, group, account


def _needed(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ValueError(
            f"{name} is not set: deployments are made through Azure Resource Manager, which needs it"
        )
    return value


def _account_of(endpoint: str) -> str:
    return azure_name(urlsplit(endpoint.strip()).hostname or "") or ""


def check_account(body: Mapping[str, Any], account: str, resource: str) -> None:
    """Raise `WrongResource` where an account says that it has other endpoints than the resource that is talked to.

    An account that says nothing, and a resource behind a host of somebody's own, pass.
    """
    wanted = azure_name(resource.partition("/")[0])
    names = {name for url in _endpoints(body) if (name := azure_name(urlsplit(url).hostname or ""))}
    if wanted and names and wanted not in names:
        raise WrongResource(
            f"the account {account!r} of ArmConfig has the endpoint of {', '.join(sorted(names))!r}, and the client "
            f"talks to {wanted!r}",
            hint="Deployments made there would not answer here, and those made here would not be found: correct "
            "ArmConfig(account=...), or the client's endpoint",
        )


def _endpoints(body: Mapping[str, Any]) -> Iterator[str]:
    properties: object = body.get("properties")
    if not isinstance(properties, dict):
        return
    told = cast("dict[str, Any]", properties)
    more: object = told.get("endpoints")
    values = list(cast("dict[str, Any]", more).values()) if isinstance(more, dict) else []
    for value in (told.get("endpoint"), *values):
        if isinstance(value, str):
            yield value
