"""What rows claim: which question they answer how, and whether other rows claim something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple, Self

from ..rows._example import answer_of, derived_fact, question_of, turns
from ..rows._findings import Finding, Severity
from ..rows._text import normalise
from ._similar import SimilarQuestions

__all__ = ["Claim", "KnownAnswers", "near_misses"]


class Claim(NamedTuple):
    """A fact, the question asked, a mark of the answer given (equal for equal normalised answers), and the place.

    `topic` is what has to agree before two answers contradict each other. It is the fact, except where the fact
    was derived from the last turn of a longer conversation: "and the other one?" means something else in each of
    them, so there the earlier questions belong to the topic.
    """

    fact: str
    topic: str
    question: str
    answer: str
    source: str | None
    line: int | None

    @classmethod
    def of(cls, row: Mapping[str, Any], fact: str | None, source: str | None, line: int | None) -> Self:
        """The claim of a parsed row with the fact it was given, or None to derive it."""
        question = normalise(question_of(row))
        derived = question or derived_fact(row)
        fact = fact or derived
        topic = fact + _conversation(row) if fact == derived else fact
        return cls(fact, topic, question, _mark(normalise(answer_of(row))), source, line)

    @property
    def place(self) -> str:
        """File and line in words."""
        line = f"line {self.line}" if self.line is not None else "a row"
        return f"{line} of {self.source}" if self.source else line


def _mark(text: str) -> str:
    return text if len(text) <= 64 else blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def _conversation(row: Mapping[str, Any]) -> str:
    """A mark of the questions before the last one; empty for a single question."""
    asked = [turn.get("content") for turn in turns(row) if turn.get("role") == "user"]
    if len(asked) < 2:
        return ""
    earlier = "\n".join(normalise(text) if isinstance(text, str) else repr(text) for text in asked[:-1])
    return " " + blake2b(earlier.encode(errors="replace"), digest_size=8).hexdigest()


class KnownAnswers:
    """The answers that some rows give to each topic."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._claims: dict[tuple[str, str], Claim] = {}
        self._answers: dict[str, set[str]] = {}
        for claim in claims:
            self._claims.setdefault((claim.topic, claim.answer), claim)
            self._answers.setdefault(claim.topic, set()).add(claim.answer)

    def contradict(self, claim: Claim) -> bool:
        """These rows answer the claim's topic, and never the way the claim does."""
        known = self._answers.get(claim.topic)
        return known is not None and claim.answer not in known

    def answer(self, claim: Claim) -> bool:
        """These rows answer the claim's topic, in whatever way."""
        return claim.topic in self._answers

    def __iter__(self) -> Iterator[Claim]:
        """One claim per topic and answer, the first."""
        return iter(self._claims.values())


_MISSES_KEPT = 100


def near_misses(old: KnownAnswers, new: KnownAnswers) -> tuple[Finding, ...]:
    """Old questions that look like a new one but belong to another fact and have another answer.

    One finding per old question, in their order. The search stops after a hundred, and a last finding says so:
    where there are more, questions are made from one template and nobody reads them all.
    """
    asked = [claim for claim in new if claim.question]
    old_claims = [claim for claim in old if claim.question and not new.answer(claim)]
    index = SimilarQuestions([claim.question for claim in asked], (claim.question for claim in old_claims))
    pairs = ((claim, _other_answer(claim, asked, index.alike(claim.question))) for claim in old_claims)
    found = list(islice(((claim, near) for claim, near in pairs if near is not None), _MISSES_KEPT + 1))
    listed = tuple(_miss(claim, near) for claim, near in found[:_MISSES_KEPT])
    return (*listed, _stopped()) if len(found) > _MISSES_KEPT else listed


def _other_answer(claim: Claim, asked: Sequence[Claim], alike: Iterable[int]) -> Claim | None:
    return next((asked[number] for number in alike if asked[number].answer != claim.answer), None)


def _miss(old: Claim, new: Claim) -> Finding:
    return _near_miss(
        f"it looks like the question of {new.place}, under another fact and with another answer",
        old.source,
        old.line,
    )


def _stopped() -> Finding:
    return _near_miss(f"there are more than {_MISSES_KEPT}; the search stopped here")


def _near_miss(message: str, source: str | None = None, line: int | None = None) -> Finding:
    return Finding(
        code="near-miss",
        severity=Severity.WARNING,
        message=message,
        hint="It was kept. If the new answer replaces it, give both rows the same fact",
        line=line,
        source=source,
    )
