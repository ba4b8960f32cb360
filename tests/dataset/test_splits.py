"""Parts that share nothing they should not, and what two datasets share."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset, Example
from aoai_finetune.errors import DatasetError


def facts(count: int, phrasings: int = 4) -> Dataset:
    """Rows of `count` facts."""
    pairs = [(f"{n}, phrasing {p}?", f"answer {n}") for n in range(count) for p in range(phrasings)]
    return Dataset.from_pairs(pairs, fact=[f"fact {n}" for n in range(count) for _ in range(phrasings)])


def test_no_fact_is_on_two_sides() -> None:
    """That is what the split is for."""
    train, test = facts(20).split(test_size=0.25)
    assert not set(train.facts) & set(test.facts)
    assert (len(train), len(test)) == (60, 20)


def test_a_fifth_is_kept_for_testing_when_nothing_is_said() -> None:
    """The usual share."""
    assert [len(part) for part in facts(10).split()] == [32, 8]


def test_there_may_be_more_than_two_parts() -> None:
    """With the fractions asked for."""
    assert [len(part) for part in facts(20).split([0.5, 0.3, 0.2])] == [40, 24, 16]


def test_rows_with_the_same_question_stay_together_whatever_their_fact() -> None:
    """Otherwise the test asks what was trained."""
    one = Dataset.from_pairs([(f"q{n}", f"a{n}") for n in range(10)], fact="one half")
    other = Dataset.from_pairs([(f"q{n}", f"b{n}") for n in range(10)], fact="the other")
    dataset = one + other
    with pytest.raises(DatasetError, match="too few groups"):
        dataset.split()
    train, test = dataset.split(by="row")
    assert train.leakage(test)


@pytest.mark.parametrize("question", ["", " \u3000"])
def test_copies_of_rows_that_ask_nothing_stay_together_whatever_their_fact(chat: Any, question: str) -> None:
    """A row that was trained tests nothing, even if all that it asks is an image or white space."""
    rows = [chat(question, f"a{n}") for n in range(10)]
    dataset = Dataset.from_examples(
        [{**row, "fact": f"{half} {n}"} for half in ("one", "other") for n, row in enumerate(rows)]
        + [{**chat(f"q{n}", "a"), "fact": f"third {n}"} for n in range(10)]
    )
    train, test = dataset.split(test_size=0.5)
    assert train.leakage(test) == test.leakage(train) == ()


def test_another_order_of_rows_gives_the_same_parts() -> None:
    """Sorting or shuffling the file moves no row to the other side."""
    dataset = facts(12)
    for one, other in zip(dataset.split(seed=3), dataset.shuffle(1).split(seed=3), strict=True):
        assert sorted(e.digest for e in one) == sorted(e.digest for e in other)


def test_each_part_keeps_the_order_of_the_rows() -> None:
    """Shuffling is a step of its own."""
    for part in facts(9).split():
        lines = [example.line for example in part]
        assert lines == sorted(line for line in lines if line is not None)


def test_another_seed_gives_another_split() -> None:
    """And the same seed the same."""
    dataset = facts(30)
    assert dataset.split(seed=1) == dataset.split(seed=1)
    assert dataset.split(seed=1) != dataset.split(seed=2)


def test_rows_can_be_split_by_a_function() -> None:
    """Such as the customer a conversation was had with."""
    dataset = facts(10)
    train, test = dataset.split(by=lambda example: example.question[0])
    assert not {e.question[0] for e in train} & {e.question[0] for e in test}


def test_copies_of_a_row_stay_together() -> None:
    """Also when rows are split one by one."""
    dataset = facts(10) + facts(10)
    train, test = dataset.split(by="row")
    assert not {e.digest for e in train} & {e.digest for e in test}


def test_labels_are_spread_in_proportion() -> None:
    """As far as groups allow."""
    rare = [(f"rare {n}", "no") for n in range(10)]
    often = [(f"often {n}", f"yes {n}") for n in range(90)]
    train, test = Dataset.from_pairs([*often, *rare]).split(stratify=lambda e: e.answer[:2])
    assert Counter(example.answer[:2] for example in test) == {"ye": 18, "no": 2}
    assert len(train) == 80


def test_no_part_stays_empty() -> None:
    """Even where one group has most of the rows."""
    dataset = facts(1, 30) + Dataset.from_pairs([("another", "one")])
    assert all(len(part) for part in dataset.split())
    assert [len(part) for part in facts(3, 1).split([0.98, 0.01, 0.01])] == [1, 1, 1]


@pytest.mark.parametrize(
    "options",
    [
        {"fractions": [1.0]},
        {"fractions": [0.5, 0.6]},
        {"fractions": [1.5, -0.5]},
        {"test_size": 0.0},
        {"test_size": 1},
        {"test_size": float("nan")},
        {"fractions": [0.5, 0.5], "test_size": 0.5},
        {"by": "answer"},
    ],
)
def test_what_is_no_split_is_an_error(options: Any) -> None:
    """Of our kind, with a remedy."""
    with pytest.raises(DatasetError) as caught:
        facts(5).split(**options)
    assert caught.value.hint


def test_too_few_groups_are_an_error() -> None:
    """A part without rows helps nobody."""
    with pytest.raises(DatasetError, match="too few groups"):
        facts(1).split()


def failing(_: Example) -> str:
    """A function of the user's that repeats row text in its error."""
    raise ValueError("s3cret")


