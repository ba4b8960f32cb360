"""Laws that hold for any input."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from aoai_finetune.dataset import (
    AzureRules,
    Dataset,
    Example,
    canonical_json,
    counter_for,
    normalise,
    row_tokens,
)
from aoai_finetune.dataset.reading._foreign import FOREIGN
from aoai_finetune.errors import DatasetError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = st.sampled_from(
    [
        "role",
        "content",
        "name",
        "weight",
        "tool_calls",
        "tool_call_id",
        "function_call",
        "id",
        "type",
        "function",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
ROLES = st.sampled_from(["system", "developer", "user", "assistant", "tool", "function"])
JSON = st.recursive(
    SCALAR | ROLES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
MESSAGE = st.fixed_dictionaries({"role": ROLES | JSON, "content": TEXT | JSON}) | JSON
ROW = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.lists(MESSAGE, max_size=4) | JSON,
        "input": JSON,
        "preferred_output": JSON,
        "fact": JSON,
        "tools": JSON,
    },
)
CHAT = st.builds(
    lambda texts: {"messages": [{"role": role, "content": text} for role, text in texts]},
    st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), TEXT), min_size=1, max_size=4),
)
PAIRS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "A?", "c d", ""]), st.sampled_from(["1", "2", "2.", ""]))
)


def reordered(value: Any) -> Any:
    """The same JSON value with the keys of every object the other way round."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_the_canonical_form_does_not_depend_on_key_order(value: Any) -> None:
    """Equal values, equal bytes; and the bytes are the value."""
    assert canonical_json(reordered(value)) == canonical_json(value)
    assert json.loads(canonical_json(value)) == value


@given(CHAT)
def test_the_quick_canonical_form_of_plain_rows_is_the_general_one(row: Any) -> None:
    """Two ways to the same bytes must never part."""
    assert Example.from_row(row).canonical == canonical_json(row)


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=3) | CHAT, max_size=4))
def test_rows_survive_a_round_trip_through_jsonl(rows: list[Any]) -> None:
    """Bytes, rows and fingerprint come back, whatever stands in the rows."""
    rows = [{key: value for key, value in row.items() if key != "fact"} for row in rows]
    data = b"".join(canonical_json(row) + b"\n" for row in rows)
    dataset = Dataset.from_jsonl(data)
    assert dataset == Dataset.from_examples(rows)
    assert len(dataset) == len(rows)


@given(st.lists(CHAT, max_size=5), st.randoms())
def test_the_fingerprint_depends_on_rows_and_their_order_alone(rows: list[Any], random: Any) -> None:
    """Not on key order, facts, line ends or blank lines."""
    plain = Dataset.from_examples(rows)
    odd = b"\r\n\n".join(json.dumps(reordered({**row, "fact": "f"})).encode() for row in rows)
    assert Dataset.from_jsonl(odd).fingerprint == plain.fingerprint
    shuffled = random.sample(rows, len(rows))
    assert (Dataset.from_examples(shuffled).fingerprint == plain.fingerprint) == (shuffled == rows)


EVERY_METHOD = [
    (AzureRules(method=method, min_examples=1), level)
    for method, level in (("supervised", "file"), ("dpo", "file"), ("reinforcement", "rows"))
]


def check_rows(rows: list[Any]) -> None:
    """No method raises, whatever stands in the rows; what one accepts can be used in every way, and comes back."""
    dataset = Dataset.from_jsonl(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    reports = [dataset.validate(rules, level=level) for rules, level in EVERY_METHOD]
    if not rows or not any(report.ok for report in reports):
        return
    assert Dataset.from_jsonl(dataset.to_bytes()) == dataset
    assert [example.fact for example in Dataset.from_jsonl(dataset.to_jsonl(keep_facts=True).encode())] == [
        example.fact for example in dataset
    ]
    for example in dataset:
        assert json.loads(example.canonical) == example.row
        assert example.kind in {"chat", "preference", "reinforcement"}
        assert isinstance(example.fact, str)
        assert all(isinstance(message.text, str) for message in example.messages)
        assert row_tokens(example.row, counter_for(None)) > 0
        assert Example.from_canonical(example.canonical, fact=example.fact) == example


@settings(max_examples=1000)
@given(st.lists(ROW, max_size=2))
def test_no_json_crashes_validation(rows: list[Any]) -> None:
    """Any value in any place."""
    check_rows(rows)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(100))
def test_no_json_crashes_validation_in_a_hundred_thousand_cases(part: int) -> None:
    """A thousand of them, others in each part."""

    @seed(part)
    @settings(max_examples=1_000, database=None)
    @given(st.lists(ROW, max_size=2))
    def check(rows: list[Any]) -> None:
        check_rows(rows)

    check()


