"""Taking jobs that somebody else started into the lineage."""

from __future__ import annotations

from ...backends import Backend, JobRecord
from ...continual import History, Parent
from ...dataset import Dataset
from ...errors import LineageError, NotFound
from ...jobs import FineTuneJob, IntentState, new_owner
from ..memory._memory import Memory, Reference
from ..store._journal import read_intent
from ._origin import FactOf, adopted_step, maker_of, rows_of

__all__ = ["Adopting"]


class Adopting(Memory):
    """The part of `ModelLineage` that adopts."""

    def adopt(
        self,
        job_id: str,
        *,
        training: Dataset | None = None,
        parent: Reference | None = None,
        fact: FactOf = None,
    ) -> FineTuneJob:
        """Take a job that runs or has succeeded on the resource into this lineage, as if it had been bought here.

        Its training file is read from the service. A job it continues from is adopted first, where its file is
        still there. Adopting twice, or a job this lineage has started itself, returns what is known; a submission
        with an unclear outcome is settled by the job that it turns out to be. Asking `fine_tune` or `train` for the
        same rows afterwards is another request, and buys another training: go on from the adopted version.

        Args:
            job_id: the service's id of the job.
            training: its rows in their order, needed where the service no longer has the file.
            parent: the version it continues from, where that does not follow from `job.model`.
            fact: a column, or a function from an example, as for `Dataset.from_jsonl`.

        Raises:
            NotFound: no such job on the resource.
            JobNotSucceeded: it failed or was cancelled, so it has taught nothing.
            LineageError: its rows or its parent cannot be found (the hint says what to give), or `training` are
                other rows.
        """
        return self._adopt(job_id, training, parent, fact, frozenset())

    async def adopt_async(
        self,
        job_id: str,
        *,
        training: Dataset | None = None,
        parent: Reference | None = None,
        fact: FactOf = None,
    ) -> FineTuneJob:
        """`adopt` without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.adopt, job_id, training=training, parent=parent, fact=fact)

    def _adopt(
        self,
        job_id: str,
        training: Dataset | None,
        parent: Reference | None,
        fact: FactOf,
        above: frozenset[str],
    ) -> FineTuneJob:
        if self._backend is None:
            raise LineageError("this lineage was opened without a backend", hint="Open it with backend=...")
        backend = self._backend
        if (known := self._known_job(job_id, backend)) is not None:
            return known
        record = backend.get_job(job_id)
        if (ours := self._ours_after_all(record, backend)) is not None:
            return ours
        if record.done and not record.succeeded:
            FineTuneJob(backend, (record,)).raise_for_status()
        origin = self._origin(record, parent, fact, backend, above | {job_id})
        rows = rows_of(record, training, fact, backend)
        history = self.history(origin.version) if origin.version is not None else History()
        step = self._ledger.adopt(adopted_step(record, rows, origin, history, backend), backend, job_id)
        journal = self._journal(step)
        # Seen by whoever is first; a claim that another process holds is the same job's.
        intent = journal.claim(step, 0, record.model, new_owner())
        journal.observe(intent, record)
        return self._stepped(step)

    def _known_job(self, job_id: str, backend: Backend) -> FineTuneJob | None:
        for row in self._ledger.intents():
            if row["job_id"] == job_id and row["resource"] == backend.resource:
                return self._stepped(row["step"], job_id)
        return None

    def _ours_after_all(self, record: JobRecord, backend: Backend) -> FineTuneJob | None:
        """The submission of this lineage that made the job, and whose reply was lost."""
        for row in self._ledger.intents():
            intent = read_intent(row)
            same = row["resource"] == backend.resource and intent.file_id == record.training_file
            if same and intent.job is None and intent.state is IntentState.SENDING:
                self._journal(row["step"]).observe(intent, record)
                return self._stepped(row["step"], record.id)
        return None

    def _stepped(self, step: str, job_id: str = "") -> FineTuneJob:
        handles = self._handles(step)
        named = [job for job in handles if any(part.id == job_id for part in job.parts)]
        return (named or handles)[-1]

    def _origin(
        self,
        record: JobRecord,
        parent: Reference | None,
        fact: FactOf,
        backend: Backend,
        above: frozenset[str],
    ) -> Parent:
        """What the job continues from: a version, adopted where need be, or a catalogue model."""
        here = [version for version in self.versions if version.resource == backend.resource]
        known = parent or next((version for version in here if version.model == record.model), None)
        if known is None:
            maker = maker_of(record, backend)
            if maker is None:
                return Parent(model=record.model, base_model=record.model, resource=backend.resource)
            known = self._adopt_first(record, maker, fact, above)
        version = self.version(known)
        if version.resource != backend.resource:
            raise LineageError(
                f"version {version.id} lives on {version.resource!r}, the job on {backend.resource!r}"
            )
        return Parent(
            model=version.model,
            base_model=version.base_model,
            resource=version.resource,
            version=version.id,
        )

    def _adopt_first(self, record: JobRecord, maker: str, fact: FactOf, above: frozenset[str]) -> FineTuneJob:
        """The job that made what this one started from."""
        why = "they start from each other"
        if maker not in above:
            try:
                return self._adopt(maker, None, None, fact, above)
            except (NotFound, LineageError) as missing:
                why = missing.message
        raise LineageError(
            f"job {record.id} started from {record.model}, which job {maker} made, and that one cannot be adopted "
            f"by itself: {why}",
            hint=f"Adopt it first, with its rows: lineage.adopt({maker!r}, training=Dataset.from_jsonl(...)); or "
            "name the version it is: parent=...",
        )
