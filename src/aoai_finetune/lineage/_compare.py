"""The effect of a comparison: which questions to ask whom, and where answers and verdict are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..backends import Backend, Completion
from ..continual import History
from ..dataset import canonical_json
from ..errors import WrongResource
from ..evaluation import Comparison, Contender, Gate, ProbeSet
from ._asking import Question, ask_all, ask_all_async
from ._ledger import Ledger, prompt_key

__all__ = ["Comparing", "Side"]

_SAMPLING = canonical_json({"temperature": 0}).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two models compared. `name` is the version's id, or a catalogue model; `label` is for readers."""

    name: str
    label: str
    model: str
    resource: str
    history: History
    tokens: int | None


class Comparing:
    """One comparison under way: `ask` (or `ask_async`), then `judge`."""

    def __init__(
        self,
        ledger: Ledger,
        backends: Mapping[str, Backend],
        champion: Side,
        challenger: Side,
        probes: ProbeSet,
        gate: Gate,
    ) -> None:
        self._ledger, self._backends, self._gate = ledger, backends, gate
        self._champion, self._challenger = champion, challenger
        old, new = champion.history.rows.answers(), challenger.history.rows.answers()
        self._known = frozenset(old)
        self._taught = frozenset(fact for fact, answers in new.items() if old.get(fact) != answers)
        self._probes = probes.grouped(old, new)
        system = _usual_system(challenger.history)
        self._prompts = [probe.prompt(system) for probe in self._probes]

    def ask(self, *, concurrency: int, progress: bool) -> None:
        """Ask what is not stored yet."""
        ask_all(self._open_questions(), concurrency=concurrency, progress=progress)

    async def ask_async(self, *, concurrency: int, progress: bool) -> None:
        """Ask what is not stored yet, without blocking the event loop."""
        await ask_all_async(self._open_questions(), concurrency=concurrency, progress=progress)

    def judge(self) -> Comparison:
        """The comparison of the stored answers, itself stored."""
        comparison = Comparison.from_answers(
            self._probes,
            self._contender(self._champion),
            self._contender(self._challenger),
            self._answers(self._champion),
            self._answers(self._challenger),
            known_facts=self._known,
            new_facts=self._taught,
            gate=self._gate,
            findings=self._probes.leakage(self._challenger.history.rows),
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

    def _open_questions(self) -> list[Question]:
        return [
            self._question(side, messages)
            for side in (self._champion, self._challenger)
            for messages in self._distinct_prompts()
            if self._stored(side, messages) is None
        ]

    def _distinct_prompts(self) -> list[Sequence[Mapping[str, Any]]]:
        return list({prompt_key(messages): messages for messages in self._prompts}.values())

    def _question(self, side: Side, messages: Sequence[Mapping[str, Any]]) -> Question:
        backend = self._backends.get(side.resource)
        if backend is None:
            raise WrongResource(
                f"{side.model} lives on {side.resource!r}, and not all its answers are stored",
                hint="Give a backend of that resource: ModelLineage(path, backend=..., others=[...])",
            )

        def keep(answer: Completion) -> None:
            self._ledger.keep_answer(
                side.resource, side.model, prompt_key(messages), _SAMPLING, answer, backend.clock.now()
            )

        return Question(backend=backend, model=side.model, messages=messages, keep=keep)

    def _stored(self, side: Side, messages: Sequence[Mapping[str, Any]]) -> str | None:
        return self._ledger.answer(side.resource, side.model, prompt_key(messages), _SAMPLING)

    def _answers(self, side: Side) -> list[str]:
        return [self._stored(side, messages) or "" for messages in self._prompts]

    def _contender(self, side: Side) -> Contender:
        engine = self._ledger.engine_of(side.resource)
        return Contender(name=side.label, model=side.model, engine=engine, tokens=side.tokens)

    def _now(self, side: Side) -> float:
        import time

        backend = self._backends.get(side.resource)
        return backend.clock.now() if backend is not None else time.time()


def _usual_system(history: History) -> str | None:
    """The system prompt most rows were trained with; probes without messages are asked under it."""
    systems = Counter(row.system for row in history.rows if row.system)
    return systems.most_common(1)[0][0] if systems else None
