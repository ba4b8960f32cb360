"""Everything a version knows, onto another base model or another resource."""

from __future__ import annotations

from typing import Final

from typing_extensions import Unpack

from ...backends import Backend, Supervised
from ...continual import Budget, History, Joint, Parent, StepOptions, TrainingPlan, plan_next
from ...errors import LineageError, NotFound, WrongResource
from ...jobs import FineTuneJob
from ..memory._memory import Reference
from ._training import FineTuneOptions, Training

__all__ = ["Rebasing"]

_KINDS: Final = {"supervised": "chat", "dpo": "preference", "reinforcement": "reinforcement"}


class Rebasing(Training):
    """The part of `ModelLineage` that moves what was learned to another base."""

    def plan_rebase(
        self,
        version: Reference,
        *,
        model: str,
        backend: Backend | None = None,
        passes: int = 10,
        **options: Unpack[FineTuneOptions],
    ) -> TrainingPlan:
        """How everything a version was taught would be trained onto another base model; `train` buys it.

        All live rows (superseded ones are gone), from the new base, `passes` epochs: what `Joint` does, without
        new rows. Rows of another kind than the method's stay behind, and the plan says so.

        Args:
            version: what knows it.
            model: the catalogue model to start from.
            backend: where; None for the lineage's first one. One of `others` where another resource takes over.
            passes: trips through the rows, 1 to 50.
            options: the keywords of `fine_tune`.

        Raises:
            DatasetError: the rows are wrong for the new model, or too few.
            LineageError: the model is a fine-tuned one, or the base on the resource that the version has already.
            NotFound, Ambiguous: no such version, or several.
            WrongResource: a backend that the lineage was not opened with.
        """
        known = self.version(version)
        place = self._place(backend)
        self._check_base(model, place, known.base_model, known.resource)
        method = options.get("method", Supervised())
        rows = self.history(known).rows
        mine = [index for index, row in enumerate(rows) if row.kind == _KINDS[method.type]]
        others = [index for index, row in enumerate(rows) if row.kind != _KINDS[method.type]]
        chosen = StepOptions(
            validation=options.get("validation"),
            method=method,
            seed=options.get("seed"),
            suffix=options.get("suffix"),
            training_type=options.get("training_type") or self._usual_training_type(place.resource),
        )
        return plan_next(
            rows.select(mine),
            History(rows=rows.select(others)),
            Parent(model=model, base_model=model, resource=place.resource, version=known.id),
            Joint(passes=passes),
            chosen,
            capabilities=place.capabilities,
        )

    def rebase(
        self,
        version: Reference,
        *,
        model: str,
        backend: Backend | None = None,
        passes: int = 10,
        budget: Budget | float | None = None,
        again: bool = False,
        **options: Unpack[FineTuneOptions],
    ) -> FineTuneJob:
        """Train everything a version was taught onto another base model, before its own retires; the job.

        `plan_rebase` and `train` in one call, with the keywords and errors of both. The version that comes out
        descends from the one that was rebased, so the two can be compared and promoted like any others.
        """
        plan = self.plan_rebase(version, model=model, backend=backend, passes=passes, **options)
        return self.train(plan, budget=budget, again=again)

    async def rebase_async(
        self,
        version: Reference,
        *,
        model: str,
        backend: Backend | None = None,
        passes: int = 10,
        budget: Budget | float | None = None,
        again: bool = False,
        **options: Unpack[FineTuneOptions],
    ) -> FineTuneJob:
        """`rebase` without blocking the event loop."""
        import asyncio

        plan = await asyncio.to_thread(
            self.plan_rebase, version, model=model, backend=backend, passes=passes, **options
        )
        return await self.train_async(plan, budget=budget, again=again)

    def _place(self, backend: Backend | None) -> Backend:
        place = backend or self._backend
        if place is None:
            raise LineageError("this lineage was opened without a backend", hint="Open it with backend=...")
        if place.resource not in self._backends:
            raise WrongResource(
                f"the lineage was not opened with a backend of {place.resource!r}",
                hint="ModelLineage(path, backend=..., others=[...])",
            )
        return place

    def _check_base(self, model: str, place: Backend, base: str, resource: str) -> None:
        if any(model in (each.id, each.model, each.job_id) for each in self.versions):
            raise LineageError(
                f"{model!r} is a fine-tuned model of this lineage, not a base",
                hint="Name a catalogue model; to teach a version something new, use continue_from",
            )
        if (model, place.resource) == (base, resource):
            raise LineageError(
                f"the version's base is {model!r} on this resource already",
                hint="To retrain on everything with new rows, use continue_from(..., strategy=Joint())",
            )
        if place.capabilities.models:
            self._check_known(model, place)

    @staticmethod
    def _check_known(model: str, place: Backend) -> None:
        """A mistyped base is told before a file is uploaded, where the service can say so."""
        from ...backends import Models

        if isinstance(place, Models):
            try:
                place.get_model(model)
            except NotFound as unknown:
                raise NotFound(f"{place.resource} has no model {model!r}", hint=unknown.hint) from None
