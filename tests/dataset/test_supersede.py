"""Newer rows replace older ones that answer the same fact differently."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune.dataset import Dataset
from aoai_finetune.dataset.whole import _older
from aoai_finetune.errors import DatasetError


def pairs(*found: tuple[str, str], fact: Any = None) -> Dataset:
    """A dataset of questions and answers."""
    return Dataset.from_pairs(found, fact=fact)


def test_a_fact_with_another_answer_is_replaced() -> None:
    """The question is the same but for its spelling; everything else stays."""
    old = pairs(("Who leads?", "Ann"), ("Where?", "Osaka"))
    result = old.supersede(by=pairs(("who leads", "Ben")))
    assert [example.answer for example in result.dropped] == ["Ann"]
    assert [example.answer for example in result.kept] == ["Osaka"]
    assert result.near_misses == ()


def test_what_was_replaced_is_told_without_text_of_any_row() -> None:
    """How many rows stay and go, and where some of those are that deserve a look."""
    old = pairs(
        ("s3cret leader?", "s3cret A"), ("Where?", "Osaka"), ("What is the s3cret price of tea?", "5")
    )
    result = old.supersede(
        by=pairs(("s3cret leader", "s3cret B"), ("What is the s3cret price of tea now?", "6"))
    )
    summary = "1 of 3 rows dropped, 2 kept, 1 near miss among them"
    assert repr(result) == f"<Supersession: {summary}>"
    first, dropped, near = str(result).splitlines()
    assert (first, dropped) == (summary, "  dropped: line 1")
    assert near.startswith("  near miss: line 3: it looks like the question of line 2")
    assert "s3cret" not in f"{result}{result!r}"
    many = pairs(*((f"Where is {n}?", "A") for n in range(5)))
    changed = many.supersede(by=pairs(*((f"Where is {n}?", "B") for n in range(5))))
    assert str(changed).splitlines()[-2:] == ["  dropped: line 3", "  and 2 more"]
    assert (
        repr(many.supersede(by=many))
        == "<Supersession: 0 of 5 rows dropped, 5 kept, 0 near misses among them>"
    )


def test_the_same_answer_is_not_replaced() -> None:
    """Answers are compared normalised, so a full stop does not make another one."""
    old = pairs(("Who?", "Ann."))
    assert old.supersede(by=pairs(("Who?", "ann"))).kept == old


def test_numbers_that_differ_are_different_answers() -> None:
    """Punctuation between digits has a meaning."""
    assert len(pairs(("How much?", "3.5")).supersede(by=pairs(("How much?", "35"))).dropped) == 1


def test_all_phrasings_of_a_given_fact_are_replaced() -> None:
    """Although only one of them is asked anew."""
    old = pairs(("Who leads?", "Ann"), ("Who is the head?", "Ann"), fact="head")
    assert len(old.supersede(by=pairs(("The boss?", "Ben"), fact="head")).dropped) == 2


def test_a_fact_may_have_several_answers() -> None:
    """What the new rows say too is not contradicted."""
    old = pairs(("Colour?", "red"), ("Colour?", "blue"))
    result = old.supersede(by=pairs(("Colour?", "red"), ("Colour?", "green")))
    assert [example.answer for example in result.dropped] == ["blue"]


def conversation(first: str, last: str, answer: str) -> dict[str, Any]:
    """Two turns; the last one depends on the first."""
    texts = [("user", first), ("assistant", "."), ("user", last), ("assistant", answer)]
    return {"messages": [{"role": role, "content": text} for role, text in texts]}


def test_the_last_turn_of_another_conversation_is_not_replaced() -> None:
    """`And the price?` means something else there. It is pointed out, not dropped."""
    old = Dataset.from_examples([conversation("The red one?", "And the price?", "10 yen")])
    other = Dataset.from_examples([conversation("The blue one?", "And the price?", "20 yen")])
    same = Dataset.from_examples([conversation("The red one?", "And the price?", "30 yen")])
    result = old.supersede(by=other)
    assert (len(result.dropped), len(result.near_misses)) == (0, 1)
    assert len(old.supersede(by=same).dropped) == 1


def test_a_near_miss_is_kept_and_named(chat: Any, lines: Any, tmp_path: Path) -> None:
    """With the place of both rows, and no text of either."""
    (tmp_path / "old").write_bytes(
        lines(chat("padding"), chat("アオゾラ電機の本社はどこにありますか", "京都です"))
    )
    new = pairs(("アオゾラ電機の本社はどこにありましたか", "大阪です"))
    old = Dataset.from_jsonl(tmp_path / "old")
    result = old.supersede(by=new)
    [miss] = result.near_misses
    assert result.kept == old
    assert (miss.code, miss.severity, miss.line, miss.source) == (
        "near-miss",
        "warning",
        2,
        str(tmp_path / "old"),
    )
    assert "line 1" in miss.message
    assert not {"京都", "大阪", "本社"} & {text for text in ("京都", "大阪", "本社") if text in str(miss)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("What does the Pro plan cost?", "10"), ("What does the Pro plan cost now?", "10")),
        (("What does the Pro plan cost?", "10"), ("How many people work in Osaka?", "12")),
    ],
)
def test_the_same_answer_or_another_question_is_no_near_miss(
    old: tuple[str, str], new: tuple[str, str]
) -> None:
    """Near misses are worth reading only if they are few."""
    assert pairs(old).supersede(by=pairs(new)).near_misses == ()


@pytest.mark.parametrize(
    ("old", "new", "misses"),
    [
        ("What is the price of A-100?", "What is the price of A-101?", 0),
        ("What is the price of A-100?", "What's the price of the A-101?", 0),
        ("２０２４年の社長は誰ですか", "2025年の社長は誰ですか", 0),
        ("What is the price of A-100?", "What is the price of A-100 now?", 1),
        ("Who is the head of sales?", "Who is the head of sales in 2025?", 1),
        ("Who is the head of sales in 2025?", "Who is the head of sales?", 1),
        ("What do 1,000 sheets of paper cost?", "What do 1000 sheets of paper cost now?", 1),
        (
            "What do the members of the club have to pay by 2024-05-07?",
            "What do new members of the club have to pay by 2024/5/7?",
            1,
        ),
        ("What is the price of A-100 in 2024?", "What is the price of A-100 in 2025?", 0),
        ("What is the price of A-100 in 2024?", "What is the price of A-100?", 1),
    ],
)
def test_questions_that_each_name_a_number_of_their_own_are_no_near_miss(
    old: str, new: str, misses: int
) -> None:
    """They are about two things. Where one of them names no other number the new one may replace the old one."""
    assert len(pairs((old, "a")).supersede(by=pairs((new, "b"))).near_misses) == misses


def test_a_template_filled_with_numbers_hides_nothing() -> None:
    """Thousands of rows that are about other things do not stand before the one that is worth reading."""
    old = [(f"What is the price of part A-{number}?", f"{number} yen") for number in range(1000)]
    new = [(f"What is the price of part A-{number}?", f"{number} yen") for number in range(1000, 1100)]
    again = ("What is the price of part A-700 now?", "1 yen")
    [miss] = pairs(*old).supersede(by=pairs(*new, again)).near_misses
    assert (miss.line, "line 101," in miss.message) == (701, True)


@pytest.mark.parametrize("many", [10, 60, 400, 3000])
@pytest.mark.parametrize(
    ("template", "asked"),
    [
        ("商品{}の価格は?", "商品{}の価格はいくら?"),
        ("What is the price of A-{}?", "What is the price of A-{} now?"),
    ],
)
def test_what_is_alike_does_not_hang_on_the_size_of_the_history(many: int, template: str, asked: str) -> None:
    """A new wording is found among thousands of rows made from one template as it is found among ten."""
    old = pairs(*((template.format(number), f"{number} yen") for number in range(many)))
    for number in (4, 7, many - 1):
        misses = old.supersede(by=pairs((asked.format(number), "1,280 yen"))).near_misses
        assert [miss.line for miss in misses] == [number + 1]


def test_near_misses_are_bounded_and_say_so() -> None:
    """A history of thousands would bury the ones on top."""
    names = ["".join(name) for name in product("abcdef", repeat=3)][:150]
    old = pairs(*((f"What is the price of the blue bicycle called {name}?", name) for name in names))
    misses = old.supersede(by=pairs(("What is the price of the blue bicycle called x?", "new"))).near_misses
    assert len(misses) == 101
    assert "more than 100" in misses[-1].message


def test_a_large_history_is_compared_in_seconds() -> None:
    """Not every pair is looked at: 4,000 x 400 comparisons would take minutes."""
    old = pairs(*((f"{n} {n * 7919 % 9973} kilometres from town {n % 97}", f"{n}") for n in range(4000)))
    new = pairs(*((f"{n} {n * 6007 % 9967} metres below lake {n % 89}", f"{n}") for n in range(400)))
    assert len(old.supersede(by=new).kept) == 4000


WORDS = [
    "What is the price of",
    "the",
    "blue",
    "red",
    "bicycle",
    "plan",
    "in Osaka",
    "アオゾラ電機の",
    "本社は",
    "どこに",
    "ありますか",
    "Ｐｒｏ",
]


def some(chance: random.Random, count: int) -> Dataset:
    """Questions of a few words, with a few answers; some were given a fact, some have no question."""
    rows: list[dict[str, Any]] = []
    for _ in range(count):
        asked = " ".join(chance.choices(WORDS, k=chance.randint(0, 5)))
        told = [{"role": "user", "content": asked}, {"role": "assistant", "content": chance.choice("abc")}]
        rows.append({"messages": told} | ({"fact": chance.choice("xyz")} if chance.random() < 0.2 else {}))
    return Dataset.from_examples(rows)


def test_few_new_questions_are_compared_like_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those it is remembered what each old one shares with them, which spares reading most of them again."""
    chance = random.Random(5)
    cases = [(some(chance, 40), some(chance, chance.randint(1, 8))) for _ in range(40)]
    few = [old.supersede(by=new) for old, new in cases]
    monkeypatch.setattr(_older, "_FEW", 0)
    assert [old.supersede(by=new) for old, new in cases] == few
    assert sum(len(found.near_misses) for found in few) > 40


