"""A client from what the environment says."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import urlsplit

from ._surface import PREVIEWS, azure_name

if TYPE_CHECKING:
    from openai import OpenAI

    from ._arm import TokenCredential

__all__ = ["client_from_env"]

_SCOPE: Final = "https://cognitiveservices.azure.com/.default"
_PROJECT_SCOPE: Final = "https://ai.azure.com/.default"
_ENDPOINTS: Final = ("AZURE_OPENAI_ENDPOINT", "OPENAI_BASE_URL", "AZURE_AI_PROJECT_ENDPOINT")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class _Credential(NamedTuple):
    """Asked before each request, so that no variable of ours ever holds a key."""

    is_key: bool
    ask: Callable[[], str]


def client_from_env(
    *, endpoint: str | None = None, api_version: str | None = None, credential: object = None
) -> OpenAI:
    """A client for the endpoint, with retries off.

    See `AzureOpenAIBackend.from_env` for what is read, and in which order.

    Raises:
        ValueError: no endpoint, or no credential, is given anywhere; the message says where they go.
        TypeError: `credential` is neither a function nor a credential.
    """
    import openai

    url, source = _endpoint(endpoint)
    version = api_version or os.environ.get("OPENAI_API_VERSION", "")
    root = _root(url, source)
    if root and api_version and api_version not in PREVIEWS:
        raise ValueError(
            f"the endpoint is one of /openai/v1/, which takes no api_version {api_version!r}; leave it out, or give "
            "endpoint='https://<resource>.openai.azure.com'"
        )
    found = _credential(credential, url, source)
    if root or not version or version in PREVIEWS:
        base = root or f"{url.removesuffix('/openai')}/openai/v1"
        return openai.OpenAI(base_url=f"{base}/", api_key=found.ask, max_retries=0)
    azure = url.removesuffix("/openai")
    if found.is_key:
        return openai.AzureOpenAI(azure_endpoint=azure, api_version=version, api_key=found.ask, max_retries=0)
    return openai.AzureOpenAI(
        azure_endpoint=azure, api_version=version, azure_ad_token_provider=found.ask, max_retries=0
    )


def _root(url: str, source: str) -> str:
    """The /openai/v1 that an endpoint is, or stands for; empty where the api-version decides."""
    if source == "OPENAI_BASE_URL" or url.endswith("/openai/v1"):
        return url  # the variable is taken as the openai package takes it
    return f"{url.removesuffix('/openai')}/openai/v1" if "/api/projects/" in url else ""


def _endpoint(explicit: str | None) -> tuple[str, str]:
    """The endpoint without a slash at its end, and the variable it is from."""
    names = [name for name in _ENDPOINTS if os.environ.get(name)]
    source = "" if explicit or not names else names[0]
    named = (explicit or (os.environ[source] if source else "")).strip()
    if not named:
        raise ValueError(
            "no endpoint: set AZURE_OPENAI_ENDPOINT to https://<resource>.openai.azure.com, or pass endpoint=..."
        )
    if not _may_have_a_key(named):
        raise ValueError(
            f"the endpoint ({source or 'endpoint='}) must be an https URL such as "
            "https://<resource>.openai.azure.com, without user, query and fragment"
        )
    if "/deployments/" in f"{urlsplit(named).path}/":
        raise ValueError(
            f"the endpoint ({source or 'endpoint='}) is a deployment's, where files and jobs are not; end it before "
            "/openai/deployments, and give the deployment's name with deployments={model: name}"
        )
    return named.rstrip("/"), source


def _may_have_a_key(url: str) -> bool:
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    return safe and bool(parts.hostname) and not (parts.username or parts.query or parts.fragment)


def _credential(given: object, url: str, source: str) -> _Credential:
    """What the caller gave, else a token of the environment, else a key of it, else azure-identity's default."""
    if source == "OPENAI_BASE_URL" and not _is_trusted(url):
        return _openais_own(given)
    if given is not None:
        return _Credential(is_key=False, ask=_asked(given, url))
    if os.environ.get("AZURE_OPENAI_AD_TOKEN"):
        return _Credential(is_key=False, ask=partial(_read, "AZURE_OPENAI_AD_TOKEN"))
    # OpenAI's own key is for the URL that stands beside it, and for no other.
    for name in ("AZURE_OPENAI_API_KEY", *(["OPENAI_API_KEY"] if source == "OPENAI_BASE_URL" else [])):
        if os.environ.get(name):
            return _Credential(is_key=True, ask=partial(_read, name))
    try:
        identity: Any = import_module("azure.identity")
    except ImportError:
        identity = None
    if identity is None:
        raise ValueError(
            "no credential: set AZURE_OPENAI_API_KEY or AZURE_OPENAI_AD_TOKEN, pass credential=..., or sign in "
            "through Entra, which needs the extra `azure`: pip install -e '.[azure]' in a checkout"
        )
    return _Credential(is_key=False, ask=_asked(identity.DefaultAzureCredential(), url))


def _is_trusted(url: str) -> bool:
    """A host of Azure's, or this machine."""
    host = urlsplit(url).hostname or ""
    return azure_name(host) is not None or host in _LOOPBACK


def _openais_own(given: object) -> _Credential:
    """The key for a host that only OPENAI_BASE_URL names, and that is not Azure's."""
    if given is None and os.environ.get("OPENAI_API_KEY"):
        return _Credential(is_key=True, ask=partial(_read, "OPENAI_API_KEY"))
    raise ValueError(
        "OPENAI_BASE_URL names a host that is not Azure's, which gets OPENAI_API_KEY and no credential for Azure; "
        "name the resource in AZURE_OPENAI_ENDPOINT or endpoint=..., or set OPENAI_API_KEY"
    )


def _read(name: str) -> str:
    return os.environ.get(name, "").strip()


def _asked(credential: object, url: str) -> Callable[[], str]:
    if callable(getattr(credential, "get_token", None)):
        scope = _PROJECT_SCOPE if "/api/projects/" in url else _SCOPE
        issuer = cast("TokenCredential", credential)
        return lambda: issuer.get_token(scope).token
    if callable(credential):
        return cast("Callable[[], str]", credential)
    raise TypeError("credential= takes a function that returns a token, or a credential of azure-identity")
