"""Deployments through Azure Resource Manager: the part of the service that has another endpoint and another key.

No redirect is followed and no link to another origin, because every request carries a token; no exception, log or
repr carries it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, Self, TypedDict, cast
from urllib.parse import quote, urlsplit

from typing_extensions import Unpack, override

from ...errors import FineTuneError, NotFound, ServiceError
from .._records import DeploymentRecord
from ._arm_account import account_from_env, check_account
from ._arm_calls import Bearers, Reply, send
from ._arm_errors import no_reply, refusal, unreadable
from ._surface import azure_name

if TYPE_CHECKING:
    import httpx

__all__ = ["ArmConfig", "ArmDeployments", "Token", "TokenCredential", "sku_of"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DATED = re.compile(r"([A-Za-z0-9.-]+)-(20\d\d-\d\d-\d\d)")
"""A catalogue model: Azure Resource Manager has its version apart. A fine-tuned model has version 1."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SKUS = {
    "standard": "standard",
    "regional": "standard",
    "global": "GlobalStandard",
    "globalstandard": "GlobalStandard",
    "developer": "developertier",
    "developertier": "developertier",
    "datazone": "DataZoneStandard",
    "datazonestandard": "DataZoneStandard",
}


class Token(Protocol):
    """What `get_token` of a credential returns."""

    @property
    def token(self) -> str:
        """The text that goes after `Bearer`."""
        ...


class TokenCredential(Protocol):
    """What the credentials of `azure-identity` are."""

    def get_token(self, *scopes: str) -> Token:
        """A token for these scopes."""
        ...


class ArmOptions(TypedDict, total=False):
    """The keywords of `ArmConfig`."""

    token: Callable[[], str] | TokenCredential | None
    endpoint: str
    api_version: str
    capacity: int
    source: str | None
    timeout: float


@dataclass(frozen=True)
class ArmConfig:
    """Which account's deployments, and how to be allowed to change them.

    Args:
        subscription: id of the Azure subscription.
        resource_group: name of the resource group.
        account: name of the Azure OpenAI or Foundry resource.
        token: a function that returns a bearer token for Azure Resource Manager, a credential of
            `azure-identity`, or None for its `DefaultAzureCredential` (extra `azure`). It is asked before each
            request, so it may hand out fresh ones.
        endpoint: Azure Resource Manager's, another one for sovereign clouds. Must be https, but for this machine.
        api_version: of Microsoft.CognitiveServices.
        capacity: of a new deployment, in units of 1,000 tokens a minute; 1 is about one request a minute.
        source: ARM id of the account the models were trained on, when that is another one than `account`.
        timeout: seconds to wait for a reply.

    Raises:
        ValueError: an empty or impossible name, or an endpoint that a token must not be sent to.
        TypeError: a token instead of something that returns one; or pickling a config that has a `token`.
    """

    subscription: str
    resource_group: str
    account: str
    _: KW_ONLY
    token: Callable[[], str] | TokenCredential | None = field(default=None, repr=False, compare=False)
    endpoint: str = "https://management.azure.com"
    api_version: str = "2024-10-01"
    capacity: int = 100
    source: str | None = None
    timeout: float = 60.0

    def __post_init__(self) -> None:
        for name in ("subscription", "resource_group", "account", "api_version"):
            _check_plain(name, getattr(self, name))
        given: object = self.token
        if given is not None and not callable(given) and not callable(getattr(given, "get_token", None)):
            raise TypeError("ArmConfig(token=...) takes a function or credential that returns a token")
        if self.capacity < 1:
            raise ValueError(f"capacity is {self.capacity}; it must be at least 1 (1,000 tokens a minute)")
        if not 0 < self.timeout < float("inf"):
            raise ValueError(f"timeout is {self.timeout}; it must be greater than 0")
        _check_endpoint(self.endpoint)

    @classmethod
    def from_env(cls, **options: Unpack[ArmOptions]) -> Self:
        """The account the environment names: AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP and AZURE_OPENAI_ACCOUNT.

        Without the last one, the account is the one AZURE_OPENAI_ENDPOINT belongs to. The keywords are those of
        `ArmConfig`.

        Raises:
            ValueError: a variable is missing; the message names it.
        """
        return cls(*account_from_env(), **options)

    @property
    def account_id(self) -> str:
        """Names the account, in one spelling: subscription, resource group and account."""
        return f"{self.subscription}/{self.resource_group}/{self.account}".casefold()

    @property
    def account_url(self) -> str:
        """Where the account lives in Azure Resource Manager."""
        return (
            f"{self.endpoint.rstrip('/')}/subscriptions/{quote(self.subscription)}"
            f"/resourceGroups/{quote(self.resource_group)}"
            f"/providers/Microsoft.CognitiveServices/accounts/{quote(self.account)}"
        )

    @override
    def __getstate__(self) -> dict[str, Any]:
        if self.token is not None:
            raise TypeError("an ArmConfig with a token is not picklable; make it in the process that uses it")
        return dict(self.__dict__)


