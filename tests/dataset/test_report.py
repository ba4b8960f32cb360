"""What validation says, and how it says it."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from aoai_finetune.dataset import AzureRules, Dataset
from aoai_finetune.errors import DatasetError


@pytest.fixture
def broken(chat: Any, lines: Any) -> Dataset:
    """A bad role on line 3, a cut-off row on line 1, a blank line between."""
    bad = chat()
    bad["messages"][0]["role"] = "usr"
    bad["messages"][1]["content"] = " "
    return Dataset.from_jsonl(lines(b'{"a', b"", bad))


def test_findings_come_in_the_order_of_lines_and_codes(broken: Dataset) -> None:
    """Those about the whole file first, and the same on every run."""
    found = [(finding.line, finding.code) for finding in broken.validate().findings]
    assert found == [
        (None, "few-phrasings"),
        (None, "too-few-examples"),
        (1, "json-truncated"),
        (2, "blank-line"),
        (3, "content-empty"),
        (3, "role-unknown"),
    ]


def test_errors_have_the_shape_of_pydantics(broken: Dataset) -> None:
    """Code that prints one kind of error can print the other; warnings are not errors."""
    errors = broken.validate(level="rows").errors()
    assert [error["type"] for error in errors] == ["json-truncated", "role-unknown"]
    assert errors[1]["loc"] == ("messages", 0, "role")
    assert errors[1]["line"] == 3
    assert set(errors[1]) == {"type", "loc", "msg", "line", "source", "hint"}


def test_raising_names_the_first_error_and_carries_the_report(broken: Dataset) -> None:
    """Everything else is in the report."""
    report = broken.validate(level="rows")
    with pytest.raises(DatasetError, match=r"line 1: the row ends .* \(and 1 more error\)") as caught:
        report.raise_for_errors()
    assert caught.value.report is report
    assert caught.value.hint


def test_a_report_without_errors_returns_itself(ten: Any) -> None:
    """So it can stand in a chain of calls."""
    report = Dataset.from_examples([*ten, ten[0]]).validate()
    assert report.ok
    assert report.counts == {"duplicate-row": 1}
    assert report.raise_for_errors() is report


def test_a_million_broken_rows_stay_readable() -> None:
    """Findings are bounded per code; the counts are not."""
    report = Dataset.from_jsonl(b"{\n" * 5000).validate(AzureRules(keep=10), level="rows")
    assert len(report.findings) == 10
    assert report.counts == {"json-truncated": 5000}
    assert len(str(report)) < 500
    assert "4,997 more" in str(report)


def test_the_text_is_grouped_by_rule_with_the_remedy(broken: Dataset) -> None:
    """Errors first, and each rule's hint once."""
    text = str(broken.validate())
    assert text.startswith("2 examples, 3 errors, 3 warnings\n")
    assert text.index("error role-unknown (1)") < text.index("warning blank-line (1)")
    assert "  line 3, messages[0].role: " in text


def test_the_repr_is_one_line(broken: Dataset) -> None:
    """Counts only."""
    assert repr(broken.validate()) == "<ValidationReport: 2 examples, 3 errors, 3 warnings>"


def test_a_finding_prints_with_its_place_and_remedy(broken: Dataset) -> None:
    """One line for a log."""
    finding = broken.validate(level="rows").findings[0]
    assert str(finding).startswith("error json-truncated: line 1: the row ends in the middle of its JSON")
    assert finding.hint in str(finding)


def test_a_report_can_be_pickled(broken: Dataset) -> None:
    """The error that carries it crosses process borders."""
    report = broken.validate()
    error = DatasetError("x", report=report)
    assert pickle.loads(pickle.dumps(error)).report == report


def test_no_text_of_any_row_is_in_a_report(lines: Any) -> None:
    """Neither from broken JSON nor from wrong values, keys or roles."""
    secret = "s3cret text"
    rows = [
        b'{"s3cret text": 1, "s3cret text": 2}',
        b's3cret text "',
        {"messages": [{"role": secret, "content": secret, secret: secret}], secret: 1},
        {"messages": secret, "fact": [secret]},
        {"messages": [secret], "prompt": secret},
        {
            "messages": [
                {"role": "assistant", "content": {secret: secret}, "tool_calls": [secret], "weight": secret}
            ]
        },
    ]
    report = Dataset.from_jsonl(lines(*rows)).validate()
    assert len(report.findings) > 10
    for text in (str(report), repr(report.findings), repr(report.errors()), report._repr_html_()):
        assert "s3cret" not in text
