"""What a call to the data plane means when it goes wrong: one typed error, and never the request or the reply.

A call that changes something is `OutcomeUnknown` unless the failure proves that the service did not act: no
connection, a refusal (4xx but 408, 409, 425 and 499), a redirect that says "elsewhere". A call that only reads can be made
again after anything that passes. The service's own words are shown where they speak about jobs and files; where the
request carried rows or prompts they could quote them, and only its code is shown, with words of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from ...errors import FineTuneError, NotDeployed, NotFound, OutcomeUnknown, ServiceError
from ._arm_errors import retry_after
from ._calls import Call
from ._remedies import remedy

__all__ = [
    "NOT_SENT",
    "InvalidRequest",
    "no_reply",
    "not_sent",
    "refusal",
    "request_id",
    "spoken",
    "unreadable",
]

NOT_SENT: Final = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ProxyError",
        "SSLCertVerificationError",
        "UnsupportedProtocol",
        "LocalProtocolError",
    }
)
"""Exceptions of httpx, httpx2 and ssl that are raised before a request has left."""

_LONGEST_MESSAGE: Final = 600
_UNCLEAR: Final = frozenset({303, 408, 409, 425, 499})
"""303: "done; look there". 425 and 499 are a gateway's, who does not know what became of what it passed on."""
_FINAL: Final = frozenset({"LocalProtocolError", "SSLCertVerificationError", "UnsupportedProtocol"})
_SECRETS: Final = re.compile(
    r"(?i)\b(bearer\s+|(?:api[-_ ]?key|authorization|sig|signature|token|secret)[\"']?\s*[:=]\s*[\"']?(?:bearer\s+)?)"
    r"(?=\S*\d)[A-Za-z0-9+/_.~%=-]{8,}"
)
"""What looks like a credential behind its name; a word without a digit is a word."""


class InvalidRequest(ServiceError, ValueError):
    """Refused here, before anything was sent: the service would refuse it, or do what nobody decided."""


def not_sent(call: Call, why: str, *, hint: str = "", retryable: bool = False) -> ServiceError:
    """The error of a call that never left."""
    return ServiceError(f"{call.operation}: {why}", hint=hint, retryable=retryable)


def no_reply(call: Call, kind: str) -> ServiceError:
    """The error of a call that got no reply; `kind` is the name of the exception that was raised instead."""
    if kind in NOT_SENT:
        return not_sent(
            call,
            f"the service could not be reached ({kind})",
            retryable=kind not in _FINAL,
            hint=_reach(kind),
        )
    if call.changes:
        return OutcomeUnknown(
            f"{call.operation}: no reply came ({kind}), so the service may or may not have acted"
        )
    return ServiceError(f"{call.operation}: no reply came ({kind})", retryable=True)


def _reach(kind: str) -> str:
    if kind == "SSLCertVerificationError":
        return "Its certificate is not trusted here; a proxy of your company may need its own"
    return "Check the endpoint, the network and the proxy settings" if kind == "ConnectError" else ""


def unreadable(call: Call, status: int, headers: Mapping[str, str], why: str) -> ServiceError:
    """The error of a reply that says success in a way nobody can read."""
    kind = OutcomeUnknown if call.changes else ServiceError
    return kind(
        f"{call.operation}: the reply {why}" + (", so the service may have acted" if call.changes else ""),
        status=status,
        request_id=request_id(headers),
        retryable=not call.changes,
        hint="A proxy in between, or another endpoint than the service's, answers like this",
    )


def refusal(call: Call, status: int, headers: Mapping[str, str], body: object) -> FineTuneError:
    """The error of a reply whose status is no success."""
    error = _error_of(body)
    code, words = _word(error.get("code") or _inner(error).get("code")), _words(error)
    hint = remedy(call, status, code or "", words)
    if _says_missing(status, code, words):
        return _missing(call, status, code, words, headers, hint)
    passing = status in _UNCLEAR or status >= 500
    kind = OutcomeUnknown if call.changes and passing else ServiceError
    return kind(
        _text(call, status, words),
        status=status,
        code=code,
        request_id=request_id(headers),
        retryable=status == 429 or (passing and not call.changes and status != 303),
        retry_after=retry_after(headers),
        hint=hint,
    )