def _check_plain(name: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip() or set(value) & set("/?#\\") or set(value) == {"."}:
        raise ValueError(
            f"ArmConfig({name}=...) must be a plain name: not empty, and without '/', '?' and '#'"
        )


def _check_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("ArmConfig(endpoint=...) must be an https URL without user, query and fragment")


def sku_of(tier: str) -> str:
    """ARM's SKU name of a tier: `standard`, `global`, `developer`, `datazone`; any other word is taken for a SKU."""
    return _SKUS.get(re.sub(r"[^a-z]", "", tier.lower()), tier)


class ArmDeployments:
    """The deployments of one account. Each method is one request (a list one per page); safe for several threads.

    Creating and deleting are idempotent: after `OutcomeUnknown` the same call may be made again.

    Args:
        config: the account.
        resource: host of the endpoint where the deployments are to answer; None where nobody asks them here. Once,
            before anything else, the account is asked whether the endpoint is its own.
        transport: another way to send requests, for tests.

    Raises:
        NotSupported: from every method, when a token is needed and `azure-identity` is not installed.
        WrongResource: from every method, when the account says that it has another endpoint.
    """

    def __init__(
        self,
        config: ArmConfig,
        *,
        resource: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._config, self._transport = config, transport
        # Models of another account are served there, and asked through another client.
        self._unchecked = resource if resource and azure_name(resource) and not config.source else None
        self._bearers = Bearers(config.token, f"{config.endpoint.rstrip('/')}/.default")
        self._operations: dict[str, str] = {}

    @override
    def __repr__(self) -> str:
        return f"ArmDeployments({self._config.account!r})"

    @property
    def account(self) -> str:
        """Names the account; equal for equal accounts however they are spelled."""
        return self._config.account_id

    def create(
        self,
        name: str,
        model: str,
        *,
        tier: str = "standard",
        capacity: int | None = None,
        source: str | None = None,
    ) -> DeploymentRecord:
        """Begin to serve a model under a name; a name in use gets the new model.

        `Succeeded` is not yet ready: the deployment may refuse questions for some minutes.

        Args:
            name: 1 to 64 letters, digits, `_`, `.` and `-`.
            model: a fine-tuned model, a checkpoint, or a catalogue model with its version.
            tier: `standard`, `global` or `developer`, or the name of a SKU.
            capacity: units of 1,000 tokens a minute; None for the config's.
            source: ARM id of the account that has the model; None for the config's.

        Raises:
            OutcomeUnknown: it may or may not have been created.
            ServiceError: the service refused: the model, the tier, the quota, or the token.
            ValueError: a name Azure does not take.
        """
        dated = _DATED.fullmatch(model)
        title, version = dated.groups() if dated else (model, "1")
        served: dict[str, Any] = {"format": "OpenAI", "name": title, "version": version}
        if elsewhere := source or self._config.source:
            served["source"] = elsewhere
        sku = {"name": sku_of(tier), "capacity": capacity or self._config.capacity}
        body = {"sku": sku, "properties": {"model": served}}
        what = f"deploy {model} as {name}"
        reply = self._call("PUT", self._url(name), what, body)
        self._remember(name, reply)
        begun = {"name": name, "sku": sku, "properties": {"model": served, "provisioningState": "Accepted"}}
        return _record(begun) if not reply.body else _told(reply, what, changes=True)

    def get(self, name: str) -> DeploymentRecord:
        """One deployment as it is now; with the reason when it failed. Raises `NotFound`, `ServiceError`."""
        what = f"deployment {name}"
        record = _told(self._call("GET", self._url(name), what), what, changes=False)
        if record.status.lower() not in {"failed", "canceled"} or name not in self._operations:
            return record
        return replace(record, reason=self._reason(name))

    def list(self) -> Iterator[DeploymentRecord]:
        """All deployments of the account, those that nobody made with this library too. Raises `ServiceError`."""
        page = self._call("GET", self._url(), "list deployments")
        return self._from_page(page)

    def delete(self, name: str) -> None:
        """Stop serving; one that is gone already is fine.

        Raises:
            OutcomeUnknown: it may or may not be gone.
            NotFound, ServiceError: the service refused.
        """
        self._call("DELETE", self._url(name), f"delete deployment {name}")
        self._operations.pop(name, None)

    def _from_page(self, page: Reply) -> Iterator[DeploymentRecord]:
        seen = set[str]()
        while True:
            body = page.json()
            # An answer without deployments is not an account without deployments.
            if not isinstance(body.get("value"), list):
                raise unreadable("list deployments", "is no list", page.status, page.headers, changes=False)
            yield from map(_record, _dicts(body["value"]))
            link = body.get("nextLink")
            if not isinstance(link, str) or not link or link in seen:
                return
            seen.add(link)
            if not self._is_ours(link):
                raise unreadable(
                    "list deployments", "links to another origin", page.status, page.headers, changes=False
                )
            page = self._call("GET", link, "list deployments")

    def _call(self, method: str, url: str, what: str, body: Mapping[str, Any] | None = None) -> Reply:
        """The reply of one request. Raises what its failure means."""
        self._check_account(what)
        return self._send(method, url, what, body)

    def _check_account(self, what: str) -> None:
        """Once: is it the account that answers at the endpoint? Where nobody can say, it is taken to be."""
        if (resource := self._unchecked) is None:
            return
        url = f"{self._config.account_url}?api-version={quote(self._config.api_version)}"
        try:
            body = self._send("GET", url, what).json()
        except ServiceError as trouble:
            if trouble.retryable:
                return
            if trouble.status is None or trouble.status < 400 or trouble.status == 401:
                raise  # a redirect, or a token that is refused: the call itself would meet the same
            body = {}
        except NotFound:
            body = {}
        check_account(body, self._config.account, resource)
        self._unchecked = None

    def _send(self, method: str, url: str, what: str, body: Mapping[str, Any] | None = None) -> Reply:
        changes = method != "GET"
        bearer = self._bearers.bearer(what)
        reply = send(method, url, bearer, body, timeout=self._config.timeout, transport=self._transport)
        if isinstance(reply, str):
            raise no_reply(what, reply, changes=changes)
        if not reply.success:
            raise refusal(what, reply.status, reply.headers, reply.json(), changes=changes)
        if not reply.readable and method != "DELETE":
            raise unreadable(what, "is not a JSON object", reply.status, reply.headers, changes=changes)
        return reply

    def _url(self, name: str | None = None) -> str:
        if name is not None and not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot name a deployment: 1 to 64 of A-Z, a-z, 0-9, '_', '.', '-', beginning with a "
                "letter or digit"
            )
        path = f"/deployments/{name}" if name else "/deployments"
        return f"{self._config.account_url}{path}?api-version={quote(self._config.api_version)}"

    def _remember(self, name: str, reply: Reply) -> None:
        """Where the creation can be followed: only there does a failure say why."""
        link = reply.headers.get("azure-asyncoperation", "")
        if self._is_ours(link):
            self._operations[name] = link

    def _reason(self, name: str) -> str:
        with suppress(FineTuneError):
            error = self._call("GET", self._operations[name], f"deployment {name}").json().get("error")
            return str(_dict(error).get("message") or _dict(error).get("code") or "")
        return ""

    def _is_ours(self, link: str) -> bool:
        try:
            return _origin(link) == _origin(self._config.endpoint)
        except ValueError:
            return False


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _told(reply: Reply, what: str, *, changes: bool) -> DeploymentRecord:
    """The deployment that a reply describes. Raises what `unreadable` makes of a reply that names none."""
    record = _record(reply.json())
    if not record.name:
        raise unreadable(what, "names no deployment", reply.status, reply.headers, changes=changes)
    return record


def _record(body: Mapping[str, Any]) -> DeploymentRecord:
    """A deployment reply; what is missing is allowed, an unknown state is kept."""
    properties = _dict(body.get("properties"))
    return DeploymentRecord(
        name=str(body.get("name") or "").rpartition("/")[2],
        model=_model(_dict(properties.get("model"))),
        status=str(properties.get("provisioningState") or ""),
        tier=str(_dict(body.get("sku")).get("name") or ""),
        created_at=_moment(_dict(body.get("systemData")).get("createdAt")),
    )


def _model(body: Mapping[str, Any]) -> str:
    """The model as the data plane names it."""
    name, version = str(body.get("name") or ""), str(body.get("version") or "1")
    whole = f"{name}-{version}"
    return whole if _DATED.fullmatch(whole) and not _DATED.fullmatch(name) else name


def _moment(text: object) -> int:
    with suppress(ValueError, TypeError, OverflowError):
        return int(datetime.fromisoformat(str(text)).timestamp()) if text else 0
    return 0


def _dict(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    entries = cast("list[object]", value) if isinstance(value, list) else []
    return [found for entry in entries if (found := _dict(entry))]
