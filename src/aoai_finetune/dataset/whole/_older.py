"""Older rows beside newer ones: which of them are answered anew, and which merely look alike."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, islice, repeat
from typing import Any, Final, NamedTuple

from ..reading._examples import rows_of
from ..rows._findings import Finding, Severity
from ..rows._sources import Rows, SourceLine, select
from ._claims import Claim, KnownAnswers, mark_of_answer, topic_of
from ._similar import Overlaps, SimilarQuestions, TrigramCounts, trigrams

__all__ = ["Answered", "Older"]

_KEPT: Final = 100
_HINT: Final = "It was kept. If the new answer replaces it, give both rows the same fact"
_FEW: Final = 8
"""New questions up to which it is worth remembering what each old one shares with them."""


class Answered(NamedTuple):
    """An older row whose topic the newer rows answer, too: at which index it stands, what it holds, and what it claims."""

    at: int
    line: SourceLine
    row: dict[str, Any]
    fact: str | None
    topic: str
    answer: str


class Older:
    """Older rows, read once beside what newer ones claim, and once more where they may look alike.

    Of the rows that the newer ones do not answer numbers and hashes are kept, and how often each trigram occurs.
    """

    def __init__(self, rows: Rows, newer: KnownAnswers) -> None:
        self._rows = rows
        self._newer = newer
        self._asked = [claim for claim in newer.claims if claim.question]
        self._counts = TrigramCounts(claim.question for claim in self._asked)
        few = len(self._asked) <= _FEW
        self._overlaps = Overlaps([claim.question for claim in self._asked]) if few else None
        self._seen = set[int]()
        self._indices = array("Q")

    def answered(self, doing: str) -> Iterator[Answered]:
        """Read the rows under a bar, and pass on those that the newer ones answer, in whatever way.

        Raises DatasetError at a row that cannot be used.
        """
        answers = self._newer.answers
        for index, (line, row, fact) in enumerate(rows_of(self._rows, doing)):
            topic, question = topic_of(row, fact)
            answer = mark_of_answer(row)
            if answers(topic):
                yield Answered(index, line, row, fact, topic, answer)
            else:
                self._note(index, topic, question, answer)

    def _note(self, index: int, topic: str, question: str, answer: str) -> None:
        """Remember where a topic is answered so for the first time."""
        claimed = hash((topic, answer))
        if claimed in self._seen:
            return
        self._seen.add(claimed)
        if not question:
            return
        grams = trigrams(question)
        self._counts.add(grams)
        self._indices.append(index)
        if self._overlaps is not None:
            self._overlaps.note(grams)

    def near_misses(self) -> tuple[Finding, ...]:
        """Old questions that look like a new one but belong to another fact and have another answer.

        To be asked after all rows were read. One finding per old question, in their order. The search stops after
        a hundred, and a last finding says so: where there are more, questions are made from one template and
        nobody reads them all.
        """
        found = list(islice(self._pairs(), _KEPT + 1))
        listed = tuple(_miss(old, new) for old, new in found[:_KEPT])
        return (*listed, _stopped()) if len(found) > _KEPT else listed

    def _pairs(self) -> Iterator[tuple[SourceLine, Claim]]:
        if not (self._asked and self._indices):
            return
        weights = self._counts.weights()
        index = SimilarQuestions([claim.question for claim in self._asked], weights)
        enough = repeat(True) if self._overlaps is None else self._overlaps.enough(weights)
        maybe = array("Q", compress(self._indices, enough))
        for line, row, fact in rows_of(select(self._rows, maybe), "comparing questions"):
            alike = index.alike(topic_of(row, fact)[1])
            new = _other_answer(mark_of_answer(row), self._asked, alike) if alike else None
            if new is not None:
                yield line, new


def _other_answer(answer: str, asked: Sequence[Claim], alike: Iterable[int]) -> Claim | None:
    return next((asked[number] for number in alike if asked[number].answer != answer), None)


def _miss(old: SourceLine, new: Claim) -> Finding:
    return _near_miss(
        f"it looks like the question of {new.place}, under another fact and with another answer",
        old[0].source,
        old[1],
    )


def _stopped() -> Finding:
    return _near_miss(
        f"there are more than {_KEPT}; the search stopped here",
        hint="Give rows facts: then nothing has to look alike",
    )


def _near_miss(
    message: str, source: str | None = None, line: int | None = None, *, hint: str = _HINT
) -> Finding:
    return Finding(
        code="near-miss",
        severity=Severity.WARNING,
        message=message,
        hint=hint,
        line=line,
        source=source,
    )
