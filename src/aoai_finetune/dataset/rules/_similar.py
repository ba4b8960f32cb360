"""Questions that look alike, found without comparing every pair."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from math import fsum, log
from typing import Final

__all__ = ["ALIKE", "SimilarQuestions"]

ALIKE: Final = 0.6
"""Questions are alike from this score on; see `SimilarQuestions`."""

_LENGTH = 3
_LONGEST_POSTING = 500


class SimilarQuestions:
    """An inverted index of character trigrams over some normalised questions.

    The score of two questions is the Dice coefficient of their trigrams, each weighted by its rarity
    `log(1 + N / df)` among all questions, so that a phrase they all share ("please tell me the ...") counts for
    little. Only the rarest trigrams of a question are looked up: as many as a question of score `ALIKE` cannot
    avoid sharing. Trigrams of more than 500 indexed questions are not followed.
    """

    def __init__(self, questions: Sequence[str], others: Iterable[str] = ()) -> None:
        self._grams = [_trigrams(question) for question in questions]
        frequency = Counter[str]()
        for grams in self._grams:
            frequency.update(grams)
        total = len(self._grams)
        for other in others:
            frequency.update(_trigrams(other))
            total += 1
        self._weight = {gram: log(1 + total / count) for gram, count in frequency.items()}
        self._unseen = log(1 + total)
        self._weights = [self._sum(grams) for grams in self._grams]
        self._postings: defaultdict[str, list[int]] = defaultdict(list)
        for number, grams in enumerate(self._grams):
            for gram in grams:
                self._postings[gram].append(number)

    def alike(self, question: str) -> list[int]:
        """Numbers of the indexed questions that look like this one, the most similar first."""
        grams = _trigrams(question)
        weight = self._sum(grams)
        scored: list[tuple[float, int]] = []
        for number in set(self._candidates(grams, weight)):
            shared = self._sum(grams & self._grams[number])
            score = 2 * shared / (weight + self._weights[number])
            if score >= ALIKE:
                scored.append((-score, number))
        return [number for _, number in sorted(scored)]

    def _candidates(self, grams: Collection[str], weight: float) -> Iterator[int]:
        """Every question of score `ALIKE` shares more than `weight * ALIKE / (2 - ALIKE)` with this one."""
        left = weight
        for gram in sorted(grams, key=lambda gram: (-self._of(gram), gram)):
            if left < weight * ALIKE / (2 - ALIKE):
                return
            left -= self._of(gram)
            yield from self._postings.get(gram, ())[:_LONGEST_POSTING]

    def _of(self, gram: str) -> float:
        return self._weight.get(gram, self._unseen)

    def _sum(self, grams: Iterable[str]) -> float:
        return fsum(map(self._of, grams))  # the order of a set differs between processes


def _trigrams(text: str) -> frozenset[str]:
    return frozenset(text[at : at + _LENGTH] for at in range(max(1, len(text) - _LENGTH + 1)))