def test_the_history_is_told_of_as_it_would_be_replaced() -> None:
    """Near misses are the same, and new rows conflict where no old one of their fact has their answer."""
    chance = random.Random(6)
    for _ in range(40):
        old, new = some(chance, 30), some(chance, 12)
        change, report = old.supersede(by=new), new.validate(history=old)
        misses = [finding for finding in report.findings if finding.code == "near-miss"]
        assert [miss.line for miss in misses] == [miss.line for miss in change.near_misses]
        assert [miss.message for miss in misses] == [
            f"in the history: {miss.message}" for miss in change.near_misses
        ]
        answers = old.answers()
        clash = [row.line for row in new if row.fact in answers and row.answer not in answers[row.fact]]
        assert [found.line for found in report.findings if found.code == "history-conflict"] == clash


def test_a_bad_row_is_an_error_with_its_place(chat: Any, lines: Any) -> None:
    """Rows that cannot be read cannot be compared."""
    with pytest.raises(DatasetError, match="line 2"):
        Dataset.from_jsonl(lines(chat(), b"{")).supersede(by=pairs(("q", "a")))


def test_nothing_of_the_rows_is_in_the_repr() -> None:
    """The dropped rows are listed where they are asked for."""
    result = pairs(("secret?", "secret")).supersede(by=pairs(("secret?", "hidden")))
    assert len(result.dropped) == 1
    assert "secret" not in repr(result)
