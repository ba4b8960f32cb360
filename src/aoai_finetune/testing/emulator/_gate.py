"""The gate of the emulated service: who may ask, and with which api-version."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field

from ...backends.mock import ServiceFault
from ._ask import Ask

__all__ = ["GROUP", "SUBSCRIPTION", "Keys", "check", "check_account"]

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = "emulated"
"""Where the account of the emulated resource lives in Resource Manager."""

_DATED = re.compile(r"20\d\d-\d\d-\d\d(-preview)?")
_V1 = frozenset({"", "v1", "preview"})
_DENIED = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an"
    " active subscription and use a correct regional API endpoint for your resource."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What lets a caller in: the resource's key, and the token of an Entra identity."""

    key: str = field(repr=False)
    token: str = field(repr=False)


def check(ask: Ask, keys: Keys) -> None:
    """Refuse what does not come in. Raises `ServiceFault`."""
    if ask.surface == "arm":
        _check_control_plane(ask, keys)
        return
    if ask.surface == "v1" and ask.api_version not in _V1:
        raise ServiceFault(
            400, "BadRequest", "api-version query parameter is not allowed when using /v1 path", "api-version"
        )
    if ask.surface == "dated" and not _DATED.fullmatch(ask.api_version):
        raise ask.nothing_here()
    if not _known(ask, keys):
        raise ServiceFault(401, "401", _DENIED)


def check_account(ask: Ask, account: str) -> None:
    """Refuse a subscription, a group or an account that is not there. Names have no case. Raises `ServiceFault` 404."""
    if "subscription" in ask.names and ask.name("subscription").casefold() != SUBSCRIPTION:
        text = f"The subscription '{ask.name('subscription')}' could not be found."
        raise ServiceFault(404, "SubscriptionNotFound", text)
    if "group" in ask.names and ask.name("group").casefold() != GROUP:
        text = f"Resource group '{ask.name('group')}' could not be found."
        raise ServiceFault(404, "ResourceGroupNotFound", text)
    if "account" in ask.names and ask.name("account").casefold() != account.casefold():
        where = f"Microsoft.CognitiveServices/accounts/{ask.name('account')}"
        text = f"Can not perform requested operation on nested resource. Parent resource '{where}' not found."
        raise ServiceFault(404, "ParentResourceNotFound", text)


def _known(ask: Ask, keys: Keys) -> bool:
    """The key in `api-key`, or the key or the token behind `Bearer`. Both are compared in constant time."""
    bearer = _bearer(ask)
    return any(
        [
            _same(ask.headers.get("api-key", ""), keys.key),
            _same(bearer, keys.key),
            _same(bearer, keys.token),
        ]
    )


def _check_control_plane(ask: Ask, keys: Keys) -> None:
    if not _bearer(ask):
        raise ServiceFault(
            401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
        )
    if not _same(_bearer(ask), keys.token):
        raise ServiceFault(401, "InvalidAuthenticationToken", "The access token is invalid.")
    if not ask.api_version:
        raise ServiceFault(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )


def _bearer(ask: Ask) -> str:
    scheme, _, value = ask.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.casefold() == "bearer" else ""


def _same(given: str, wanted: str) -> bool:
    return bool(given) and hmac.compare_digest(given.encode(), wanted.encode())
