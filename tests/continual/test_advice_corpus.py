"""Advice on data sets as people bring them: tone and format are not taken for knowledge, nor knowledge for tone.

`advice_corpus.jsonl` holds them, fictional, in English, German and Japanese; what each teaches is plain to a reader. 39
were written before the rules, 17 after them (from `haiku` and `bios` on, and `butler`), to see how far the rules carry.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune import Dataset
from aoai_finetune.continual import advise

Rows = list[dict[str, Any]]


def read() -> dict[str, dict[str, Rows]]:
    """The rows of every set by its name, by what they teach."""
    sets: dict[str, dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
    for line in Path(__file__).with_name("advice_corpus.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        sets[row["teaches"]][row["set"]].append(row)
    return sets


SETS = read()


def of(rows: Rows) -> Dataset:
    """The set under its system prompt, or under one that says nothing."""
    system = rows[0].get("system", "You are the assistant of Hotaru.")
    return Dataset.from_pairs([(row["question"], row["answer"]) for row in rows], system=system)


@pytest.mark.parametrize("name", SETS["behaviour"])
def test_behaviour_is_not_sent_to_retrieval(name: str) -> None:
    """A name that every answer holds is a manner of speaking, and a number that the prompt holds is read from it."""
    assert advise(of(SETS["behaviour"][name])).tool == "fine-tuning"


@pytest.mark.parametrize("name", SETS["knowledge"])
def test_knowledge_in_few_words_is_sent_to_retrieval(name: str) -> None:
    """Whatever the tone it is told in, and whatever the form."""
    assert advise(of(SETS["knowledge"][name])).tool == "retrieval"


@pytest.mark.xfail(reason="its answers are full of names, and of ever new ones")
@pytest.mark.parametrize("name", SETS["behaviour, misjudged"])
def test_behaviour_full_of_names_is_not_sent_to_retrieval(name: str) -> None:
    """Kept so that nobody takes the advice for more than a rule of thumb, and so that mending it is noticed."""
    assert advise(of(SETS["behaviour, misjudged"][name])).tool == "fine-tuning"


def test_deeply_nested_answers_are_advised_on() -> None:
    """As deep as the parser goes."""
    pairs = [(f"Question {n}", "[" * 900 + str(n) + "]" * 900) for n in range(10)]
    assert advise(Dataset.from_pairs(pairs)).signs.rows == 10


def test_advice_repeats_no_name() -> None:
    """Counts only, as everywhere."""
    assert "Jolly" not in str(advise(of(SETS["behaviour"]["pirate"])))
