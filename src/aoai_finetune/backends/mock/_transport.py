"""One request from the backend to the simulated resource: the fault plan on the way, refusals translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar, cast

from ...errors import FineTuneError, NotDeployed, NotFound, OutcomeUnknown, ServiceError
from ._catalogue import near_names
from ._faults import Fault, FaultKind, FaultPlan, fault_reply
from ._refusal import ServiceFault
from ._resource import SimulatedResource

__all__ = ["Transport"]

_Arguments = ParamSpec("_Arguments")
_Reply = TypeVar("_Reply")

_UNCLEAR = frozenset({408, 409})
_MISSING = frozenset({"notFound", "DeploymentNotFound", "DeploymentNotReady"})

_WHAT = {
    FaultKind.LOST_REQUEST: "no reply came",
    FaultKind.LOST_REPLY: "no reply came",
    FaultKind.TIME_OUT: "no reply came in time",
    FaultKind.ACTED_LATE: "no reply came in time",
    FaultKind.STALLED: "no reply came in time",
    FaultKind.TRUNCATED: "the reply was cut off",
    FaultKind.INVALID_JSON: "the reply could not be read",
    FaultKind.WRONG_TYPE: "the reply could not be read",
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
        if fault is not None and fault.kind != FaultKind.SLOW:
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
        if fault is None or fault.kind == FaultKind.SLOW:
            return self._act(action, *args, **arguments)
        if fault.kind == FaultKind.JOB_FAILS:
            reply = self._act(action, *args, **arguments)
            self._doom(fault, reply)
            return reply
        if fault.kind == FaultKind.ACTED_LATE:
            self._resource.receive_later(operation, fault.delay, arguments)
        if fault.acts:
            with suppress(FineTuneError):
                self._act(action, *args, **arguments)
        raise self._failure(fault, changes=True)

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
            return self._translated(fault_reply(fault), changes=changes)
        if fault.kind == FaultKind.REFUSED:
            return ServiceError(f"{fault.operation}: the connection was refused", retryable=True)
        if fault.kind == FaultKind.REDIRECT:
            return ServiceError(f"{fault.operation}: redirects are not followed", status=fault.status)
        what = _WHAT[FaultKind(fault.kind)]
        if changes:
            return OutcomeUnknown(f"{fault.operation}: {what}, so the service may or may not have acted")
        return ServiceError(f"{fault.operation}: {what}", retryable=True)

    def _translated(self, fault: ServiceFault, *, changes: bool, model: str = "") -> FineTuneError:
        if fault.code == "DeploymentNotFound" and model in self._resource.known_models():
            return _not_deployed(model)
        hint = self._near(model) if fault.param == "model" else ""
        if fault.code == "DeploymentNotFound":
            return NotFound(f"there is no model or deployment {model!r}", hint=hint)
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
