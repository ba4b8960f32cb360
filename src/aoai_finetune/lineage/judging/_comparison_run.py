"""The effect of a comparison: which questions to ask whom, and where the verdict is kept."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...backends import Backend
from ...continual import History
from ...evaluation import Comparison, Contender, Gate, ProbeSet
from ..asking._ask_once import Answerer, Inquiry, usual_system
from ..store._ledger import Ledger

__all__ = ["ComparisonRun", "Side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two models compared. `name` is the version's id, or a catalogue model; `label` is for readers."""

    name: str
    label: str
    model: str
    resource: str
    history: History
    tokens: int | None

    def answerer(self, repeat: int = 0) -> Answerer:
        """Who is asked."""
        return Answerer(model=self.model, resource=self.resource, repeat=repeat)


class ComparisonRun:
    """One comparison under way: `ask` (or `ask_async`), then `judge`. The champion is asked `repeats` times more."""

    def __init__(
        self,
        ledger: Ledger,
        backends: Mapping[str, Backend],
        champion: Side,
        challenger: Side,
        probes: ProbeSet,
        gate: Gate,
        repeats: int = 0,
    ) -> None:
        self._ledger, self._backends, self._gate = ledger, backends, gate
        self._champion, self._challenger = champion, challenger
        old, new = champion.history.rows.answers(), challenger.history.rows.answers()
        self._known = frozenset(old)
        self._taught = frozenset(fact for fact, answers in new.items() if old.get(fact) != answers)
        self._probes = probes.grouped(old, new, _outdated(champion.history, challenger.history))
        system = usual_system(challenger.history)
        self._prompts = self._probes.prompts(system)
        self._again = [champion.answerer(repeat) for repeat in range(1, repeats + 1)]
        self._inquiry = Inquiry(ledger, backends)
        for who in (champion.answerer(), challenger.answerer(), *self._again):
            self._inquiry.add(who, self._prompts)
        if self.unanswered:
            _warn_of_tools(self._probes, [backends.get(side.resource) for side in (champion, challenger)])

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The models that have to be asked something still."""
        return tuple(dict.fromkeys(who.model for who in self._inquiry.unanswered))

    def ask(self, *, concurrency: int, progress: bool) -> None:
        """Ask what is not stored yet."""
        self._inquiry.ask(concurrency=concurrency, progress=progress)

    async def ask_async(self, *, concurrency: int, progress: bool) -> None:
        """Ask what is not stored yet, without blocking the event loop."""
        await self._inquiry.ask_async(concurrency=concurrency, progress=progress)

    def judge(self) -> Comparison:
        """The comparison of the stored answers, itself stored."""
        comparison = Comparison.from_answers(
            self._probes,
            self._contender(self._champion),
            self._contender(self._challenger),
            self._inquiry.answers(self._champion.answerer(), self._prompts),
            self._inquiry.answers(self._challenger.answerer(), self._prompts),
            known_facts=self._known,
            new_facts=self._taught,
            gate=self._gate,
            trained_on=self._probes.trained_on(self._challenger.history.rows),
            champion_repeats=[self._inquiry.answers(who, self._prompts) for who in self._again],
        )
        self._ledger.keep_comparison(
            self._champion.name,
            self._challenger.name,
            self._probes.fingerprint,
            str(comparison.verdict),
            comparison.to_json(),
            self._now(self._challenger),
        )
        return comparison

    def _contender(self, side: Side) -> Contender:
        engine = self._ledger.engine_of(side.resource)
        return Contender(name=side.label, model=side.model, engine=engine, tokens=side.tokens)

    def _now(self, side: Side) -> float:
        import time

        backend = self._backends.get(side.resource)
        return backend.clock.now() if backend is not None else time.time()


def _outdated(*histories: History) -> dict[str, frozenset[str]]:
    """For each fact, the answers that stopped being right on the way to either model."""
    facts = {fact for history in histories for fact in history.outdated}
    return {
        fact: frozenset[str]().union(*(history.outdated.get(fact, ()) for history in histories))
        for fact in facts
    }


def _warn_of_tools(probes: ProbeSet, backends: Iterable[Backend | None]) -> None:
    """A service that is offered no tools calls none; that is no forgetting, and nobody should take it for one."""
    calls = sum(probe.grader == "tool_call" for probe in probes)
    if calls and any(backend is not None and backend.capabilities.engine is None for backend in backends):
        warnings.warn(
            f"{calls} probes expect tool calls, and questions are sent without tools: a model that was not trained to "
            "write its calls as text answers in words, which counts as wrong. Record answers of your own "
            "(lineage.record_answers), or leave these probes out",
            RuntimeWarning,
            stacklevel=2,
        )
