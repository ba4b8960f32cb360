"""One request from the backend to the simulated resource: the fault plan on the way, refusals translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar, cast

from ...errors import FineTuneError, NotDeployed, NotFound, OutcomeUnknown, ServiceError
from ._catalogue import near_names
from ._faults import Fault, FaultKind, FaultPlan
from ._refusal import ServiceFault
from ._resource import SimulatedResource

__all__ = ["Transport"]

_Arguments = ParamSpec("_Arguments")
_Reply = TypeVar("_Reply")

_UNCLEAR = frozenset({408, 409})
_MISSING = frozenset({"notFound", "DeploymentNotFound", "DeploymentNotReady"})
_TEXTS = {
    400: ("invalidPayload", "The request is not valid."),
    401: ("unauthorized", "Access denied due to invalid subscription key or wrong API endpoint."),
    403: ("forbidden", "The caller may not do this."),
    404: ("404", "Resource not found"),
    408: ("timeout", "The request timed out."),
    409: ("conflict", "The request conflicts with another one."),
    410: ("gone", "The model is retired."),
    429: ("tooManyRequests", "Too many requests."),
    500: ("internalFailure", "Internal server error."),
    502: ("badGateway", "Bad gateway."),
    503: ("serviceUnavailable", "The service is unavailable."),
    504: ("gatewayTimeout", "The gateway timed out."),
}


class Transport:
    """Sends requests to a resource, letting planned faults happen.

    Args:
        resource: where requests go.
        plan: which of them go wrong, and how.
    """

    def __init__(self, resource: SimulatedResource, plan: FaultPlan) -> None:
        self._resource = resource
        self._plan = plan

    def read(
        self,
        operation: str,
        action: Callable[_Arguments, _Reply],
        *args: _Arguments.args,
        **arguments: _Arguments.kwargs,
    ) -> _Reply:
        """A request that changes nothing: every failure but a refusal is a retryable `ServiceError`."""
        fault = self._plan.next(operation)
        if fault is not None:
            raise self._failure(fault, changes=False)
        return self._act(action, *args, **arguments)

    def change(
        self,
        operation: str,
        action: Callable[_Arguments, _Reply],
        *args: _Arguments.args,
        **arguments: _Arguments.kwargs,
    ) -> _Reply:
        """A request that changes something: a failure that does not prove that nothing happened is unclear."""
        fault = self._plan.next(operation)
        if fault is None:
            return self._act(action, *args, **arguments)
        if fault.kind == FaultKind.ACTED_LATE:
            self._resource.receive_later(operation, fault.delay, arguments)
        if fault.kind == FaultKind.LOST_REPLY or (fault.kind == FaultKind.HTTP and fault.acted):
            with suppress(FineTuneError):
                self._act(action, *args, **arguments)
        if fault.kind != FaultKind.JOB_FAILS:
            raise self._failure(fault, changes=True)
        reply = self._act(action, *args, **arguments)
        self._doom(fault, reply)
        return reply

    def _act(
        self, action: Callable[_Arguments, _Reply], *args: _Arguments.args, **arguments: _Arguments.kwargs
    ) -> _Reply:
        try:
            return action(*args, **arguments)
        except ServiceFault as fault:
            refusal = self._translated(fault, changes=True, model=_model(arguments))
        raise refusal

    def _doom(self, fault: Fault, reply: object) -> None:
        job_id = str(cast("dict[str, Any]", reply)["id"])
        code, message = fault.code or "internalFailure", "The job failed (planned fault)."
        self._resource.doom_job(job_id=job_id, code=code, message=message)

    def _failure(self, fault: Fault, *, changes: bool) -> FineTuneError:
        if fault.kind == FaultKind.HTTP:
            code, message = _TEXTS[fault.status]
            reply = ServiceFault(fault.status, fault.code or code, message, None, fault.retry_after)
            return self._translated(reply, changes=changes)
        if fault.kind == FaultKind.REFUSED:
            return ServiceError(f"{fault.operation}: the connection was refused", retryable=True)
        if changes:
            return OutcomeUnknown(
                f"{fault.operation}: no reply came, so the service may or may not have acted"
            )
        return ServiceError(f"{fault.operation}: the connection broke", retryable=True)

    def _translated(self, fault: ServiceFault, *, changes: bool, model: str = "") -> FineTuneError:
        if fault.code == "DeploymentNotFound" and model in self._resource.known_models():
            return _not_deployed(model)
        hint = self._near(model) if fault.param == "model" else ""
        if fault.code in _MISSING:
            return NotFound(fault.message, hint=hint)
        passing = fault.status in _UNCLEAR or fault.status >= 500
        return (OutcomeUnknown if changes and passing else ServiceError)(
            fault.message,
            status=fault.status,
            code=fault.code,
            retryable=fault.status == 429 or (passing and not changes),
            retry_after=fault.retry_after,
            hint=hint,
        )

    def _near(self, model: str) -> str:
        near = near_names(model, self._resource.known_models()) if model else []
        return f"Did you mean {' or '.join(near)}?" if near else ""


def _not_deployed(model: str) -> NotDeployed:
    return NotDeployed(
        f"nothing serves {model}; on Azure a standard deployment costs about 1.70 USD an hour (list price of"
        " 2026-08-11), here it is free",
        status=404,
        code="DeploymentNotFound",
        hint=f"Deploy it with backend.create_deployment('a-name', '{model}')",
    )


def _model(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("body", arguments).get("model", ""))
