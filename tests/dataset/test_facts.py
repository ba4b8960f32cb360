"""Where the facts of rows come from."""

from __future__ import annotations

from typing import Any

import pytest

from aoai_finetune.dataset import Dataset, Example, by_answer
from aoai_finetune.errors import DatasetError


def test_without_anything_given_the_question_is_the_fact(chat: Any) -> None:
    """The last user message, normalised, so two spellings of one question are one fact."""
    dataset = Dataset.from_examples([chat("社長は誰ですか?"), chat("社長は、誰ですか")])
    assert dataset.facts == ("社長は誰ですか",)


def test_the_key_fact_is_used_and_stripped(chat: Any, lines: Any) -> None:
    """Our own JSONL carries it."""
    dataset = Dataset.from_jsonl(lines(chat("q1", fact="f"), chat("q2", fact="f"), chat("q3")))
    assert dataset.facts == ("f", "q3")
    assert b"fact" not in dataset.to_bytes()


def test_a_column_is_used_and_stripped(chat: Any, lines: Any) -> None:
    """The service would refuse the column; a row's own `fact` key stands in where it is missing."""
    data = lines(chat("q1", topic="t"), chat("q2", fact="f"))
    dataset = Dataset.from_jsonl(data, fact="topic")
    assert dataset.facts == ("t", "f")
    assert b"topic" not in dataset.to_bytes()
    assert dataset.validate(level="rows").ok


def test_a_row_without_the_column_is_a_warning(chat: Any, lines: Any) -> None:
    """A typing error in the name would otherwise go unnoticed."""
    report = Dataset.from_jsonl(lines(chat("q1", topic="t"), chat("q2")), fact="topic").validate(level="rows")
    assert [(finding.code, finding.line, finding.path) for finding in report.findings] == [
        ("fact-missing", 2, "topic")
    ]


def test_a_function_gives_the_facts(chat: Any, lines: Any) -> None:
    """It sees the example without any fact."""
    rows = [chat("q1", "same"), chat("q2", "same"), chat("q3", "other")]
    for dataset in (
        Dataset.from_jsonl(lines(*rows), fact=by_answer),
        Dataset.from_examples(rows, fact=by_answer),
    ):
        assert {fact: len(part) for fact, part in dataset.by_fact().items()} == {"same": 2, "other": 1}


def fails(_example: Example) -> str:
    """A function of a user's that raises, with row text in its message."""
    raise KeyError("secret")


def returns_a_number(_example: Example) -> str:
    """A function of a user's that does not keep its promise."""
    return 3  # type: ignore[return-value]


@pytest.mark.parametrize(("function", "said"), [(fails, "KeyError"), (returns_a_number, "not int")])
def test_a_function_that_fails_is_a_finding_on_the_row(
    chat: Any, lines: Any, function: Any, said: str
) -> None:
    """And an error without row text when the row is used."""
    dataset = Dataset.from_jsonl(lines(chat("secret")), fact=function)
    [finding] = dataset.validate(level="rows").findings
    assert finding.code == "fact-type"
    assert said in finding.message
    with pytest.raises(DatasetError, match=said) as caught:
        list(dataset)
    assert "secret" not in str(caught.value)
    with pytest.raises(DatasetError, match=said):
        Dataset.from_examples([chat("secret")], fact=function)


def test_a_fact_that_is_no_text_is_an_error(chat: Any, lines: Any) -> None:
    """Named with its path."""
    report = Dataset.from_jsonl(lines(chat(fact=["f"]))).validate(level="rows")
    assert [(finding.code, finding.path) for finding in report.findings] == [("fact-type", "fact")]


def test_an_empty_fact_is_no_fact(chat: Any) -> None:
    """A column of a spreadsheet left blank."""
    assert Dataset.from_examples([chat("q", fact="")]).facts == ("q",)


@pytest.mark.parametrize(
    ("fact", "facts"),
    [
        ("f", ("f",)),
        (["f", "g"], ("f", "g")),
        (by_answer, ("a1", "a2")),
        (None, ("q1", "q2")),
    ],
)
def test_pairs_take_facts_in_every_form(fact: Any, facts: tuple[str, ...]) -> None:
    """One for all, one each, a function, or none."""
    assert Dataset.from_pairs([("q1", "a1"), ("q2", "a2")], fact=fact).facts == facts


def test_as_many_facts_as_pairs_are_needed() -> None:
    """One too few would shift all that follow."""
    with pytest.raises(DatasetError, match="1 facts for 2 pairs"):
        Dataset.from_pairs([("q1", "a1"), ("q2", "a2")], fact=["f"])


def test_answers_are_collected_per_fact_as_they_stand(chat: Any) -> None:
    """In order of the facts' first appearance."""
    dataset = Dataset.from_examples(
        [chat("b", "1", fact="f"), chat("a", "2", fact="g"), chat("c", "3", fact="f")]
    )
    assert dataset.answers() == {"f": frozenset({"1", "3"}), "g": frozenset({"2"})}
    assert list(dataset.by_fact()) == ["f", "g"]


def test_facts_survive_selecting_and_adding(chat: Any, lines: Any) -> None:
    """Each row keeps the rule it was opened with."""
    one = Dataset.from_jsonl(lines(chat("q1", topic="t")), fact="topic")
    two = Dataset.from_examples([chat("q2", fact="f"), chat("q3")])
    assert [example.fact for example in (one + two).select([2, 0, 1])] == ["q3", "t", "f"]