@pytest.mark.parametrize("function", [failing, lambda _: 3])
def test_an_error_of_the_users_function_names_the_row_and_not_its_text(function: Any) -> None:
    """Its message may hold row text."""
    with pytest.raises(DatasetError, match=r"line 1: the by= function") as caught:
        facts(3).split(by=function)
    assert "s3cret" not in str(caught.value)


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5)), max_size=25),
    st.lists(st.floats(0.05, 1), min_size=2, max_size=4),
    st.integers(0, 3),
)
def test_splitting_obeys_its_laws(rows: list[tuple[int, int]], weights: list[float], seed: int) -> None:
    """Nothing is lost, nothing is shared, no order matters."""
    dataset = Dataset.from_pairs([(f"q{q}", f"a{f}") for f, q in rows], fact=[f"f{f}" for f, _ in rows])
    fractions = [weight / sum(weights) for weight in weights]
    try:
        parts = dataset.split(fractions, seed=seed)
    except DatasetError:
        return
    assert sorted(e.digest for part in parts for e in part) == sorted(e.digest for e in dataset)
    assert all(len(part) for part in parts)
    mixed = dataset.select(random.Random(seed).sample(range(len(rows)), len(rows))).split(
        fractions, seed=seed
    )
    for number, part in enumerate(parts):
        assert sorted(e.digest for e in part) == sorted(e.digest for e in mixed[number])
        for other in parts[:number]:
            assert part.leakage(other, facts=True) == ()


def test_leakage_names_the_row_the_question_or_the_fact() -> None:
    """What weighs most, once per row, with both places."""
    known = Dataset.from_pairs([("Who leads?", "Ann"), ("Where is it?", "Osaka")], fact=["head", "place"])
    asked = Dataset.from_pairs(
        [
            ("Who leads?", "Ann"),
            ("Who leads?", "Ben"),
            ("who LEADS", "Ben"),
            ("The place?", "Osaka"),
            ("New", "x"),
        ],
        fact=["head", "head", "head", "place", "new"],
    )
    found = [(finding.line, finding.code, finding.message) for finding in asked.leakage(known, facts=True)]
    assert found == [
        (1, "shared-row", "the same row stands in line 1"),
        (2, "shared-question", "the same question stands in line 1"),
        (3, "shared-question", "the same question, spelt a little differently, stands in line 1"),
        (4, "shared-fact", "the same fact stands in line 2"),
    ]
    assert len(asked.leakage(known)) == 3


