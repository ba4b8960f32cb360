"""A chain of versions asked about what each of its stages taught."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...backends import Backend
from ...continual import AccuracyMatrix, History
from ...evaluation import Probe, ProbeSet
from ..asking._ask_once import Answerer, Inquiry, Messages, usual_system
from ..store._ledger import Ledger
from ..store._records import ModelVersion

__all__ = ["MatrixRun", "Stage", "by_stage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the chain: the version it made, what that knows, and the probes of what it taught."""

    name: str
    version: ModelVersion
    history: History = field(repr=False)
    probes: ProbeSet

    @property
    def answerer(self) -> Answerer:
        """Who is asked after this stage."""
        return Answerer(model=self.version.model, resource=self.version.resource)


class MatrixRun:
    """The accuracies of a chain under way: `ask` (or `ask_async`), then `matrix`.

    With `transfer` the base model is asked too, and every model about the stages after it.
    """

    def __init__(
        self,
        ledger: Ledger,
        backends: Mapping[str, Backend],
        stages: Sequence[Stage],
        *,
        transfer: bool,
    ) -> None:
        self._ledger, self._stages, self._transfer = ledger, tuple(stages), transfer
        system = usual_system(stages[-1].history)
        self._prompts: dict[str, list[Messages]] = {
            stage.name: [probe.prompt(system) for probe in stage.probes] for stage in stages
        }
        first = stages[0].version
        self._base = Answerer(model=first.base_model, resource=first.resource)
        self._answers = [stage.history.rows.answers() for stage in stages]
        self._inquiry = Inquiry(ledger, backends)
        for asked_at, stage in enumerate(stages):
            for asked in self._asked(asked_at):
                self._inquiry.add(stage.answerer, self._prompts[asked.name])
            if transfer:
                self._inquiry.add(self._base, self._prompts[stage.name])
        self._tell_leaks()

    def ask(self, *, concurrency: int, progress: bool) -> None:
        """Ask what is not stored yet."""
        self._inquiry.ask(concurrency=concurrency, progress=progress)

    async def ask_async(self, *, concurrency: int, progress: bool) -> None:
        """Ask what is not stored yet, without blocking the event loop."""
        await self._inquiry.ask_async(concurrency=concurrency, progress=progress)

    def matrix(self, joint: AccuracyMatrix | None) -> AccuracyMatrix:
        """The matrix of the stored answers."""
        bills = [stage.version.trained_tokens for stage in self._stages]
        engines = {self._ledger.engine_of(stage.version.resource) for stage in self._stages} - {None}
        return AccuracyMatrix.from_graded(
            {
                stage.name: {asked.name: self._graded(after, asked) for asked in self._asked(after)}
                for after, stage in enumerate(self._stages)
            },
            untrained={stage.name: self._right(self._base, stage, stage.probes) for stage in self._stages}
            if self._transfer
            else None,
            tokens=None if None in bills else sum(bill or 0 for bill in bills),
            joint=joint,
            engine=", ".join(sorted(filter(None, engines))) or None,
        )

    def _asked(self, after: int) -> Sequence[Stage]:
        return self._stages if self._transfer else self._stages[: after + 1]

    def _graded(self, after: int, asked: Stage) -> list[bool]:
        """Whether each probe that still counts was answered as was right after that stage."""
        begin = self._stages.index(asked)
        if begin >= after:
            return self._right(self._stages[after].answerer, asked, asked.probes)
        answers = self._inquiry.answers(self._stages[after].answerer, self._prompts[asked.name])
        graded = [
            judge.probes.grade(probe, answer)
            for place, answer in enumerate(answers)
            for judge, probe in self._valid(asked.probes[place], begin, after)
        ]
        if not graded:
            raise ValueError(
                f"every probe of stage {asked.name!r} is out of date after stage "
                f"{self._stages[after].name!r}: give that stage probes of the facts that it changed"
            )
        return graded

    def _right(self, who: Answerer, asked: Stage, probes: ProbeSet) -> list[bool]:
        answers = self._inquiry.answers(who, self._prompts[asked.name])
        return [probes.grade(probe, answer) for probe, answer in zip(probes, answers, strict=True)]

    def _valid(self, probe: Probe, begin: int, after: int) -> list[tuple[Stage, Probe]]:
        """The probe by which an answer is judged after a stage: itself, or a newer one of a fact that changed."""
        fact, now = probe.fact, self._answers[after].get(probe.fact)
        if now == self._answers[begin].get(fact):
            return [(self._stages[begin], probe)]
        for place in range(after, begin, -1):
            if self._answers[place].get(fact) == now:
                for newer in self._stages[place].probes:
                    if newer.fact == fact:
                        return [(self._stages[place], newer)]
        return []

    def _tell_leaks(self) -> None:
        rows = self._stages[-1].history.rows
        leaked = sum(len(stage.probes.leakage(rows)) for stage in self._stages)
        if leaked:
            count = sum(len(stage.probes) for stage in self._stages)
            warnings.warn(
                f"{leaked} of {count} probes ask what was trained on word for word: they show memory, not "
                "knowledge. ProbeSet.leakage(rows) lists them",
                RuntimeWarning,
                stacklevel=2,
            )


def by_stage(probes: ProbeSet, taught: Mapping[str, Sequence[str]]) -> dict[str, ProbeSet]:
    """The probes of each stage: those of a fact go to the last stage that taught it.

    Args:
        probes: of any stage, with what is right now.
        taught: stage to the facts of its rows.

    Raises:
        ValueError: a stage without probes.
    """
    last = {fact: stage for stage, facts in taught.items() for fact in facts}
    places: dict[str, list[int]] = {stage: [] for stage in taught}
    for place, probe in enumerate(probes):
        if probe.fact in last:
            places[last[probe.fact]].append(place)
    if empty := [stage for stage, found in places.items() if not found]:
        raise ValueError(
            f"no probe asks for what stage {empty[0]!r} taught last: give probes of its facts, leave the version "
            "out, or say which probes belong to which stage with a mapping"
        )
    return {
        stage: ProbeSet((probes[place] for place in found), graders=probes.graders)
        for stage, found in places.items()
    }
