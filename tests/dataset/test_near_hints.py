"""Rows as people bring them: the hint says how to write what is meant, and so does the suggestion of a repair."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from aoai_finetune.dataset import AzureRules, Dataset, Finding

Row = dict[str, Any]
USER: Row = {"role": "user", "content": "s3cret question"}
ASSISTANT: Row = {"role": "assistant", "content": "s3cret answer"}
REINFORCEMENT = 'AzureRules(method="reinforcement")'


def told(row: Row, method: str = "supervised") -> list[Finding]:
    """What is said of a row, which holds nothing of it; suggestions say the same."""
    rules = AzureRules(method=method)
    dataset = Dataset.from_jsonl(json.dumps(row).encode())
    found = list(dataset.validate(rules, level="rows"))
    suggested = {
        (each.finding.code, each.finding.path): each.text for each in dataset.repair(rules).suggestions
    }
    of_rules = {rule.code: rule.hint for rule in rules.describe()}
    near = [finding for finding in found if finding.hint != of_rules[finding.code]]
    assert [suggested[finding.code, finding.path] for finding in near] == [finding.hint for finding in near]
    assert b"s3cret" not in pickle.dumps((found, suggested))
    return found


@pytest.mark.parametrize("method", ["supervised", "dpo"])
def test_two_answers_by_other_names_are_shown_the_preference_form(method: str) -> None:
    """And not that of a chat, which has no place for the second one."""
    [finding] = told({"prompt": "s3cret", "chosen": "s3cret", "rejected": "s3cret"}, method)
    assert finding.code == "messages-missing"
    for name in ("input", "preferred_output", "non_preferred_output"):
        assert f'"{name}": ' in finding.hint


@pytest.mark.parametrize("before", [[], [USER, ASSISTANT]])
def test_a_row_that_asks_last_and_has_fields_is_one_for_reinforcement(before: list[Row]) -> None:
    """Its fields are what a grader reads, so nobody should remove them."""
    found = told({"messages": [*before, USER], "answer": "s3cret", "level": 3})
    assert {finding.code for finding in found} == {
        "last-message" if before else "assistant-missing",
        "row-key-unknown",
    }
    assert all(REINFORCEMENT in finding.hint for finding in found)
    assert told({"messages": [*before, USER], "answer": "s3cret", "level": 3}, "reinforcement") == []


def test_a_row_that_only_asks_or_only_has_fields_is_none() -> None:
    """An answer was forgotten, or a key left over."""
    assert [finding.hint for finding in told({"messages": [USER]})] == [
        "Add the answer that is to be learned"
    ]
    [finding] = told({"messages": [USER, ASSISTANT], "answer": "s3cret"})
    assert finding.hint == "Remove the key, or name it as fact="


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        ({"messages": [{"role": "user", "text": "s3cret"}, ASSISTANT]}, "Rename the key to `content`"),
        ({"messages": [{"speaker": "user", "content": "s3cret"}, ASSISTANT]}, "Rename the key to `role`"),
        ({"dialog": [USER, ASSISTANT]}, "Rename the key to `messages`"),
        ({"messages": [USER, {**ASSISTANT, "role": "bot"}]}, "Write `assistant`"),
        (
            {"messages": "[]"},
            'It may be a list in JSON: row["messages"] = json.loads(row["messages"]) reads it',
        ),
        ({"messages": {}}, "Put the messages into a list"),
        (
            {"question": "s3cret", "answer": "s3cret"},
            'Make rows of them: Dataset.from_pairs((row["question"], row["answer"]) for row in rows)',
        ),
        (
            {"instruction": "s3cret", "input": "s3cret", "output": "s3cret"},
            'Make rows of them: Dataset.from_pairs((row["instruction"] + "\\n" + row["input"], row["output"]) for row in rows)',
        ),
        (
            {"instruction": "s3cret", "response": "s3cret"},
            'Make rows of them: Dataset.from_pairs((row["instruction"], row["response"]) for row in rows)',
        ),
    ],
)
def test_one_finding_says_how_to_write_it(row: Row, hint: str) -> None:
    """Whatever else could be said of such a row follows from it."""
    assert [finding.hint for finding in told(row)] == [hint]


def test_a_key_in_another_case_is_renamed_by_the_repair() -> None:
    """The hint says so, as there is nothing left to do."""
    rows = Dataset.from_jsonl(b'{"messages": [{"role": "user", "Content": "Q"}]}')
    hints = {finding.code: finding.hint for finding in rows.validate(level="rows")}
    assert hints["content-missing"] == "Rename the key to `content`, as repair() does"


def test_a_question_without_an_answer_is_no_pair() -> None:
    """Nor one whose answer is a number."""
    for answer in ({}, {"answer": 5}):
        codes = {finding.code for finding in told({"question": "s3cret", **answer})}
        assert codes == {"messages-missing", "row-key-unknown"}


@pytest.mark.parametrize(
    ("part", "form"),
    [
        ({"type": "image_url", "image_url": "https://s3cret/a.png"}, '{"url": ...}'),
        ({"type": "image", "url": "https://s3cret/a.png"}, '{"url": ...}'),
        ({"type": "input_image", "image_url": "https://s3cret/a.png"}, '{"url": ...}'),
        ({"type": "input_text", "text": "s3cret"}, '"text": ...'),
        ({"type": "text"}, '"text": ...'),
        ({"type": "video"}, "Use a text"),
    ],
)
def test_a_part_in_the_form_of_another_service_is_shown_the_right_one(part: Row, form: str) -> None:
    """The type alone does not say where the address goes."""
    [finding] = told({"messages": [{"role": "user", "content": [part]}, ASSISTANT]})
    assert (finding.code, form in finding.hint) == ("content-type", True)


def test_an_address_that_stands_alone_is_called_a_text() -> None:
    """It is there, so it is not said to be missing."""
    part = {"type": "image_url", "image_url": "https://s3cret/a.png"}
    [finding] = told({"messages": [{"role": "user", "content": [part]}, ASSISTANT]})
    assert finding.message == "`image_url` is a text, not an object with the `url`"


def test_a_question_in_a_message_ends_its_sentence() -> None:
    """Followed by what to do, in errors and in suggestions."""
    rows = Dataset.from_examples([{"messages": [USER, {**ASSISTANT, "role": "bot"}]}])
    [suggestion] = rows.repair().suggestions[:1]
    assert str(suggestion).endswith("did you mean `assistant`? Write `assistant`")
    with pytest.raises(
        ValueError, match=r"did you mean `assistant`\? \(and .*\)\. Write|`\? Write `assistant`"
    ):
        rows.validate(AzureRules(min_examples=1)).raise_for_errors()
