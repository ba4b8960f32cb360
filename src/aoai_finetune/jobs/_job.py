"""The live handle of a fine-tune."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from ..backends import (
    Backend,
    CheckpointRecord,
    EventRecord,
    JobError,
    JobRecord,
    Method,
    Pausable,
    Supervised,
)
from ..errors import JobNotSucceeded, LineageError, NotSupported
from ._driving import Waiting, drive, drive_async, within
from ._journal import Intent, Journal, MemoryJournal
from ._looking import Looks, is_over, still_running
from ._metrics import parse_results
from ._step import Part, Step
from ._submit import SETTLE, submit_part
from ._watch import asking_again, coming_back, follow_events, watch

if TYPE_CHECKING:
    from ..dataset import Dataset

__all__ = ["FineTuneJob", "started_parts"]

_LOG = logging.getLogger("aoai_finetune")


class FineTuneJob:
    """A fine-tune that was submitted: its record, and what can be done with it.

    A step of several parts (consecutive jobs) is one `FineTuneJob`: the wire attributes are the current part's,
    `parts` lists the jobs so far and `trained_tokens` is their sum; `wait` starts the next part when one succeeds.

    Made by `submit`, `attach` and by a `ModelLineage`; not thread-safe. Closing the program stops nothing: the
    job goes on at the service.

    Args:
        backend: where the job runs; None for a handle that only tells what was last seen.
        records: the jobs of the parts so far, at least one.
        step: reads what was asked for, None for an attached job; called only to start a further part.
        key: names the step in its journal.
        planned_parts: how many consecutive jobs the step has.
        journal: where the step's intents are kept, None for an attached job.
        settle: seconds to look for a part whose creation had an unclear outcome.
        reused: the job existed already, so nothing was bought by this call.
    """

    def __init__(
        self,
        backend: Backend | None,
        records: tuple[JobRecord, ...],
        *,
        step: Callable[[], Step] | None = None,
        key: str = "",
        planned_parts: int = 1,
        journal: Journal | None = None,
        settle: float = SETTLE,
        reused: bool = False,
    ) -> None:
        self._backend = backend
        self._records = list(records)
        self._step, self._key, self._planned_parts = step, key, planned_parts
        self._journal, self._settle, self._reused = journal, settle, reused
        self.looks = Looks()

    # -- making one ----------------------------------------------------------------------------------------

    @classmethod
    def submit(
        cls,
        backend: Backend,
        *,
        model: str,
        training: Dataset,
        validation: Dataset | None = None,
        method: Method | None = None,
        suffix: str | None = None,
        seed: int | None = None,
        training_type: str | None = None,
        journal: Journal | None = None,
    ) -> Self:
        """Upload the rows, wait until the service has imported them, and start one training, exactly once.

        The rows are sent as they are: `Dataset.validate` is the caller's business here. Without a `journal`
        that outlives the process a crash forgets the job; a `ModelLineage` keeps one.

        Raises:
            OutcomeUnknown: the job may or may not have been created.
            ServiceError, NotFound: the service refused; nothing is left behind.
            DatasetError: the service could not import the file.
            ValueError: a suffix the service would refuse.
        """
        step = _one_part(model, training, validation, method, suffix, seed, training_type)
        return cls.start(backend, step, journal or MemoryJournal())

    @classmethod
    async def submit_async(
        cls,
        backend: Backend,
        *,
        model: str,
        training: Dataset,
        validation: Dataset | None = None,
        method: Method | None = None,
        suffix: str | None = None,
        seed: int | None = None,
        training_type: str | None = None,
        journal: Journal | None = None,
    ) -> Self:
        """`submit` without blocking the event loop."""
        step = _one_part(model, training, validation, method, suffix, seed, training_type)
        return await cls.start_async(backend, step, journal or MemoryJournal())

    @classmethod
    def start(cls, backend: Backend, step: Step, journal: Journal, *, settle: float = SETTLE) -> Self:
        """Start the first part of a step, or find the job that already runs it."""
        with asking_again():
            first = drive(submit_part(backend, journal, step, 0, step.model, settle=settle), backend.clock)
        return cls._of(backend, step, journal, first, settle)

    @classmethod
    async def start_async(
        cls, backend: Backend, step: Step, journal: Journal, *, settle: float = SETTLE
    ) -> Self:
        """`start` without blocking the event loop."""
        with asking_again():
            course = submit_part(backend, journal, step, 0, step.model, settle=settle)
            first = await drive_async(course, backend.clock)
        return cls._of(backend, step, journal, first, settle)

    @classmethod
    def _of(cls, backend: Backend, step: Step, journal: Journal, first: Intent, settle: float) -> Self:
        # A lost part is not among them, so that waiting starts it anew; the parts before it are kept.
        live = takewhile(lambda intent: intent.live, started_parts(journal.intents(step.key)))
        records = tuple(intent.job for intent in live if intent.job is not None)
        if first.resumed:
            _LOG.info("job %s exists already; nothing was bought", records[0].id)
        return cls(
            backend,
            records,
            step=lambda: step,
            key=step.key,
            planned_parts=len(step.parts),
            journal=journal,
            settle=settle,
            reused=first.resumed,
        )

    @classmethod
    def attach(cls, backend: Backend, job_id: str) -> Self:
        """The handle of a job that already exists. Raises `NotFound`."""
        return cls(backend, (backend.get_job(job_id),))

    # -- what it is ----------------------------------------------------------------------------------------

    @property
    def record(self) -> JobRecord:
        """The current part as last seen."""
        return self._records[-1]

    @property
    def parts(self) -> tuple[JobRecord, ...]:
        """The jobs so far, first part first."""
        return tuple(self._records)

    @property
    def planned_parts(self) -> int:
        """How many consecutive jobs the step has."""
        return self._planned_parts

    @property
    def reused(self) -> bool:
        """The job existed already: the call that returned this handle bought nothing."""
        return self._reused

    @property
    def journaled(self) -> bool:
        """A journal remembers this job, as in a `ModelLineage`."""
        return self._journal is not None

    @property
    def resource(self) -> str | None:
        """Where the job lives; None for a handle without a backend."""
        return self._backend.resource if self._backend is not None else None

    @property
    def id(self) -> str:
        """The service's id of the current part."""
        return self.record.id

    @property
    def status(self) -> str:
        """The service's word for the state of the current part."""
        return self.record.status

    @property
    def model(self) -> str:
        """What the current part started from."""
        return self.record.model

    @property
    def fine_tuned_model(self) -> str | None:
        """The model of the whole step; None until its last part has succeeded."""
        return self.record.fine_tuned_model if self.succeeded else None

    @property
    def trained_tokens(self) -> int | None:
        """Billed tokens of all parts so far; None until the service tells them."""
        known = [record.trained_tokens for record in self._records if record.trained_tokens is not None]
        return sum(known) if known else None

    @property
    def training_file(self) -> str:
        """The id of the current part's training file."""
        return self.record.training_file

    @property
    def validation_file(self) -> str | None:
        """The id of the current part's validation file."""
        return self.record.validation_file

    @property
    def result_files(self) -> tuple[str, ...]:
        """The ids of the current part's result files."""
        return self.record.result_files

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """The current part's hyperparameters, as the service reports them."""
        return self.record.hyperparameters

    @property
    def suffix(self) -> str | None:
        """The suffix of the model's name."""
        return self.record.suffix

    @property
    def seed(self) -> int | None:
        """The seed the service used."""
        return self.record.seed

    @property
    def created_at(self) -> int:
        """When the first part was created, in Unix seconds."""
        return self._records[0].created_at

    @property
    def finished_at(self) -> int | None:
        """When the current part ended, in Unix seconds."""
        return self.record.finished_at

    @property
    def estimated_finish(self) -> int | None:
        """When the service expects the current part to end, in Unix seconds."""
        return self.record.estimated_finish

    @property
    def method(self) -> str:
        """The training method, such as `supervised`."""
        return self.record.method

    @property
    def training_type(self) -> str | None:
        """Azure's `trainingType`, where the service tells it."""
        return self.record.training_type

    @property
    def error(self) -> JobError | None:
        """Why the current part failed, in the service's words."""
        return self.record.error

    @property
    def done(self) -> bool:
        """Nothing more will happen: the last part succeeded, or one failed or was cancelled."""
        return self.record.done and (not self.record.succeeded or not self.more_parts)

    @property
    def succeeded(self) -> bool:
        """All parts succeeded, so there is a model."""
        return self.record.succeeded and not self.more_parts

    @property
    def more_parts(self) -> bool:
        """Parts of the step are still to be started."""
        return len(self._records) < self.planned_parts

    # -- what can be done ----------------------------------------------------------------------------------

    def refresh(self) -> Self:
        """Ask the service how the current part is doing. Raises `ServiceError`."""
        self.take(self._connected().get_job(self.id))
        return self

    def wait(self, timeout: float | None = None, *, progress: bool = True) -> Self:
        """Wait until the step is over, and return this job whatever its end; `raise_for_status` is separate.

        Transport errors while looking are survived. Ctrl-C ends the wait, not the job. A part of several that is
        over is followed by the next one here, so a refusal of that one is raised here too. A job that has succeeded
        and does not say yet which model it made is given ten minutes to say so.

        Args:
            timeout: seconds in the backend's time; None waits as long as it takes.
            progress: show a progress line in a terminal or notebook.

        Raises:
            WaitTimeout: the time is over; the job goes on. It names the last trouble with looking.
            ServiceError: the key is refused, or several looks in a row could not even be sent (signing in fails);
                or a following part is refused.
            OutcomeUnknown: a following part may or may not have been started.
        """
        if not self._has_ended():
            with coming_back(self):
                drive(self._watching(timeout, progress=progress), self._connected().clock)
        return self

    async def wait_async(self, timeout: float | None = None, *, progress: bool = True) -> Self:
        """`wait` in the event loop: it sleeps there, and only the short calls run on a worker thread."""
        if not self._has_ended():
            with coming_back(self):
                await drive_async(self._watching(timeout, progress=progress), self._connected().clock)
        return self

    def _watching(self, timeout: float | None, *, progress: bool) -> Waiting[None]:
        clock = self._connected().clock
        return within(watch(self, progress=progress), clock, timeout, lambda: still_running(self))

    def _has_ended(self) -> bool:
        return self.done and (self._backend is None or is_over(self))

    def raise_for_status(self) -> Self:
        """This job if it succeeded. Raises `JobNotSucceeded` with the service's reason."""
        if self.succeeded:
            return self
        if not self.done:
            raise JobNotSucceeded(f"job {self.id} is {self.status}, not finished", hint="Call wait() first")
        why = self.error
        reason = (why.message or why.code) if why else None
        raise JobNotSucceeded(
            f"job {self.id} {self.status}" + (f": {reason}" if reason else ""),
            hint="The same request may be submitted again; failed and cancelled jobs do not count as done",
        )

    def cancel(self) -> Self:
        """Stop the job. What was trained so far may be billed. Raises `ServiceError` when it is already over."""
        self.take(self._connected().cancel_job(self.id))
        return self

    def pause(self) -> Self:
        """Pause the job, which keeps a checkpoint. Raises `NotSupported`."""
        self.take(self._pausable().pause_job(self.id))
        return self

    def resume(self) -> Self:
        """Let a paused job go on. Raises `NotSupported`."""
        self.take(self._pausable().resume_job(self.id))
        return self

    def events(self, *, follow: bool = False) -> Iterator[EventRecord]:
        """The log of all parts, oldest first and each event once.

        Args:
            follow: go on until the step is over, waiting for new events on the backend's clock.
        """
        backend = self._connected()
        for batch in follow_events(self, follow=follow):
            if isinstance(batch, list):
                yield from batch
            else:
                backend.clock.sleep(batch)

    async def events_async(self, *, follow: bool = False) -> AsyncIterator[EventRecord]:
        """`events` without blocking the event loop."""
        import asyncio

        backend, batches = self._connected(), follow_events(self, follow=follow)
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            if not isinstance(batch, list):
                await backend.clock.sleep_async(batch)
                continue
            for event in batch:
                yield event

    def checkpoints(self) -> tuple[CheckpointRecord, ...]:
        """The models saved during the current part, oldest first."""
        return tuple(reversed(list(self._connected().list_checkpoints(self.id))))

    def metrics(self) -> tuple[Mapping[str, float], ...]:
        """The training curve of all parts: one mapping per step with `step`, `train_loss` and what else is known.

        Read from the results files; while a part is still running, from its events.
        """
        backend, rows = self._connected(), list[Mapping[str, float]]()
        for record in self._records:
            if record.result_files:
                rows.extend(parse_results(backend.read_file(record.result_files[0])))
            else:
                events = reversed(list(backend.list_events(record.id)))
                rows.extend(event.data for event in events if event.type == "metrics")
        return tuple(rows)

    # -- for the rooms around it ---------------------------------------------------------------------------

    def take(self, record: JobRecord) -> None:
        """Accept what a look at the service showed. A terminal status is settled in the journal exactly once."""
        for number, known in enumerate(self._records):
            if known.id == record.id and known != record:
                self._records[number] = record
                self._note(record)

    def _note(self, record: JobRecord) -> None:
        if self._journal is None:
            return
        for intent in started_parts(self._journal.intents(self._key)):
            if intent.job is not None and intent.job.id == record.id:
                self._journal.observe(intent, record)

    def next_part(self) -> Waiting[None]:
        """Start the part after the one that has succeeded, once; yields seconds to wait."""
        journal, model = self._journal, self.record.fine_tuned_model
        if self._step is None or journal is None or model is None:
            raise LineageError(f"job {self.id} does not say which model it made, so no part can follow it")
        number = len(self._records)
        intent = yield from submit_part(
            self._connected(), journal, self._step(), number, model, settle=self._settle
        )
        # Another task with this handle may have been here first.
        if intent.job is not None and number == len(self._records):
            self._records.append(intent.job)

    @property
    def backend(self) -> Backend:
        """Where the job runs. Raises `LineageError` on a handle without a backend."""
        return self._connected()

    def _connected(self) -> Backend:
        if self._backend is None:
            raise LineageError(
                f"job {self.id} was opened without a backend", hint="Open the lineage with backend=..."
            )
        return self._backend

    def _pausable(self) -> Pausable:
        backend = self._connected()
        if not backend.capabilities.pause or not isinstance(backend, Pausable):
            raise NotSupported(f"{backend.capabilities.provider} cannot pause jobs")
        return backend

    @override
    def __repr__(self) -> str:
        part = f" part {len(self._records)}/{self.planned_parts}" if self.planned_parts > 1 else ""
        reused = " reused" if self.reused else ""
        return f"<FineTuneJob {self.id} {self.status}{part}{reused} model={self.fine_tuned_model or self.model!r}>"

    def _repr_html_(self) -> str:
        from ._display import job_html

        return job_html(self)


def started_parts(intents: Iterable[Intent]) -> list[Intent]:
    """The latest intent with a job of each part, in order of the parts; `intents` are oldest first."""
    latest: dict[int, Intent] = {}
    for intent in intents:
        if intent.job is not None:
            latest[intent.part] = intent
    return [latest[part] for part in sorted(latest)]


def _one_part(
    model: str,
    training: Dataset,
    validation: Dataset | None,
    method: Method | None,
    suffix: str | None,
    seed: int | None,
    training_type: str | None,
) -> Step:
    part = Part(training=training, validation=validation, method=method or Supervised())
    return Step(model=model, parts=(part,), suffix=suffix, seed=seed, training_type=training_type)
