"""What a call to Azure Resource Manager means when it goes wrong: one typed error, and never the request.

A call that changes something is `OutcomeUnknown` unless the failure proves that nothing was done: no connection, a
refusal (4xx but 408 and 409), a redirect. A call that only reads can be made again after anything that passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, cast

from ...errors import FineTuneError, NotFound, OutcomeUnknown, ServiceError

__all__ = ["no_reply", "refusal", "retry_after", "unreadable"]

_NOT_SENT = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
        "LocalProtocolError",
    }
)
"""httpx exceptions that are raised before a request has left."""

_UNCLEAR = frozenset({408, 409})
_ELSEWHERE = frozenset(
    {"InvalidSubscriptionId", "ParentResourceNotFound", "ResourceGroupNotFound", "SubscriptionNotFound"}
)
_HINTS = {
    401: "Sign in again (az login), or check what token= returns: it must be a token for Azure Resource Manager",
    403: "Deployments need the role Foundry Owner, or Microsoft.CognitiveServices/accounts/deployments/write",
    409: "Another change of this resource is under way; look again in a moment",
    429: "Too many requests, or no quota left; wait, or ask for less with ArmConfig(capacity=...)",
}
_HINTS_BY_CODE = {
    "ResourceNotFound": "Check subscription, resource_group and account of ArmConfig",
    "InsufficientQuota": "Delete a deployment, or ask for less with ArmConfig(capacity=...)",
    "InvalidResourceProperties": "Is the model offered in this tier and region? The tiers are standard, global and "
    "developer (which gpt-4o and gpt-4o-mini do not have)",
    "DeploymentModelNotSupported": "Is the model on this resource? Models of another one need ArmConfig(source=...)",
} | dict.fromkeys(_ELSEWHERE, "Check subscription, resource_group and account of ArmConfig")


def no_reply(what: str, kind: str, *, changes: bool) -> ServiceError:
    """The error of a call that got no reply; `kind` is the name of httpx's exception."""
    if kind in _NOT_SENT:
        return ServiceError(f"{what}: Azure Resource Manager could not be reached ({kind})", retryable=True)
    if changes:
        return OutcomeUnknown(
            f"{what}: no reply came ({kind}), so it may or may not have been done",
            hint="Look with list_deployments(). Creating and deleting may simply be asked for again",
        )
    return ServiceError(f"{what}: no reply came ({kind})", retryable=True)


def unreadable(
    what: str, why: str, status: int, headers: Mapping[str, str], *, changes: bool
) -> ServiceError:
    """The error of a reply that says success in a way nobody can read."""
    kind = OutcomeUnknown if changes else ServiceError
    return kind(
        f"{what}: the reply {why}",
        status=status,
        request_id=_request_id(headers),
        retryable=not changes,
        hint="A proxy in between, or another endpoint than Azure Resource Manager's, answers like this",
    )


def refusal(
    what: str, status: int, headers: Mapping[str, str], body: object, *, changes: bool
) -> FineTuneError:
    """The error of a reply with a status that is no success."""
    code, message = _error_of(body)
    text = f"{what}: {_said(status, message)}"
    if status == 404 and not _is_elsewhere(code, message):
        return NotFound(text, hint="list_deployments() shows what there is")
    passing = status in _UNCLEAR or status >= 500
    kind = OutcomeUnknown if changes and passing else ServiceError
    return kind(
        text,
        status=status,
        code=code,
        request_id=_request_id(headers),
        retryable=status == 429 or (passing and not changes),
        retry_after=retry_after(headers),
        hint=_HINTS_BY_CODE.get(code or "") or _HINTS.get(status, ""),
    )


def _is_elsewhere(code: str | None, message: str) -> bool:
    """What is missing is not the deployment, but something it would be in."""
    whole = message.casefold()
    return code in _ELSEWHERE or (
        code == "ResourceNotFound" and "/accounts/" in whole and "/deployments" not in whole
    )


def _said(status: int, message: str) -> str:
    from ._errors import spoken

    if 300 <= status < 400:
        return "a redirect, which is not followed"
    # A 401 may quote the token.
    return (spoken(message) if status != 401 else "") or f"HTTP {status}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the service asks to wait (`retry-after-ms`, or `retry-after` in seconds or as a date)."""
    with suppress(ValueError):
        return _seconds(float(headers.get("retry-after-ms", "")) / 1000)
    with suppress(ValueError):
        return _seconds(float(headers.get("retry-after", "")))
    with suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return _seconds((aware - datetime.now(UTC)).total_seconds())
    return None


def _seconds(value: float) -> float | None:
    return max(0.0, value) if isfinite(value) else None


def _request_id(headers: Mapping[str, str]) -> str | None:
    names = ("x-ms-request-id", "apim-request-id", "x-ms-correlation-request-id")
    return next((headers[name] for name in names if name in headers), None)


def _error_of(body: object) -> tuple[str | None, str]:
    """Code and message of an error reply, as far as it has them."""
    error = cast("dict[str, Any]", body).get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None, ""
    fields = cast("dict[str, Any]", error)
    code, message = fields.get("code"), fields.get("message")
    text = message if isinstance(message, str) else ""
    return (code if isinstance(code, str) else None), text
