"""What a lineage knows: versions, jobs, aliases, history. Nothing here buys or changes anything but knowledge."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from typing_extensions import override

from ..backends import Backend, Clock
from ..continual import History
from ..errors import LineageError, NotFound, WrongResource
from ..jobs import SETTLE, FineTuneJob, new_owner, started_parts
from ._journal import StoredJournal
from ._ledger import Ledger
from ._records import ModelVersion, Promotion, SyncReport
from ._references import find_version
from ._store import Store
from ._sync import sync_intents

__all__ = ["Reference", "Remembered"]

Reference = str | ModelVersion | FineTuneJob
"""What may stand for a version: the version, its job, or a name: alias, id, model, job id, or a unique prefix."""


class Remembered:
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
        self._store = Store(path)
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
        """The version a reference means.

        Raises:
            NotFound, Ambiguous: no version fits, or several.
            JobNotSucceeded: a job that has made no model, with the service's reason.
        """
        if isinstance(ref, ModelVersion):
            ref = ref.id
        if isinstance(ref, FineTuneJob):
            ref = ref.raise_for_status().id
        step = self._ledger.step_of_job(ref)
        if step is not None and (job := self._handle(step)) is not None:
            job.raise_for_status()
        return find_version(ref, self.versions, self._ledger.aliases())

    def jobs(self, status: str | None = None) -> list[FineTuneJob]:
        """Handles of all jobs, oldest first, as they were last seen; `status` keeps those in one state.

        A job that was running when the program ended is attached again: `wait()` goes on where it stopped.
        """
        handles = [handle for step in self._ledger.step_ids() if (handle := self._handle(step)) is not None]
        return [job for job in handles if status is None or job.status == status]

    def job(self, ref: Reference) -> FineTuneJob:
        """The handle of one job, by its id (or a unique prefix), its model, or its version. Raises `NotFound`."""
        if isinstance(ref, FineTuneJob):
            return ref
        wanted = ref.job_id if isinstance(ref, ModelVersion) else ref
        found = [job for job in self.jobs() if any(part.id.startswith(wanted) for part in job.parts)]
        if len(found) == 1:
            return found[0]
        handle = self._handle(self.version(ref).step)
        if handle is None:
            raise NotFound(f"version {ref} has no job")
        return handle

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
        version = self.version(ref)
        history = History()
        for step in (*reversed(self.ancestors(version)), version):
            history = history.learned(
                self._ledger.learned(step.step),
                visits=self._ledger.visits(step.step),
                from_base=step.from_base,
            )
        return history

    def sync(self, *, give_up_after: float = 3600.0) -> SyncReport:
        """Ask the service about everything that is not settled: running jobs, and submissions left unclear.

        A submission whose job has not appeared `give_up_after` seconds after it was sent is given up: its file
        is deleted first, so that no job can start from it any more. Nothing is ever sent again.
        """
        return sync_intents(self._ledger, self._backends, self._journal, give_up_after=give_up_after)

    # -- inside --------------------------------------------------------------------------------------------

    def _journal(self, step: str) -> StoredJournal:
        return StoredJournal(self._store, step, owner=new_owner(), clock=self._lease_clock)

    def _handle(self, step: str) -> FineTuneJob | None:
        journal = self._journal(step)
        records = tuple(intent.job for intent in started_parts(journal) if intent.job is not None)
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
                hint="Open the lineage with a backend of that resource",
            )
        return backend

    def _now(self, resource: str) -> float:
        import time

        backend = self._backends.get(resource)
        return backend.clock.now() if backend is not None else time.time()

    @override
    def __repr__(self) -> str:
        champion = self.champion
        return (
            f"<ModelLineage {self.path!r} versions={len(self.versions)}"
            f" champion={champion.id if champion else None}>"
        )

    @override
    def __str__(self) -> str:
        from ._display import lineage_text

        return lineage_text(self.versions, self._ledger.aliases())

    def _repr_html_(self) -> str:
        from ._display import lineage_html

        return lineage_html(self.versions, self._ledger.aliases())
