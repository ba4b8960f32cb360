"""The memory of what was asked of a service, so that a crash or a lost reply never buys a training twice.

An intent is written *before* anything is sent, and goes one way:

    OPEN ──► UPLOADED ──► SENDING ──► SUBMITTED ──► SETTLED
      └──────────┴───────────┴──► ABANDONED        (the service certainly did not act)

A process that finds an intent in SENDING cannot know whether the service acted: it may look the job up by its
training file, but never sends again. Only the owner of an intent (one submitting call) may move it on; when the
owner has given its lease up, its lease has expired, or its process is gone, the next call that claims the intent
becomes the owner.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from ..backends import Clock, JobRecord, SystemClock
from ..errors import FineTuneError

__all__ = [
    "LEASE",
    "UNSENT_OR_SENDING",
    "Intent",
    "IntentState",
    "Journal",
    "LeaseLost",
    "MemoryJournal",
    "may_take_over",
    "new_owner",
    "observed",
    "owner_is_gone",
]

LEASE = 60.0
"""Seconds an owner may be silent before another process may repair its intent. Taking over early is safe (it
can only make the first owner stop), so this is about patience, not about correctness."""


class IntentState(StrEnum):
    """How far a submission has come."""

    OPEN = "open"
    UPLOADED = "uploaded"
    SENDING = "sending"
    SUBMITTED = "submitted"
    SETTLED = "settled"
    ABANDONED = "abandoned"


UNSENT_OR_SENDING = frozenset({IntentState.OPEN, IntentState.UPLOADED, IntentState.SENDING})
"""The states in which an intent has an owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The wish to run one part of a step exactly once, and what is known of it.

    Attributes:
        id: random, part of the name of the uploaded file.
        key: names the step it belongs to.
        part: 0-based number of the part within its step.
        model: what the part starts from.
        owner: the call that acts on it; `lease_until` is in the journal's Unix seconds.
        resumed: an earlier call made it, and may have left a file behind.
        sent_at: backend time of the last transition to SENDING, None before.
        job: the job as last seen, once there is one.
        reason: why it was abandoned.
    """

    id: str
    key: str
    part: int
    model: str
    owner: str
    lease_until: float
    state: IntentState = IntentState.OPEN
    resumed: bool = False
    file_id: str | None = None
    validation_file_id: str | None = None
    sent_at: float | None = None
    job: JobRecord | None = None
    reason: str = ""

    @property
    def live(self) -> bool:
        """It holds, or may yet hold, a job that was not lost to failure or cancellation."""
        if self.state is IntentState.ABANDONED:
            return False
        return self.job is None or not self.job.done or self.job.succeeded

    def advanced(
        self,
        state: IntentState,
        *,
        file_id: str | None = None,
        validation_file_id: str | None = None,
        sent_at: float | None = None,
        job: JobRecord | None = None,
        reason: str = "",
    ) -> Intent:
        """This intent one transition further; what is None stays as it was."""
        return replace(
            self,
            state=state,
            file_id=file_id or self.file_id,
            validation_file_id=validation_file_id or self.validation_file_id,
            sent_at=sent_at if sent_at is not None else self.sent_at,
            job=job or self.job,
            reason=reason or self.reason,
        )


class LeaseLost(FineTuneError, RuntimeError):
    """Another process has taken the intent over; what it did can be read by claiming again."""


class Journal(Protocol):
    """The intents of a step. Every call is durable when it returns."""

    @property
    def clock(self) -> Clock:
        """The time leases are measured in; shared by all processes that share the journal."""
        ...

    def claim(self, key: str, part: int, model: str, owner: str, /) -> Intent:
        """The live intent of a part of step `key`: a new one, one taken over, or another owner's under lease."""
        ...

    def advance(self, intent: Intent, /) -> Intent:
        """Store `intent` with a fresh lease. Raises `LeaseLost` when its owner no longer owns it."""
        ...

    def observe(self, intent: Intent, job: JobRecord, /) -> Intent:
        """Store what a job looks like now, by whoever saw it; a terminal status settles exactly once."""
        ...

    def release(self, intent: Intent, /) -> None:
        """Give the lease up, so that the next claim need not wait. Harmless when it is somebody else's."""
        ...

    def intents(self, key: str, /) -> tuple[Intent, ...]:
        """All intents of step `key`, oldest first."""
        ...


