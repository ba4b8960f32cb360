"""Rows for other methods that say the opposite of each other: preferences turned round, questions graded in two ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import AzureRules, Dataset, Finding
from aoai_finetune.dataset.checks._rule import Method

Row = dict[str, Any]


def output(text: str, **keys: Any) -> list[Row]:
    """One answer."""
    return [{"role": "assistant", "content": text, **keys}]


def prefers(question: str, better: str, worse: str, odd: bool = False) -> Row:
    """A preference row; an odd one is not plain."""
    keys = {"weight": 1} if odd else {}
    return {
        "input": {"messages": [{"role": "user", "content": question}]},
        "preferred_output": output(better, **keys),
        "non_preferred_output": output(worse, **keys),
    }


def graded(question: str, odd: bool = False, **fields: Any) -> Row:
    """A reinforcement row; an odd one is not plain."""
    name = {"name": "ann"} if odd else {}
    return {"messages": [{"role": "user", "content": question, **name}], **fields}


def turned(row: Any) -> Any:
    """The same JSON with the keys of each object in another order."""
    if isinstance(row, dict):
        return {key: turned(row[key]) for key in reversed(row)}
    return [turned(item) for item in row] if isinstance(row, list) else row


def told(rows: list[Row], method: Method, code: str = "contradiction") -> list[Finding]:
    """What a code says of rows."""
    data = "\n".join(map(json.dumps, rows)).encode()
    report = Dataset.from_jsonl(data).validate(AzureRules(method=method))
    return [finding for finding in report if finding.code == code]


@pytest.mark.parametrize("odd", [False, True])
def test_a_preference_that_another_row_turns_round_is_a_contradiction(odd: bool) -> None:
    """It names the first such row; other outputs, and other questions, are no contradiction."""
    rows = [prefers("Q", "a", "b", odd), prefers("Q", "a", "c", odd), prefers("R", "b", "a", odd)]
    assert told(rows, "dpo") == []
    rows += [prefers("Q", "c", "d", odd), prefers("Q", "b", "a", odd), turned(prefers("Q", "c", "a", odd))]
    assert [(finding.line, finding.message) for finding in told(rows, "dpo")] == [
        (5, "line 1 prefers the other one of the same two outputs"),
        (6, "line 2 prefers the other one of the same two outputs"),
    ]


@pytest.mark.parametrize("odd", [False, True])
def test_copies_of_preference_rows_and_equal_outputs_contradict_nothing(odd: bool) -> None:
    """Each has a rule of its own."""
    rows = [prefers("Q", "a", "b", odd), turned(prefers("Q", "a", "b", odd)), prefers("Q", "a", "a", odd)]
    assert told(rows, "dpo") == []
    assert [finding.line for finding in told(rows, "dpo", "duplicate-row")] == [2]
    assert [finding.line for finding in told(rows, "dpo", "preference-same")] == [3]


def test_preference_rows_that_differ_beside_their_outputs_ask_something_else() -> None:
    """Such as in the tools that the model may use."""
    one, two = prefers("Q", "a", "b"), prefers("Q", "b", "a")
    two["input"]["tools"] = []
    assert told([one, two], "dpo") == []
    one["input"]["tools"] = []
    assert len(told([one, two], "dpo")) == 1


def test_preference_rows_without_their_outputs_are_compared_as_they_are() -> None:
    """They are broken, and still copies or not."""
    row = prefers("Q", "a", "b")
    cut = {key: value for key, value in row.items() if key != "preferred_output"}
    rows = [cut, {**cut, "preferred_output": None}, {**cut, "preferred_output": "a"}, cut]
    assert told(rows, "dpo") == []
    assert [finding.line for finding in told(rows, "dpo", "duplicate-row")] == [4]


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("values", [("1", "2"), (1, 1.0), (["x"], ["y"]), (None, 0), ("1", ["1"])])
def test_questions_that_are_graded_by_other_fields_are_a_contradiction(odd: bool, values: Any) -> None:
    """Whatever the fields hold; the same fields make a copy."""
    first, second = values
    rows = [
        graded("Q", odd, reference=first, level=1),
        turned(graded("Q", odd, reference=first, level=1)),
        graded("R", odd, reference=second, level=1),
        turned(graded("Q", odd, reference=second, level=1)),
    ]
    assert [(finding.line, finding.message) for finding in told(rows, "reinforcement")] == [
        (4, "line 1 has other fields for the same messages")
    ]
    assert [finding.line for finding in told(rows, "reinforcement", "duplicate-row")] == [2]


def test_graded_questions_with_other_tools_are_others() -> None:
    """The model is asked something else."""
    tools = [{"type": "function", "function": {"name": "f"}}]
    rows = [graded("Q", reference=1), graded("Q", reference=2, tools=tools)]
    assert told(rows, "reinforcement") == []
    rows.append(graded("Q", reference=3, tools=tools))
    assert [finding.line for finding in told(rows, "reinforcement")] == [3]


@pytest.mark.parametrize("method", ["dpo", "reinforcement"])
def test_several_processes_find_the_same_contradictions(tmp_path: Path, method: Method) -> None:
    """In rows that stand far apart."""
    rows: list[Row] = []
    for number in range(2_600):
        question, odd = f"{number % 1_900} " + "x" * 900, number % 7 == 0
        pair = ("a", "b") if number < 1_900 else ("b", "a")
        dpo = prefers(question, *pair, odd=odd)
        rows.append(dpo if method == "dpo" else graded(question, odd, reference=pair))
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    alone, together = (
        Dataset.from_jsonl(path).validate(AzureRules(method=method), workers=workers) for workers in (1, 2)
    )
    assert together == alone
    alike = [number for number in range(1_900, 2_600) if (number % 7 == 0) is ((number - 1_900) % 7 == 0)]
    assert alone.counts["contradiction"] == len(alike)


LETTERS = st.sampled_from("ab")
PREFERENCE = st.builds(prefers, LETTERS, st.sampled_from("abc"), st.sampled_from("abc"), st.booleans())
GRADED = st.builds(
    lambda question, odd, value: graded(question, odd, value=value),
    LETTERS,
    st.booleans(),
    st.sampled_from(["1", 1, [1], None]),
)


@given(st.lists(st.tuples(PREFERENCE, st.booleans()), max_size=8))
def test_preferences_contradict_as_they_are_defined(given_rows: list[tuple[Row, bool]]) -> None:
    """The same input, and the same outputs turned round, in some row before."""
    rows = [row for row, _ in given_rows]
    names = ("preferred_output", "non_preferred_output")
    expected: list[int] = []
    for at, row in enumerate(rows):
        other = {**row, names[0]: row[names[1]], names[1]: row[names[0]]}
        if other != row and other in rows[:at]:
            expected.append(at + 1)
    written = [turned(row) if turn else row for row, turn in given_rows]
    assert [finding.line for finding in told(written, "dpo")] == expected


@given(st.lists(st.tuples(GRADED, st.booleans()), max_size=8))
def test_graded_questions_contradict_as_they_are_defined(given_rows: list[tuple[Row, bool]]) -> None:
    """Other fields than the first row with the same messages has."""
    rows = [row for row, _ in given_rows]
    expected: list[int] = []
    for at, row in enumerate(rows):
        first = next(each for each in rows if each["messages"] == row["messages"])
        if json.dumps(first["value"]) != json.dumps(row["value"]):
            expected.append(at + 1)
    written = [turned(row) if turn else row for row, turn in given_rows]
    assert [finding.line for finding in told(written, "reinforcement")] == expected
