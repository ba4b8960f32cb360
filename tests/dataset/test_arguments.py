"""Arguments of another kind than the one expected: the error names the argument and what to write, never the value."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aoai_finetune.dataset import PRICES as PRICE_TABLE
from aoai_finetune.dataset import (
    AzureRules,
    Dataset,
    Example,
    Rate,
    Rule,
    Severity,
    Tally,
    TokenCount,
    TrainingPrice,
    cost_of,
    counter_for,
    row_tokens,
)
from aoai_finetune.errors import DatasetError

MODEL = "gpt-4.1-mini-2025-04-14"
CSV = b"question,answer\nQ,A\n"
COUNT = TokenCount(1, exact=False, counter="estimate")


class Frame:
    """Enough of a data frame of pandas, which yields the names of its columns."""

    def iterrows(self) -> Iterator[object]:
        """Nothing."""
        return iter(())

    def __iter__(self) -> Iterator[str]:
        return iter(("messages",))


MAKING: list[tuple[Callable[[Any], object], str]] = [
    (lambda make: make("facts.jsonl"), r"not made of str itself\. Use Dataset\.from_jsonl"),
    (lambda make: make([1]), r"not made of list itself\. .*from_examples"),
    (lambda make: make.from_jsonl(b"{}", fact=5), "fact is int, not the name of a column or a function"),
    (lambda make: make.from_examples(None), "examples is NoneType, not a list of rows"),
    (lambda make: make.from_examples("s3cret.jsonl"), r"one text, not a list of rows\. .*from_jsonl"),
    (lambda make: make.from_examples({"messages": []}), r"one row, not a list of rows\. Put it into a list"),
    (lambda make: make.from_examples(Frame()), r"examples is a data frame\. .*from_pandas"),
    (lambda make: make.from_examples([], fact=5), "fact is int, not the name of a column"),
    (lambda make: make.from_pairs(None), "pairs is NoneType, not a list of pairs"),
    (lambda make: make.from_pairs("s3cret"), "pairs is str, not a list of pairs"),
    (lambda make: make.from_pairs({"s3cret": "A"}), r"pairs is dict, not a list of pairs\. .*items\(\)"),
    (lambda make: make.from_pairs([("a", None)]), r"line 1: the answer is NoneType, not a text\. Fill it"),
    (lambda make: make.from_pairs([("a", "b"), (5, "b")]), "line 2: the question is int, not a text"),
    (lambda make: make.from_pairs([("a", "b")], system=5), "system is int, not a text"),
    (lambda make: make.from_pairs([("a", "b")], fact=5), r"fact is int, not a function, a text, or a list"),
    (
        lambda make: make.from_csv(CSV, encoding=None),
        r"encoding is NoneType, not the name of an encoding\. For",
    ),
    (lambda make: make.from_csv(CSV, delimiter=None), r"delimiter is NoneType, not one character\. For"),
    (lambda make: make.from_csv(CSV, question=5), "question is int, not the name of a column"),
    (lambda make: make.from_csv(CSV, answer=None), "answer is NoneType, not the name of a column"),
    (lambda make: make.from_csv(CSV, system=5), "system is int, not the name of a column"),
    (lambda make: make.from_csv(CSV, fact=5), "fact is int, not the name of a column or a function"),
    (lambda make: make.from_csv(CSV, guard="no"), r"guard is str, not True or False\. Write guard=True"),
    (lambda make: make.from_pandas(None, question=5), "question is int, not the name of a column"),
    (lambda make: make.from_huggingface([], fact=5), "fact is int, not the name of a column or a function"),
]

USING: list[tuple[Callable[[Any], object], str]] = [
    (lambda rows: rows.validate("deep"), r"rules is str, not AzureRules\. .*level=\"deep\""),
    (lambda rows: rows.validate(level=5), r"level is int, not the name of a level\. Use one of rows, file"),
    (lambda rows: rows.validate(workers="2"), "workers is str, not a whole number"),
    (
        lambda rows: rows.estimate_cost(MODEL, n_epochs="auto", tier="regional"),
        "n_epochs is str, not a whole number",
    ),
    (lambda rows: rows.validate(history=[1]), "history is list, not Dataset"),
    (lambda rows: rows.validate(validation=[1]), "validation is list, not Dataset"),
    (lambda rows: rows.supersede(by=[1]), "by is list, not Dataset"),
    (lambda rows: rows.leakage([1]), "other is list, not Dataset"),
    (lambda rows: rows.leakage(rows, facts="yes"), r"facts is str, not True or False\. Write facts=True"),
    (
        lambda rows: rows.repair(off="white-space"),
        r"off is the text 'white-space', not a list\. .*\[\"white-space\"\]",
    ),
    (lambda rows: rows.repair(off=5), "off is int, not a list of names"),
    (lambda rows: rows.repair(off=[5]), r"off\[0\] is int, not str"),
    (lambda rows: rows.repair().before(0), r"fix is int, not Fix\. Take one of repaired\.fixes"),
    (lambda rows: rows.head("3"), "n is str, not a whole number"),
    (lambda rows: rows.show(width="a"), "width is str, not a whole number"),
    (lambda rows: rows.show(width=0), r"width is 0\. Give a whole number of at least 1"),
    (lambda rows: rows.validate(rules={}), "rules is dict, not AzureRules"),
    (lambda rows: rows.repair("white-space"), r"rules is str, not AzureRules\. .*off="),
    (lambda rows: rows.statistics(5), "model is int, not the name of a model"),
    (lambda rows: rows.estimate_cost(None, n_epochs=1, tier="global"), "model is NoneType, not the name"),
    (
        lambda rows: rows.estimate_cost(MODEL, n_epochs=1, tier="global", prices={}),
        "prices is dict, not PriceTable",
    ),
    (
        lambda rows: rows.estimate_cost(MODEL, n_epochs=1, tier="global", region=5),
        "region is int, not the name of a region",
    ),
    (lambda rows: rows.validate().to_sarif("x", rules="y"), "rules is str, not AzureRules"),
    (lambda rows: rows.validate().to_sarif(root=5), "root is int, not the path of a folder"),
    (lambda rows: rows.validate().to_text(5), "path is int, not the path of a file"),
    (lambda rows: rows.validate().to_html(None), "path is NoneType, not the path of a file"),
    (lambda rows: rows.validate().count("s3cret"), r"no such severity\. Use one of error, warning, info"),
    (lambda rows: rows.select(5), "indices is int, not a list of whole numbers"),
    (lambda rows: rows.select([0, "1"]), "indices are not all whole numbers"),
    (lambda rows: rows.shuffle(seed="s3cret"), "seed is str, not a whole number"),
    (lambda rows: rows.deduplicate(by=["s3cret"]), r"by is list, .*Use \"row\" or \"question\""),
    (lambda rows: rows.split(test_size=20), "test_size is a share of the rows"),
    (lambda rows: rows.split(test_size="s3cret"), "test_size is str, not a number"),
    (lambda rows: rows.split([0.5, "s3cret"]), r"fractions\[1\] is str, not a number"),
    (lambda rows: rows.split(0.5), r"fractions is float, not a list of numbers\. .*test_size=0\.2"),
    (lambda rows: rows.split(seed=None), "seed is NoneType, not a whole number"),
    (lambda rows: rows.split(stratify="answer"), r"stratify is str, not a function of an Example\. For"),
    (lambda rows: rows.sample(0.5), "n is float, not a whole number"),
    (lambda rows: rows.tokens(5), "model is int, not the name of a model"),
    (lambda rows: rows.tokens(workers="2"), "workers is str, not a whole number"),
    (lambda rows: rows.to_jsonl(5), "path is int, not the path of a file"),
    (lambda rows: rows.to_jsonl("a\0b"), "path has a zero byte in it"),
    (lambda rows: rows.to_jsonl(keep_facts="yes"), "keep_facts is str, not True or False"),
    (lambda rows: rows.to_csv(5), "path is int, not the path of a file"),
    (lambda rows: rows.to_csv(question=5), "question is int, not the name of a column"),
    (lambda rows: rows.to_csv(encoding=5), "encoding is int, not the name of an encoding"),
    (lambda rows: rows.to_csv(guard="no"), "guard is str, not True or False"),
    (lambda rows: rows.write_to(None), r"stream is NoneType, not a binary file\. .*\"wb\""),
    (lambda rows: rows.write_to(io.StringIO()), r"a file for texts, not for bytes\. .*\"wb\""),
]

COUNTING: list[tuple[Callable[[], object], str]] = [
    (lambda: counter_for(5), "model is int, not the name of a model"),  # type: ignore[arg-type]
    (lambda: row_tokens(Example.from_row({}), counter_for(None)), r"row is Example, .*example\.row"),  # type: ignore[arg-type]
    (lambda: row_tokens({}, MODEL), r"counter is str, not a counter of tokens\. Use counter_for"),  # type: ignore[arg-type]
    (lambda: Tally(None), "counter is NoneType, not a counter of tokens"),  # type: ignore[arg-type]
    (lambda: cost_of(5, MODEL, tier="global"), r"tokens is int, not TokenCount\. Count them with"),  # type: ignore[arg-type]
    (lambda: cost_of(COUNT, MODEL, tier="cheap"), "there is no tier 'cheap'"),
    (lambda: cost_of(COUNT, MODEL, tier="global", prices=[]), "prices is list, not PriceTable"),  # type: ignore[arg-type]
    (lambda: PRICE_TABLE.find(None, "global"), "model is NoneType, not the name of a model"),  # type: ignore[arg-type]
    (lambda: PRICE_TABLE.with_prices(5, date="", source=""), r"prices\[0\] is int, not TrainingPrice"),  # type: ignore[arg-type]
    (lambda: Rate(usd="5"), "an amount of a rate is str, not a number"),  # type: ignore[arg-type]
    (lambda: Rate(regions=5), "regions is int, not Mapping"),  # type: ignore[arg-type]
    (lambda: TrainingPrice(model="m", tier="global", training=5), "training is int, not Rate"),  # type: ignore[arg-type]
    (
        lambda: TrainingPrice(model="m", tier="GlobalStandard", training=Rate(usd=1)),  # type: ignore[arg-type]
        r"no tier 'GlobalStandard' of a price\. Use one of global, regional",
    ),
    (lambda: Example.from_row(None), "row is NoneType, not a dictionary"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "said"), MAKING)
def test_what_a_dataset_cannot_be_made_of_is_named(call: Callable[[Any], object], said: str) -> None:
    """With what makes one of it, where that can be guessed."""
    with pytest.raises(DatasetError, match=said) as caught:
        call(Dataset)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("call", "said"), USING)
def test_arguments_of_another_kind_are_named(
    ten: list[Any], call: Callable[[Any], object], said: str
) -> None:
    """With what was meant, where that can be guessed."""
    with pytest.raises(DatasetError, match=said):
        call(Dataset.from_examples(ten))


@pytest.mark.parametrize(("call", "said"), COUNTING)
def test_what_cannot_be_counted_or_priced_is_named(call: Callable[[], object], said: str) -> None:
    """Rather than counted as something else, or as nothing."""
    with pytest.raises(DatasetError, match=said):
        call()


def test_a_severity_may_be_given_by_its_name() -> None:
    """It is a text, after all; counting none because of that would look like good news."""
    report = Dataset.from_jsonl(b"{}\n").validate()
    assert report.count("error") == report.count(Severity.ERROR) > 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": 5}, "model is int, not the name of a model"),
        ({"method": None}, r"method is NoneType, not the name of a method\. Use one of supervised"),
        ({"min_examples": "s3cret"}, "min_examples is str, not a whole number"),
        ({"min_examples": 2.5}, "min_examples is float, not a whole number"),
        ({"min_examples": True}, "min_examples is bool, not a whole number"),
        ({"limits": 5}, "limits is int, not a mapping"),
        ({"limits": ["examples"]}, r"limits is list, not a mapping\. .*limits={"),
        ({"limits": {"examples": "s3cret"}}, "limit 'examples' is str, not a whole number"),
        ({"limits": {"examples": 0}}, r"limit 'examples' is 0\. Give a whole number of at least 1"),
        ({"limits": {5: 1}}, "a name in limits is int, not a text"),
        ({"n_epochs": "s3cret"}, "n_epochs is str, not a whole number"),
        ({"n_epochs": 0}, r"n_epochs is 0\. Give a whole number of at least 1"),
        ({"min_examples": -1}, r"min_examples is -1\. Give a whole number of at least 1"),
        ({"min_examples": 0}, "min_examples is 0"),
        ({"limits": {"file-bytes": -1}}, "limit 'file-bytes' is -1"),
        ({"limits": {"file-bytes": 2.5}}, "limit 'file-bytes' is float, not a whole number"),
        ({"keep": -1}, "keep is -1"),
        ({"keep": None}, "keep is NoneType, not a whole number"),
        ({"off": 5}, "off is int, not a list of codes"),
        ({"off": "near-miss"}, r"off is one text, not a list of codes\. Write off=\["),
        ({"off": [["near-miss"]]}, r"off\[0\] is list, not str"),
        ({"extra": 5}, r"extra is int, not a list of rules\. Write extra=\["),
        ({"extra": AzureRules().describe()[0]}, "extra is Rule, not a list of rules"),
        ({"extra": ["s3cret"]}, r"extra\[0\] is str, not Rule"),
    ],
)
def test_rules_say_which_argument_is_of_another_kind(options: dict[str, Any], said: str) -> None:
    """What was given and what is expected, never the value."""
    with pytest.raises(DatasetError, match=said) as caught:
        AzureRules(**options)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"code": None}, "the code of a rule is NoneType, not a text"),
        ({"severity": "warning"}, r"severity of rule 'mine' is str, not Severity\. Write Severity\.ERROR"),
        ({"level": "files"}, r"no level 'files' of rule 'mine'\. Use one of rows, file, deep"),
        ({"methods": "dpo"}, "methods of rule 'mine' is one text, not a list of methods"),
        ({"methods": ("sft",)}, r"methods of rule 'mine' are none of training\. Use one of supervised"),
        ({"hint": None}, "hint of rule 'mine' is NoneType, not a text"),
    ],
)
def test_a_rule_that_nobody_would_check_is_refused(wrong: dict[str, Any], said: str) -> None:
    """It would find nothing, and nobody would notice."""
    given: dict[str, Any] = {"code": "mine", "severity": Severity.ERROR, "summary": "S", **wrong}
    with pytest.raises(DatasetError, match=said):
        AzureRules(extra=[Rule(**given)])
