"""Submit once: an intent first, one creation request, and never a second one after an unclear outcome.

The creation request is sent again only when the failure proves that the service did not act. After anything else
the jobs of the resource are searched for our training file, whose id names exactly one training, for `settle`
seconds; what is found is adopted, and otherwise `OutcomeUnknown` says what to do.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from ..backends import Backend, FileRecord, JobRecord
from ..dataset import Dataset
from ..errors import DatasetError, FineTuneError, NotFound, OutcomeUnknown, ServiceError
from ._driving import Waiting, delays
from ._journal import Intent, IntentState, Journal, LeaseLost
from ._step import Step

__all__ = ["SETTLE", "find_job", "submit_part"]

SETTLE = 120.0
"""Seconds to look for a job whose creation had an unclear outcome, in the backend's time."""

R = TypeVar("R")

_TRIES = 5
_LOG = logging.getLogger("aoai_finetune")


def submit_part(
    backend: Backend, journal: Journal, step: Step, part: int, model: str, *, settle: float = SETTLE
) -> Waiting[Intent]:
    """Run one part exactly once and return its intent, which holds the job.

    Yields seconds to wait on the backend's clock; a part that is already running or done is returned at once.

    Raises:
        OutcomeUnknown: the job may exist, but was not found within `settle` seconds.
        DatasetError: the service refused the file.
        ServiceError: the service refused the job; nothing is left behind.
    """
    while True:
        intent = journal.claim(part, model)
        if intent.job is not None:
            return intent
        if intent.owner != journal.owner:
            yield from _wait_for_owner(journal, intent)
            continue
        try:
            return (yield from _move_on(backend, journal, step, intent, settle))
        except LeaseLost:
            continue
        except BaseException:
            journal.release(intent)
            raise


def _move_on(
    backend: Backend, journal: Journal, step: Step, intent: Intent, settle: float
) -> Waiting[Intent]:
    if intent.state is IntentState.SENDING:
        return (yield from _settle(backend, journal, intent, settle))
    intent = yield from _upload_files(backend, journal, step, intent)
    return (yield from _create(backend, journal, step, intent, settle))


def _wait_for_owner(journal: Journal, intent: Intent) -> Waiting[None]:
    """Leave a live owner alone until its lease is over. Leases run on the journal's clock, not the backend's."""
    left = intent.lease_until - journal.clock.now()
    _LOG.info("intent %s is in the hands of %s; waiting up to %.0f s", intent.id, intent.owner, left)
    journal.clock.sleep(min(max(left, 0.0), 0.25))
    yield 0.0


# -- files -----------------------------------------------------------------------------------------------------


def _upload_files(backend: Backend, journal: Journal, step: Step, intent: Intent) -> Waiting[Intent]:
    if intent.state is IntentState.OPEN:
        part = step.parts[intent.part]
        stem = f"{step.suffix or 'training'}-{intent.id}"
        training = yield from _upload(backend, part.training, f"{stem}.jsonl", resumed=intent.resumed)
        validation = None
        if part.validation is not None:
            validation = yield from _upload(
                backend, part.validation, f"{stem}-validation.jsonl", resumed=intent.resumed
            )
        intent = journal.advance(
            intent.advanced(
                IntentState.UPLOADED,
                file_id=training.id,
                validation_file_id=validation.id if validation else None,
            )
        )
    for file_id in _files_of(intent):
        yield from _until_processed(backend, journal, intent, file_id)
    return intent


def _upload(backend: Backend, rows: Dataset, filename: str, *, resumed: bool) -> Waiting[FileRecord]:
    """Upload under a name that only this intent uses. Uploading trains nothing, so it may be repeated."""
    if resumed and (found := _find_file(backend, filename)):
        return found
    for tries, delay in enumerate(delays(), start=1):
        pause = delay
        try:
            with tempfile.TemporaryFile() as content:
                rows.write_to(content)
                content.seek(0)
                return backend.upload_file(content, filename=filename)
        except OutcomeUnknown:
            if found := _find_file(backend, filename):
                return found
            if tries == _TRIES:
                raise
        except ServiceError as refusal:
            if not refusal.retryable or tries == _TRIES:
                raise
            pause = max(delay, refusal.retry_after or 0.0)
        yield pause
    raise AssertionError("delays never ends")


