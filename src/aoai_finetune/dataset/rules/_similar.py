"""Questions that look alike, found without comparing every pair."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from math import fsum, log
from typing import Final

__all__ = ["ALIKE", "SimilarQuestions"]

ALIKE: Final = 0.6
"""Questions are alike from this score on; see `SimilarQuestions`."""

_SURELY: Final = ALIKE / 2 - 1e-9
"""Share of the weight of two questions that they have in common at score `ALIKE`, apart from rounding."""
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
        met, left = self._met(grams, weight)
        scored: list[tuple[float, int]] = []
        for number, shared in met.items():
            both = weight + self._weights[number]
            if shared + left < _SURELY * both:
                continue
            score = 2 * self._sum(grams & self._grams[number]) / both
            if score >= ALIKE:
                scored.append((-score, number))
        return [number for _, number in sorted(scored)]

    def _met(self, grams: Collection[str], weight: float) -> tuple[dict[int, float], float]:
        """What questions share with this one in its rarest trigrams, and how much more it can be at most.

        Every question of score `ALIKE` shares more than `weight * ALIKE / (2 - ALIKE)`, so it is met here.
        """
        met: defaultdict[int, float] = defaultdict(float)
        left, common = weight, 0.0
        for rarity, gram in sorted([(-self._of(gram), gram) for gram in grams]):
            if left < weight * ALIKE / (2 - ALIKE):
                break
            each, postings = -rarity, self._postings.get(gram, ())
            left -= each
            if len(postings) > _LONGEST_POSTING:
                common += each
            for number in postings[:_LONGEST_POSTING]:
                met[number] += each
        return met, left + common

    def _of(self, gram: str) -> float:
        return self._weight.get(gram, self._unseen)

    def _sum(self, grams: Iterable[str]) -> float:
        return fsum(map(self._of, grams))  # the order of a set differs between processes


def _trigrams(text: str) -> frozenset[str]:
    return frozenset(text[at : at + _LENGTH] for at in range(max(1, len(text) - _LENGTH + 1)))