def test_the_same_last_question_of_another_conversation_is_no_leak(chat: Any) -> None:
    """What it asks depends on what was said before."""

    def talk(first: str) -> Dataset:
        turns = [("user", first), ("assistant", "A"), ("user", "And the other one?"), ("assistant", "B")]
        return Dataset.from_examples([{"messages": [{"role": r, "content": c} for r, c in turns]}])

    assert talk("Who leads Hotaru?").leakage(talk("Who leads Nagi?")) == ()
    assert talk("Who leads Hotaru?").leakage(talk("who leads hotaru")) != ()


def test_two_questions_are_not_one_of_two_lines(chat: Any) -> None:
    """Both are known, each by what it comes to."""
    turns = [("user", "Who"), ("assistant", "."), ("user", "leads?"), ("assistant", "Ann")]
    two = Dataset.from_examples([{"messages": [{"role": role, "content": text} for role, text in turns]}])
    one = Dataset.from_examples([chat("Who\nleads?", "Ann")])
    asked = Dataset.from_examples([chat("who leads", "Ben")])
    assert asked.leakage(two) == ()
    [finding] = asked.leakage(two + one)
    assert finding.message == "the same question, spelt a little differently, stands in line 1"


def test_rows_that_ask_nothing_share_no_question(chat: Any) -> None:
    """White space is no question, unless it is the same."""
    blank = Dataset.from_examples([chat("  ", "a")])
    assert Dataset.from_examples([chat(" ", "b")]).leakage(blank) == ()
    assert [finding.code for finding in Dataset.from_examples([chat("  ", "b")]).leakage(blank)] == [
        "shared-question"
    ]


def test_leakage_says_nothing_of_the_text() -> None:
    """Findings are logged."""
    secret = Dataset.from_pairs([("s3cret?", "s3cret!")])
    assert "s3cret" not in repr(secret.leakage(secret, facts=True))


def test_duplicates_can_be_told_by_their_question() -> None:
    """The first answer to each is kept."""
    dataset = Dataset.from_pairs([("Q?", "a"), ("q", "b"), ("R", "c"), ("R", "c")])
    assert [example.answer for example in dataset.deduplicate("question")] == ["a", "c"]
    assert [example.answer for example in dataset.deduplicate()] == ["a", "b", "c"]


def test_rows_that_ask_nothing_are_compared_whole() -> None:
    """They are not one question."""
    dataset = Dataset.from_pairs([("", "a"), ("", "b")])
    assert len(dataset.deduplicate("question")) == 2


def test_duplicates_of_another_kind_are_an_error() -> None:
    """With the kinds there are."""
    with pytest.raises(DatasetError, match='"row" or "question"'):
        facts(1).deduplicate("answer")  # type: ignore[arg-type]


_SMALL = Dataset.from_pairs([(f"question {n}", "yes" if n < 3 else "no") for n in range(6)])


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        (_SMALL, {"by": "row"}, "the strata are too small for 2 parts: 6 groups of rows in 2 strata. "),
        (_SMALL, {"by": "fact"}, "take fewer parts or a larger test_size, or leave stratify= out"),
        (_SMALL[:1], {"by": "row"}, "Rows that are the same stay together: take fewer parts"),
        (_SMALL[:1], {"by": "fact"}, 'or by="row"'),
        (_SMALL[:0], {"by": "fact"}, "the dataset is empty: there is nothing to split"),
        (_SMALL[:0], {"by": "row"}, "the dataset is empty: there is nothing to split"),
    ],
)
def test_a_split_that_fails_says_what_hinders_it(rows: Dataset, options: Any, said: str) -> None:
    """And does not advise what was asked for already."""
    with pytest.raises(DatasetError, match=re.escape(said)) as raised:
        rows.split(test_size=0.1, stratify=lambda example: example.answer, **options)
    assert raised.value.hint != ""
    assert options["by"] != "row" or 'by="row"' not in raised.value.hint


def test_a_function_that_gives_one_value_leaves_nothing_to_split() -> None:
    """Facts have no part in it."""
    with pytest.raises(DatasetError, match="Let by= give more values, or take fewer parts"):
        _SMALL.split(by=lambda _: "one")
