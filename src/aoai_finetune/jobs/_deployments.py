"""Deployments: created, waited for until they really answer, and taken away again.

`Succeeded` is not ready: Azure Resource Manager says so minutes before the deployment answers. So one tiny question
is asked until there is an answer. Creating and deleting are idempotent, and are repeated after an unclear outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..backends import Backend, Chat, Clock, DeploymentRecord, Deployments
from ..errors import NotDeployed, NotFound, NotSupported, OutcomeUnknown, ServiceError, WaitTimeout
from ._driving import Waiting, asked_pause, delays, drive, drive_async, takes_too_long, within
from ._submit import is_hopeless

__all__ = [
    "DEPLOYING",
    "REMOVING",
    "account_of",
    "begin_deployment",
    "create_deployment",
    "deploy",
    "deploy_async",
    "existing_deployment",
    "find_deployment",
    "remove_deployment",
    "serving",
    "until_answering",
]

DEPLOYING = 1800.0
"""Seconds to wait until a deployment answers, in the backend's time."""

REMOVING = 1200.0
"""Seconds to insist on a removal that the service puts off, in the backend's time. Azure Resource Manager refuses to
delete (409) until a deployment that is being created is there, which takes minutes."""

_LEAVING = 120.0
"""Seconds to watch a deployment that is being deleted go."""

_TRIES = 8
_GOING = frozenset({"deleting"})
_LOST = frozenset({"failed", "canceled", "cancelled", "disabled"})
_PASSING = frozenset({404, 408, 409, 429})
_NOT_READY = frozenset({"DeploymentNotFound", "DeploymentNotReady"})
_PING = ({"role": "user", "content": "ping"},)

R = TypeVar("R")


def deploy(
    backend: Backend, name: str, model: str, *, tier: str = "standard", timeout: float = DEPLOYING
) -> DeploymentRecord:
    """Serve a model under a name, and wait until it answers.

    A deployment of the same model under that name is taken as it is. The deployment stays, and costs by the hour,
    until somebody deletes it: also when this raises `WaitTimeout`.

    Args:
        backend: where the model is.
        name: of the deployment.
        model: a fine-tuned model or a checkpoint.
        tier: `standard`, `global` or `developer`, or the name of a SKU.
        timeout: seconds in the backend's time.

    Raises:
        NotSupported: the backend has no deployments.
        ServiceError: the service refused, the deployment failed (with the reason), or the name serves another model.
        OutcomeUnknown: it may or may not have been created.
        WaitTimeout: it does not answer yet.
    """
    return drive(_deploying(backend, name, model, tier, timeout), backend.clock)


async def deploy_async(
    backend: Backend, name: str, model: str, *, tier: str = "standard", timeout: float = DEPLOYING
) -> DeploymentRecord:
    """`deploy` without blocking the event loop."""
    return await drive_async(_deploying(backend, name, model, tier, timeout), backend.clock)


def _deploying(
    backend: Backend, name: str, model: str, tier: str, timeout: float
) -> Waiting[DeploymentRecord]:
    def course() -> Waiting[DeploymentRecord]:
        record = yield from begin_deployment(backend, name, model, tier)
        return (yield from until_answering(backend, record))

    return within(course(), backend.clock, timeout, lambda: _late(name, timeout))


def serving(backend: Backend) -> Deployments:
    """The backend as one that has deployments. Raises `NotSupported`."""
    if not backend.capabilities.deployments or not isinstance(backend, Deployments):
        raise NotSupported(
            f"{backend.capabilities.provider} has no deployments here",
            hint="AzureOpenAIBackend needs arm=ArmConfig(...) for them",
        )
    return backend


def account_of(backend: Backend) -> str:
    """Names the account that a backend makes deployments in, where that is another thing than its resource."""
    account: object = getattr(backend, "account", "")
    return account if isinstance(account, str) else ""


def find_deployment(backend: Backend, name: str) -> Waiting[DeploymentRecord | None]:
    """The deployment of that name, None where there is none."""
    at = serving(backend)

    def look() -> DeploymentRecord | None:
        try:
            return at.get_deployment(name)
        except NotFound:
            return None

    return (yield from _insisting(look))


def begin_deployment(backend: Backend, name: str, model: str, tier: str) -> Waiting[DeploymentRecord]:
    """Create a deployment, or find the one that serves the same model under that name."""
    found = yield from existing_deployment(backend, name, model)
    if found is not None and found.status.lower() not in _LOST:
        return found
    return (yield from create_deployment(backend, name, model, tier))


def existing_deployment(backend: Backend, name: str, model: str) -> Waiting[DeploymentRecord | None]:
    """The deployment of a model under a name, None where the name is free; one that is going is waited for.

    Raises:
        ServiceError: the name serves another model.
    """
    found = yield from find_deployment(backend, name)
    for delay in delays(first=5.0):
        if found is None or found.status.lower() not in _GOING:
            break
        yield delay
        found = yield from find_deployment(backend, name)
    if found is not None and found.model.casefold() != model.casefold():
        raise ServiceError(
            f"the deployment {name} serves {found.model}, not {model}",
            hint=f"Choose another name, or delete it: backend.delete_deployment({name!r})",
        )
    return found


