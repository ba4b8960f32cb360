"""What validation accepts survives every way out and back: 1,000 cases here, 100,000 in the slow run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset, Example, ValidationReport, canonical_json, counter_for, row_tokens
from aoai_finetune.errors import DatasetError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
CALL = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["call_1", "call_2"]),
        "type": st.just("function"),
        "function": st.fixed_dictionaries(
            {"name": st.sampled_from(["f", "g"]), "arguments": st.just("{}") | TEXT}
        ),
    }
)
PARTS = st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": TEXT}), min_size=1, max_size=2)
ASKED = st.fixed_dictionaries({"role": st.sampled_from(["system", "user"]), "content": TEXT | PARTS})
ANSWERED = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": TEXT | PARTS},
    optional={
        "weight": st.sampled_from([0, 1]),
        "tool_calls": st.lists(CALL, min_size=1, max_size=2),
        "name": TEXT,
    },
)
RETURNED = st.fixed_dictionaries(
    {"role": st.just("tool"), "content": TEXT, "tool_call_id": st.sampled_from(["call_1", "call_2"])}
)
MESSAGES = st.builds(
    lambda turns, last: [*turns, last], st.lists(ASKED | ANSWERED | RETURNED, max_size=4), ANSWERED | ASKED
)
TOOLS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.just("function"),
            "function": st.fixed_dictionaries(
                {"name": st.sampled_from(["f", "g"])},
                optional={"parameters": st.dictionaries(TEXT, JSON, max_size=2)},
            ),
        }
    ),
    max_size=2,
)
NEARLY_RIGHT = st.fixed_dictionaries(
    {"messages": MESSAGES}, optional={"tools": TOOLS, "parallel_tool_calls": st.booleans(), "fact": TEXT}
)
DAMAGE = st.tuples(st.integers(0, 30), JSON)
CASES = st.tuples(NEARLY_RIGHT, st.none() | DAMAGE)
# Making a row takes longer than checking it, so each is damaged in several places.
FIVE_CASES = st.tuples(NEARLY_RIGHT, st.lists(DAMAGE, min_size=4, max_size=4))


def _damaged(value: Any, at: int, by: Any) -> tuple[Any, int]:
    """The value with its `at`-th inner value replaced."""
    if at == 0:
        return by, -1
    at -= 1
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        changed, at = _damaged(inner, at, by)
        if at < 0:
            return (
                {**value, key: changed}
                if isinstance(value, dict)
                else [*value[:key], changed, *value[key + 1 :]]
            ), at
    return value, at


def check(case: tuple[dict[str, Any], tuple[int, Any] | None]) -> None:
    """A row that is right or has one wrong value somewhere: no error but ours, and accepted means it survives."""
    row, damage = case
    whole = row if damage is None else _damaged(row, damage[0] + 1, damage[1])[0]
    data = json.dumps(whole).encode() + b"\n"
    dataset = Dataset.from_jsonl(data)
    report = dataset.validate(level="rows")
    assert ValidationReport.from_json(report.to_json()) == report
    repaired = dataset.repair().dataset
    if not report.ok:
        with pytest.raises(DatasetError) if _unusable(dataset) else _nothing():
            list(dataset)
        return
    survives(dataset)
    survives(repaired)
    assert repaired.validate(level="rows").ok


def check_five(cases: tuple[dict[str, Any], list[tuple[int, Any]]]) -> None:
    """A row as it is, and with one wrong value in each of four places."""
    row, damages = cases
    for damage in (None, *damages):
        check((row, damage))


def _unusable(dataset: Dataset) -> bool:
    try:
        list(dataset)
    except DatasetError:
        return True
    return False


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def survives(dataset: Dataset) -> None:
    """Bytes, rows, facts and fingerprint come back."""
    [example] = dataset
    plain = {key: value for key, value in example.row.items() if key != "fact"}
    assert json.loads(example.canonical) == plain
    assert canonical_json(json.loads(example.canonical)) == example.canonical
    assert Example.from_canonical(example.canonical, fact=example.fact) == example
    for again in (
        Dataset.from_jsonl(dataset.to_jsonl(keep_facts=True).encode()),
        Dataset.from_jsonl(dataset.to_bytes()),
        Dataset.from_examples(dataset),
    ):
        assert again == dataset
        assert again.fingerprint == dataset.fingerprint
    assert Dataset.from_jsonl(dataset.to_jsonl(keep_facts=True).encode())[0].fact == example.fact
    assert row_tokens(example.row, counter_for(None)) > 0
    assert len(dataset.deduplicate()) == 1


@settings(max_examples=1_000)
@given(CASES)
def test_what_is_accepted_survives_a_round_trip(case: Any) -> None:
    """And what is not is refused by an error of ours, wherever the wrong value stands."""
    check(case)


@pytest.mark.slow
@pytest.mark.parametrize("fortieth", range(40))
def test_what_is_accepted_survives_a_round_trip_at_length(fortieth: int) -> None:
    """The same law, a hundred times as long, in pieces that no time-out takes for a hang."""
    law = settings(max_examples=500, database=None)(given(FIVE_CASES)(check_five))
    seed(fortieth)(law)()


def test_the_generator_makes_rows_of_both_kinds() -> None:
    """A law about accepted rows says nothing where none is accepted."""
    accepted: set[bool] = set()

    @settings(max_examples=200, database=None)
    @given(CASES)
    def draw(case: Any) -> None:
        row, damage = case
        whole = row if damage is None else _damaged(row, damage[0] + 1, damage[1])[0]
        accepted.add(Dataset.from_jsonl(json.dumps(whole).encode()).validate(level="rows").ok)

    draw()
    assert accepted == {True, False}
