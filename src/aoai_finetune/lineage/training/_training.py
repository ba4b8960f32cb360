"""Planning and buying the next step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from typing_extensions import Unpack

from ...backends import Capabilities, Method, Supervised
from ...continual import (
    Budget,
    Parent,
    Replay,
    StepOptions,
    Strategy,
    TrainingPlan,
    plan_next,
)
from ...continual import plan_first as first_plan
from ...errors import LineageError, NotFound
from ...jobs import FineTuneJob, check_step
from ..memory._memory import Memory, Reference
from ..store._records import ModelVersion

if TYPE_CHECKING:
    from ...dataset import Dataset

__all__ = ["Training"]

_DEFAULT_STRATEGY: Strategy = Replay()
_DEFAULT_METHOD = Supervised()


class FineTuneOptions(TypedDict, total=False):
    """The keywords of `fine_tune`."""

    validation: Dataset | None
    method: Method
    seed: int | None
    suffix: str | None
    training_type: str | None


class FirstOptions(FineTuneOptions, total=False):
    """The keywords of `plan_first`."""

    strategy: Strategy | None


class PlanOptions(FineTuneOptions, total=False):
    """The keywords of `plan`."""

    strategy: Strategy


class Training(Memory):
    """The part of `ModelLineage` that plans and buys."""

    def plan(
        self,
        parent: Reference,
        new: Dataset,
        *,
        strategy: Strategy = _DEFAULT_STRATEGY,
        validation: Dataset | None = None,
        method: Method = _DEFAULT_METHOD,
        seed: int | None = None,
        suffix: str | None = None,
        training_type: str | None = None,
    ) -> TrainingPlan:
        """How `strategy` would teach `new` to `parent`: rows, passes, tokens, what is at risk. Sends nothing.

        Raises:
            DatasetError: the new rows are wrong, or too few distinct rows would be sent.
            JobNotSucceeded: `parent` is a job without a model.
            NotFound, Ambiguous: no such version, or several.
            WrongResource: `parent` lives on another resource than the backends given.
        """
        version = self.version(parent)
        options = StepOptions(
            validation=validation,
            method=method,
            seed=seed,
            suffix=suffix,
            training_type=training_type or self._usual_training_type(version.resource),
        )
        able = self._capabilities(version.resource)
        return plan_next(
            new, self.history(version), _as_parent(version), strategy, options, capabilities=able
        )

    def plan_first(
        self,
        model: str,
        training: Dataset,
        *,
        strategy: Strategy | None = None,
        **options: Unpack[FineTuneOptions],
    ) -> TrainingPlan:
        """How a catalogue model would be fine-tuned on rows; `train` buys it. The keywords of `fine_tune`.

        Raises:
            DatasetError: the rows are wrong, or too few.
            ValueError: `n_epochs` is set where the strategy decides it.
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
        chosen = StepOptions(**options)
        if chosen.training_type is None:
            chosen = replace(chosen, training_type=self._usual_training_type(parent.resource))
        return first_plan(
            training, parent, chosen, capabilities=self._backend.capabilities, strategy=strategy
        )

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
        check_step(backend, plan.step)
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
        check_step(backend, plan.step)
        journal = self._journal(await asyncio.to_thread(self._ledger.begin, plan, backend, again=again))
        return await FineTuneJob.start_async(backend, plan.step, journal, settle=self._settle)

    def fine_tune(
        self,
        model: str,
        training: Dataset,
        *,
        strategy: Strategy | None = None,
        validation: Dataset | None = None,
        method: Method = _DEFAULT_METHOD,
        seed: int | None = None,
        suffix: str | None = None,
        training_type: str | None = None,
        budget: Budget | float | None = None,
        again: bool = False,
    ) -> FineTuneJob:
        """Fine-tune a catalogue model: the first step of a chain.

        The rows are trained as they are, for the method's `n_epochs`; with a `strategy`, as often, and packed, as
        it trains what is new.

        Raises: what `plan` and `train` raise, and `LineageError` for a model of this lineage, which is
        continued with `continue_from`.
        """
        plan = self.plan_first(
            model,
            training,
            strategy=strategy,
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
        **options: Unpack[FirstOptions],
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

    def _check_plan(self, plan: object) -> None:
        if not isinstance(plan, TrainingPlan):
            raise TypeError(f"train takes a plan, not {type(plan).__name__}: lineage.plan(parent, new)")
        parent = plan.parent.version
        if parent is not None and parent not in {version.id for version in self.versions}:
            raise NotFound(
                f"the plan's parent {parent} belongs to another lineage", hint="Plan it again here"
            )

    def _usual_training_type(self, resource: str) -> str | None:
        """Where the backend trains unless a request says it, so that the plan's price and identity say it too."""
        usual: object = getattr(self._backends.get(resource), "training_type", None)
        return usual if isinstance(usual, str) else None

    def _capabilities(self, resource: str) -> Capabilities:
        if not self._backends:  # opened to read: plans without a price
            return Capabilities(provider="none", counter="estimate")
        return self._backend_of(resource).capabilities


def _check_budget(plan: TrainingPlan, budget: Budget | float | None) -> None:
    if budget is not None:
        Budget.of(budget).check(plan)


def _as_parent(version: ModelVersion) -> Parent:
    return Parent(
        model=version.model, base_model=version.base_model, resource=version.resource, version=version.id
    )
