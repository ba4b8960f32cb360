"""What rows claim: which question they answer how, and whether other rows claim something else."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from ..rows._example import answer_of, derived_fact, question_of, turns
from ..rows._text import normalise

__all__ = ["Claim", "KnownAnswers", "mark_of_answer", "topic_of"]


class Claim(NamedTuple):
    """A topic, the question asked, a mark of the answer given, and the place."""

    topic: str
    question: str
    answer: str
    source: str | None
    line: int | None

    @property
    def place(self) -> str:
        """File and line in words."""
        line = f"line {self.line}" if self.line is not None else "a row"
        return f"{line} of {self.source}" if self.source else line


def topic_of(row: Mapping[str, Any], fact: str | None) -> tuple[str, str]:
    """The topic of a parsed row with the fact it was given (None: to be derived), and its normalised question.

    The topic is what has to agree before two answers contradict each other. It is the fact, except where the fact
    was derived from the last turn of a longer conversation: "and the other one?" means something else in each of
    them, so there the earlier questions belong to the topic.
    """
    question = normalise(question_of(row))
    derived = question or derived_fact(row)
    if fact and fact != derived:
        return fact, question
    return derived + _conversation(row), question


def mark_of_answer(row: Mapping[str, Any]) -> str:
    """Equal for equal normalised answers, and short."""
    text = normalise(answer_of(row))
    return text if len(text) <= 64 else blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def _conversation(row: Mapping[str, Any]) -> str:
    """A mark of the questions before the last one; empty for a single question."""
    asked = [turn.get("content") for turn in turns(row) if turn.get("role") == "user"]
    if len(asked) < 2:
        return ""
    earlier = "\n".join(normalise(text) if isinstance(text, str) else repr(text) for text in asked[:-1])
    return " " + blake2b(earlier.encode(errors="replace"), digest_size=8).hexdigest()


class KnownAnswers:
    """The answers that some rows give to each topic.

    Attributes:
        claims: one per topic and answer, the first, in order.
    """

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self._numbers: dict[str, dict[str, int] | int] = {}

    def add(self, row: Mapping[str, Any], fact: str | None, source: str | None, line: int | None) -> int:
        """Remember what a row claims; the number of the claim among all."""
        topic, question = topic_of(row, fact)
        answer, number = mark_of_answer(row), len(self.claims)
        known = self._numbers.setdefault(topic, number)
        if isinstance(known, int) and known < number and self.claims[known].answer != answer:
            known = self._numbers[topic] = {self.claims[known].answer: known}
        if not isinstance(known, int):
            known = known.setdefault(answer, number)
        if known == number:
            self.claims.append(Claim(topic, question, answer, source, line))
        return known

    def answers(self, topic: str) -> tuple[str, ...]:
        """The answers to a topic; none where these rows do not know it."""
        known = self._numbers.get(topic)
        if known is None:
            return ()
        return (self.claims[known].answer,) if isinstance(known, int) else tuple(known)
