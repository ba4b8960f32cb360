"""Submit once: an intent first, one creation request, and never a second one after an unclear outcome.

The creation request is sent again only when the failure proves that the service did not act. After anything else
the jobs of the resource are searched for our training file, whose id names exactly one training, for `settle`
seconds; what is found is adopted, and otherwise `OutcomeUnknown` says what to do.
"""

from __future__ import annotations

import logging
import tempfile
from contextlib import suppress
from dataclasses import replace

from ..backends import Backend, Checking, FileRecord, JobRecord
from ..dataset import Dataset
from ..errors import DatasetError, FineTuneError, NotFound, OutcomeUnknown, ServiceError, WaitTimeout
from ._driving import Waiting, delays, patiently
from ._journal import Intent, IntentState, Journal, LeaseLost, new_owner
from ._step import Step

__all__ = ["SETTLE", "check_step", "delete_files", "find_job", "is_hopeless", "submit_part"]

SETTLE = 120.0
"""Seconds to look for a job whose creation had an unclear outcome, in the backend's time."""

IMPORT_TIMEOUT = 3600.0
"""Seconds to wait for the service to import a training file, in the backend's time."""

_TRIES = 5
_LOG = logging.getLogger("aoai_finetune")


def check_step(backend: Backend, step: Step) -> None:
    """Raise what the backend knows against a step's requests, before anything is stored or sent."""
    if isinstance(backend, Checking):
        for part in range(len(step.parts)):
            backend.check_job(step.request(part, model=step.model, training_file="", validation_file=None))


def submit_part(
    backend: Backend, journal: Journal, step: Step, part: int, model: str, *, settle: float = SETTLE
) -> Waiting[Intent]:
    """Run one part exactly once and return its intent, which holds the job.

    Yields seconds to wait on the backend's clock; a part that is already running or done is returned at once,
    with `resumed` set: nothing was bought by this call.

    Raises:
        OutcomeUnknown: the job may exist, but was not found within `settle` seconds.
        DatasetError: the service could not import the file.
        ServiceError, NotFound: the service refused the job; nothing is left behind.
        WaitTimeout: the service has not imported the file within an hour.
    """
    check_step(backend, step)
    owner = new_owner()
    while True:
        intent = journal.claim(step.key, part, model, owner)
        if intent.job is not None:
            return intent
        if intent.owner != owner:
            yield from _wait_for_owner(journal, intent)
            continue
        try:
            return (yield from _move_on(backend, journal, step, intent, settle))
        except (LeaseLost, _FileGone):
            continue
        except BaseException:
            with suppress(FineTuneError):
                journal.release(intent)
            raise


def _move_on(
    backend: Backend, journal: Journal, step: Step, intent: Intent, settle: float
) -> Waiting[Intent]:
    if intent.state is IntentState.SENDING:
        found = yield from _settle(backend, journal, intent, settle)
        return replace(found, resumed=True)
    intent = yield from _upload_files(backend, journal, step, intent)
    for file_id in _files_of(intent):
        yield from _until_processed(backend, journal, intent, file_id)
    return (yield from _create(backend, journal, step, intent, settle))


def _wait_for_owner(journal: Journal, intent: Intent) -> Waiting[None]:
    """Leave a live owner alone until its lease is over.

    The one wait that does not run on the backend's clock: leases run on the journal's, which processes share.
    """
    left = intent.lease_until - journal.clock.now()
    _LOG.info("intent %s is in the hands of %s; waiting up to %.0f s", intent.id, intent.owner, left)
    journal.clock.sleep(min(max(left, 0.0), 0.25))
    yield 0.0


# -- files -----------------------------------------------------------------------------------------------------


class _FileGone(Exception):
    """The uploaded file was deleted before it was used; the intent is abandoned, and another one begins."""


def _upload_files(backend: Backend, journal: Journal, step: Step, intent: Intent) -> Waiting[Intent]:
    if intent.state is not IntentState.OPEN:
        return intent
    part, stem = step.parts[intent.part], f"{step.suffix or 'training'}-{intent.id}"
    known = intent
    try:
        training = yield from _upload(backend, part.training, f"{stem}.jsonl", resumed=intent.resumed)
        known = intent.advanced(IntentState.UPLOADED, file_id=training.id)
        if part.validation is not None:
            name = f"{stem}-validation.jsonl"
            validation = yield from _upload(backend, part.validation, name, resumed=intent.resumed)
            known = known.advanced(IntentState.UPLOADED, validation_file_id=validation.id)
    except FineTuneError as refusal:
        _abandon(backend, journal, known, refusal.message)
        raise
    return replace(journal.advance(known), resumed=intent.resumed)


