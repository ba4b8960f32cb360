"""What goes wrong, when: a plan of faults for `MockBackend` and for the emulator."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ._refusal import ServiceFault

__all__ = ["CHANGES", "READS", "WIRE_ONLY", "Fault", "FaultKind", "FaultPlan", "fault_reply"]

CHANGES = frozenset(
    {
        "upload_file",
        "delete_file",
        "create_job",
        "cancel_job",
        "pause_job",
        "resume_job",
        "create_deployment",
        "delete_deployment",
    }
)
"""Operations that change something: after a failure the outcome may be unknown."""

READS = frozenset(
    {
        "get_file",
        "list_files",
        "read_file",
        "get_job",
        "list_jobs",
        "list_events",
        "list_checkpoints",
        "get_model",
        "list_models",
        "get_deployment",
        "list_deployments",
        "chat",
    }
)
"""Operations that change nothing: they can be sent again."""

WIRE_ONLY = frozenset(
    {
        "import_file",
        "create_upload",
        "add_part",
        "complete_upload",
        "cancel_upload",
        "delete_job",
        "get_operation",
    }
)
"""Operations that only the emulator has: `MockBackend` never sends them."""

_REPLIES = {
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
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class FaultKind(StrEnum):
    """What goes wrong with a call. The emulator does on the wire what is told here.

    Attributes:
        REFUSED: the connection is refused; the service certainly did not act. (On the wire a port is closed for
            everybody, so a client that the emulator did not make sees a reset instead.)
        LOST_REQUEST: the connection is reset before the service acts, and the caller cannot know that.
        LOST_REPLY: the service acts, and the connection is reset instead of a reply.
        TIME_OUT: no reply comes before the caller's time-out; `acted` says whether the service acted.
        ACTED_LATE: the caller's time-out passes first; the service acts `delay` seconds after the call.
        HTTP: the service (or a gateway before it) answers with `status`; `acted` says whether it acted anyway.
        REDIRECT: a 3xx `status` points to `location`; the service did not act.
        TRUNCATED: the service acts; its reply is cut off, and the connection closed.
        STALLED: the service acts; half of its reply comes, and then nothing before the caller's time-out.
        INVALID_JSON: the service acts; the body of its reply is complete and is not JSON.
        WRONG_TYPE: a proxy answers 200 with a page of HTML; `acted` says whether the service acted.
        SLOW: the service acts, and its reply trickles in; nothing is lost.
        JOB_FAILS: for `create_job`: the job is created, and fails later.
    """

    REFUSED = "refused"
    LOST_REQUEST = "lost_request"
    LOST_REPLY = "lost_reply"
    TIME_OUT = "time_out"
    ACTED_LATE = "acted_late"
    HTTP = "http"
    REDIRECT = "redirect"
    TRUNCATED = "truncated"
    STALLED = "stalled"
    INVALID_JSON = "invalid_json"
    WRONG_TYPE = "wrong_type"
    SLOW = "slow"
    JOB_FAILS = "job_fails"


_CHOOSE = frozenset({FaultKind.TIME_OUT, FaultKind.HTTP, FaultKind.WRONG_TYPE})
_ALWAYS_ACT = frozenset(
    {
        FaultKind.LOST_REPLY,
        FaultKind.TRUNCATED,
        FaultKind.STALLED,
        FaultKind.INVALID_JSON,
        FaultKind.SLOW,
        FaultKind.JOB_FAILS,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: which operation, what happens, and to which of its calls.

    Args:
        operation: name of a backend method, such as `create_job`.
        kind: what goes wrong.
        at: 0-based number of the first call of that operation that it meets; each page of a list is a call.
        times: how many calls in a row it meets.
        delay: for `acted_late`: seconds until the service acts.
        status: for `http` (500 unless told) and `redirect` (307): the status.
        acted: for `http`, `time_out` and `wrong_type`: the service acted all the same.
        retry_after: for `http`: seconds in the Retry-After header.
        code: error code of an `http` reply, or of a job that fails.
        location: for `redirect`: where it points.

    Raises:
        ValueError: an unknown operation, kind or status, or a kind that does not fit the operation.
    """

    operation: str
    kind: FaultKind | str
    at: int = 0
    times: int = 1
    delay: float = 30.0
    status: int = 0
    acted: bool = False
    retry_after: float | None = None
    code: str | None = None
    location: str = ""

    def __post_init__(self) -> None:
        known = sorted(CHANGES | READS)
        if self.operation not in CHANGES | READS | WIRE_ONLY:
            raise ValueError(f"unknown operation {self.operation!r}; one of {', '.join(known)}")
        if self.kind not in set(FaultKind):
            raise ValueError(f"unknown kind of fault {str(self.kind)!r}; one of {', '.join(FaultKind)}")
        if self.kind == FaultKind.ACTED_LATE and self.operation not in CHANGES:
            raise ValueError(f"{self.operation} changes nothing, so it cannot act late")
        if self.kind == FaultKind.JOB_FAILS and self.operation != "create_job":
            raise ValueError(f"job_fails is for create_job, not {self.operation}")
        if self.kind == FaultKind.INVALID_JSON and self.operation == "read_file":
            raise ValueError("the content of a file is not JSON, so it cannot be invalid JSON")
        self._check_status()
        self._check_numbers()

    def _check_status(self) -> None:
        redirect = self.kind == FaultKind.REDIRECT
        if not self.status:
            object.__setattr__(self, "status", 307 if redirect else 500)
        fitting = sorted(_REDIRECTS if redirect else _REPLIES)
        if self.status not in fitting:
            raise ValueError(f"status {self.status} is not one of {', '.join(map(str, fitting))}")
        if redirect and not self.location:
            raise ValueError("a redirect needs a location")

    def _check_numbers(self) -> None:
        if self.at < 0 or self.times < 1 or self.delay < 0:
            raise ValueError("at and delay must be 0 or more, and times 1 or more")

    @property
    def acts(self) -> bool:
        """The service does at once what it was asked for."""
        return self.kind in _ALWAYS_ACT or (self.kind in _CHOOSE and self.acted)


def fault_reply(fault: Fault) -> ServiceFault:
    """The refusal that an `http` fault answers with."""
    code, message = _REPLIES[fault.status]
    return ServiceFault(fault.status, fault.code or code, message, None, fault.retry_after)


class FaultPlan:
    """Counts calls, and says which fault a call meets. Safe to share by threads."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def calls(self) -> dict[str, int]:
        """How many calls each operation had, those that failed included."""
        with self._lock:
            return dict(self._calls)

    def next(self, operation: str) -> Fault | None:
        """Count one call; the first fault of the plan that is meant for it."""
        with self._lock:
            number = self._calls[operation]
            self._calls[operation] += 1
        return self._meant(operation, number)

    def refuses(self, operation: str) -> bool:
        """The next call is to be refused at the door; if so, it is counted."""
        with self._lock:
            fault = self._meant(operation, self._calls[operation])
            refused = fault is not None and fault.kind == FaultKind.REFUSED
            self._calls[operation] += int(refused)
        return refused

    def _meant(self, operation: str, number: int) -> Fault | None:
        hit = (f for f in self._faults if f.operation == operation and f.at <= number < f.at + f.times)
        return next(hit, None)
