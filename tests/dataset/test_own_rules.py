"""Rules of the user's, beside those of the library and in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from aoai_finetune.dataset import AzureRules, Dataset, Rule, Severity
from aoai_finetune.errors import DatasetError


def polite(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A rule a user might write."""
    if "please" not in row["messages"][0]["content"]:
        yield "messages[0].content", "ask politely"


def test_a_rule_of_your_own_is_checked_on_every_row(lines: Any, chat: Any) -> None:
    """On plain rows too, for which the library's rules are skipped."""
    own = Rule(code="politeness", severity=Severity.WARNING, summary="Questions are polite", row=polite)
    rows = lines(chat("please"), chat("Q"))
    report = Dataset.from_jsonl(rows).validate(AzureRules(extra=[own]), level="rows")
    assert [(finding.code, finding.line) for finding in report.findings] == [("politeness", 2)]


def test_what_a_rule_of_your_own_raises_is_a_finding(lines: Any, chat: Any) -> None:
    """Without the text in it: a row that it did not expect must not hide what others find."""
    own = Rule(
        code="politeness", severity=Severity.INFO, summary="Questions are polite", row=polite, hint="Ask"
    )
    report = Dataset.from_jsonl(lines({}, chat("please"), chat("Q"))).validate(AzureRules(extra=[own]))
    found = [
        (finding.line, finding.path, finding.message) for finding in report if finding.code == "politeness"
    ]
    assert found == [
        (1, "", "the check of this rule raised KeyError"),
        (3, "messages[0].content", "ask politely"),
    ]
    assert report.counts["messages-missing"] == 1


class Broken:
    """A check of a whole file that fails wherever it is asked."""

    def __init__(self, _settings: Any) -> None:
        self.blind = False

    def see(
        self, row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /
    ) -> str | None:
        """Row text in the error."""
        raise ValueError(row["messages"][0]["content"])

    def end(self, _rows: int, /) -> list[Any]:
        """As above."""
        raise LookupError("Q")


def test_what_a_file_check_of_your_own_raises_is_a_finding(lines: Any, chat: Any) -> None:
    """On the row, and at the end."""
    own = Rule(code="own", severity=Severity.INFO, summary="Own", file=Broken, hint="Look", level="file")
    report = Dataset.from_jsonl(lines(chat("Q"))).validate(AzureRules(extra=[own]))
    found = {(finding.line, finding.message) for finding in report if finding.code == "own"}
    assert found == {
        (1, "the check of this rule raised ValueError"),
        (None, "the check of this rule raised LookupError"),
    }


@pytest.mark.parametrize("options", [{"keep": 0}, {"keep": -1}, {"n_epochs": 0}, {"n_epochs": "auto"}])
def test_numbers_of_rules_are_at_least_one(options: Any) -> None:
    """With nothing kept there would be no first error to raise."""
    with pytest.raises(DatasetError, match="at least 1"):
        AzureRules(**options)


def test_a_rule_with_a_known_code_takes_its_place(lines: Any, chat: Any) -> None:
    """This is how a severity is changed."""
    known = next(rule for rule in AzureRules().describe() if rule.code == "too-few-examples")
    report = Dataset.from_jsonl(lines(chat("Q"))).validate(
        AzureRules(extra=[replace(known, severity=Severity.WARNING)])
    )
    assert report.ok
    assert report.counts["too-few-examples"] == 1


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ({"file": lambda _settings: 1 // 0}, "ZeroDivisionError"),
        ({"file": lambda _settings: SimpleNamespace(blind=True, end=lambda _rows: [3])}, "TypeError"),
        ({"row": lambda _row: 1 // 0}, "ZeroDivisionError"),
    ],
)
def test_a_rule_that_says_nothing_that_can_be_told_ends_no_validation(
    lines: Any, chat: Any, checks: Any, said: str
) -> None:
    """And no export."""
    own = Rule(code="own", severity=Severity.INFO, summary="Own", level="file", **checks)
    report = Dataset.from_jsonl(lines(chat("Q"))).validate(AzureRules(extra=[own]))
    assert [finding.message for finding in report if finding.code == "own"] == [
        f"the check of this rule raised {said}"
    ]
    assert report.to_json()
    assert report.to_sarif()


def test_what_a_rule_said_before_it_raised_is_kept(lines: Any, chat: Any) -> None:
    """All that it has to say."""

    def half(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        yield "messages", "first"
        raise LookupError(row)

    own = Rule(code="own", severity=Severity.INFO, summary="Own", row=half)
    report = Dataset.from_jsonl(lines(chat("Q"))).validate(AzureRules(extra=[own]))
    found = {finding.message for finding in report if finding.code == "own"}
    assert found == {"first", "the check of this rule raised LookupError"}


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "returned None"),
        ("too short", "returned str"),
        (3, "returned int"),
        (["too short"], "gave str"),
        ([("messages", "first"), ("messages",)], "gave 1 values that are not a path and a message"),
        ([("messages", b"x")], "gave 2 values that are not a path and a message"),
        ([(0, None)], "gave 2 values that are not a path and a message"),
    ],
)
def test_a_check_that_returns_something_else_is_told_what_it_returns(
    lines: Any, chat: Any, returned: Any, said: str
) -> None:
    """Nothing of it is repeated, and what came before it is kept."""
    own = Rule(code="own", severity=Severity.INFO, summary="Own", row=lambda _row: returned)
    report = Dataset.from_jsonl(lines(chat("Q"))).validate(AzureRules(extra=[own]), level="rows")
    wrong, *before = sorted((finding.message for finding in report), key=len, reverse=True)
    assert wrong.startswith(f"the check of this rule {said}: it returns pairs of (path, message)")
    assert before == (["first"] if "1 values" in said else [])


def test_a_check_may_give_a_hint_of_its_own(lines: Any, chat: Any) -> None:
    """Where it knows more than the rule."""
    faults: list[Any] = [("", "far"), ("", "near", "Write this")]
    own = Rule(code="own", severity=Severity.INFO, summary="Own", row=lambda _row: faults, hint="Look")
    report = Dataset.from_jsonl(lines(chat("Q"))).validate(AzureRules(extra=[own]), level="rows")
    assert {(finding.message, finding.hint) for finding in report} == {
        ("far", "Look"),
        ("near", "Write this"),
    }


def test_a_rule_without_a_check_is_refused() -> None:
    """It would never find anything. What the reader checks is another matter."""
    with pytest.raises(DatasetError, match=r"rule 'own' has no check\. Give it row="):
        AzureRules(extra=[Rule(code="own", severity=Severity.INFO, summary="Own")])
    known = next(rule for rule in AzureRules().describe() if rule.code == "blank-line")
    assert AzureRules(extra=[replace(known, severity=Severity.ERROR)]).extra[0].code == "blank-line"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("images", "Did you mean images-per-file, images-per-example? Limits: examples, "),
        ("exampels", "Did you mean examples"),
        ("s", "there is no limit 's'. Limits: examples, "),
        ("", "there is no limit ''. Limits: examples, "),
    ],
)
def test_a_limit_that_does_not_exist_is_told_from_those_that_do(name: str, meant: str) -> None:
    """Near names first, and then all of them."""
    with pytest.raises(DatasetError) as raised:
        AzureRules(limits={name: 8})
    assert meant in str(raised.value)
    assert str(raised.value).endswith("functions-per-row, tool-name-characters")
