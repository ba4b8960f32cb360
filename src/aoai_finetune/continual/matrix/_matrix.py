"""Accuracies over a chain of steps, and the numbers that continual learning is measured by."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

if TYPE_CHECKING:
    from ...display import Section
    from ...evaluation import ProbeSet

__all__ = ["AccuracyMatrix"]

_Row = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyMatrix:
    """What each model of a chain knows of each stage: a row per model, a column per stage.

    Row i is the model after stage i, column j the probes of what stage j taught; `R[i][j]` below is their accuracy.
    From the diagonal on every cell of a column has to be measured; before it (a stage that is still to come) a
    cell may be None. Numbers that lack what they are made of are None, never 0.

    Args:
        stages: names of the stages, in the order of training; at least one, none twice.
        rows: a row for each stage: accuracies from 0 to 1, one for each stage.
        untrained: accuracy of the base model on each stage, which forward transfer is measured from.
        tokens: billed for all stages together.
        joint: the matrix of retraining from the base model on everything at every stage, for the ratios.
        engine: the offline learner that answered, None for a hosted model. Every report names it.

    Raises:
        ValueError: no stage, a row that is too short or too long, a cell that is missing, not a number or not
            between 0 and 1, or a joint matrix of other stages; the message names the cell.
    """

    stages: tuple[str, ...]
    rows: tuple[_Row, ...] = field(repr=False)
    untrained: _Row = field(default=(), repr=False)
    tokens: int | None = None
    joint: AccuracyMatrix | None = field(default=None, repr=False)
    engine: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", tuple(self.stages))
        object.__setattr__(self, "rows", tuple(map(tuple, self.rows)))
        object.__setattr__(self, "untrained", tuple(self.untrained))
        if not self.stages or len(set(self.stages)) < len(self.stages):
            raise ValueError("an accuracy matrix needs at least one stage, and a name of its own for each")
        _check_size("there are", len(self.rows), self.stages, "rows")
        for number, (stage, row) in enumerate(zip(self.stages, self.rows, strict=True)):
            _check_size(f"the row of stage {stage!r} has", len(row), self.stages, "accuracies")
            for place, cell in enumerate(row):
                _check_cell(cell, f"stage {self.stages[place]!r} after stage {stage!r}", due=place <= number)
        if self.untrained:
            _check_size("the untrained model has", len(self.untrained), self.stages, "accuracies")
            for stage, cell in zip(self.stages, self.untrained, strict=True):
                _check_cell(cell, f"stage {stage!r} before any training", due=False)
        if self.tokens is not None and self.tokens < 0:
            raise ValueError(f"tokens is {self.tokens}; a bill is 0 or more")
        if self.joint is not None and self.joint.stages != self.stages:
            raise ValueError("the joint matrix has other stages, so there is nothing to compare")

    @classmethod
    def from_graded(
        cls,
        graded: Mapping[str, Mapping[str, Iterable[bool]]],
        *,
        untrained: Mapping[str, Iterable[bool]] | None = None,
        tokens: int | None = None,
        joint: AccuracyMatrix | None = None,
        engine: str | None = None,
    ) -> Self:
        """The matrix of graded answers.

        Args:
            graded: stage trained, to stage asked for, to whether each probe was answered right. The order of the
                outer mapping is the order of training.
            untrained: the same for the base model, by stage asked for.
            tokens: as for the class.
            joint: as for the class.
            engine: as for the class.

        Raises:
            ValueError: a stage that was asked for and never trained, no probe where there has to be one, or what
                the class raises.
        """
        stages = tuple(graded)
        unknown = sorted(
            {stage for row in (*graded.values(), untrained or {}) for stage in row} - set(stages)
        )
        if unknown:
            raise ValueError(f"probes are there for stages that were never trained: {', '.join(unknown)}")
        return cls(
            stages=stages,
            rows=tuple(_shares(stages, row) for row in graded.values()),
            untrained=_shares(stages, untrained) if untrained is not None else (),
            tokens=tokens,
            joint=joint,
            engine=engine,
        )

    @classmethod
    def from_answers(
        cls,
        probes: Mapping[str, ProbeSet],
        answers: Mapping[str, Mapping[str, Sequence[str]]],
        *,
        untrained: Mapping[str, Sequence[str]] | None = None,
        tokens: int | None = None,
        joint: AccuracyMatrix | None = None,
        engine: str | None = None,
    ) -> Self:
        """The matrix of answers, graded as the probes say.

        Args:
            probes: the probes of each stage.
            answers: stage trained, to stage asked for, to one answer for each of its probes, in their order.
            untrained: the answers of the base model, by stage asked for.
            tokens: as for the class.
            joint: as for the class.
            engine: as for the class.

        Raises:
            ValueError: answers without probes, more or fewer answers than probes, or what `from_graded` raises.
        """
        return cls.from_graded(
            {stage: _graded(probes, row, f"after stage {stage!r}") for stage, row in answers.items()},
            untrained=None if untrained is None else _graded(probes, untrained, "before any training"),
            tokens=tokens,
            joint=joint,
            engine=engine,
        )

    # -- the numbers ---------------------------------------------------------------------------------------

    @property
    def accuracy(self) -> float:
        """ACC: what the last model knows, the mean over j of `R[T][j]` (Lopez-Paz and Ranzato 2017, arXiv 1706.08840)."""
        return _mean(self._known(len(self.stages) - 1))

    @property
    def average_accuracy(self) -> float:
        """What every model of the chain knew, not only the last: the mean over i of the mean over j <= i of `R[i][j]`.

        Diaz-Rodriguez et al. 2018 (arXiv 1810.13166) average over all cells j <= i alike; here each model counts
        once, because each was in use for a while.
        """
        return _mean([_mean(self._known(stage)) for stage in range(len(self.stages))])

    @property
    def learning_accuracy(self) -> float:
        """How well each stage is known right after it: the mean over j of `R[j][j]`."""
        return _mean(self._diagonal)

    @property
    def backward_transfer(self) -> float | None:
        """BWT: the mean over j < T of `R[T][j] - R[j][j]` (arXiv 1706.08840); None for a single stage.

        Below 0 is forgetting; above 0 early stages went on being learned.
        """
        last = self._known(len(self.stages) - 1)
        changes = [end - begin for end, begin in zip(last, self._diagonal, strict=True)][:-1]
        return _mean(changes) if changes else None

    @property
    def forward_transfer(self) -> float | None:
        """FWT: the mean over j > 1 of `R[j-1][j] - b[j]`, `b` being the untrained model (arXiv 1706.08840).

        None for a single stage, or when one of these cells was not measured.
        """
        before = [self.rows[stage - 1][stage] for stage in range(1, len(self.stages))]
        base = self.untrained[1:]
        gains = [b - a for a, b in zip(base, before, strict=False) if a is not None and b is not None]
        return _mean(gains) if gains and len(gains) == len(before) else None

    @property
    def forgetting(self) -> float | None:
        """How far each stage fell from its best: the mean over j < T of `max over l < T of R[l][j]` minus `R[T][j]`.

        Chaudhry et al. 2018 (arXiv 1801.10112). Cells that were not measured are left out of the maximum. None for
        a single stage.
        """
        last = len(self.stages) - 1
        ends = self._known(last)[:-1]
        best = [
            max(cell for row in self.rows[:last] if (cell := row[stage]) is not None) for stage in range(last)
        ]
        return _mean([high - end for high, end in zip(best, ends, strict=True)]) if best else None

    @property
    def retention(self) -> dict[str, float | None]:
        """Stage to the share of what was known right after it that the last model still knows: `R[T][j] / R[j][j]`.

        None for a stage that was never learned.
        """
        return {stage: curve[-1] for stage, curve in self.retention_curves.items()}

    @property
    def retention_curves(self) -> dict[str, tuple[float | None, ...]]:
        """Stage j to `R[i][j] / R[j][j]` for i = j, j+1, ... T; None throughout for a stage that was never learned."""
        return {stage: self._curve(place) for place, stage in enumerate(self.stages)}

    @property
    def accuracy_ratio(self) -> float | None:
        """ACC as a share of joint retraining's; None without a joint matrix, or where that knows nothing."""
        return _ratio(self.accuracy, self.joint.accuracy) if self.joint else None

    @property
    def average_accuracy_ratio(self) -> float | None:
        """`average_accuracy` as a share of joint retraining's; None as for `accuracy_ratio`."""
        return _ratio(self.average_accuracy, self.joint.average_accuracy) if self.joint else None

    @property
    def token_ratio(self) -> float | None:
        """Billed tokens as a share of joint retraining's over the same stages; None where one of them is not known."""
        if self.joint is None or self.tokens is None or self.joint.tokens is None:
            return None
        return _ratio(self.tokens, self.joint.tokens)

    # -- looking at it -------------------------------------------------------------------------------------

    @override
    def __str__(self) -> str:
        from ._views import matrix_text

        return matrix_text(self)

    def _repr_html_(self) -> str:
        from ...display import fragment

        return fragment(self.section().body)

    def section(self, title: str = "Accuracy over the chain") -> Section:
        """The matrix as a section of a report, with its numbers."""
        from ._views import matrix_section

        return matrix_section(self, title)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained page; its path is returned."""
        from ...display import Page

        return Page("Accuracy matrix", [self.section()]).write(path)

    def heatmap(self, axes: Any = None) -> Any:  # noqa: ANN401 - matplotlib is no dependency of the core
        """Draw the matrix with matplotlib (extra `notebook`) and return the axes: its own, or those given.

        Raises:
            NotSupported: no axes are given, and matplotlib is not installed.
        """
        from ._views import draw_heatmap

        return draw_heatmap(self, axes)

    # -- inside --------------------------------------------------------------------------------------------

    def _known(self, stage: int) -> list[float]:
        """Accuracies of the stages trained so far; checked to be there."""
        return [cell for cell in self.rows[stage][: stage + 1] if cell is not None]

    @property
    def _diagonal(self) -> list[float]:
        return [self._known(stage)[-1] for stage in range(len(self.stages))]

    def _curve(self, stage: int) -> tuple[float | None, ...]:
        begin = self._known(stage)[-1]
        later = [self._known(after)[stage] for after in range(stage, len(self.stages))]
        return tuple(_ratio(cell, begin) for cell in later)


def _check_size(what: str, count: int, stages: Sequence[str], noun: str) -> None:
    if count != len(stages):
        raise ValueError(f"{what} {count} {noun}, and there are {len(stages)} stages")


def _check_cell(cell: object, where: str, *, due: bool) -> None:
    if cell is None:
        if due:
            raise ValueError(f"the accuracy of {where} is missing; it was trained by then")
    elif isinstance(cell, bool) or not isinstance(cell, int | float) or not 0 <= cell <= 1:
        # NaN is neither above nor below anything, so it ends here too.
        raise ValueError(f"the accuracy of {where} is {cell!r}; it must be a number from 0 to 1")


def _shares(stages: Iterable[str], row: Mapping[str, Iterable[bool]]) -> _Row:
    seen = {stage: list(right) for stage, right in row.items()}
    return tuple(_mean(seen[stage]) if seen.get(stage) else None for stage in stages)


def _graded(
    probes: Mapping[str, ProbeSet], answers: Mapping[str, Sequence[str]], when: str
) -> dict[str, list[bool]]:
    graded: dict[str, list[bool]] = {}
    for stage, given in answers.items():
        asked = probes.get(stage)
        if asked is None:
            raise ValueError(f"there are answers {when} to stage {stage!r}, and no probes")
        if isinstance(given, str) or len(given) != len(asked):
            raise ValueError(
                f"stage {stage!r} has {len(asked)} probes and was given {len(given)} answers {when}; "
                "each probe needs one"
            )
        graded[stage] = [asked.grade(probe, answer) for probe, answer in zip(asked, given, strict=True)]
    return graded


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _ratio(value: float, reference: float) -> float | None:
    return value / reference if reference else None
