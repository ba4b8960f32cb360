"""The backend over a resource of Azure OpenAI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, Self, SupportsIndex

from typing_extensions import override

from ...errors import NotFound, NotSupported
from .. import _wire
from .._clock import Clock, SystemClock
from .._protocol import Backend, Chat, Checking, Deployments, Models, Pausable
from .._records import (
    Capabilities,
    Completion,
    DeploymentRecord,
    FileRecord,
    ModelRecord,
)
from ._arm import ArmConfig, ArmDeployments
from ._calls import Call, part
from ._capabilities import capabilities_of
from ._chat import Chatting, Question, Serving
from ._checks import check_expiry
from ._client import client_from_env
from ._files import FilePlane
from ._jobs import JobPlane
from ._pruning import prunable
from ._sender import Sender
from ._surface import surface_of
from ._uploads import Uploader

if TYPE_CHECKING:
    from openai import OpenAI

__all__ = ["AzureOpenAIBackend"]


class AzureOpenAIBackend(FilePlane, JobPlane, Backend, Chat, Checking, Pausable, Deployments, Models):
    """A resource of Azure OpenAI, through the client its user has made.

    The client is used as it is: never changed, copied, logged or closed, and each request is sent once, to the
    client's own origin only: its retries and its following of redirects are off for what is sent here. Nothing is
    ever deployed implicitly. Safe for several threads. Not picklable: make one in each process.

    Args:
        client: `openai.OpenAI(base_url="https://<resource>.openai.azure.com/openai/v1/")`, or `openai.AzureOpenAI`
            for the dated surface. Take `api_version="2025-04-01-preview"` there: stable ones such as 2024-10-21 know
            supervised training in the resource's region and nothing else. A client for api.openai.com works too;
            there are no training types and no deployments then.
        deployments: names of deployments by the model that they serve, for `chat`.
        arm: the account in Azure Resource Manager; None where deployments are made elsewhere.
        training_type: where jobs are trained unless a request says it: `"standard"` (in the resource's region),
            `"global"`, `"developer"`, or a name of the service's, which is sent as it is (`"datazone"` is not one:
            its name is not documented). Without a default, because it decides where the rows go.
        expires_after: seconds after which Azure deletes uploaded files, 14 to 30 days; None keeps them.
        clock: another time to wait in, for tests.

    Raises:
        ValueError: a client and a URL that do not fit together, or an impossible `expires_after`.
        TypeError: something else than a synchronous client.
    """

    def __init__(
        self,
        client: OpenAI,
        *,
        deployments: Mapping[str, str] | None = None,
        arm: ArmConfig | None = None,
        training_type: str | None = None,
        expires_after: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._surface = surface_of(client)
        check_expiry(expires_after, self._surface)
        self._client, self._owned = client, False
        self._clock, self._training_type = clock or SystemClock(), training_type
        self._arm = ArmDeployments(arm, resource=self._surface.resource) if arm is not None else None
        self._sender = Sender(client)
        self._expires_after = expires_after
        self._uploader = Uploader(self._sender, self._surface, expires_after)
        self._serving = Serving(deployments or {}, self._arm, self._clock)

    @classmethod
    def from_env(
        cls,
        *,
        training_type: str | None = None,
        endpoint: str | None = None,
        api_version: str | None = None,
        credential: object = None,
        deployments: Mapping[str, str] | None = None,
        arm: ArmConfig | None = None,
        expires_after: int | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """A backend for what the environment says; an argument wins over a variable.

        Endpoint: `endpoint`, else AZURE_OPENAI_ENDPOINT, else OPENAI_BASE_URL, else AZURE_AI_PROJECT_ENDPOINT.
        Surface: /openai/v1/ where the endpoint ends so or is a project's, or where no api-version is given;
        else the dated one with `api_version` or OPENAI_API_VERSION. OPENAI_BASE_URL is taken as it is.
        Credential: `credential` (a function that returns an Entra token, or a credential of azure-identity), else
        AZURE_OPENAI_AD_TOKEN, else AZURE_OPENAI_API_KEY (then OPENAI_API_KEY where the endpoint is
        OPENAI_BASE_URL), else azure-identity's `DefaultAzureCredential` (extra `azure`). A host that only
        OPENAI_BASE_URL names gets OPENAI_API_KEY and nothing else, unless it is Azure's or this machine's. Keys are
        read from the environment before each request and kept nowhere here.

        Raises:
            ValueError: no endpoint, no credential, or ones that do not fit; the message says what does.
        """
        client = client_from_env(endpoint=endpoint, api_version=api_version, credential=credential)
        backend = cls(
            client,
            deployments=deployments,
            arm=arm,
            training_type=training_type,
            expires_after=expires_after,
            clock=clock,
        )
        backend._owned = True
        return backend

    @override
    def __repr__(self) -> str:
        return f"AzureOpenAIBackend({self.resource!r}, {self._surface.named!r})"

    @override
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError(
            "a backend is not picklable, because its client holds a key; make one in each process"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the client, where `from_env` made it; a client that was given stays open."""
        if self._owned:
            self._client.close()

    @property
    @override
    def clock(self) -> Clock:
        """The time waits run in: the machine's, unless another one was given."""
        return self._clock

    @property
    @override
    def resource(self) -> str:
        """Host of the endpoint, the same for both surfaces of one resource."""
        return self._surface.resource

    @property
    def account(self) -> str:
        """Names the account that deployments are made in; empty without `arm`."""
        return self._arm.account if self._arm is not None else ""

    @property
    def training_type(self) -> str | None:
        """Where jobs are trained unless a request says it."""
        return self._training_type

    @property
    @override
    def capabilities(self) -> Capabilities:
        """What this surface can do; deployments only with `arm`."""
        return capabilities_of(self._surface, deployments=self._arm is not None)

    # -- files: what spans them and the jobs -----------------------------------------------------------------

    @override
    def upload_file(self, content: BinaryIO, /, *, filename: str) -> FileRecord:
        """Send a training file: as one form up to 100 MB, in parts above that where the surface takes parts.

        Raises `OutcomeUnknown`; `NotSupported` for a large file on /openai/v1/; `ServiceError`, which says what to
        do where the resource's quota is used up.
        """
        return self._uploader.upload(content, filename)

    def prunable_files(self) -> tuple[FileRecord, ...]:
        """Files that this library uploaded (their names say so) for jobs that are all over.

        Their rows are in the lineage that submitted them. Files that no job names are not among them.
        """
        return prunable(self.list_files(), self.list_jobs())

    def prune_files(self) -> tuple[FileRecord, ...]:
        """Delete `prunable_files`, and say which were deleted; nothing ever does so by itself."""
        gone = self.prunable_files()
        for file in gone:
            with suppress(NotFound):
                self.delete_file(file.id)
        return gone

    # -- models, chat and deployments ----------------------------------------------------------------------

    @override
    def get_model(self, model: str, /) -> ModelRecord:
        """One catalogue or fine-tuned model, with its dates. Raises `NotFound`."""
        return self._get("get_model", f"/models/{part(model)}", _wire.model_record)

    @override
    def list_models(self) -> Iterator[ModelRecord]:
        """Catalogue models and fine-tuned ones."""
        call = Call(operation="list_models", verb="get", path="/models")
        return self._sender.pages(call, _wire.model_record, paged=False)

    @override
    def chat(
        self,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        temperature: float = 0,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Completion:
        """Ask a deployment, or a model that one is known to serve (`deployments=`, `arm=`).

        A question or an answer that the content filter refuses is an empty answer whose `finish_reason` is
        `content_filter`. Reasoning models choose their temperature themselves.

        Raises:
            NotDeployed: nothing serves the model; the message has the price of an hour and the line to type.
            NotFound: no such deployment or model.
            ServiceError: the service refused; its words are not shown, because they can quote the question.
        """
        question = Question(messages=messages, temperature=temperature, max_tokens=max_tokens, seed=seed)
        return Chatting(self._sender, self._surface, self._serving).ask(model, question)

    @override
    def create_deployment(self, name: str, model: str, /, *, tier: str = "standard") -> DeploymentRecord:
        """Begin to serve a model; `Succeeded` is not yet ready. Costs by the hour, but for the developer tier."""
        try:
            return self._deploying().create(name, model, tier=tier)
        finally:
            self._serving.forget()

    @override
    def get_deployment(self, name: str, /) -> DeploymentRecord:
        """One deployment as it is now. Raises `NotFound`."""
        return self._deploying().get(name)

    @override
    def list_deployments(self) -> Iterator[DeploymentRecord]:
        """All deployments of the account."""
        return self._deploying().list()

    @override
    def delete_deployment(self, name: str, /) -> None:
        """Stop serving, and paying. Raises `NotFound`."""
        try:
            self._deploying().delete(name)
        finally:
            self._serving.forget()

    def _deploying(self) -> ArmDeployments:
        if self._arm is None:
            raise NotSupported(
                "deployments are made through Azure Resource Manager, which this backend was not told about",
                hint="AzureOpenAIBackend(..., arm=ArmConfig(subscription, resource_group, account))",
            )
        return self._arm
