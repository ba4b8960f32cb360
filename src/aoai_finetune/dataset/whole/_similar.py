"""Questions that look alike, found without comparing every pair."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, islice
from math import fsum, log
from typing import Final

__all__ = ["ALIKE", "Overlaps", "SimilarQuestions", "TrigramCounts", "trigrams"]

ALIKE: Final = 0.6
"""Questions are alike from this score on; see `SimilarQuestions`."""

_SURELY: Final = ALIKE / 2 - 1e-9
"""Share of the weight of two questions that they have in common at score `ALIKE`, apart from rounding."""
_OF_ONE: Final = ALIKE / (2 - ALIKE) - 1e-9
"""Share of the weight of one question that another one of score `ALIKE` has, too."""
_RAREST: Final = 20
"""One question in so many: a trigram in fewer counts for no more than one in these."""
_LENGTH = 3
_LONGEST_POSTING = 500
_REMEMBERED = 2048
_FEW = 64  # questions with fitting numbers: so many are compared without a look at their trigrams
_MOST_NUMBERS = 4
_NUMBER: Final = re.compile(r"\d+")


def trigrams(text: str) -> frozenset[str]:
    """Each three characters in a row; a shorter text is one."""
    if len(text) <= _LENGTH:
        return frozenset((text,))
    return frozenset(map("".join, zip(text, text[1:], text[2:], strict=False)))


class TrigramCounts:
    """In how many questions each trigram occurs."""

    def __init__(self, questions: Iterable[str] = ()) -> None:
        self._counts = Counter[str]()
        self._total = 0
        for question in questions:
            self.add(trigrams(question))

    def add(self, grams: Iterable[str]) -> None:
        """Count the trigrams of one more question."""
        self._counts.update(grams)
        self._total += 1

    def weights(self) -> Mapping[str, float]:
        """How rare each trigram is; one that was never seen is among the rarest."""
        total = self._total
        known = _Weights({gram: log(1 + min(total / count, _RAREST)) for gram, count in self._counts.items()})
        known.unseen = log(1 + min(total, _RAREST))
        return known


class _Weights(dict[str, float]):
    unseen = 0.0

    def __missing__(self, _gram: str) -> float:
        return self.unseen


class Overlaps:
    """Which trigrams of a few questions stand in others, told before the weights are known: four bytes for each."""

    def __init__(self, questions: Sequence[str]) -> None:
        self._grams = [trigrams(question) for question in questions]
        self._union = frozenset[str]().union(*self._grams)
        self._numbers = {gram: number for number, gram in enumerate(self._union)}
        self._shared, self._ends = array("I"), array("Q")

    def note(self, grams: frozenset[str]) -> None:
        """Remember what one more question shares with these."""
        self._shared.extend(map(self._numbers.__getitem__, grams & self._union))
        self._ends.append(len(self._shared))

    def enough(self, weights: Mapping[str, float]) -> Iterator[bool]:
        """For each question that was noted whether it has so much of one of these that they may be alike."""
        needed = [_OF_ONE * fsum(map(weights.__getitem__, grams)) for grams in self._grams]
        each = [
            [weights[gram] if gram in grams else 0.0 for gram in self._numbers].__getitem__
            for grams in self._grams
        ]
        begin = 0
        for end in self._ends:
            shared, begin = self._shared[begin:end], end
            yield any(sum(map(of, shared)) >= least for of, least in zip(each, needed, strict=True))


class SimilarQuestions:
    """An inverted index of character trigrams over some normalised questions.

    The score of two questions is the Dice coefficient of their trigrams, each weighted by its rarity
    `log(1 + min(N / df, 20))` among all questions, so that a phrase they all share ("please tell me the ...") counts
    for little. Without the bound two words of a new wording would weigh the more the more questions there are, and
    what is found among fifty would be missed among a thousand. Only the rarest trigrams of a question are looked up: as many as a question of score `ALIKE` cannot
    avoid sharing. Trigrams of more than 500 indexed questions are not followed.

    Questions of which each names a number that the other does not are about two things ("the price of A-100",
    "the price of A-101") and never alike, whatever their score. Those with numbers are found by them, so that
    thousands made from one template are not compared with each other.
    """

    def __init__(self, questions: Sequence[str], weights: Mapping[str, float]) -> None:
        self._questions, self._weight = questions, weights.__getitem__
        self._grams = lru_cache(_REMEMBERED)(self._grams_of)
        self._numbers = [_numbers(question) for question in questions]
        self._weights = [self._sum(trigrams(question)) for question in questions]
        self._least = min(self._weights, default=0.0)
        self._numbered = _Numbered(self._numbers)
        plain = self._numbered.of(frozenset())
        self._all = _Postings(questions, range(len(questions)))
        self._plain = self._all if len(plain) == len(questions) else _Postings(questions, plain)

    def alike(self, question: str) -> list[int]:
        """Numbers of the indexed questions that look like this one, the most similar first."""
        grams = trigrams(question)
        weight = self._sum(grams)
        if self._sum(grams & self._all.grams) < _SURELY * (weight + self._least):
            return []
        scored: list[tuple[float, int]] = []
        for number in self._candidates(question, grams, weight):
            score = 2 * self._sum(grams & self._grams(number)) / (weight + self._weights[number])
            if score >= ALIKE:
                scored.append((-score, number))
        return [number for _, number in sorted(scored)]

    def _candidates(self, question: str, grams: frozenset[str], weight: float) -> Iterator[int]:
        """Those that may be alike: they share enough of the rarest trigrams of the question, or a number with it."""
        mine = _numbers(question)
        naming = self._numbered.like(mine) if mine else None
        met, left = self._met(grams, weight, self._all if naming is None else self._plain)
        for number, shared in met.items():
            other = self._numbers[number]
            if shared + left >= _SURELY * (weight + self._weights[number]) and (
                mine <= other or other <= mine
            ):
                yield number
        yield from naming or ()

    def _met(
        self, grams: Collection[str], weight: float, postings: _Postings
    ) -> tuple[dict[int, float], float]:
        """What questions share with this one in its rarest trigrams, and how much more it can be at most.

        Every question of score `ALIKE` shares more than `weight * ALIKE / (2 - ALIKE)`, so it is met here.
        """
        met: defaultdict[int, float] = defaultdict(float)
        left, common = weight, 0.0
        for gram in sorted(grams, key=lambda gram: (-self._weight(gram), len(postings.of(gram)), gram)):
            if left < weight * ALIKE / (2 - ALIKE):
                break
            each, numbers = self._weight(gram), postings.of(gram)
            left -= each
            if len(numbers) > _LONGEST_POSTING:
                common += each
            for number in numbers[:_LONGEST_POSTING]:
                met[number] += each
        return met, left + common

    def _grams_of(self, number: int) -> frozenset[str]:
        return trigrams(self._questions[number])

    def _sum(self, grams: Iterable[str]) -> float:
        return fsum(map(self._weight, grams))  # the order of a set differs between processes


class _Postings:
    """Which of some questions have a trigram, in their order."""

    def __init__(self, questions: Sequence[str], numbers: Iterable[int]) -> None:
        self._of: dict[str, list[int]] = {}
        for number in numbers:
            for gram in trigrams(questions[number]):
                found = self._of.get(gram)
                if found is None:
                    self._of[gram] = [number]
                else:
                    found.append(number)
        self.grams = frozenset(self._of)

    def of(self, gram: str) -> Sequence[int]:
        """Numbers of the questions."""
        return self._of.get(gram, ())


class _Numbered:
    """Which of some questions name which numbers."""

    def __init__(self, numbers: Sequence[frozenset[str]]) -> None:
        self._numbers = numbers
        self._same: defaultdict[frozenset[str], list[int]] = defaultdict(list)
        self._naming: defaultdict[str, list[int]] = defaultdict(list)
        for at, found in enumerate(numbers):
            self._same[found].append(at)
            for name in found:
                self._naming[name].append(at)

    def of(self, numbers: frozenset[str]) -> Sequence[int]:
        """Those that name these numbers and no others."""
        return self._same.get(numbers, ())

    def like(self, mine: frozenset[str]) -> list[int] | None:
        """Those that name some of these numbers and no others, or all of these and others; None if they are many."""
        more = min((self._naming.get(name, ()) for name in mine), key=len)
        if len(mine) > _MOST_NUMBERS or len(more) > _FEW:
            return None
        fewer = (frozenset(some) for size in range(1, len(mine)) for some in combinations(mine, size))
        found = [at for some in fewer for at in islice(self.of(some), _FEW + 1)]
        return None if len(found) > _FEW else [*found, *(at for at in more if mine <= self._numbers[at])]


def _numbers(question: str) -> frozenset[str]:
    """The numbers that stand in a normalised question, without zeros before them."""
    return frozenset(found.lstrip("0") for found in _NUMBER.findall(question))
