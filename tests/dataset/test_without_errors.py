"""Rows with errors are taken out: all of them, nothing else, and each is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import AzureRules, Dataset, Rule, Severity
from aoai_finetune.dataset.reading._foreign import FOREIGN
from aoai_finetune.errors import DatasetError

BAD: list[Any] = [
    b"{",
    b"[]",
    b'{"messages": "\xff"}',
    {"messages": []},
    {"messages": [{"role": "usr", "content": "s3cret"}, {"role": "assistant", "content": "A"}]},
    {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], "note": 1},
    {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A", "weight": 2}]},
    {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], "fact": 1},
]


def lines_of(dataset: Dataset) -> list[int | None]:
    """Where the rows stand."""
    return [example.line for example in dataset]


def test_rows_with_errors_go_and_are_told(ten: Any, lines: Any, tmp_path: Path) -> None:
    """With line and code; blank lines are none, and no text of a row is repeated."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(ten[0], b"", *BAD, *ten[1:]))
    dataset = Dataset.from_jsonl(path)
    clean = dataset.without_errors()
    assert [example.row for example in clean.kept] == ten
    assert clean.kept.validate().ok
    assert len(clean.dropped) == len(BAD)
    told = {(error["line"], error["type"], error["source"]) for error in clean.report.errors()}
    assert {line for line, _, _ in told} == set(range(3, 3 + len(BAD)))
    assert (7, "role-unknown", str(path)) in told
    assert "8 of 18 rows dropped" in str(clean)
    assert "role-unknown" in str(clean)
    assert "s3cret" not in f"{clean} {clean!r} {clean.report}"
    assert repr(clean) == "<WithoutErrors: 8 of 18 rows dropped>"


def test_more_errors_than_a_report_keeps_all_go(ten: Any, lines: Any) -> None:
    """The rows are looked at, not the findings."""
    rules = AzureRules(keep=1)
    dataset = Dataset.from_jsonl(lines(*BAD * 5, *ten))
    clean = dataset.without_errors(rules)
    assert len(clean.kept) == 10
    assert len(clean.dropped) == 5 * len(BAD)
    assert len(clean.report.findings) < sum(clean.report.counts.values())


def test_without_an_error_it_is_the_same_dataset(ten: Any) -> None:
    """Warnings and too few rows drop none."""
    dataset = Dataset.from_examples([*ten[:2], ten[0]])
    clean = dataset.without_errors()
    assert clean.kept is dataset
    assert (len(clean.dropped), clean.report.findings) == (0, ())
    assert str(clean) == "0 of 3 rows dropped"


def test_rules_decide_what_an_error_is(ten: Any, lines: Any) -> None:
    """Those of the user, those that are off, limits, the method."""

    def no_questions(row: Any) -> Any:
        if row["messages"][0]["content"].startswith("a "):
            yield "messages[0]", "it starts with a"

    own = Rule(code="no-a", severity=Severity.ERROR, summary="No a", row=no_questions)
    dataset = Dataset.from_jsonl(lines(*ten, {**ten[0], "note": 1}))
    assert lines_of(dataset.without_errors(AzureRules(extra=[own])).kept) == [2, 3, 4, 5, 7, 8, 9, 10]
    assert len(dataset.without_errors(AzureRules(off=["row-key-unknown"])).dropped) == 0
    assert len(dataset.without_errors(AzureRules(limits={"message-characters": 1})).kept) == 0
    assert len(dataset.without_errors(AzureRules(method="dpo")).kept) == 0


def test_rows_of_several_sources_are_told_apart(ten: Any, lines: Any) -> None:
    """Rows in memory have numbers of their own, and a row may be there twice."""
    bad = BAD[4]
    one, two = Dataset.from_examples([ten[0], bad]), Dataset.from_examples([bad, ten[1]])
    both = (one + two + Dataset.from_jsonl(lines(bad, ten[2]), fact="topic")).shuffle(3)
    clean = (both + both[:2]).without_errors()
    assert all(len(example.row["messages"]) == 2 for example in clean.kept)
    assert clean.kept.validate().counts.get("role-unknown") is None
    assert len(clean.kept) + len(clean.dropped) == 8


def test_a_file_that_is_no_jsonl_is_not_emptied() -> None:
    """All of its lines would go."""
    with pytest.raises(DatasetError, match="JSON array"):
        Dataset.from_jsonl(b'[{"messages": []}]').without_errors()


def test_a_report_is_not_what_is_asked_for(ten: Any) -> None:
    """It may have kept too few findings, or be that of other rows."""
    dataset = Dataset.from_examples(ten)
    with pytest.raises(
        DatasetError, match=r"rules is ValidationReport, not AzureRules\. Rows are checked again"
    ):
        dataset.without_errors(dataset.validate())  # type: ignore[arg-type]


ROWS = st.sampled_from([json.dumps(row).encode() if isinstance(row, dict) else row for row in BAD])
GOOD = st.integers(0, 9)


@given(st.lists(ROWS | GOOD | st.binary(max_size=6).map(lambda raw: raw.replace(b"\n", b"")), max_size=8))
@pytest.mark.parametrize("method", ["supervised", "dpo", "reinforcement"])
def test_what_is_left_is_exactly_what_has_no_error(method: str, found: list[Any]) -> None:
    """As validation has it."""
    row = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
    data = b"\n".join(json.dumps(row).encode() if isinstance(each, int) else each for each in [0, *found])
    rules = AzureRules(method=method)
    dataset = Dataset.from_jsonl(data)
    report = dataset.validate(rules, level="rows")
    if not FOREIGN.isdisjoint(report.counts):
        with pytest.raises(DatasetError):
            dataset.without_errors(rules)
        return
    wrong = {error["line"] for error in report.errors()}
    clean = dataset.without_errors(rules)
    assert wrong == {error["line"] for error in clean.report.errors()}
    assert clean.kept.validate(rules, level="rows").ok
    assert len(clean.kept) == len(dataset) - len(wrong)
