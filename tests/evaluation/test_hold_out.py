"""Probes out of training rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset, by_answer
from aoai_finetune.errors import DatasetError
from aoai_finetune.evaluation import ProbeSet

phrasings = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8)


def dataset(facts: dict[str, list[str]]) -> Dataset:
    """Each fact with its questions; a question may stand there twice."""
    return Dataset.from_pairs(
        [(f"{asked} {fact}", f"answer {fact}") for fact, questions in facts.items() for asked in questions],
        fact=[fact for fact, questions in facts.items() for _ in questions],
    )


@given(
    facts=st.dictionaries(st.sampled_from(["x", "y", "z"]), phrasings, min_size=1).filter(
        lambda facts: any(len(set(questions)) > 1 for questions in facts.values())
    ),
    per_fact=st.integers(1, 4),
    seed=st.integers(0, 9),
)
@settings(max_examples=60)
def test_holding_out_leaks_nothing_and_loses_no_fact(
    facts: dict[str, list[str]], per_fact: int, seed: int
) -> None:
    """No probe was trained on; every fact keeps a phrasing; at most `per_fact` phrasings of each go."""
    whole = dataset(facts)
    rest, probes = ProbeSet.hold_out(whole, per_fact=per_fact, seed=seed)
    assert probes.leakage(rest) == ()
    assert set(rest.facts) == set(whole.facts)
    for fact, questions in facts.items():
        taken = sum(probe.fact == fact for probe in probes)
        assert taken == min(per_fact, len(set(questions)) - 1)


def test_rows_left_keep_their_order(facts: Dataset) -> None:
    """And together with the probes they are all rows."""
    rest, probes = ProbeSet.hold_out(facts, per_fact=2)
    asked = {probe.asked for probe in probes}
    assert [example.question for example in rest] == [
        example.question for example in facts if example.question not in asked
    ]
    assert len(rest) + len(probes) == len(facts)


def test_a_withheld_phrasing_keeps_its_system_prompt(facts: Dataset) -> None:
    """What came before the answer is asked."""
    _, probes = ProbeSet.hold_out(facts)
    assert [turn["role"] for turn in probes[0].prompt("another system prompt")] == ["system", "user"]
    assert probes[0].prompt("another system prompt")[0]["content"] == "花火商事の案内係です。"


def test_the_choice_depends_on_the_seed_and_the_fact_alone(facts: Dataset) -> None:
    """Other facts and their order do not matter."""
    _, all_probes = ProbeSet.hold_out(facts, seed=3)
    _, some = ProbeSet.hold_out(facts[8:].shuffle(1), seed=3)
    assert {probe.asked for probe in some} <= {probe.asked for probe in all_probes}


def test_another_seed_takes_other_phrasings(facts: Dataset) -> None:
    """Ten seeds do not all choose alike."""
    assert len({ProbeSet.hold_out(facts, seed=seed)[1].fingerprint for seed in range(10)}) > 1


def test_every_answer_of_the_fact_is_accepted() -> None:
    """A model that gives the trained wording of another phrasing is right."""
    rows = Dataset.from_pairs([("a?", "It is A."), ("b?", "A, of course.")], fact="f")
    _, probes = ProbeSet.hold_out(rows)
    assert set(probes[0].expected) == {"It is A.", "A, of course."}


def test_a_phrasing_that_stands_under_two_facts_stays() -> None:
    """Taking it out of one would leave it trained under the other."""
    rows = Dataset.from_pairs(
        [("same?", "a"), ("a?", "a"), ("same?", "b"), ("b?", "b")], fact=["a", "a", "b", "b"]
    )
    _, probes = ProbeSet.hold_out(rows)
    assert {probe.asked for probe in probes} == {"a?", "b?"}


def test_facts_with_one_phrasing_each_are_an_error_that_explains_fact() -> None:
    """Derived facts have one phrasing by definition; the hint tells both ways out."""
    rows = Dataset.from_pairs([("a?", "1"), ("b?", "1"), ("c?", "2")])
    with pytest.raises(DatasetError, match="no fact has a second phrasing") as caught:
        ProbeSet.hold_out(rows)
    assert "fact=by_answer" in caught.value.hint
    assert "from_jsonl" in caught.value.hint


def test_by_answer_makes_facts_that_can_be_held_out() -> None:
    """What the hint says works."""
    rows = Dataset.from_pairs([("a?", "1"), ("b?", "1"), ("c?", "2")], fact=by_answer)
    rest, probes = ProbeSet.hold_out(rows)
    assert (len(rest), len(probes)) == (2, 1)


def test_per_fact_must_be_positive(facts: Dataset) -> None:
    """Zero probes are no probe set."""
    with pytest.raises(ValueError, match="per_fact"):
        ProbeSet.hold_out(facts, per_fact=0)


def test_training_weights_are_not_asked() -> None:
    """The chat endpoint does not know `weight`."""
    turns = [("user", "a?"), ("assistant", "1"), ("user", "and b?"), ("assistant", "2")]
    row = {"messages": [{"role": role, "content": text} for role, text in turns]}
    row["messages"][1]["weight"] = 0  # type: ignore[assignment]
    (probe,) = ProbeSet.from_examples([row])
    assert [sorted(turn) for turn in probe.prompt()] == [["content", "role"]] * 3


@given(
    facts=st.dictionaries(st.sampled_from("uvwxyz"), phrasings, min_size=2),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 9),
)
@settings(max_examples=60)
def test_whole_facts_held_out_are_asked_and_never_trained(
    facts: dict[str, list[str]], share: float, seed: int
) -> None:
    """Every row of a chosen fact goes, at least one fact does and one stays, and nothing leaks."""
    whole = dataset(facts)
    rest, probes = ProbeSet.hold_out_facts(whole, share=share, seed=seed)
    assert set(probes.facts) | set(rest.facts) == set(facts)
    assert not set(probes.facts) & set(rest.facts)
    assert len(set(probes.facts)) == min(len(facts) - 1, max(1, round(share * len(facts))))
    assert probes.leakage(rest) == ()
    assert len(probes) == sum(len(set(facts[fact])) for fact in probes.facts)


def test_facts_held_out_are_general_probes(facts: Dataset) -> None:
    """Neither history holds them."""
    rest, probes = ProbeSet.hold_out_facts(facts, share=0.5)
    known = rest.answers()
    assert {probe.group for probe in probes.grouped(known, known)} == {"general"}
    assert (len(rest), len(probes)) == (8, 8)


def test_which_facts_are_held_out_does_not_hang_on_the_others(facts: Dataset) -> None:
    """The same seed ranks a fact alike, in whatever order the rows stand."""
    _, probes = ProbeSet.hold_out_facts(facts, share=0.5, seed=1)
    _, again = ProbeSet.hold_out_facts(facts.shuffle(3), share=0.5, seed=1)
    assert set(probes.facts) == set(again.facts)


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_of_no_or_all_facts_is_refused(facts: Dataset, share: float) -> None:
    """It would leave nothing to ask, or nothing to train."""
    with pytest.raises(ValueError, match="share"):
        ProbeSet.hold_out_facts(facts, share=share)


def test_a_single_fact_cannot_be_held_out() -> None:
    """Nothing would be left to train on."""
    with pytest.raises(DatasetError, match="fewer than two facts"):
        ProbeSet.hold_out_facts(dataset({"x": ["a", "b"]}))


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "q"}]},
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": ""}]},
        {"messages": [{"role": "system", "content": "s"}, {"role": "assistant", "content": "a"}]},
        {
            "messages": [
                {"role": "user", "content": "q"},
                {"role": "assistant", "tool_calls": [{"id": "1", "type": "function"}]},
            ]
        },
    ],
)
def test_a_row_without_question_or_spoken_answer_is_no_probe(row: dict[str, object]) -> None:
    """The error says what is needed."""
    with pytest.raises(DatasetError, match="cannot be a probe"):
        ProbeSet.from_examples([row])


TOOL_ROW = {
    "messages": [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
            ],
        },
    ],
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
}


@pytest.mark.parametrize("hold_out", [ProbeSet.hold_out, ProbeSet.hold_out_facts])
def test_rows_with_tools_are_named_as_what_cannot_be_withheld(
    hold_out: Callable[[Dataset], tuple[Dataset, ProbeSet]],
) -> None:
    """They may have any number of phrasings: a probe sends no tools, and saying otherwise sends people astray."""
    with pytest.raises(DatasetError, match="3 of 3 rows offer or call tools") as caught:
        hold_out(Dataset.from_examples([{**TOOL_ROW, "fact": "weather"} for _ in range(3)]))
    assert "sends no tools" in str(caught.value)
    assert "phrasing" not in str(caught.value)


def test_rows_with_tools_beside_others_are_counted() -> None:
    """So that both reasons can be mended."""
    one = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
    with pytest.raises(
        DatasetError, match=r"1 of 2 rows offer .* of the others no fact has a second phrasing"
    ):
        ProbeSet.hold_out(Dataset.from_examples([TOOL_ROW, one]))