def new_owner() -> str:
    """A name for one submission: host, process id, and something random, because a process may have many."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def owner_is_gone(owner: str) -> bool:
    """The owner ran on this host and its process has ended, so nobody has to wait for its lease."""
    if os.name == "nt":
        return False  # signal 0 is CTRL_C_EVENT there: asking would interrupt the owner
    host, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def may_take_over(intent: Intent, now: float) -> bool:
    """Nobody is at work on the intent any more."""
    return intent.state in UNSENT_OR_SENDING and (intent.lease_until <= now or owner_is_gone(intent.owner))


def observed(stored: Intent, job: JobRecord) -> Intent:
    """What a look at the service makes of an intent. Pure.

    A settled intent stays as it is, and so does one that holds another job. A success without a model's name is
    not settled: the service tells the name a little later.
    """
    if stored.state is IntentState.SETTLED or (stored.job is not None and stored.job.id != job.id):
        return stored
    final = job.done and (not job.succeeded or job.fine_tuned_model is not None)
    return stored.advanced(IntentState.SETTLED if final else IntentState.SUBMITTED, job=job)


class MemoryJournal:
    """A journal that lives as long as its process: the default of `FineTuneJob.submit`. Thread-safe."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock: Clock = clock or SystemClock()
        self._intents: dict[str, Intent] = {}
        self._lock = threading.Lock()

    @property
    def clock(self) -> Clock:
        """The time leases are measured in."""
        return self._clock

    def claim(self, key: str, part: int, model: str, owner: str, /) -> Intent:
        """The live intent of a part: a new one, one taken over, or another owner's while its lease holds."""
        with self._lock:
            for intent in self._intents.values():
                if intent.key == key and intent.part == part and intent.live:
                    return self._found(intent, owner)
            intent = Intent(
                id=secrets.token_hex(6),
                key=key,
                part=part,
                model=model,
                owner=owner,
                lease_until=self._clock.now() + LEASE,
            )
            self._intents[intent.id] = intent
            return intent

    def _found(self, intent: Intent, owner: str) -> Intent:
        if may_take_over(intent, self._clock.now()):
            intent = replace(intent, owner=owner, lease_until=self._clock.now() + LEASE)
            self._intents[intent.id] = intent
        return replace(intent, resumed=True)

    def advance(self, intent: Intent, /) -> Intent:
        """Store `intent` with a fresh lease. Raises `LeaseLost` when its owner no longer owns it."""
        with self._lock:
            stored = self._intents[intent.id]
            if stored.owner != intent.owner or stored.state not in UNSENT_OR_SENDING:
                raise LeaseLost(f"intent {intent.id} is in other hands, or already submitted")
            self._intents[intent.id] = replace(intent, lease_until=self._clock.now() + LEASE)
            return self._intents[intent.id]

    def observe(self, intent: Intent, job: JobRecord, /) -> Intent:
        """Store what the job looks like."""
        with self._lock:
            self._intents[intent.id] = observed(self._intents[intent.id], job)
            return self._intents[intent.id]

    def release(self, intent: Intent, /) -> None:
        """Give the lease up."""
        with self._lock:
            stored = self._intents[intent.id]
            if stored.owner == intent.owner:
                self._intents[intent.id] = replace(stored, lease_until=0.0)

    def intents(self, key: str, /) -> tuple[Intent, ...]:
        """All intents of step `key`, oldest first."""
        with self._lock:
            return tuple(intent for intent in self._intents.values() if intent.key == key)
