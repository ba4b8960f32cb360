"""Answers that were collected elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...backends import Completion
from ...errors import DatasetError
from ..memory._memory import Memory, Reference

if TYPE_CHECKING:
    from ...evaluation import ProbeSet

__all__ = ["Collecting"]


class Collecting(Memory):
    """The part of `ModelLineage` that takes answers in."""

    def record_answers(
        self, version: Reference, probes: ProbeSet, answers: Sequence[str], *, system: str | None = None
    ) -> int:
        """Store answers of a version's model that another program collected, so that nobody asks for them again.

        They count as answers at temperature 0. An answer that is stored already is kept, as everywhere.

        Args:
            version: whose answers they are.
            probes: what was asked.
            answers: one text for each probe, in their order; an empty one where the model said nothing.
            system: what stood before bare questions; by default the system prompt most rows of the version have,
                under which `compare` asks them when it is the challenger.

        Returns:
            How many were new.

        Raises:
            DatasetError: not exactly one answer for each probe.
            NotFound, Ambiguous, JobNotSucceeded: no such version.
        """
        from ..store._ledger import prompt_key
        from ._ask_once import Answerer, usual_system

        known = self.version(version)
        if isinstance(answers, str) or len(answers) != len(probes):
            raise DatasetError(
                f"there are {len(answers)} answers to {len(probes)} probes",
                hint="Give one answer per probe, in their order; an empty text where the model said nothing",
            )
        who = Answerer(model=known.model, resource=known.resource)
        opening = system or usual_system(self.history(known))
        new = 0
        for probe, said in zip(probes, answers, strict=True):
            place = (who.resource, who.model, prompt_key(probe.prompt(opening)), who.sampling)
            if self._ledger.answer(*place) is None:
                self._ledger.keep_answer(
                    *place, Completion(content=said, model=who.model), self._now(known.resource)
                )
                new += 1
        return new
