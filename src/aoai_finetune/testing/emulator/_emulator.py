"""The emulator: a simulated Azure OpenAI resource that real clients reach over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from importlib.util import find_spec
from os import PathLike
from typing import TYPE_CHECKING, Self

from typing_extensions import override

from ...backends import Clock, VirtualClock
from ...backends.mock import Engine, Fault, FaultPlan, Limits, Movable, SimulatedResource
from ._app import App, Seen
from ._client import Auth, Face, make_backend
from ._gate import GROUP, SUBSCRIPTION, Keys

if TYPE_CHECKING:
    from asyncio import Transport

    from ...backends.azure import AzureOpenAIBackend

__all__ = ["Emulator"]

_HOST = "127.0.0.1"
_THREADS = 8


class Emulator:
    """A training service on a port of this machine, for clients that know nothing of this library.

    It serves the dated surface (`/openai/...?api-version=`), the v1 surface (`/openai/v1/...`) and the control
    plane (deployments) of one resource; paths, bodies, headers, statuses and refusals are Azure's as far as they
    are documented or were seen. Behind it stands what stands behind `MockBackend`, so for one seed the same calls
    give the same ids and answers. It costs nothing and reaches nothing outside this machine. Use it as a context
    manager, or `close()` it.

    Time is virtual unless told otherwise: it moves when somebody sleeps on `clock` (a backend from `backend()`
    does) or calls `advance`. A client that waits on its own clock needs `clock=ScaledClock(60)`, on which a minute
    passes in a second, or `SystemClock()`.

    Args:
        path: folder to keep files, jobs, models and time in; None keeps them in memory.
        seed: decides ids and default training seeds of a new resource.
        engine: `"softmax"`, or an engine object such as `ScriptedEngine`.
        models: names of the catalogue models; None for those of the Azure catalogue.
        key: the resource's API key.
        token: the bearer token of an Entra identity; the control plane takes nothing else.
        faults: what goes wrong, on the wire.
        limits: quotas, readiness of deployments, types of training.
        clock: the time to live in; None for a virtual one.
        latency: real seconds before each answer.
        host: the address to listen on. Another one than this machine's own lets others in, with the key.
        port: the port, 0 for one that is free.
        name: the resource's name; None for a random one that a path keeps.

    Raises:
        ImportError: starlette or uvicorn is missing; the message names the extra.
        OSError: the port is taken.
        ValueError: an unknown engine, or a path whose models another engine trained.
    """

    def __init__(
        self,
        path: str | PathLike[str] | None = None,
        *,
        seed: int = 0,
        engine: str | Engine = "softmax",
        models: Sequence[str] | None = None,
        key: str = "test",
        token: str = "test",  # noqa: S107 -- an emulator's, not a secret
        faults: Sequence[Fault] = (),
        limits: Limits | None = None,
        clock: Clock | None = None,
        latency: float = 0.0,
        host: str = _HOST,
        port: int = 0,
        name: str | None = None,
    ) -> None:
        _need_extra()
        from ._server import Server

        self._keys = Keys(key=key, token=token)
        self._clock = clock or VirtualClock()
        self._plan = FaultPlan(faults)
        self._host = host
        with ExitStack() as made:
            self._simulated = SimulatedResource(
                path, clock=self._clock, seed=seed, engine=engine, models=models, limits=limits, name=name
            )
            made.callback(self._simulated.close)
            self._app = self._application(made, latency)
            self._server = Server(self._app, host=host, port=port)
            made.callback(self._server.close)
            self._open = made.pop_all()

    def _application(self, made: ExitStack, latency: float) -> App:
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="aoai-emulator")
        made.callback(pool.shutdown)
        return App(
            resource=self._simulated,
            plan=self._plan,
            keys=self._keys,
            pool=pool,
            latency=latency,
            transport=self._transport,
        )

    @override
    def __repr__(self) -> str:
        return f"Emulator({self.endpoint!r}, engine={self._simulated.engine.name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving: connections are cut, threads end, what was in memory is gone. Again does nothing."""
        self._open.close()

    @property
    def endpoint(self) -> str:
        """`http://127.0.0.1:<port>`, for `AzureOpenAI(azure_endpoint=...)`; v1 is below it at `/openai/v1/`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._server.port}"

    @property
    def arm_endpoint(self) -> str:
        """The base URL of the control plane; the same port."""
        return self.endpoint

    @property
    def account(self) -> str:
        """The ARM id of the resource: the control plane has this account, and no other."""
        provider = "providers/Microsoft.CognitiveServices"
        return (
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/{provider}/accounts/{self._simulated.name}"
        )

    @property
    def clock(self) -> Clock:
        """The time the resource lives in."""
        return self._clock

    @property
    def simulated(self) -> SimulatedResource:
        """The resource behind the port."""
        return self._simulated

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests of each operation came in (were let in, and had a known URL)."""
        return self._plan.calls

    @property
    def requests(self) -> Sequence[Seen]:
        """Every request so far: method, path and status; no query, no header and no body is kept."""
        return tuple(self._app.seen)

    def advance(self, seconds: float) -> None:
        """Let simulated time pass at once.

        Raises:
            TypeError: the clock cannot be set.
        """
        if not isinstance(self._clock, Movable):
            raise TypeError("this clock cannot be set; give the emulator a VirtualClock or a ScaledClock")
        self._clock.advance_to(self._clock.now() + seconds)

    def _transport(self, client: object) -> Transport | None:
        return self._server.transport(client)

    def refuse_connections(self) -> AbstractContextManager[None]:
        """Close the port for the length of a `with` block: the machine refuses every connection."""
        return self._server.refusing()

    def refused_at(self, method: str, path: str) -> int | None:
        """The port that a client must go to for the next such request to be refused, as the fault plan wants it.

        None where the plan does not want that; otherwise the request is counted. A client that the emulator makes
        asks this before each request, because a port cannot be closed for one operation only.
        """
        operation = self._app.routes.operation(method, path)
        refused = operation is not None and self._plan.refuses(operation)
        return self._server.closed_port if refused else None

    def backend(self, surface: Face = "v1", auth: Auth = "key", **options: object) -> AzureOpenAIBackend:
        """A backend over a real `openai` client of one surface, with deployments, on this emulator's clock.

        Args:
            surface: `"v1"`, or `"dated"` for an `AzureOpenAI` client with an api-version.
            auth: `"key"` or `"token"`.
            options: further arguments of `AzureOpenAIBackend`, `training_type` being `"standard"` here unless it
                is given; and `timeout`, real seconds of the client.
        """
        return make_backend(self, self._keys, self._open, surface, auth, options)


def _need_extra() -> None:
    """Raise `ImportError` naming the extra where a part of it is missing."""
    for module in ("starlette", "uvicorn"):
        if find_spec(module) is None:
            raise ImportError(
                f"the emulator needs {module}; install the extra: pip install -e '.[emulator]' in a checkout",
                name=module,
            )
