"""Questions to models, each asked once: what is stored is not asked again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...backends import Backend, Completion
from ...continual import History
from ...dataset import canonical_json
from ...errors import WrongResource
from ..store._ledger import Ledger, prompt_key
from ._ask_many import Question, ask_all, ask_all_async

__all__ = ["Answerer", "Inquiry", "Messages", "usual_system"]

Messages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Who is asked: a model on a resource; `repeat` counts the times it was asked the same before."""

    model: str
    resource: str
    repeat: int = 0

    @property
    def sampling(self) -> str:
        """Names how it is asked, among stored answers."""
        again = {"repeat": self.repeat} if self.repeat else {}
        return canonical_json({"temperature": 0, **again}).decode()


class Inquiry:
    """Questions that belong together: `add` them, `ask` (or `ask_async`), then read the `answers`."""

    def __init__(self, ledger: Ledger, backends: Mapping[str, Backend]) -> None:
        self._ledger, self._backends = ledger, backends
        self._wanted: dict[tuple[Answerer, str], Messages] = {}

    def add(self, who: Answerer, prompts: Sequence[Messages]) -> None:
        """Want an answer to every prompt from a model."""
        for messages in prompts:
            self._wanted.setdefault((who, prompt_key(messages)), messages)

    @property
    def unanswered(self) -> tuple[Answerer, ...]:
        """Who has to be asked something still."""
        return tuple(dict.fromkeys(who for who, key in self._wanted if self._stored(who, key) is None))

    def ask(self, *, concurrency: int, progress: bool) -> None:
        """Ask what is not stored yet.

        Raises:
            NotSupported, NotDeployed, ServiceError: a model that cannot be asked.
            WrongResource: a model of a resource without a backend here.
        """
        ask_all(self._open_questions(), concurrency=concurrency, progress=progress)

    async def ask_async(self, *, concurrency: int, progress: bool) -> None:
        """Ask what is not stored yet, without blocking the event loop."""
        await ask_all_async(self._open_questions(), concurrency=concurrency, progress=progress)

    def answers(self, who: Answerer, prompts: Sequence[Messages]) -> list[str]:
        """One text for each prompt; an empty one where the model said nothing."""
        return [said.content for said in self.completions(who, prompts)]

    def completions(self, who: Answerer, prompts: Sequence[Messages]) -> list[Completion]:
        """One answer for each prompt, with how it ended."""
        nothing = Completion(content="", model=who.model, finish_reason="")
        return [self._stored(who, prompt_key(messages)) or nothing for messages in prompts]

    def _open_questions(self) -> list[Question]:
        return [
            self._question(who, key, messages)
            for (who, key), messages in self._wanted.items()
            if self._stored(who, key) is None
        ]

    def _question(self, who: Answerer, key: str, messages: Messages) -> Question:
        backend = self._backends.get(who.resource)
        if backend is None:
            raise WrongResource(
                f"{who.model} lives on {who.resource!r}, and not all its answers are stored",
                hint="Give a backend of that resource: ModelLineage(path, backend=..., others=[...])",
            )

        def keep(answer: Completion) -> None:
            self._ledger.keep_answer(who.resource, who.model, key, who.sampling, answer, backend.clock.now())

        return Question(backend=backend, model=who.model, messages=messages, keep=keep)

    def _stored(self, who: Answerer, key: str) -> Completion | None:
        return self._ledger.answer(who.resource, who.model, key, who.sampling)


def usual_system(history: History) -> str | None:
    """The system prompt most rows were trained with; probes without messages are asked under it."""
    systems = Counter(row.system for row in history.rows if row.system)
    return systems.most_common(1)[0][0] if systems else None
