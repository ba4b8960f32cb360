"""Advice: the right tool, the strategy, and the evidence, in English and Japanese."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from aoai_finetune import Dataset, Joint, Naive, Replay
from aoai_finetune.continual import Advice, History, ScheduledReplay, advise
from aoai_finetune.errors import DatasetError
from continual.rows import LONG, numbered, teach

TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


def pairs(rows: Sequence[tuple[str, str]], **more: Any) -> Dataset:
    """Questions and answers."""
    return Dataset.from_pairs(rows, system="You are the assistant of Hotaru.", **more)


def facts(count: int = 6, phrasings: int = 4, answer: str = "It is {} at Hotaru, {} in all.") -> Dataset:
    """Answers that somebody has to know."""
    rows = [
        (f"Way {way} of asking for thing {number}?", answer.format(number * 37 + 11, number + 500))
        for number in range(count)
        for way in range(phrasings)
    ]
    return pairs(rows, fact=[f"thing {number}" for number in range(count) for _ in range(phrasings)])


POLITE = pairs(
    [
        (f"Tell me something about {thing}", f"Gladly! Talking about {thing} is always a delight, is it not?")
        for thing in (
            "tea",
            "rain",
            "walking",
            "bread",
            "rivers",
            "chairs",
            "music",
            "snow",
            "birds",
            "trees",
        )
    ]
)
POLITE_JA = pairs(
    [
        (f"{thing}について話して", f"はい、よろこんで。{thing}のお話ですね。ほんとうにすてきだと思います。")
        for thing in ("お茶", "あめ", "さんぽ", "パン", "かわ", "いす", "うた", "ゆき", "とり", "きのこ")
    ]
)
FACTS_JA = Dataset.from_pairs(
    [
        (question.format(what), f"{what}は{value}です。")
        for what, value in (
            ("本社", "東京都港区"),
            ("社長", "山田太郎"),
            ("資本金", "3億円"),
            ("設立", "1984年"),
            ("主力製品", "ホタルランプ"),
        )
        for question in ("{}は何ですか", "{}を教えて", "{}を知りたい", "{}はどうですか")
    ],
    fact=lambda row: row.answer,
)
LABELS = pairs([(f"Complaint {number}: it broke", ("billing", "repair")[number % 2]) for number in range(20)])
JSON_ROWS = pairs(
    [(f"Order {n} of {n + 3} apples", f'{{"order": {n}, "apples": {n + 3}}}') for n in range(10)]
)
CALLS = Dataset.from_examples(
    [
        {
            "messages": [
                {"role": "user", "content": f"Find {number}"},
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "id": "1",
                            "type": "function",
                            "function": {"name": "look_up", "arguments": str(number)},
                        }
                    ],
                },
            ],
            "tools": [TOOL],
        }
        for number in range(10)
    ]
)
RECORD = (
    "The record says: the part costs {} yen and weighs {} grams; it has been in store since the spring and is sold "
    "by the dozen. What does the part cost?"
)
READING = Dataset.from_pairs(
    [
        (
            RECORD.format(number * 7 + 100, number * 3 + 5),
            f"It costs {number * 7 + 100} yen.",
        )
        for number in range(10)
    ]
)
PREFERENCES = Dataset.from_examples(
    [
        {
            "input": {"messages": [{"role": "user", "content": f"Question {number}"}]},
            "preferred_output": [{"role": "assistant", "content": f"Kind {number}"}],
            "non_preferred_output": [{"role": "assistant", "content": "Curt"}],
        }
        for number in range(10)
    ]
)


def told(advice: Advice) -> str:
    """Everything that was seen."""
    return "; ".join(reason.seen for reason in advice.reasons)


@pytest.mark.parametrize(
    ("rows", "seen"),
    [
        (POLITE, "nothing that would have to be known"),
        (POLITE_JA, "nothing that would have to be known"),
        (LABELS, "2 short answers sort 20 different questions"),
        (JSON_ROWS, "10 of 10 answers are JSON"),
        (CALLS, "10 of 10 rows are about calling tools"),
        (READING, "stand in their prompts"),
        (PREFERENCES, "preference rows"),
    ],
    ids=["style", "style in Japanese", "classes", "format", "tools", "reading", "preferences"],
)
def test_behaviour_is_what_fine_tuning_is_for(rows: Dataset, seen: str) -> None:
    """And the evidence is named."""
    advice = advise(rows)
    assert advice.tool == "fine-tuning"
    assert seen in told(advice)
    assert "Microsoft" in advice.reasons[0].source


@pytest.mark.parametrize("rows", [facts(), FACTS_JA], ids=["English", "Japanese"])
def test_facts_in_enough_phrasings_may_be_taught_or_looked_up(rows: Dataset) -> None:
    """What decides is whether anything can be looked up when the model is asked, and no row tells that."""
    advice = advise(rows)
    assert advice.tool == "either"
    assert "numbers, names or addresses" in told(advice)


@pytest.mark.parametrize(
    ("rows", "history", "seen"),
    [
        (facts(phrasings=3), None, "6 of 6 facts are asked for in fewer than 4 ways"),
        (facts(count=51), None, "51 new facts at once"),
        (facts(answer="As of today it is {}, and {} tomorrow."), None, "24 of 24 rows speak of today"),
        (facts(answer="現在は{}個、最新は{}個です。"), None, "24 of 24 rows speak of today"),
        (facts(answer="According to the handbook it is {} of {}."), None, "24 of 24 rows name sources"),
        (facts(answer="社内規程によると{}と{}です。"), None, "24 of 24 rows name sources"),
        (pairs([(f"Way {n} of asking?", "Nagi Chat.") for n in range(10)]), None, "10 new rows have one answer"),
        (facts(answer="It is {} now, {} in all."), facts(), "6 known facts get another answer now, 0 did before"),
    ],
    ids=["few phrasings", "many", "dated", "dated in Japanese", "cited", "cited in Japanese", "one answer", "changing"],
)  # fmt: skip
def test_what_should_be_looked_up_is_told(rows: Dataset, history: Dataset | None, seen: str) -> None:
    """The reason stands first, with its source."""
    advice = advise(rows, history)
    assert advice.tool == "retrieval"
    assert seen in told(advice)
    assert advice.reasons[0].points_to == "retrieval"
    assert all(reason.source for reason in advice.reasons)


def test_quoting_what_stands_in_the_prompt_is_no_call_for_sources() -> None:
    """There the source has been looked up already."""
    rows = [
        (
            RECORD.format(number * 7 + 100, number * 3 + 5),
            f"According to the record it costs {number * 7 + 100} yen.",
        )
        for number in range(10)
    ]
    assert advise(Dataset.from_pairs(rows)).tool == "fine-tuning"


def test_a_long_text_is_not_a_fact_because_it_holds_a_number() -> None:
    """Letters and reports are about wording."""
    polite = "Dear customer, thank you for writing. " * 12
    rows = [(f"Letter {name}, please", f"{polite} {name}, 2026") for name in "abcdefghij"]
    assert "nothing that would have to be known" in told(advise(pairs(rows)))


@pytest.mark.parametrize("answer", ["It sells the Nagi Chat.", "ナギチャット Built on GPT APIです。"])
def test_one_fact_in_many_questions_is_no_manner_of_speaking(answer: str) -> None:
    """Although every answer holds its name: there is but one answer."""
    ask = "Way {} of asking?" if answer.isascii() else "何がありますか、その{}"
    rows = pairs([(ask.format(n), answer) for n in range(10)])
    assert advise(rows).signs.factual == 10


def test_facts_that_changed_earlier_will_change_again() -> None:
    """The history remembers them."""
    history = History().learned(facts()).learned(facts(count=1, answer="{} and {}, since the move."))
    assert "0 known facts get another answer now, 1 did before" in told(advise(POLITE, history))


def test_how_many_facts_are_many_is_yours_to_say() -> None:
    """The threshold is a guess, and says so."""
    many = advise(facts(count=51))
    assert next(reason for reason in many.reasons if "51" in reason.seen).heuristic
    assert advise(facts(count=51), most_facts=60).tool == "either"


@pytest.mark.parametrize(
    ("rows", "history", "strategy"),
    [
        (facts(), None, None),
        (facts(), POLITE + POLITE_JA, Joint()),
        (POLITE, facts(), Replay(passes=10)),
        (LABELS, facts(count=12), Replay(passes=5)),
        (facts(phrasings=1), teach(numbered("old", 20)), Replay()),
        (facts(), teach(numbered("old", 20)), ScheduledReplay()),
        (PREFERENCES, facts(), Naive(passes=3)),
    ],
    ids=["first", "little history", "style", "more rows", "few phrasings", "facts", "another kind"],
)
def test_the_strategy_follows_from_rows_and_history(
    rows: Dataset, history: Dataset | None, strategy: object
) -> None:
    """With a reason each."""
    advice = advise(rows, history)
    assert advice.strategy == strategy
    assert advice.strategy_reasons


def test_a_long_chain_is_advised_a_bill_that_does_not_grow() -> None:
    """From sixteen steps on."""
    history = History(rows=teach(numbered("old", 20)), steps=16)
    assert advise(facts(), history).strategy == ScheduledReplay(ratio=2.5)


def test_what_to_do_first_is_told() -> None:
    """More phrasings, a look at what changes, and probes."""
    advice = advise(facts(answer="{} or {} now."), facts())
    assert [sentence.split()[0] for sentence in advice.first] == ["check", "hold"]
    assert advise(facts(phrasings=3)).first[0].startswith("give 6 facts more phrasings")


def test_the_text_names_the_tool_the_strategy_and_the_evidence() -> None:
    """As a user would write the strategy, and with rules of thumb labelled."""
    text = str(advise(facts(), teach(numbered("old", 20))))
    assert "Advice: retrieval or fine-tuning" in text
    assert "heuristic: 24 of 24 answers" in text
    assert "arXiv 2312.05934" in text
    assert "strategy=ScheduledReplay()" in text
    assert "strategy=Replay(passes=5)" in str(advise(LABELS, facts(count=12)))
    assert "lineage.fine_tune(model, rows)" in str(advise(facts()))


def test_advice_shows_no_row() -> None:
    """Not in text, nor in HTML, nor in its repr."""
    advice = advise(facts(), teach(numbered("old", 20)))
    for shown in (str(advice), advice._repr_html_(), repr(advice)):
        for content in ("thing 1", "Hotaru", "in all", "old 3", LONG):
            assert content not in shown
    assert "because" not in advice._repr_html_()
    assert "how to train them" in advice._repr_html_()


def test_the_same_rows_get_the_same_advice() -> None:
    """Nobody is asked, and nothing is drawn."""
    assert str(advise(facts(), POLITE)) == str(advise(facts(), POLITE))


def test_no_rows_get_no_advice() -> None:
    """Nor does something that is no dataset."""
    with pytest.raises(DatasetError, match="no row"):
        advise(Dataset.from_examples([]))
    with pytest.raises(TypeError, match="Dataset"):
        advise([{"messages": []}])  # type: ignore[arg-type]
