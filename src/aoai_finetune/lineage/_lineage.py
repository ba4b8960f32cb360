"""`ModelLineage`: everything that was learned, by which model, from which, and whether it was worth it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from typing_extensions import Unpack

from ..backends import Capabilities, Supervised
from ..continual import (
    Budget,
    History,
    Parent,
    Replay,
    StepOptions,
    Strategy,
    TrainingPlan,
    plan_next,
)
from ..continual import plan_first as first_plan
from ..errors import LineageError, NotFound, NotPromotable
from ..jobs import FineTuneJob
from ._records import ModelVersion
from ._remembered import Reference, Remembered

if TYPE_CHECKING:
    import sqlite3

    from ..dataset import Dataset
    from ..evaluation import Comparison, Gate, ProbeSet
    from ._compare import Comparing, Side

__all__ = ["ModelLineage"]

_DEFAULT_STRATEGY: Strategy = Replay()
_DEFAULT_METHOD = Supervised()


class FineTuneOptions(TypedDict, total=False):
    """The keywords of `fine_tune`."""

    validation: Dataset | None
    method: Supervised
    seed: int | None
    suffix: str | None
    training_type: str | None


class PlanOptions(FineTuneOptions, total=False):
    """The keywords of `plan`."""

    strategy: Strategy


class ModelLineage(Remembered):
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

    def plan_first(self, model: str, training: Dataset, **options: Unpack[FineTuneOptions]) -> TrainingPlan:
        """How a catalogue model would be fine-tuned on rows as they are; `train` buys it. The keywords of `fine_tune`.

        Raises:
            DatasetError: the rows are wrong, or too few.
            LineageError: a model of this lineage, which is continued instead.
        """
        if self._backend is None:
            raise LineageError("this lineage was opened without a backend", hint="Open it with backend=...")
        known = {name for version in self.versions for name in (version.id, version.model)}
        if model in known | set(self._ledger.aliases()):
            raise LineageError(
                f"{model!r} is a version of this lineage",
                hint="Use continue_from(...), which keeps what it knows; Naive() trains on the new rows alone",
            )
        parent = Parent(model=model, base_model=model, resource=self._backend.resource)
        return first_plan(training, parent, StepOptions(**options), capabilities=self._backend.capabilities)

    def train(
        self, plan: TrainingPlan, *, budget: Budget | float | None = None, again: bool = False
    ) -> FineTuneJob:
        """Buy a plan, once, and return its job; `again=True` buys it another time.

        A job that exists already, unless it failed or was cancelled, is returned with `reused` set.

        Args:
            plan: what `plan` returned.
            budget: the most it may cost: a number of USD, or a `Budget`. It is checked before anything is sent
                or stored, for a plan that was bought already too.
            again: buy it although it was bought already.

        Raises:
            BudgetExceeded: it would cost more, or nobody knows what it costs; nothing was sent.
            OutcomeUnknown: the job may or may not have been created; `sync` settles it later.
            ServiceError, NotFound: the service refused; nothing is left behind.
            WrongResource: the plan's parent lives on another resource.
        """
        self._check_plan(plan)
        _check_budget(plan, budget)
        backend = self._backend_of(plan.parent.resource)
        journal = self._journal(self._ledger.begin(plan, backend, again=again))
        return FineTuneJob.start(backend, plan.step, journal, settle=self._settle)

    async def train_async(
        self, plan: TrainingPlan, *, budget: Budget | float | None = None, again: bool = False
    ) -> FineTuneJob:
        """`train` without blocking the event loop."""
        import asyncio

        self._check_plan(plan)
        _check_budget(plan, budget)
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
        budget: Budget | float | None = None,
        again: bool = False,
    ) -> FineTuneJob:
        """Fine-tune a catalogue model on rows as they are: the first step of a chain.

        Raises: what `plan` and `train` raise, and `LineageError` for a model of this lineage, which is
        continued with `continue_from`.
        """
        plan = self.plan_first(
            model,
            training,
            validation=validation,
            method=method,
            seed=seed,
            suffix=suffix,
            training_type=training_type,
        )
        return self.train(plan, budget=budget, again=again)

    async def fine_tune_async(
        self,
        model: str,
        training: Dataset,
        *,
        budget: Budget | float | None = None,
        again: bool = False,
        **options: Unpack[FineTuneOptions],
    ) -> FineTuneJob:
        """`fine_tune` without blocking the event loop; the same keywords."""
        import asyncio

        plan = await asyncio.to_thread(self.plan_first, model, training, **options)
        return await self.train_async(plan, budget=budget, again=again)

    def continue_from(
        self,
        parent: Reference,
        new: Dataset,
        *,
        budget: Budget | float | None = None,
        again: bool = False,
        **options: Unpack[PlanOptions],
    ) -> FineTuneJob:
        """`plan` and `train` in one call: teach `new` to a model of this lineage; the keywords of both."""
        return self.train(self.plan(parent, new, **options), budget=budget, again=again)

    async def continue_from_async(
        self,
        parent: Reference,
        new: Dataset,
        *,
        budget: Budget | float | None = None,
        again: bool = False,
        **options: Unpack[PlanOptions],
    ) -> FineTuneJob:
        """`continue_from` without blocking the event loop."""
        import asyncio

        plan = await asyncio.to_thread(self.plan, parent, new, **options)
        return await self.train_async(plan, budget=budget, again=again)

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
        _check_asking(probes, concurrency)
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

        _check_asking(probes, concurrency)
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
        self._check_alias(alias)
        if because is not None and not because.strip():
            raise ValueError("because is empty; say why, or leave it out")
        if (holder := self.aliases.get(alias)) is not None and holder.id == chosen.id:
            return chosen

        def check() -> int | None:
            holder = self.aliases.get(alias)
            stored = self._ledger.comparisons(challenger=chosen.id, champion=holder.id if holder else None)
            if because is None:
                _check_promotable(chosen, holder, alias, _newest_verdicts(stored))
            return stored[0]["id"] if stored else None

        now = self._now(chosen.resource)
        self._ledger.promote(alias, chosen.id, because=because, now=now, check=check)
        return chosen

    def relabel(self, version: Reference, rows: Dataset) -> None:
        """Give the rows a version learned the facts they have in `rows`: the same rows, in the same order.

        Facts are your names for rows, not part of what was bought, so this costs nothing.

        Raises:
            LineageError: these are other rows.
        """
        self._ledger.relabel(self.version(version).step, rows)

    # -- inside --------------------------------------------------------------------------------------------

    def _check_plan(self, plan: object) -> None:
        if not isinstance(plan, TrainingPlan):
            raise TypeError(f"train takes a plan, not {type(plan).__name__}: lineage.plan(parent, new)")
        parent = plan.parent.version
        if parent is not None and parent not in {version.id for version in self.versions}:
            raise NotFound(
                f"the plan's parent {parent} belongs to another lineage", hint="Plan it again here"
            )

    def _check_alias(self, alias: str) -> None:
        """An alias must not take over a name that means something else."""
        taken = {name for v in self.versions for name in (v.id, v.model, v.job_id, v.base_model)}
        if not alias.strip() or alias in taken:
            raise ValueError(
                f"{alias!r} cannot be an alias: it is empty, or the name of a version, job or model"
            )

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
            return Side(
                name=ref, label=ref, model=ref, resource=challenger.resource, history=History(), tokens=None
            )
        return self._side(self.version(ref))

    def _side(self, version: ModelVersion) -> Side:
        from ._compare import Side

        return Side(
            name=version.id,
            label=f"{version.strategy} {version.id}",
            model=version.model,
            resource=version.resource,
            history=self.history(version),
            tokens=version.trained_tokens,
        )

    def _capabilities(self, resource: str) -> Capabilities:
        backend = self._backends.get(resource)
        return (
            backend.capabilities if backend is not None else Capabilities(provider="none", counter="estimate")
        )


def _check_budget(plan: TrainingPlan, budget: Budget | float | None) -> None:
    if budget is not None:
        Budget.of(budget).check(plan)


def _check_asking(probes: object, concurrency: int) -> None:
    from ..evaluation import ProbeSet as Probes

    if not isinstance(probes, Probes):
        raise TypeError(
            f"the probes must be a ProbeSet, not {type(probes).__name__}: ProbeSet.from_jsonl(path), or "
            "ProbeSet.from_examples(rows)"
        )
    if concurrency < 1:
        raise ValueError(f"concurrency is {concurrency}; it must be at least 1")


def _as_parent(version: ModelVersion) -> Parent:
    return Parent(
        model=version.model, base_model=version.base_model, resource=version.resource, version=version.id
    )


def _newest_verdicts(stored: Sequence[sqlite3.Row]) -> list[str]:
    """The newest verdict against each champion with each probe set; `stored` is newest first."""
    newest: dict[tuple[str, str], str] = {}
    for row in stored:
        newest.setdefault((row["champion"], row["probes"]), row["verdict"])
    return list(newest.values())


def _check_promotable(
    chosen: ModelVersion, holder: ModelVersion | None, alias: str, verdicts: Sequence[str]
) -> None:
    """Raise `NotPromotable` unless the newest verdict allows it; a vacant alias only asks that none rejects."""
    newest = verdicts[0] if verdicts else None
    if holder is None and "reject" in verdicts:
        newest = "reject"
    if newest == "promote" or (holder is None and newest != "reject"):
        return
    against = f"{alias} {holder.id}" if holder else f"another version, while {alias!r} is vacant"
    said = f"says {newest}" if newest else "has not been made"
    remedy = {
        None: "Compare them first: lineage.compare(champion, challenger, probes)",
        "reject": "Continue with more replay, or with Joint(), and compare again",
        "inconclusive": "Its decision.would_decide says what is missing, such as more probes",
    }[newest]
    raise NotPromotable(
        f"the comparison of {chosen.id} with {against} {said}",
        hint=f"{remedy}. promote(..., because='...') overrides the gate, to go back too, and is recorded",
    )
