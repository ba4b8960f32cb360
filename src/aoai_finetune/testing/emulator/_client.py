"""Real clients for the emulator: what a test would otherwise write again each time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from ._gate import GROUP, SUBSCRIPTION, Keys

if TYPE_CHECKING:
    import openai

    from ...backends.azure import ArmConfig, AzureOpenAIBackend
    from ._emulator import Emulator

__all__ = ["Auth", "Face", "make_backend"]

Face = Literal["v1", "dated"]
Auth = Literal["key", "token"]
_API_VERSION = "2025-04-01-preview"
_TIMEOUT_SECONDS = 30.0


class _Url(Protocol):
    @property
    def path(self) -> str: ...

    def copy_with(self, *, port: int) -> Self: ...


class _Request(Protocol):
    """What httpx and httpx2 have in common here."""

    method: str
    url: _Url


def make_backend(
    emulator: Emulator,
    keys: Keys,
    open_until: ExitStack,
    face: Face,
    auth: Auth,
    options: Mapping[str, object],
) -> AzureOpenAIBackend:
    """The backend; its client is closed when `open_until` is."""
    from ._backend import EmulatedBackend

    given: dict[str, Any] = {
        "timeout": _TIMEOUT_SECONDS,
        "training_type": "standard",
        "clock": emulator.clock,
        **options,
    }
    timeout = given.pop("timeout")
    given.setdefault("arm", _control_plane(emulator, keys, timeout))
    client = _client(emulator, keys, face, auth, timeout)
    open_until.callback(client.close)
    return EmulatedBackend(
        client, name=emulator.simulated.name, engine=emulator.simulated.engine.name, **given
    )


def _control_plane(emulator: Emulator, keys: Keys, timeout: float) -> ArmConfig:
    from ...backends.azure import ArmConfig

    return ArmConfig(
        SUBSCRIPTION,
        GROUP,
        emulator.simulated.name,
        token=lambda: keys.token,
        endpoint=emulator.arm_endpoint,
        timeout=timeout,
    )


def _client(emulator: Emulator, keys: Keys, face: Face, auth: Auth, timeout: float) -> openai.OpenAI:
    import ssl

    import openai

    def refuse(request: _Request) -> None:
        """Send a request that is to be refused to a port that is closed."""
        port = emulator.refused_at(request.method, request.url.path)
        if port is not None:
            request.url = request.url.copy_with(port=port)

    http_client = openai.DefaultHttpxClient(
        event_hooks={"request": [refuse]},
        follow_redirects=False,
        timeout=timeout,
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # plain HTTP: loading certificates takes 20 ms
    )
    shared: dict[str, Any] = {"http_client": http_client, "max_retries": 0, "timeout": timeout}
    if face == "v1":
        secret: Any = keys.key if auth == "key" else lambda: keys.token
        return openai.OpenAI(base_url=f"{emulator.endpoint}/openai/v1/", api_key=secret, **shared)
    way: dict[str, Any] = (
        {"api_key": keys.key} if auth == "key" else {"azure_ad_token_provider": lambda: keys.token}
    )
    return openai.AzureOpenAI(azure_endpoint=emulator.endpoint, api_version=_API_VERSION, **way, **shared)