@given(st.binary(max_size=200) | st.lists(ROW.map(json.dumps)).map(lambda rows: "\n".join(rows).encode()[3:]))
def test_no_bytes_crash_validation(data: bytes) -> None:
    """Reading a file of anything raises nothing but our own error, and only when a row is used."""
    dataset = Dataset.from_jsonl(data)
    report = dataset.validate()
    of_another_kind = not report.counts.keys().isdisjoint(FOREIGN)
    assert report.examples == (0 if of_another_kind else len(dataset))
    assert all([repr(dataset), str(report), dataset.fingerprint, dataset._repr_html_()])
    if report.errors():
        return
    assert len(list(dataset)) == report.examples


@given(st.binary(max_size=200) | ROW.map(json.dumps).map(str.encode))
def test_a_row_that_cannot_be_used_is_an_error_of_ours(data: bytes) -> None:
    """Using rows raises nothing else, and only where validation found an error."""
    dataset = Dataset.from_jsonl(data)
    with contextlib.suppress(DatasetError):
        list(dataset)
        return
    assert dataset.validate(level="rows").errors()


@given(st.binary(max_size=100))
def test_a_file_reads_like_its_bytes(data: bytes) -> None:
    """Two sources, one behaviour, through the index and without it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.jsonl")
        path.write_bytes(data)
        from_file, from_bytes = Dataset.from_jsonl(path), Dataset.from_jsonl(data)
        assert from_file == from_bytes
        if not FOREIGN.isdisjoint(from_bytes.validate().counts):  # rows of a table are not counted
            return
        assert from_file[:] == from_file.select(range(len(from_file)))
        assert from_file.select(range(len(from_file))).fingerprint == from_bytes.fingerprint


@given(PAIRS, PAIRS)
def test_superseding_obeys_its_laws(
    old_pairs: list[tuple[str, str]], new_pairs: list[tuple[str, str]]
) -> None:
    """Nothing is lost, nothing that stays contradicts, and doing it twice changes nothing."""
    old, new = Dataset.from_pairs(old_pairs), Dataset.from_pairs(new_pairs)
    result = old.supersede(by=new)
    kept = list(result.kept)
    assert sorted(e.digest for e in [*kept, *result.dropped]) == sorted(e.digest for e in old)
    assert [e for e in old if e in kept] == kept
    answers = {fact: {normalise(answer) for answer in given} for fact, given in new.answers().items()}
    assert all(normalise(e.answer) in answers.get(e.fact, {normalise(e.answer)}) for e in kept)
    assert all(normalise(e.answer) not in answers[e.fact] for e in result.dropped)
    assert result.kept.supersede(by=new).dropped == ()
    assert old.supersede(by=old).kept == old
    assert old.supersede(by=Dataset.from_pairs([])).kept == old


@given(st.text(st.characters() | st.sampled_from("0123456789.,- -'/ aA"), max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    """So a fact may be normalised again by whoever compares it."""
    assert normalise(normalise(text)) == normalise(text)


@given(st.lists(st.integers(0, 9), max_size=20), st.lists(st.integers(0, 9), max_size=20), st.data())
def test_any_arrangement_of_rows_reads_like_a_list(
    one: list[int], two: list[int], data: st.DataObject
) -> None:
    """Slices, selections and sums of each other, compared with what a list does."""
    memory = Dataset.from_pairs([(f"q{n}", "a") for n in range(10)])
    stored = Dataset.from_jsonl(memory.to_bytes())
    expected = [f"q{n}" for n in one + two]
    dataset = memory.select(one) + stored.select(two)
    for _ in range(3):
        indices = data.draw(
            st.lists(st.integers(0, max(0, len(expected) - 1)), max_size=20 if expected else 0)
        )
        piece = data.draw(st.slices(len(expected)))
        dataset = dataset[piece] + dataset.select(indices)
        expected = expected[piece] + [expected[index] for index in indices]
        assert [example.question for example in dataset] == expected
        assert [dataset[index].question for index in range(len(dataset))] == expected


@given(ROW | CHAT)
def test_the_shortcut_for_plain_rows_hides_nothing(row: Any) -> None:
    """Validation finds what every rule finds when it is asked alone."""
    row.pop("fact", None)
    found = {rule.code: rule.level for rule in AzureRules().describe() if rule.row and list(rule.row(row))}
    rows, deep = (
        set(Dataset.from_examples([row]).validate(level=level).counts) for level in ("rows", "deep")
    )
    assert rows == {code for code, level in found.items() if level == "rows"}
    assert deep >= found.keys()
