"""What a lineage knows: versions, jobs, aliases, history. Nothing here buys or changes anything but knowledge."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from typing_extensions import override

from ...backends import Backend, Clock
from ...continual import History
from ...errors import LineageError, NotFound, WrongResource
from ...jobs import SETTLE, FineTuneJob, started_parts
from ..store._journal import StoredJournal, read_intent
from ..store._ledger import Ledger
from ..store._records import ModelVersion, Promotion, SyncReport
from ..store._store import Store
from ._references import find
from ._sync import sync_intents

__all__ = ["Memory", "Reference"]

Reference = str | ModelVersion | FineTuneJob
"""What may stand for a version: the version, its job, or a name: alias, id, model, job id, or a unique prefix."""


class Memory:
    """The half of `ModelLineage` that finds things again."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        backend: Backend | None = None,
        others: Sequence[Backend] = (),
        settle: float = SETTLE,
        lease_clock: Clock | None = None,
    ) -> None:
        for each in (*others, *([backend] if backend is not None else [])):
            _check_backend(each)
        self._store = Store(path, create=backend is not None)
        self._ledger = Ledger(self._store)
        self._backend = backend
        self._backends = {each.resource: each for each in (*others, *([backend] if backend else []))}
        self._settle, self._lease_clock = settle, lease_clock

    @property
    def path(self) -> str:
        """The lineage file."""
        return self._store.path

    def close(self) -> None:
        """Close the file; jobs go on, and the backend stays open."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- finding things again ------------------------------------------------------------------------------

    @property
    def versions(self) -> tuple[ModelVersion, ...]:
        """All versions, oldest first."""
        return self._ledger.versions()

    @property
    def aliases(self) -> dict[str, ModelVersion]:
        """Where every alias points."""
        known = {version.id: version for version in self.versions}
        return {alias: known[version] for alias, version in self._ledger.aliases().items()}

    @property
    def promotions(self) -> tuple[Promotion, ...]:
        """Every move of an alias, oldest first."""
        return self._ledger.promotions()

    @property
    def champion(self) -> ModelVersion | None:
        """The version in use: the holder of the alias `champion`."""
        return self.aliases.get("champion")

    def version(self, ref: Reference) -> ModelVersion:
        """The version a reference means; a name of a catalogue model means none.

        Raises:
            NotFound, Ambiguous: no version fits, or several.
            JobNotSucceeded: a job that has made no model, with the service's reason.
        """
        if isinstance(ref, FineTuneJob):
            return self._version_of_job(ref.raise_for_status())
        if isinstance(ref, ModelVersion):
            if ref not in self.versions:
                raise NotFound(f"version {ref.id} belongs to another lineage")
            return ref
        if not isinstance(ref, str):
            raise TypeError(f"a version, a job or a name is meant here, not {type(ref).__name__}")
        self._refuse_lost(ref)
        if ref in {version.base_model for version in self.versions}:
            raise NotFound(
                f"{ref!r} is a catalogue model, not a version of this lineage",
                hint="Name the version to continue from, or start a chain with fine_tune",
            )
        steps = {version.id: version.step for version in self.versions}
        exact = {alias: steps[holder] for alias, holder in self._ledger.aliases().items()}
        exact |= {version.model: version.step for version in self.versions if version.model not in exact}
        return self._version_of_step(find(ref, exact, {**self._steps_of_jobs(), **steps}, kind="version"))

    def _refuse_lost(self, job_id: str) -> None:
        """A job that failed is a clear error, even when the same request has succeeded since."""
        for intent in map(read_intent, self._ledger.intents()):
            if intent.job is not None and intent.job.id == job_id and not intent.live:
                FineTuneJob(None, (intent.job,)).raise_for_status()

    def _version_of_job(self, job: FineTuneJob) -> ModelVersion:
        for row in self._ledger.intents():
            intent = read_intent(row)
            here = job.resource in {None, row["resource"]}
            if here and intent.job is not None and intent.job.id == job.id:
                # Somebody may have watched it without us.
                self._journal(row["step"]).observe(intent, job.record)
                return self._version_of_step(row["step"])
        raise NotFound(f"job {job.id} was not submitted by this lineage")

    def _version_of_step(self, step: str) -> ModelVersion:
        for version in self.versions:
            if version.step == step:
                return version
        handle = self._handle(step)
        if handle is not None:
            handle.raise_for_status()
        raise NotFound(f"step {step} has made no version yet", hint="lineage.sync() asks the service")

    def _steps_of_jobs(self) -> dict[str, str]:
        """Job id to step; where two resources use one id, the backend's own wins."""
        own = self._backend.resource if self._backend is not None else None
        rows = sorted(self._ledger.intents(), key=lambda row: row["resource"] == own)
        return {row["job_id"]: row["step"] for row in rows if row["job_id"]}

    def jobs(self, status: str | None = None) -> list[FineTuneJob]:
        """Handles of all jobs, oldest first, as they were last seen; `status` keeps those in one state.

        A job that was running when the program ended is attached again: `wait()` goes on where it stopped. A job
        that failed and was asked for again is listed too.
        """
        handles = [handle for step in self._ledger.step_ids() for handle in self._handles(step)]
        return [job for job in handles if status is None or job.status == status]

    def job(self, ref: Reference) -> FineTuneJob:
        """The handle of one job, by its id (or a unique prefix), its model, its version, or an alias.

        Raises:
            NotFound, Ambiguous: no job fits, or several.
        """
        if isinstance(ref, FineTuneJob):
            return ref
        if isinstance(ref, ModelVersion):
            ref = ref.id
        handles = {part.id: job for job in self.jobs() for part in job.parts}
        made = {version.id: handles[version.job_id] for version in self.versions}
        exact = {alias: made[holder] for alias, holder in self._ledger.aliases().items()}
        exact |= {version.model: made[version.id] for version in self.versions}
        return find(ref, exact, {**handles, **made}, kind="job")

    def ancestors(self, ref: Reference) -> tuple[ModelVersion, ...]:
        """The versions this one comes from, nearest first."""
        known = {version.id: version for version in self.versions}
        chain: list[ModelVersion] = []
        version = self.version(ref)
        while version.parent is not None:
            if version.parent not in known or len(chain) > len(known):
                raise LineageError(f"the chain of version {version.id} is broken at parent {version.parent}")
            version = known[version.parent]
            chain.append(version)
        return tuple(chain)

    def descendants(self, ref: Reference) -> tuple[ModelVersion, ...]:
        """The versions that come from this one, oldest first."""
        found = {self.version(ref).id}
        below: list[ModelVersion] = []
        for version in self.versions:
            if version.parent in found:
                found.add(version.id)
                below.append(version)
        return tuple(below)

    def history(self, ref: Reference) -> History:
        """What a version has learned: live rows in order, visits per fact, and answers that are out of date."""
        return self._histories([self.version(ref)])[0]

    def sync(self, *, give_up_after: float = 3600.0) -> SyncReport:
        """Ask the service about everything that is not settled: running jobs, and submissions left unclear.

        A submission whose job has not appeared `give_up_after` seconds after it was sent is given up: its file
        is deleted first, so that no job can start from it any more. Nothing is ever sent again.
        """
        return sync_intents(self._ledger, self._backends, self._journal, give_up_after=give_up_after)

    # -- inside --------------------------------------------------------------------------------------------

    def _histories(self, versions: Sequence[ModelVersion]) -> list[History]:
        """What each version has learned; a step that several share is read once."""
        known: dict[str, History] = {}
        for version in versions:
            history = History()
            for step in (*reversed(self.ancestors(version)), version):
                if step.id not in known:
                    known[step.id] = history.learned(
                        self._ledger.learned(step.step),
                        visits=self._ledger.visits(step.step),
                        from_base=step.from_base,
                    )
                history = known[step.id]
        return [known[version.id] for version in versions]

    def _journal(self, step: str) -> StoredJournal:
        return StoredJournal(self._store, step, clock=self._lease_clock)

    def _handles(self, step: str) -> list[FineTuneJob]:
        """The handle of a step, and before it those of attempts that were lost."""
        intents = self._journal(step).intents()
        counted = {intent.id for intent in started_parts(intents)}
        backend = self._backends.get(self._ledger.resource_of(step))
        lost = [
            FineTuneJob(backend, (intent.job,), reused=True)
            for intent in intents
            if intent.job is not None and intent.id not in counted
        ]
        handle = self._handle(step)
        return [*lost, *([handle] if handle is not None else [])]

    def _handle(self, step: str) -> FineTuneJob | None:
        journal = self._journal(step)
        records = tuple(intent.job for intent in started_parts(journal.intents()) if intent.job is not None)
        if not records:
            return None
        return FineTuneJob(
            self._backends.get(self._ledger.resource_of(step)),
            records,
            step=lambda: self._ledger.step(step),
            planned_parts=self._ledger.part_count(step),
            journal=journal,
            settle=self._settle,
            reused=True,
        )

    def _backend_of(self, resource: str) -> Backend:
        backend = self._backends.get(resource)
        if backend is None:
            here = ", ".join(self._backends) or "none"
            raise WrongResource(
                f"this lives on {resource!r}; the backends given are: {here}",
                hint="Open the lineage with a backend of that resource. If it is gone for good, its models are too; "
                "what they learned is in lineage.history(version).rows",
            )
        return backend

    def _now(self, resource: str) -> float:
        import time

        backend = self._backends.get(resource)
        return backend.clock.now() if backend is not None else time.time()

    @override
    def __repr__(self) -> str:
        if self._store.closed:
            return f"<ModelLineage {self.path!r} closed>"
        champion = self.champion
        return (
            f"<ModelLineage {self.path!r} versions={len(self.versions)}"
            f" champion={champion.id if champion else None}>"
        )

    @override
    def __str__(self) -> str:
        from ._tree import lineage_text

        if self._store.closed:
            return repr(self)
        return lineage_text(self.versions, self._ledger.aliases())

    def _repr_html_(self) -> str:
        from ._tree import lineage_html

        if self._store.closed:
            from ...display import escape

            return escape(repr(self))
        return lineage_html(self.versions, self._ledger.aliases())


def _check_backend(given: object) -> None:
    """Notebooks are not type-checked; a class or a client in the place of a backend fails late and oddly."""
    if isinstance(given, type) or not isinstance(given, Backend):
        raise TypeError(f"the backend must be an object such as MockBackend(), not {given!r}")
