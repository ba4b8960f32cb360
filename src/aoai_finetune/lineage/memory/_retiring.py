"""When the models of a lineage stop to answer, and to be continued."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...backends import ModelRecord, Models
from ..store._records import ModelVersion
from ._memory import Memory

__all__ = ["Retirement", "Retiring"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """How long a version can be used, as its service says now. Times are Unix seconds, None where nobody says.

    Attributes:
        version: which one.
        status: the service's word for the model's life cycle; `gone` where it does not have the model any more,
            `unknown` where it could not be asked.
        inference_until: it answers until then.
        fine_tune_until: it can be continued until then.
        base_fine_tune_until: its base model can be trained until then, which `Joint` needs.
        asked_at: when the service was asked.
    """

    version: ModelVersion
    status: str
    inference_until: int | None
    fine_tune_until: int | None
    base_fine_tune_until: int | None
    asked_at: float

    @property
    def next_date(self) -> int | None:
        """The first of its dates."""
        dates = (self.inference_until, self.fine_tune_until, self.base_fine_tune_until)
        return min((date for date in dates if date is not None), default=None)

    @property
    def days_left(self) -> float | None:
        """Days from `asked_at` until `next_date`, below 0 once it has passed; None where no date is known."""
        return None if self.next_date is None else (self.next_date - self.asked_at) / 86_400


class Retiring(Memory):
    """The part of `ModelLineage` that knows dates."""

    def retirements(self) -> tuple[Retirement, ...]:
        """Every version with the dates its service tells, soonest first; those without a date come last.

        One list request for each resource. A resource without a backend here, or whose backend knows no dates,
        gives the status `unknown`. `rebase` takes what a version knows to another base model in time.

        Raises:
            ServiceError: a service that cannot be asked.
        """
        listed = {resource: self._listed(resource) for resource in {each.resource for each in self.versions}}
        found = [self._retirement(version, listed[version.resource]) for version in self.versions]
        return tuple(sorted(found, key=lambda each: (each.next_date is None, each.next_date or 0)))

    async def retirements_async(self) -> tuple[Retirement, ...]:
        """`retirements` without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.retirements)

    def _listed(self, resource: str) -> dict[str, ModelRecord] | None:
        """The models of a resource by name; None where nobody can be asked."""
        backend = self._backends.get(resource)
        if backend is None or not backend.capabilities.models or not isinstance(backend, Models):
            return None
        models: Iterable[ModelRecord] = backend.list_models()
        return {model.id: model for model in models}

    def _retirement(self, version: ModelVersion, listed: dict[str, ModelRecord] | None) -> Retirement:
        model = (listed or {}).get(version.model)
        base = (listed or {}).get(version.base_model)
        missing = "unknown" if listed is None else "gone"
        return Retirement(
            version=version,
            status=model.lifecycle_status if model else missing,
            inference_until=model.inference_until if model else None,
            fine_tune_until=model.fine_tune_until if model else None,
            base_fine_tune_until=base.fine_tune_until if base else None,
            asked_at=self._now(version.resource),
        )