def _says_missing(status: int, code: str | None, words: str) -> bool:
    """A thing is missing; a URL that is missing ("Resource not found") is another matter."""
    gateway = code == "404" or words.lower().rstrip(".") == "resource not found"
    return status == 404 and bool(code or words) and not gateway


def _missing(
    call: Call, status: int, code: str | None, words: str, headers: Mapping[str, str], hint: str
) -> FineTuneError:
    if call.operation == "chat":
        return NotDeployed(
            f"nothing answers under {call.subject!r}",
            status=status,
            code=code,
            request_id=request_id(headers),
            retryable=code == "DeploymentNotReady",
            hint=hint,
        )
    return NotFound(
        _text(call, status, words), hint=hint, status=status, code=code, request_id=request_id(headers)
    )


def _text(call: Call, status: int, words: str) -> str:
    if 300 <= status < 400:
        return f"{call.operation}: a redirect; redirects are refused, because requests carry credentials"
    if call.private or not words or status == 401:  # a 401 may quote the key
        return f"{call.operation}: {_PLAIN.get(status, 'refused' if status < 500 else 'the service failed')}"
    return spoken(words)


_PLAIN: Final = {
    401: "the credential was refused",
    403: "the credential may not do this",
    404: "no such URL",
    408: "the service timed out",
    409: "it conflicts with another request",
    410: "it is gone",
    413: "it is too large",
    425: "a gateway did not wait for the service",
    429: "too many requests, or no quota left",
    499: "a gateway did not wait for the service",
}


def spoken(words: str) -> str:
    """A service's words, in one line of bounded length, without what looks like a credential."""
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", words[: 4 * _LONGEST_MESSAGE]).split())
    line = _SECRETS.sub(r"\1[not shown]", line)
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}…"


def request_id(headers: Mapping[str, str]) -> str | None:
    """The id to quote to support: Azure's gateway names it `apim-request-id`, OpenAI `x-request-id`."""
    for name in ("apim-request-id", "x-request-id", "x-ms-request-id"):
        if given := re.sub(r"[^A-Za-z0-9._:-]", "", headers.get(name) or "")[:128]:
            return given
    return None


def _error_of(body: object) -> Mapping[str, Any]:
    """The error object of a reply: `{"error": {...}}`, or the body itself as gateways write it."""
    if not isinstance(body, Mapping):
        return {}
    outer = cast("Mapping[str, Any]", body)
    error = outer.get("error", outer)
    if isinstance(error, str):
        return {"message": error}
    return cast("Mapping[str, Any]", error) if isinstance(error, Mapping) else {}


def _inner(error: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = error.get("innererror") or error.get("inner_error")
    return cast("Mapping[str, Any]", inner) if isinstance(inner, Mapping) else {}


def _word(value: object) -> str | None:
    """A code: short, one word; anything else is not one."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", text) else None


def _words(error: Mapping[str, Any]) -> str:
    message = error.get("message") or error.get("detail")
    if isinstance(message, list):
        return "; ".join(filter(None, map(_finding, cast("list[object]", message))))
    return message if isinstance(message, str) else ""


def _finding(entry: object) -> str:
    """One of several things that a gateway (422) finds wrong: where, and what; never the value it was given."""
    if not isinstance(entry, Mapping):
        return ""
    found = cast("Mapping[str, Any]", entry)
    what, place = found.get("msg"), found.get("loc")
    if not isinstance(what, str):
        return ""
    steps = cast("list[object]", place) if isinstance(place, list) else []
    where = ".".join(str(step) for step in steps if isinstance(step, str | int))
    return f"{where}: {what}" if where else what
