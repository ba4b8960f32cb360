"""What goes wrong, when: a plan of faults for `MockBackend`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CHANGES", "READS", "Fault", "FaultKind", "FaultPlan"]

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

_STATUSES = frozenset({400, 401, 403, 404, 408, 409, 410, 429, 500, 502, 503, 504})


class FaultKind(StrEnum):
    """What goes wrong with a call.

    Attributes:
        REFUSED: the connection is refused; the service certainly did not act.
        LOST_REQUEST: the connection breaks before the service acts, and the caller cannot know that.
        LOST_REPLY: the service acts, and the reply is lost.
        ACTED_LATE: the caller's time-out passes first; the service acts `delay` seconds after the call.
        HTTP: the service (or a gateway before it) answers with `status`; `acted` says whether it acted anyway.
        JOB_FAILS: for `create_job`: the job is created, and fails later.
    """

    REFUSED = "refused"
    LOST_REQUEST = "lost_request"
    LOST_REPLY = "lost_reply"
    ACTED_LATE = "acted_late"
    HTTP = "http"
    JOB_FAILS = "job_fails"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: which operation, what happens, and to which of its calls.

    Args:
        operation: name of a backend method, such as `create_job`.
        kind: what goes wrong.
        at: 0-based number of the first call of that operation that it meets; each page of a list is a call.
        times: how many calls in a row it meets.
        delay: for `acted_late`: seconds until the service acts.
        status: for `http`: the status.
        acted: for `http`: the service acted although it answered so.
        retry_after: for `http`: seconds in the Retry-After header.
        code: error code of an `http` reply, or of a job that fails.

    Raises:
        ValueError: an unknown operation, kind or status, or a kind that does not fit the operation.
    """

    operation: str
    kind: FaultKind | str
    at: int = 0
    times: int = 1
    delay: float = 30.0
    status: int = 500
    acted: bool = False
    retry_after: float | None = None
    code: str | None = None

    def __post_init__(self) -> None:
        known = sorted(CHANGES | READS)
        if self.operation not in known:
            raise ValueError(f"unknown operation {self.operation!r}; one of {', '.join(known)}")
        if self.kind not in set(FaultKind):
            raise ValueError(f"unknown kind of fault {str(self.kind)!r}; one of {', '.join(FaultKind)}")
        if self.kind == FaultKind.ACTED_LATE and self.operation not in CHANGES:
            raise ValueError(f"{self.operation} changes nothing, so it cannot act late")
        if self.kind == FaultKind.JOB_FAILS and self.operation != "create_job":
            raise ValueError(f"job_fails is for create_job, not {self.operation}")
        self._check_numbers()

    def _check_numbers(self) -> None:
        if self.status not in _STATUSES:
            raise ValueError(f"status {self.status} is not one of {', '.join(map(str, sorted(_STATUSES)))}")
        if self.at < 0 or self.times < 1 or self.delay < 0:
            raise ValueError("at and delay must be 0 or more, and times 1 or more")


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
        hit = (f for f in self._faults if f.operation == operation and f.at <= number < f.at + f.times)
        return next(hit, None)
