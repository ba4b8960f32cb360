"""Questions that look alike are found by their rarest trigrams, as by comparing every pair."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from math import fsum, log

import pytest

from aoai_finetune.dataset.whole import _similar
from aoai_finetune.dataset.whole._similar import ALIKE, SimilarQuestions, TrigramCounts

FEW = 2


def grams(text: str) -> set[str]:
    """Its trigrams; a shorter text is one."""
    return {text[at : at + 3] for at in range(max(1, len(text) - 2))}


def cases() -> Iterator[tuple[list[str], str]]:
    """Some questions that are made of a few by changing syllables, and another one."""
    chance = random.Random(7)
    syllables = ["ka", "lo", "mi", "te", "sa", "ve", "du", "rin", "po", "gal"]
    for _ in range(200):
        made = [chance.choices(syllables, k=chance.randint(3, 9)) for _ in range(3)]

        def said(kept: float, made: list[list[str]] = made) -> str:
            parts = (
                part if chance.random() < kept else chance.choice(syllables) for part in chance.choice(made)
            )
            return "".join(parts)

        yield list(dict.fromkeys(said(0.7) for _ in range(chance.randint(2, 24)))), said(0.9)


def weights(questions: list[str], asked: str) -> dict[str, float]:
    """The rarity of each trigram among all questions."""
    frequency = Counter(gram for text in (*questions, asked) for gram in grams(text))
    return {gram: log(1 + (len(questions) + 1) / count) for gram, count in frequency.items()}


def alike(questions: list[str], asked: str) -> list[int]:
    """What `SimilarQuestions` promises, by comparing every pair."""
    weight = weights(questions, asked)

    def total(found: set[str]) -> float:
        return fsum(weight[gram] for gram in found)

    scores = [
        2 * total(grams(asked) & grams(text)) / (total(grams(asked)) + total(grams(text)))
        for text in questions
    ]
    return sorted((at for at, score in enumerate(scores) if score >= ALIKE), key=lambda at: (-scores[at], at))


def test_the_shortcuts_lose_no_question_that_is_alike() -> None:
    """And find no other."""
    hits = 0
    for questions, asked in cases():
        expected = alike(questions, asked)
        assert (
            SimilarQuestions(questions, TrigramCounts([*questions, asked]).weights()).alike(asked) == expected
        )
        hits += len(expected)
    assert hits > 100


def numbers(text: str) -> set[str]:
    """Its numbers."""
    return {found.lstrip("0") for found in re.findall("[0-9]+", text)}


@pytest.mark.parametrize("few", [0, 2, 64])
def test_questions_with_numbers_are_found_as_by_comparing_every_pair(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether by their numbers or by their trigrams; those that each name another one are never alike."""
    monkeypatch.setattr(_similar, "_FEW", few)
    chance = random.Random(8)
    hits = 0
    for questions, asked in cases():
        told = [text + chance.choice(["", "1", "7", "07", "1 7", "2024"]) for text in (*questions, asked)]
        *many, one = told
        mine = numbers(one)
        expected = [at for at in alike(many, one) if mine <= numbers(many[at]) or numbers(many[at]) <= mine]
        assert SimilarQuestions(many, TrigramCounts(told).weights()).alike(one) == expected
        hits += len(expected)
    assert hits > 60


def test_trigrams_of_many_questions_are_followed_to_the_first_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A question that another trigram leads to is found with all that they share; others are not looked for."""
    monkeypatch.setattr(_similar, "_LONGEST_POSTING", FEW)
    found = missed = 0
    for questions, asked in cases():
        weight = weights(questions, asked)
        first = {
            gram: [at for at, text in enumerate(questions) if gram in grams(text)][:FEW]
            for gram in grams(asked)
        }
        result = SimilarQuestions(questions, TrigramCounts([*questions, asked]).weights()).alike(asked)
        expected = alike(questions, asked)
        assert set(result) <= set(expected)
        for at in expected:
            shared = grams(asked) & grams(questions[at])
            rarest = max(weight[gram] for gram in shared)
            if all(at in first[gram] for gram in shared if weight[gram] == rarest):
                assert at in result
                found += any(at not in first[gram] for gram in shared)
            elif not any(at in first[gram] for gram in shared):
                assert at not in result
                missed += 1
    assert found > 20
    assert missed > 20
