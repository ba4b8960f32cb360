"""The faults, what each one proves, and what must therefore follow. Everything else is derived from here.

The certainty rule: a creation is sent again only when the failure proves that the service did not act. After
anything else the job is looked for, and otherwise the caller is told that the outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aoai_finetune.backends import Fault, FaultKind

__all__ = ["EVERYTHING", "FAULTS", "Case", "Outcome", "Truth"]


class Truth(StrEnum):
    """What really happened at the service, and what the failure says about it."""

    DID_NOT_ACT = "certainly did not act, and may act when asked again"
    WILL_NOT_ACT = "certainly did not act, and will not when asked again"
    LOST = "did not act, and nobody can know"
    ACTED = "acted, and nobody can know"
    ACTS_SOON = "acts half a minute later, and nobody can know"
    ACTS_LATE = "acts ten minutes later, and nobody can know"
    HARMLESS = "acted, and said so slowly"


class Outcome(StrEnum):
    """What a caller sees, and what the service and the lineage hold in the end."""

    DONE = "no error"
    REFUSED = "a typed refusal, nothing left behind; the same call works afterwards"
    TOLD = "a typed error, nothing done; the same call works afterwards"
    TOLD_DONE = "OutcomeUnknown, and it was done"
    FOUND = "OutcomeUnknown; sync finds the job"
    GIVEN_UP = "OutcomeUnknown; sync proves that there is no job; the same call buys one"
    REPORTED = "sync reports what it could not learn; the next sync learns it"
    APPEARED = "no error; what appears afterwards is known, and removed"
    LATER = "sync leaves it open; the next sync gives it up"


EVERYTHING = tuple(Truth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One named fault.

    Attributes:
        truth: for a call that changes something; a call that reads may always be repeated, unless the service
            says that it will never answer.
        kind, more: the fault of the plan.
        reads: it means something of its own for a call that only reads.
        mock: it means something of its own where there is no wire.
    """

    name: str
    truth: Truth
    kind: FaultKind
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])
    reads: bool = True
    mock: bool = True

    def fault(self, operation: str, at: int, times: int = 1) -> Fault:
        """This fault, at the `at`-th call of an operation."""
        return Fault(operation, self.kind, at=at, times=times, **self.more)


def _http(status: int, *, acted: bool = False, **more: Any) -> Case:
    unclear = Truth.ACTED if acted else Truth.LOST
    truth = {429: Truth.DID_NOT_ACT, 410: Truth.WILL_NOT_ACT}.get(status, unclear)
    name = f"{status}, acted" if acted else f"{status}"
    return Case(
        name=name,
        truth=truth,
        kind=FaultKind.HTTP,
        more={"status": status, "acted": acted, **more},
        reads=not acted,
    )


FAULTS: tuple[Case, ...] = (
    Case(name="connection refused", truth=Truth.DID_NOT_ACT, kind=FaultKind.REFUSED),
    Case(name="reset before acting", truth=Truth.LOST, kind=FaultKind.LOST_REQUEST),
    Case(name="reset after acting", truth=Truth.ACTED, kind=FaultKind.LOST_REPLY, reads=False),
    Case(name="time-out before acting", truth=Truth.LOST, kind=FaultKind.TIME_OUT),
    Case(
        name="time-out after acting",
        truth=Truth.ACTED,
        kind=FaultKind.TIME_OUT,
        more={"acted": True},
        reads=False,
    ),
    Case(
        name="acted late (30 s)",
        truth=Truth.ACTS_SOON,
        kind=FaultKind.ACTED_LATE,
        more={"delay": 30.0},
        reads=False,
    ),
    Case(
        name="acted late (600 s)",
        truth=Truth.ACTS_LATE,
        kind=FaultKind.ACTED_LATE,
        more={"delay": 600.0},
        reads=False,
    ),
    _http(408),
    _http(408, acted=True),
    _http(409),
    _http(409, acted=True),
    _http(410),
    _http(429, retry_after=7.0),
    _http(500),
    _http(500, acted=True),
    _http(502),
    _http(502, acted=True),
    _http(503),
    _http(503, acted=True),
    Case(name="truncated body", truth=Truth.ACTED, kind=FaultKind.TRUNCATED, mock=False),
    Case(name="stalled body", truth=Truth.ACTED, kind=FaultKind.STALLED, mock=False),
    Case(name="invalid JSON", truth=Truth.ACTED, kind=FaultKind.INVALID_JSON, mock=False),
    Case(name="wrong content type", truth=Truth.LOST, kind=FaultKind.WRONG_TYPE, mock=False),
    Case(
        name="wrong content type, acted",
        truth=Truth.ACTED,
        kind=FaultKind.WRONG_TYPE,
        more={"acted": True},
        reads=False,
        mock=False,
    ),
    Case(name="slow stream", truth=Truth.HARMLESS, kind=FaultKind.SLOW, mock=False),
)
