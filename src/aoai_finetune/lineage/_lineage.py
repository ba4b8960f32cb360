"""`ModelLineage`: everything that was learned, by which model, from which, and whether it was worth it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from typing_extensions import override

from ..backends import Backend, Capabilities, Clock, Supervised
from ..continual import History, Parent, Replay, StepOptions, Strategy, TrainingPlan, plan_first, plan_next
from ..errors import LineageError, NotFound, NotPromotable, WrongResource
from ..jobs import SETTLE, FineTuneJob, new_owner, started_parts
from ._journal import StoredJournal
from ._ledger import Ledger
from ._records import ModelVersion, Promotion, SyncReport
from ._references import find_version
from ._store import Store
from ._sync import sync_intents

if TYPE_CHECKING:
    from ..dataset import Dataset
    from ..evaluation import Comparison, Gate, ProbeSet
    from ._compare import Comparing, Side

__all__ = ["ModelLineage", "Reference"]

Reference = str | ModelVersion | FineTuneJob
"""What may stand for a version: the version, its job, or a name: alias, id, model, job id, or a unique prefix."""

_DEFAULT_STRATEGY: Strategy = Replay()
_DEFAULT_METHOD = Supervised()


class ModelLineage:
    """The memory of a chain of fine-tunes, in one SQLite file, and the way to continue it.

    Rows are stored once, by content, so any version can be explained, compared and retrained. The same request
    is bought once: asked for again, after a re-run cell or a restart, it returns the job that exists. Safe for
    several threads and processes. A backend given to it is never closed by it.

    Args:
        path: the file; made with mode 0600 when it is not there. `":memory:"` keeps nothing.
        backend: where jobs run and models answer. None only reads.
        others: backends of further resources, where models of two resources are compared.
        settle: seconds to look for a job whose creation had an unclear outcome.
        lease_clock: the time leases of submissions are measured in; the machine's unless a test decides.

    Raises:
        LineageError: not a lineage file, or one written by a newer version.
    """

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
        self._histories: dict[str, History] = {}

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

    # -- planning and training -----------------------------------------------------------------------------

    def plan(
        self,
        parent: Reference,
        new: Dataset,
        *,
        strategy: Strategy = _DEFAULT_STRATEGY,
        validation: Dataset | None = None,
        method: Supervised = _DEFAULT_METHOD,
        seed: int | None = None,
        suffix: str | None = None,
        training_type: str | None = None,
    ) -> TrainingPlan:
        """How `strategy` would teach `new` to `parent`: rows, passes, tokens, what is at risk. Sends nothing.

        Raises:
            DatasetError: the new rows are wrong, or too few distinct rows would be sent.
            JobNotSucceeded: `parent` is a job without a model.
            NotFound, Ambiguous: no such version, or several.
        """
        version = self.version(parent)
        options = StepOptions(
            validation=validation, method=method, seed=seed, suffix=suffix, training_type=training_type
        )
        able = self._capabilities(version.resource)
        return plan_next(
            new, self.history(version), _as_parent(version), strategy, options, capabilities=able
        )

    def train(self, plan: TrainingPlan, *, again: bool = False) -> FineTuneJob:
        """Buy a plan, once, and return its job; `again=True` buys it another time.

        A job that exists already, unless it failed or was cancelled, is returned with `reused` set.

        Raises:
            OutcomeUnknown: the job may or may not have been created; `sync` settles it later.
            ServiceError, NotFound: the service refused; nothing is left behind.
            WrongResource: the plan's parent lives on another resource.
        """
        backend = self._backend_of(plan.parent.resource)
        journal = self._journal(self._ledger.begin(plan, backend, again=again))
        return FineTuneJob.start(backend, plan.step, journal, settle=self._settle)

    async def train_async(self, plan: TrainingPlan, *, again: bool = False) -> FineTuneJob:
        """`train` without blocking the event loop."""
        import asyncio

        backend = self._backend_of(plan.parent.resource)
        journal = self._journal(await asyncio.to_thread(self._ledger.begin, plan, backend, again=again))
        return await FineTuneJob.start_async(backend, plan.step, journal, settle=self._settle)

    def fine_tune(
        self,
        model: str,
        training: Dataset,
        *,
        validation: Dataset | None = None,
        method: Supervised = _DEFAULT_METHOD,
        seed: int | None = None,
        suffix: str | None = None,
        training_type: str | None = None,
        again: bool = False,
    ) -> FineTuneJob:
        """Fine-tune a catalogue model on rows as they are: the first step of a chain.

        Raises: what `plan` and `train` raise, and `LineageError` for a model of this lineage, which is
        continued with `continue_from`.
        """
        options = StepOptions(
            validation=validation, method=method, seed=seed, suffix=suffix, training_type=training_type
        )
        return self.train(self._plan_first(model, training, options), again=again)

    async def fine_tune_async(
        self,
        model: str,
        training: Dataset,
        *,
        validation: Dataset | None = None,
        method: Supervised = _DEFAULT_METHOD,
        seed: int | None = None,
        suffix: str | None = None,
        training_type: str | None = None,
        again: bool = False,
    ) -> FineTuneJob:
        """`fine_tune` without blocking the event loop."""
        import asyncio

        options = StepOptions(
            validation=validation, method=method, seed=seed, suffix=suffix, training_type=training_type
        )
        plan = await asyncio.to_thread(self._plan_first, model, training, options)
        return await self.train_async(plan, again=again)

    def continue_from(
        self,
        parent: Reference,
        new: Dataset,
        *,
        strategy: Strategy = _DEFAULT_STRATEGY,
        validation: Dataset | None = None,
        method: Supervised = _DEFAULT_METHOD,
        seed: int | None = None,
        suffix: str | None = None,
        training_type: str | None = None,
        again: bool = False,
    ) -> FineTuneJob:
        """`plan` and `train` in one call: teach `new` to a model of this lineage."""
        plan = self.plan(
            parent,
            new,
            strategy=strategy,
            validation=validation,
            method=method,
            seed=seed,
            suffix=suffix,
            training_type=training_type,
        )
        return self.train(plan, again=again)

    async def continue_from_async(
        self,
        parent: Reference,
        new: Dataset,
        *,
        strategy: Strategy = _DEFAULT_STRATEGY,
        validation: Dataset | None = None,
        method: Supervised = _DEFAULT_METHOD,
        seed: int | None = None,
        suffix: str | None = None,
        training_type: str | None = None,
        again: bool = False,
    ) -> FineTuneJob:
        """`continue_from` without blocking the event loop."""
        import asyncio

        plan = await asyncio.to_thread(
            self.plan,
            parent,
            new,
            strategy=strategy,
            validation=validation,
            method=method,
            seed=seed,
            suffix=suffix,
            training_type=training_type,
        )
        return await self.train_async(plan, again=again)

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
        for job in self.jobs():
            if ref == job.id and not job.succeeded:
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
        jobs = self.jobs()
        for fits in (_is_job, _starts_job):
            found = [job for job in jobs if fits(job, wanted)]
            if len(found) == 1:
                return found[0]
        step = self._ledger.step_row(self.version(ref).step)["id"]
        handle = self._handle(step)
        if handle is None:
            raise NotFound(f"step {step} has no job")
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
        if version.id not in self._histories:
            history = History()
            for step in (*reversed(self.ancestors(version)), version):
                history = history.learned(
                    self._ledger.learned(step.step),
                    visits=self._ledger.visits(step.step),
                    from_base=step.from_base,
                )
            self._histories[version.id] = history
        return self._histories[version.id]

    def sync(self, *, give_up_after: float = 3600.0) -> SyncReport:
        """Ask the service about everything that is not settled: running jobs, and submissions left unclear.

        A submission whose job has not appeared `give_up_after` seconds after it was sent is given up: its file
        is deleted first, so that no job can start from it any more. Nothing is ever sent again.
        """
        return sync_intents(self._ledger, self._backends, self._journal, give_up_after=give_up_after)

    # -- comparing and promoting ---------------------------------------------------------------------------

    def compare(
        self,
        champion: Reference,
        challenger: Reference,
        probes: ProbeSet,
        *,
        gate: Gate | None = None,
        concurrency: int = 8,
        progress: bool = True,
    ) -> Comparison:
        """Ask both models every probe, judge fact by fact, and store answers and verdict.

        Only what is not stored yet is asked, so an interrupted comparison goes on where it stopped and a model
        can be compared after it is gone. `champion` may be a catalogue model.

        Raises:
            NotSupported, NotDeployed, ServiceError: a model that cannot be asked.
            WrongResource: a version of a resource without a backend here, whose answers are not stored.
        """
        comparing = self._comparing(champion, challenger, probes, gate)
        comparing.ask(concurrency=concurrency, progress=progress)
        return comparing.judge()

    async def compare_async(
        self,
        champion: Reference,
        challenger: Reference,
        probes: ProbeSet,
        *,
        gate: Gate | None = None,
        concurrency: int = 8,
        progress: bool = True,
    ) -> Comparison:
        """`compare` without blocking the event loop."""
        import asyncio

        comparing = await asyncio.to_thread(self._comparing, champion, challenger, probes, gate)
        await comparing.ask_async(concurrency=concurrency, progress=progress)
        return await asyncio.to_thread(comparing.judge)

    def promote(
        self, version: Reference, *, alias: str = "champion", because: str | None = None
    ) -> ModelVersion:
        """Let an alias point to a version, if the latest comparison with its present holder says promote.

        Free when the alias is vacant and no comparison rejected the version. `because` overrides the gate and
        is recorded.

        Raises:
            NotPromotable: no such comparison, or it says something else.
        """
        chosen = self.version(version)
        holder = self.aliases.get(alias)
        if holder is not None and holder.id == chosen.id:
            return chosen
        stored = self._ledger.comparisons(challenger=chosen.id, champion=holder.id if holder else None)
        if because is None:
            _check_promotable(chosen, holder, alias, [row["verdict"] for row in stored])
        self._ledger.promote(
            alias,
            chosen.id,
            because=because,
            comparison=stored[0]["id"] if stored else None,
            now=self._now(chosen.resource),
        )
        return chosen

    # -- inside --------------------------------------------------------------------------------------------

    def _plan_first(self, model: str, training: Dataset, options: StepOptions) -> TrainingPlan:
        if self._backend is None:
            raise LineageError("this lineage was opened without a backend", hint="Open it with backend=...")
        known = {name for version in self.versions for name in (version.id, version.model)}
        if model in known | set(self._ledger.aliases()):
            raise LineageError(
                f"{model!r} is a version of this lineage",
                hint="Use continue_from(...), which keeps what it knows; Naive() trains on the new rows alone",
            )
        parent = Parent(model=model, base_model=model, resource=self._backend.resource)
        return plan_first(training, parent, options, capabilities=self._backend.capabilities)

    def _comparing(
        self, champion: Reference, challenger: Reference, probes: ProbeSet, gate: Gate | None
    ) -> Comparing:
        from ..evaluation import Gate as DefaultGate
        from ._compare import Comparing

        new = self._side(self.version(challenger))
        old = self._champion_side(champion, new)
        if old.name == new.name:
            raise ValueError("champion and challenger are the same version; there is nothing to compare")
        return Comparing(self._ledger, self._backends, old, new, probes, gate or DefaultGate())

    def _champion_side(self, ref: Reference, challenger: Side) -> Side:
        from ._compare import Side

        # A catalogue model has no version, but "what did fine-tuning change?" is a fair question.
        if isinstance(ref, str) and ref in {version.base_model for version in self.versions}:
            return Side(name=ref, model=ref, resource=challenger.resource, history=History(), tokens=None)
        return self._side(self.version(ref))

    def _side(self, version: ModelVersion) -> Side:
        from ._compare import Side

        return Side(
            name=version.id,
            model=version.model,
            resource=version.resource,
            history=self.history(version),
            tokens=version.trained_tokens,
        )

    def _journal(self, step: str) -> StoredJournal:
        return StoredJournal(self._store, step, owner=new_owner(), clock=self._lease_clock)

    def _handle(self, step: str) -> FineTuneJob | None:
        journal = self._journal(step)
        records = tuple(intent.job for intent in started_parts(journal) if intent.job is not None)
        if not records:
            return None
        several = self._ledger.part_count(step) > 1
        return FineTuneJob(
            self._backends.get(self._ledger.step_row(step)["resource"]),
            records,
            step=self._ledger.step(step) if several else None,
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

    def _capabilities(self, resource: str) -> Capabilities:
        backend = self._backends.get(resource)
        return backend.capabilities if backend is not None else Capabilities(provider="none")

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


def _as_parent(version: ModelVersion) -> Parent:
    return Parent(
        model=version.model, base_model=version.base_model, resource=version.resource, version=version.id
    )


def _is_job(job: FineTuneJob, name: str) -> bool:
    return name in {part.id for part in job.parts}


def _starts_job(job: FineTuneJob, name: str) -> bool:
    return any(part.id.startswith(name) for part in job.parts)


def _check_promotable(
    chosen: ModelVersion, holder: ModelVersion | None, alias: str, verdicts: Sequence[str]
) -> None:
    """Raise `NotPromotable` unless the newest verdict allows it."""
    newest = verdicts[0] if verdicts else None
    if newest == "promote" or (holder is None and newest != "reject"):
        return
    against = f"{alias} {holder.id}" if holder else f"another version, while {alias!r} is vacant"
    said = f"says {newest}" if newest else "has not been made"
    raise NotPromotable(
        f"the comparison of {chosen.id} with {against} {said}",
        hint="Compare them first: lineage.compare(champion, challenger, probes); because='...' overrides",
    )