def _find_file(backend: Backend, filename: str) -> FileRecord | None:
    return next((file for file in _patiently(backend.list_files) if file.filename == filename), None)


def _until_processed(backend: Backend, journal: Journal, intent: Intent, file_id: str) -> Waiting[None]:
    """Azure refuses a job whose file is still being imported (CONTRACT: 400 invalidPayload), so wait for it."""
    for delay in delays(first=1.0, longest=30.0):
        with suppress(ServiceError):
            file = backend.get_file(file_id)
            if file.status == "processed":
                return
            if file.status in {"error", "deleted"}:
                _abandon(backend, journal, intent, file.status_details or file.status)
                raise DatasetError(
                    f"the service could not import the training file: {file.status_details or file.status}",
                    source=file.filename,
                    hint="Check it with Dataset.validate() and submit again; nothing was trained",
                )
        yield delay


def _files_of(intent: Intent) -> list[str]:
    return [file_id for file_id in (intent.file_id, intent.validation_file_id) if file_id]


# -- the one creation request ----------------------------------------------------------------------------------


def _create(backend: Backend, journal: Journal, step: Step, intent: Intent, settle: float) -> Waiting[Intent]:
    if intent.file_id is None:
        raise AssertionError("an intent is uploaded before it is sent")
    request = step.request(
        intent.part,
        model=intent.model,
        training_file=intent.file_id,
        validation_file=intent.validation_file_id,
    )
    for tries, delay in enumerate(delays(), start=1):
        intent = journal.advance(intent.advanced(IntentState.SENDING, sent_at=backend.clock.now()))
        try:
            job = backend.create_job(request)
        except OutcomeUnknown:
            return (yield from _settle(backend, journal, intent, settle))
        except FineTuneError as refusal:
            retryable = isinstance(refusal, ServiceError) and refusal.retryable
            if not retryable or tries == _TRIES:
                _abandon(backend, journal, intent, refusal.message)
                raise
            pause = max(delay, getattr(refusal, "retry_after", None) or 0.0)
            # It did not act, so a crash from here on must not look like an unclear outcome.
            intent = journal.advance(intent.advanced(IntentState.UPLOADED))
        except KeyboardInterrupt as stop:
            stop.add_note(
                f"The request of intent {intent.id} may have been sent. Make the same call again: it looks for "
                "the job before it sends anything."
            )
            raise
        else:
            return journal.observe(intent, job)
        yield pause
    raise AssertionError("delays never ends")


def _settle(backend: Backend, journal: Journal, intent: Intent, settle: float) -> Waiting[Intent]:
    """Look for the job of an intent that may have been sent; adopt it, or say that the outcome is unknown."""
    deadline = backend.clock.now() + settle
    for delay in delays(first=1.0, longest=15.0):
        job = find_job(backend, intent)
        if job is not None:
            return journal.observe(intent, job)
        if backend.clock.now() + delay > deadline:
            break
        yield delay
    raise OutcomeUnknown(
        f"the job of intent {intent.id} (training file {intent.file_id}) may or may not have been created; "
        f"it did not appear within {settle:.0f} s",
        hint="Nothing is sent again by itself. Make the same call later, or call lineage.sync(): both look for "
        "the job. To buy another training all the same, pass again=True",
    )


def find_job(backend: Backend, intent: Intent) -> JobRecord | None:
    """The job that was created from this intent's own file, or None when no list shows it (yet)."""
    jobs = _patiently(backend.list_jobs)
    return next((job for job in jobs if job.training_file == intent.file_id), None)


def _patiently(records: Callable[[], Iterator[R]]) -> Iterator[R]:
    """Nothing, where the list cannot be read just now: the caller looks again."""
    with suppress(ServiceError):
        yield from records()


def _abandon(backend: Backend, journal: Journal, intent: Intent, reason: str) -> None:
    """The service certainly did not act: leave nothing behind there, and say why here."""
    journal.advance(intent.advanced(IntentState.ABANDONED, reason=reason))
    for file_id in _files_of(intent):
        with suppress(ServiceError, NotFound):
            backend.delete_file(file_id)
