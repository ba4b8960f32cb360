"""The two models of a comparison, and a probe with both their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..graders._graders import NO_GRADERS, Grader
from ..probes._grading import grade, is_stale
from ..probes._probes import Probe

__all__ = ["Contender", "Pair"]

Outcome = Literal["kept", "broken", "mended", "missed"]
"""What became of one probe: right twice, right then wrong, wrong then right, wrong twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One of the two models compared.

    Attributes:
        name: what a person calls it: an alias, a version, a strategy.
        model: the model that answered, as on the wire.
        engine: name of the offline engine behind the model, None for a hosted model.
        tokens: tokens billed for its training step, None when unknown.
    """

    name: str
    model: str
    engine: str | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One probe and both answers, graded. With `trained_on`, its question was trained on and it counts for nothing."""

    probe: Probe
    before: str = field(repr=False)
    after: str = field(repr=False)
    right_before: bool
    right_after: bool
    stale: bool
    trained_on: bool = False

    @classmethod
    def graded(
        cls,
        probe: Probe,
        before: str,
        after: str,
        graders: Mapping[str, Grader] = NO_GRADERS,
        *,
        trained_on: bool = False,
    ) -> Pair:
        """Grade both answers as the probe asks for; `graders` are the probe set's own."""
        return cls(
            probe=probe,
            before=before,
            after=after,
            right_before=grade(probe, before, graders),
            right_after=grade(probe, after, graders),
            stale=is_stale(probe, after, graders),
            trained_on=trained_on,
        )

    @property
    def outcome(self) -> Outcome:
        """What became of the probe."""
        if self.right_before:
            return "kept" if self.right_after else "broken"
        return "mended" if self.right_after else "missed"