def _upload(backend: Backend, rows: Dataset, filename: str, *, resumed: bool) -> Waiting[FileRecord]:
    """Upload under a name that only this intent uses. Uploading trains nothing, so it may be repeated."""
    if resumed and (found := _find_file(backend, filename)):
        return found

    def send() -> FileRecord:
        with tempfile.TemporaryFile() as content:
            rows.write_to(content)
            content.seek(0)
            try:
                return backend.upload_file(content, filename=filename)
            except OutcomeUnknown as unclear:
                if found := _find_file(backend, filename):
                    return found
                raise ServiceError(unclear.message, status=unclear.status, retryable=True) from None

    return (yield from patiently(send, tries=_TRIES))


def _find_file(backend: Backend, filename: str) -> FileRecord | None:
    """The file of that name; None too where the list cannot be read, because uploading again harms nobody."""
    with suppress(ServiceError):
        return next((file for file in backend.list_files() if file.filename == filename), None)
    return None


def _until_processed(backend: Backend, journal: Journal, intent: Intent, file_id: str) -> Waiting[None]:
    """Wait for the import: Azure refuses a job before it is over (400 invalidPayload, "completed file import")."""
    deadline = backend.clock.now() + IMPORT_TIMEOUT
    for delay in delays(first=1.0, longest=30.0):
        if _is_processed(backend, journal, intent, file_id):
            return
        if backend.clock.now() > deadline:
            raise WaitTimeout(
                f"file {file_id} has not been imported within {IMPORT_TIMEOUT:.0f} s",
                hint="Make the same call again: it goes on with the same file",
            )
        yield delay


def _is_processed(backend: Backend, journal: Journal, intent: Intent, file_id: str) -> bool:
    try:
        file = backend.get_file(file_id)
    except NotFound:
        _abandon(backend, journal, intent, "its file was deleted")
        raise _FileGone from None
    except ServiceError as trouble:
        if is_hopeless(trouble):
            raise
        return False
    if file.status in {"error", "deleted"}:
        _abandon(backend, journal, intent, file.status_details or file.status)
        raise DatasetError(
            f"the service could not import the training file: {file.status_details or file.status}",
            source=file.filename,
            hint="Check it with Dataset.validate() and submit again; nothing was trained",
        )
    return file.status == "processed"


def is_hopeless(trouble: ServiceError) -> bool:
    """Looking again cannot help: the key is refused, or the service no longer has such a thing."""
    return trouble.status in {401, 403, 410}


def _files_of(intent: Intent) -> list[str]:
    return [file_id for file_id in (intent.file_id, intent.validation_file_id) if file_id]


# -- the one creation request ----------------------------------------------------------------------------------


def _create(backend: Backend, journal: Journal, step: Step, intent: Intent, settle: float) -> Waiting[Intent]:
    """Send the creation; again only where the failure proves that the service did not act."""
    if intent.file_id is None:
        raise AssertionError("an intent is uploaded before it is sent")
    request = step.request(
        intent.part,
        model=intent.model,
        training_file=intent.file_id,
        validation_file=intent.validation_file_id,
    )

    def send() -> JobRecord:
        journal.advance(intent.advanced(IntentState.SENDING, sent_at=backend.clock.now()))
        try:
            return backend.create_job(request)
        except OutcomeUnknown:
            raise
        except ServiceError as refusal:
            if refusal.retryable:
                # It did not act, so a crash from here on must not look like an unclear outcome.
                journal.advance(intent)
            raise

    try:
        job = yield from patiently(send, tries=_TRIES)
    except OutcomeUnknown:
        found = yield from _settle(backend, journal, intent, settle)
        return replace(found, resumed=False)
    except FineTuneError as refusal:
        if not isinstance(refusal, LeaseLost):
            _abandon(backend, journal, intent, refusal.message)
        raise
    return replace(journal.observe(intent, job), resumed=False)


def _settle(backend: Backend, journal: Journal, intent: Intent, settle: float) -> Waiting[Intent]:
    """Look for the job of an intent that may have been sent; adopt it, or say that the outcome is unknown."""
    deadline = backend.clock.now() + settle
    for delay in delays(first=1.0, longest=15.0):
        with suppress(ServiceError):  # a list that cannot be read now may be readable in a moment
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
    """The job that was created from this intent's own file; None when the whole list does not show it.

    Raises:
        ServiceError: the list could not be read, which proves nothing.
    """
    return next((job for job in backend.list_jobs() if job.training_file == intent.file_id), None)


def delete_files(backend: Backend, intent: Intent) -> bool:
    """Take an intent's files away; False when one of them may still be there."""
    gone = True
    for file_id in _files_of(intent):
        try:
            backend.delete_file(file_id)
        except NotFound:
            continue
        except ServiceError:
            gone = False
    return gone


def _abandon(backend: Backend, journal: Journal, intent: Intent, reason: str) -> None:
    """The service certainly did not act: say why here, and leave nothing behind there."""
    journal.advance(intent.advanced(IntentState.ABANDONED, reason=reason))
    delete_files(backend, intent)
