"""Plain rows of preference and reinforcement fine-tuning: known at a glance, and sound."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import AzureRules, Dataset
from aoai_finetune.dataset.checks._rule import Method
from aoai_finetune.dataset.shortcuts._plain import hides
from aoai_finetune.dataset.shortcuts._plain_methods import TEXTS

TEXT = st.sampled_from(["x", "y", "有", "", " ", "　", "a\0", "\u202e", "a\nb"])
ODD = (
    st.none()
    | st.booleans()
    | st.integers(0, 1)
    | st.lists(st.just("x"), max_size=1)
    | st.just({"text": "x"})
)
ROLE = st.sampled_from(["system", "developer", "user", "user", "assistant", "tool", "x"])
MESSAGE = st.fixed_dictionaries(
    {"role": ROLE, "content": TEXT}, optional={"weight": st.integers(0, 1), "name": TEXT}
) | st.fixed_dictionaries({"role": ROLE | ODD, "content": TEXT | ODD})
GOOD = st.sampled_from(
    [
        [{"role": "user", "content": "Q"}],
        [{"role": "developer", "content": "S"}, {"role": "user", "content": "Q"}],
        [{"role": "system", "content": "S"}, {"role": "user", "content": "Q"}],
        [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}],
        [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}, {"role": "user", "content": "R"}],
    ]
)  # fmt: skip
ASKED = GOOD | GOOD | GOOD | st.lists(MESSAGE, max_size=3)
ANSWER = st.fixed_dictionaries({"role": st.sampled_from(["assistant"] * 3 + ["user", "tool"]), "content": TEXT},
                               optional={"weight": st.just(1)})  # fmt: skip
OUTPUT = st.lists(ANSWER, min_size=1, max_size=1) | st.lists(MESSAGE, max_size=2) | ODD
HOLDER = st.fixed_dictionaries({"messages": ASKED})
PREFERENCE = st.fixed_dictionaries(
    {
        "input": HOLDER | HOLDER | st.fixed_dictionaries({"messages": ASKED, "tools": ODD}) | ODD,
        "preferred_output": st.just([{"role": "assistant", "content": "A"}]) | OUTPUT,
        "non_preferred_output": st.lists(ANSWER, min_size=1, max_size=1) | OUTPUT,
    }
) | st.fixed_dictionaries(
    {"input": HOLDER, "preferred_output": OUTPUT, "non_preferred_output": OUTPUT},
    optional={"messages": ASKED, "x": TEXT, "fact": TEXT},
)
FIELD = TEXT | ODD | st.integers() | st.floats()
GRADED = st.fixed_dictionaries(
    {"messages": ASKED}, optional={"n\0": FIELD, "answer": FIELD}
) | st.fixed_dictionaries(
    {"messages": ASKED | ODD},
    optional={"answer": FIELD, "tools": FIELD, "input": FIELD, "fact": TEXT, "parallel_tool_calls": FIELD},
)
ROWS: list[tuple[Method, st.SearchStrategy[Any]]] = [("dpo", PREFERENCE), ("reinforcement", GRADED)]


@pytest.mark.parametrize(("method", "rows"), ROWS)
@given(data=st.data())
def test_no_rule_has_anything_to_say_about_a_plain_row(
    method: Method, rows: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    """Unless something hides in its texts."""
    row = data.draw(rows)
    texts = TEXTS[method](row)
    if texts is not None and not hides(texts):
        rules = AzureRules(method=method)
        assert [
            rule.code for rule in rules.describe() if rule.row and rule.level == "rows" and [*rule.row(row)]
        ] == []


def preference(better: str = "A", worse: str = "B", **changes: Any) -> dict[str, Any]:
    """A plain preference row."""
    asked = [{"role": "system", "content": "S"}, {"role": "user", "content": "Q"}]
    outputs = ([{"role": "assistant", "content": text}] for text in (better, worse))
    return {"input": {"messages": asked}, **dict(zip(("preferred_output", "non_preferred_output"), outputs, strict=True)), **changes}  # fmt: skip


def graded(lead: str = "developer", /, **fields: Any) -> dict[str, Any]:
    """A plain reinforcement row."""
    return {"messages": [{"role": lead, "content": "S"}, {"role": "user", "content": "Q"}], **fields}


def test_plain_rows_say_all_that_is_in_them() -> None:
    """Equal texts are equal rows, whatever the order of their keys."""
    assert TEXTS["dpo"](preference()) == ["system", "S", "user", "Q", "assistant", "A", "rather than", "B"]
    assert TEXTS["reinforcement"](graded(answer=1, more="x")) == TEXTS["reinforcement"](
        graded(more="x", answer=1)
    )
    told = [graded(answer=value) for value in (1, True, "1", None)] + [
        graded(),
        graded("system"),
        graded(other=1),
    ]
    assert len({tuple(TEXTS["reinforcement"](row) or ()) for row in told}) == len(told)


@pytest.mark.parametrize(
    ("method", "make"),
    [
        ("dpo", lambda: preference(worse="A")),
        ("dpo", lambda: preference(worse=" ")),
        ("dpo", lambda: preference(worse="")),
        ("dpo", lambda: preference(non_preferred_output=[{"role": "user", "content": "B"}])),
        ("dpo", lambda: preference(non_preferred_output=[{"role": "assistant", "content": "B", "weight": 0}])),
        ("dpo", lambda: preference(more=1)),
        ("dpo", lambda: preference(preferred_output=[])),
        ("reinforcement", lambda: graded(tools=[])),
        ("reinforcement", lambda: graded(answer=0.5)),
        ("reinforcement", lambda: graded(answer="a\0")),
        ("reinforcement", lambda: graded(**{"n\0": 1})),
        ("reinforcement", lambda: graded(answer=2**60)),
        ("reinforcement", lambda: graded("tool")),
        ("reinforcement", lambda: graded(fact="f")),
    ],
)  # fmt: skip
def test_other_rows_are_not_plain(method: Method, make: Callable[[], Any]) -> None:
    """They are checked rule by rule."""
    assert TEXTS[method](make()) is None


@pytest.mark.parametrize(("method", "rows"), ROWS)
@given(data=st.data())
def test_reports_and_digests_are_those_of_rows_checked_one_by_one(
    method: Method, rows: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    """Copies are found whatever the order of keys, and what is written afterwards is the same."""
    drawn = data.draw(st.lists(rows, min_size=1, max_size=4))
    drawn += [dict(reversed(row.items())) for row in data.draw(st.lists(st.sampled_from(drawn), max_size=3))]
    raw = b"".join(json.dumps(row).encode() + b"\n" for row in drawn)
    rules = AzureRules(method=method)
    dataset = Dataset.from_jsonl(raw)
    report = dataset.validate(rules, level="file")
    apart = [Dataset.from_jsonl(json.dumps(row).encode()) for row in drawn]
    alone = {rule.code for rule in rules.describe() if rule.level == "rows"}
    counts = sum((Counter(one.validate(rules, level="rows").counts) for one in apart), Counter[str]())
    assert {code: number for code, number in report.counts.items() if code in alone} == counts


@pytest.mark.parametrize(
    ("method", "rows"),
    [
        ("dpo", [preference(), preference(worse="C"), preference("D")]),
        ("reinforcement", [graded(answer="1"), graded(answer=1), graded(answer=None), graded()]),
    ],
)
def test_a_copy_is_a_row_that_says_all_the_same(method: Method, rows: list[Any]) -> None:
    """Whatever the order of its keys; what is written after a validation is what is written without."""
    lines = [json.dumps(row).encode() for row in [*rows, dict(reversed(rows[0].items()))]]
    raw = b"\n".join([*lines, b""])
    dataset = Dataset.from_jsonl(raw)
    assert dataset.validate(AzureRules(method=method)).counts["duplicate-row"] == 1
    assert dataset.fingerprint == Dataset.from_jsonl(raw).fingerprint
    assert [*dataset.deduplicate()] == [*Dataset.from_jsonl(raw).deduplicate()]
    assert len(dataset.deduplicate()) == len(rows)
