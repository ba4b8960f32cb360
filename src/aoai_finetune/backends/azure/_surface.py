"""Which of the service's URL surfaces a client talks to, and whether the two fit together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from openai import OpenAI

__all__ = ["PREVIEWS", "Surface", "azure_name", "surface_of"]

Kind = Literal["dated", "v1", "openai"]

PREVIEWS: Final = frozenset({"v1", "preview"})
"""The api-versions of the /openai/v1/ surface; every other one belongs to the dated surface."""

_DIRECTED_SINCE: Final = "2025-04-01"
"""The first api-version whose previews are known to read `method` and `trainingType` (Azure's samples use it)."""

_AZURE = re.compile(r"([a-z0-9-]+)\.(?:openai\.azure|services\.ai\.azure|cognitiveservices\.azure)\.com")
_REGIONAL = re.compile(r"[a-z0-9]+\.api\.cognitive\.microsoft\.com")
_OPENAI = re.compile(r"([a-z]{2}\.)?api\.openai\.com")
_DATED_PATH = re.compile(r"(.*)/openai(/deployments/[^/]+)?")
_V1_PATH = re.compile(r"(.*)/openai/v1")
_PROJECT = re.compile(r"/api/projects/[^/]+")
_HOW: Final = (
    "The dated surface is openai.AzureOpenAI(azure_endpoint='https://<resource>.openai.azure.com', "
    "api_version='...'), the other one openai.OpenAI(base_url='https://<resource>.openai.azure.com/openai/v1/')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """Where requests go.

    Attributes:
        kind: `dated` (`/openai/...?api-version=`), `v1` (`/openai/v1/...`) or `openai` (api.openai.com).
        resource: host of the endpoint, the same for both surfaces of one resource.
        api_version: of the dated surface, else empty.
    """

    kind: Kind
    resource: str
    api_version: str = ""

    @property
    def azure(self) -> bool:
        """The service is Azure's: training has a type, and answers come from deployments."""
        return self.kind != "openai"

    @property
    def pauses(self) -> bool:
        """Jobs can be paused: on v1, and on dated previews."""
        return self.kind != "dated" or self.api_version.endswith("-preview")

    @property
    def directs(self) -> bool:
        """A job's `method` and `trainingType` are read: on v1, and on dated previews since 2025-04-01.

        Stable api-versions know neither (authoring 2024-10-21); one that ignored them would train a file another
        way, and in another place, than was asked for.
        """
        return self.pauses and (self.kind != "dated" or self.api_version >= _DIRECTED_SINCE)

    @property
    def large_uploads(self) -> bool:
        """Files can be sent in parts: not on Azure's v1, which has no `/uploads`."""
        return self.kind != "v1"

    @property
    def named(self) -> str:
        """The surface in words."""
        words = {"dated": f"api-version {self.api_version}", "v1": "/openai/v1/", "openai": "api.openai.com"}
        return words[self.kind]


def azure_name(host: str) -> str | None:
    """The name of the Azure resource that a host belongs to; None for any other host."""
    found = _AZURE.fullmatch(host.lower())
    return found[1] if found else None


def surface_of(client: object) -> Surface:
    """The surface of a client that was set up for it.

    Raises:
        TypeError: not one of openai's synchronous clients.
        ValueError: the kind of client and its URL do not fit; the message says what does.
    """
    import openai

    if not isinstance(client, openai.OpenAI):
        raise TypeError(
            f"the client is a {type(client).__name__}; give a synchronous openai.AzureOpenAI or openai.OpenAI"
        )
    path = client.base_url.path.rstrip("/")
    if isinstance(client, openai.AzureOpenAI):
        return _dated(client, path)
    host = client.base_url.host.lower()
    if _OPENAI.fullmatch(host):
        if path != "/v1":
            raise ValueError(f"the base_url of {host} ends in /v1, not {path or '/'!r}")
        return Surface(kind="openai", resource=host)
    shape = _V1_PATH.fullmatch(path)
    if shape is None:
        raise ValueError(
            f"openai.OpenAI needs a base_url that ends in /openai/v1/, not {path or '/'!r}. {_HOW}"
        )
    return Surface(kind="v1", resource=_resource(client, shape[1]))


def _dated(client: OpenAI, path: str) -> Surface:
    if _V1_PATH.fullmatch(path) or path.endswith("/openai/v1/openai"):
        raise ValueError(
            "openai.AzureOpenAI adds ?api-version= to every URL, which /openai/v1/ refuses; use "
            "openai.OpenAI(base_url=...) there, or leave /openai/v1 out of azure_endpoint. " + _HOW
        )
    shape = _DATED_PATH.fullmatch(path)
    if shape is None:
        raise ValueError(f"openai.AzureOpenAI needs a URL that ends in /openai, not {path or '/'!r}. {_HOW}")
    if shape[2] and getattr(client, "_azure_endpoint", None) is None:
        raise ValueError(
            "the client's base_url holds a deployment, where files and jobs are not; give azure_endpoint instead. "
            + _HOW
        )
    version = str(client.default_query.get("api-version", ""))
    if version in PREVIEWS:
        raise ValueError(f"api-version {version!r} belongs to /openai/v1/, not to openai.AzureOpenAI. {_HOW}")
    return Surface(kind="dated", resource=_resource(client, shape[1]), api_version=version)


def _resource(client: OpenAI, prefix: str) -> str:
    """The host, in one spelling for the hosts that one Azure resource has, and what a gateway puts in front."""
    host, port = client.base_url.host.lower(), client.base_url.port
    if _REGIONAL.fullmatch(host):
        raise ValueError(
            f"{host} is shared by all resources of a region; use the resource's own endpoint, "
            "https://<resource>.openai.azure.com"
        )
    azure = azure_name(host)
    name = f"{azure}.openai.azure.com" if azure else host
    return f"{name}{f':{port}' if port else ''}{_PROJECT.sub('', prefix)}"