def create_deployment(
    backend: Backend, name: str, model: str, tier: str, *, unclear: Callable[[], None] = lambda: None
) -> Waiting[DeploymentRecord]:
    """Create a deployment, again after what passes: a name in use gets this model. Raises `ServiceError`.

    `unclear` is called after each attempt that may have been acted upon, or may still be: what was sent then can
    arrive after everything else.
    """
    at = serving(backend)

    def create() -> DeploymentRecord:
        try:
            return at.create_deployment(name, model, tier=tier)
        except OutcomeUnknown:
            unclear()
            raise

    return (yield from _insisting(create))


def until_answering(backend: Backend, record: DeploymentRecord) -> Waiting[DeploymentRecord]:
    """Wait for a deployment that was created until it answers one tiny question."""
    name = record.name
    for delay in delays(first=5.0, longest=30.0):
        if record.status.lower() == "succeeded":
            break
        if record.status.lower() in _LOST:
            raise ServiceError(
                f"the deployment {name} of {record.model} is {record.status}: "
                f"{record.reason or 'the service gave no reason'}",
                code=record.status,
                hint="Delete it and try another tier or region; the portal shows more",
            )
        yield delay
        seen = yield from find_deployment(backend, name)
        record = seen or record  # a list that is a little behind may not show it yet
    yield from _until_it_answers(backend, name)
    return record


def _until_it_answers(backend: Backend, name: str) -> Waiting[None]:
    if not backend.capabilities.chat or not isinstance(backend, Chat):
        return
    for delay in delays(first=2.0, longest=30.0):
        asked = _probe(backend, name)
        if asked is None:
            return
        yield max(delay, asked)


def _probe(backend: Chat, name: str) -> float | None:
    """None when the deployment answered, else the seconds the service asked to wait."""
    try:
        backend.chat(name, _PING, max_tokens=1)
    except (NotFound, NotDeployed):
        return 0.0
    except ServiceError as refusal:
        if is_hopeless(refusal):
            raise
        if refusal.retryable or refusal.status in _PASSING or refusal.code in _NOT_READY:
            return asked_pause(refusal)
        # A refusal of the question itself is an answer: somebody is there.
    return None


class _StillThere(ServiceError):
    """The service took the removal, and shows the deployment as if it had not."""


def remove_deployment(backend: Backend, name: str, model: str) -> Waiting[bool]:
    """Take a model's deployment away; one that is not there is fine.

    A service that puts the removal off, as Azure does while it is still creating, is asked again for `REMOVING`
    seconds. One that serves another model by now is somebody else's, and stays.

    Returns:
        Whether it was seen to be gone; False where it is going, but still shown.

    Raises:
        ServiceError: it may still be there.
    """
    at = serving(backend)

    def remove() -> bool:
        if _serves_another(at, name, model):
            return True
        try:
            # Also where it was not shown: what is a little behind must not go on costing.
            at.delete_deployment(name)
            left = at.get_deployment(name)
        except NotFound:
            return True
        if left.status.lower() not in _GOING:
            raise _StillThere(f"the deployment {name} is still {left.status}", retryable=True)
        return False

    gone = yield from _persisting(remove, backend.clock)
    return gone or (yield from _until_gone(at, name, backend.clock))


def _until_gone(at: Deployments, name: str, clock: Clock) -> Waiting[bool]:
    """Whether a deployment that is being deleted is gone in a moment."""
    deadline = clock.now() + _LEAVING
    for delay in delays():
        yield delay
        try:
            at.get_deployment(name)
        except NotFound:
            return True
        except ServiceError:
            pass
        if clock.now() >= deadline:
            return False
    raise AssertionError("delays never ends")


def _persisting(call: Callable[[], R], clock: Clock) -> Waiting[R]:
    """As `_insisting`, but as long as the service says "not now" only the clock ends it."""
    deadline, failures = clock.now() + REMOVING, 0
    for delay in delays(longest=30.0):
        try:
            return call()
        except ServiceError as refusal:
            busy = refusal.status == 409 or isinstance(refusal, _StillThere)
            failures += not busy
            passing = busy or refusal.retryable or isinstance(refusal, OutcomeUnknown)
            pause = max(delay, min(asked_pause(refusal), REMOVING / 4))  # so that there is another try
            if not passing or failures == _TRIES or clock.now() + pause > deadline:
                raise
        yield pause
    raise AssertionError("delays never ends")


def _serves_another(at: Deployments, name: str, model: str) -> bool:
    try:
        served = at.get_deployment(name).model
    except NotFound:
        return False
    return bool(served) and served.casefold() != model.casefold()


def _insisting(call: Callable[[], R]) -> Waiting[R]:
    """The result of a call that may be made any number of times, made again after anything that passes."""
    for attempt, delay in enumerate(delays(), start=1):
        try:
            return call()
        except ServiceError as refusal:
            passing = refusal.retryable or isinstance(refusal, OutcomeUnknown)
            if not passing or attempt == _TRIES:
                raise
            if takes_too_long(refusal):
                raise
            pause = max(delay, asked_pause(refusal))
        yield pause
    raise AssertionError("delays never ends")


def _late(name: str, timeout: float) -> WaitTimeout:
    return WaitTimeout(
        f"the deployment {name} did not answer within {timeout:.0f} s",
        hint="It exists, and costs by the hour. Wait longer with the same call; if it never answers, delete it, and "
        "create it again after five minutes",
    )
