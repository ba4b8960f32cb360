"""One request to Azure Resource Manager, with a token that stays out of everything that can be printed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

from ...errors import NotSupported, ServiceError

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = ["Bearer", "Bearers", "Reply", "send"]

_LARGEST = 16 * 1024 * 1024
"""Bytes of a reply; a list of deployments is some kilobytes."""

_KEPT = frozenset(
    {
        "apim-request-id",
        "azure-asyncoperation",
        "retry-after",
        "retry-after-ms",
        "x-ms-correlation-request-id",
        "x-ms-request-id",
    }
)


class Bearer:
    """A token on its way into one request."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self._text}"
        return request

    def left_out(self, body: bytes) -> bytes:
        """A reply's body without the token, which a gateway may repeat; a token is longer than a word."""
        return body.replace(self._text.encode(), b"[not shown]") if len(self._text) >= 8 else body

    @override
    def __repr__(self) -> str:
        return "<a bearer token>"

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a token is not picklable")


class Bearers:
    """Asks for a token before each request.

    Args:
        source: a function, a credential with `get_token`, or None for `DefaultAzureCredential`.
        scope: what the token is for.
    """

    def __init__(self, source: object, scope: str) -> None:
        self._source, self._scope = source, scope
        self._lock = threading.Lock()

    def bearer(self, what: str) -> Bearer:
        """A token for a request.

        Raises:
            ServiceError: the source failed, or returned something that cannot be a token.
            NotSupported: azure-identity is needed, and not installed.
        """
        source = self._given()
        try:
            text = _token_of(source, self._scope)
        except Exception as trouble:  # noqa: BLE001 - any credential, and its message may hold anything
            why = type(trouble).__name__
        else:
            if isinstance(text, str) and text and text.isascii() and text.isprintable():
                return Bearer(text)
            why, text = "what it returned cannot be a token", ""
        raise ServiceError(
            f"{what}: no token for Azure Resource Manager ({why})",
            retryable=True,  # nothing was sent, and many a token service fails for a moment
            hint="Sign in with az login, or give ArmConfig(token=...) a function that returns a token",
        )

    def _given(self) -> object:
        with self._lock:
            if self._source is None:
                self._source = _default_credential()
            return self._source


def _token_of(source: object, scope: str) -> object:
    ask = getattr(source, "get_token", None)
    if callable(ask):
        return cast("Any", ask(scope)).token
    return cast("Callable[[], object]", source)()


def _default_credential() -> object:
    try:
        identity: Any = import_module("azure.identity")
    except ImportError:
        identity = None
    if identity is None:
        raise NotSupported(
            "signing in to Azure Resource Manager needs azure-identity",
            hint="Install the extra `azure` (pip install -e '.[azure]' in a checkout), or give ArmConfig(token=...) a "
            "function that returns a token",
        )
    return identity.DefaultAzureCredential()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the status, the headers anybody needs here, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def success(self) -> bool:
        """The status is 2xx."""
        return 200 <= self.status < 300

    @property
    def readable(self) -> bool:
        """There is no body, or it is a JSON object."""
        return not self.body or isinstance(_parsed(self.body), dict)

    def json(self) -> dict[str, Any]:
        """The body's JSON object, empty where there is none."""
        parsed = _parsed(self.body)
        return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def send(
    method: str,
    url: str,
    bearer: Bearer,
    body: Mapping[str, Any] | None = None,
    *,
    timeout: float,
    transport: httpx.BaseTransport | None = None,
) -> Reply | str:
    """The reply to one request, or the name of what went wrong instead of one. Redirects are not followed."""
    import httpx

    try:
        with (
            httpx.Client(
                follow_redirects=False,
                timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
                transport=transport,
                verify=_certificates(),
            ) as client,
            client.stream(method, url, json=body, auth=bearer) as response,
        ):
            headers = {name: value for name, value in response.headers.items() if name in _KEPT}
            content = bearer.left_out(_read(response, 2 * timeout))
            return Reply(response.status_code, headers, content)
    except Exception as trouble:  # noqa: BLE001 - translated by its name, because it holds the request
        return type(trouble).__name__
    except BaseException as stop:  # noqa: BLE001 - Ctrl-C inside the client, whose frames hold the token
        stop.__context__ = None
        raise stop.with_traceback(None) from None


class SlowReply(Exception):
    """The reply takes too long."""


class HugeReply(Exception):
    """The reply is too large."""


def _read(response: httpx.Response, longest: float) -> bytes:
    # A time-out of httpx is for each piece of a reply, and a slow stream has many.
    end, content = time.monotonic() + longest, bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > _LARGEST:
            raise HugeReply
        if time.monotonic() > end:
            raise SlowReply
    return bytes(content)


@cache
def _certificates() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()
