"""What is written and hashed without parsing is what parsing gives, byte for byte."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset, canonical_json
from aoai_finetune.errors import DatasetError

TRICKY = st.sampled_from(
    ['"}, {"role": "user", "content": "', '"},{"role":"user","content":"', '","role":"user"},{"content":"', "\\", '"', "\n"]
)  # fmt: skip
TEXT = st.lists(
    TRICKY | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=1, max_size=4
)
SAID = TEXT.map("".join).filter(lambda text: not text.isspace())
TURN = st.tuples(SAID, SAID).map(
    lambda said: [{"role": "user", "content": said[0]}, {"role": "assistant", "content": said[1]}]
)
CALLED = SAID.map(
    lambda text: [
        {"role": "user", "content": text},
        {"role": "assistant", "tool_calls": [{"id": text, "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": text, "content": text},
        {"role": "assistant", "content": text},
    ]
)  # fmt: skip
TOOLS = st.sampled_from([[], [{"type": "function", "function": {"name": "f", "parameters": {}}}]])
SYSTEM = st.lists(SAID.map(lambda text: {"role": "system", "content": text}), max_size=1)
MESSAGES = st.builds(
    lambda system, turns: [*system, *chain.from_iterable(turns)],
    SYSTEM,
    st.lists(TURN, min_size=1, max_size=3),
)
ROW = MESSAGES.map(lambda messages: {"messages": messages}) | st.builds(
    lambda messages, tools: {"messages": messages, "tools": tools}, CALLED, TOOLS
)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | SAID,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SAID, inner, max_size=3),
    max_leaves=10,
)


@given(ANY)
def test_canonical_json_is_that_of_the_standard_library(value: Any) -> None:
    """Sorted keys, no spaces, no escapes that are not needed."""
    wanted = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    assert canonical_json(value) == wanted.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_canonical_json_refuses_what_cannot_be_carried(value: Any) -> None:
    """Not a number, endless, half of a character."""
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        canonical_json([value])


def test_canonical_json_of_a_cycle_is_an_error_and_leaves_nothing_behind() -> None:
    """A value that holds itself has no end, and the next value is written as ever."""
    cycle: list[object] = []
    cycle.append(cycle)
    for _ in range(2):
        with pytest.raises(RecursionError):
            canonical_json(cycle)
        assert canonical_json([[1]]) == b"[[1]]"


def reversed_keys(value: Any) -> Any:
    """The same value with the keys of every object the other way round."""
    if isinstance(value, list):
        return [reversed_keys(item) for item in value]
    return {key: reversed_keys(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


def layouts(row: Any) -> Iterator[bytes]:
    """The row as programs write it."""
    for value in (row, reversed_keys(row)):
        for separators in ((", ", ": "), (",", ":"), (" , ", " : ")):
            for ascii_only in (True, False):
                yield json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()


@given(ROW)
def test_every_layout_is_written_as_the_same_bytes_before_and_after_validation(row: Any) -> None:
    """Quotes, braces and whole separators inside the texts included."""
    wanted = canonical_json(row)
    for line in layouts(row):
        for end in (b"\n", b"", b"\r\n", b" \n"):
            dataset = Dataset.from_jsonl(line + end)
            assert dataset.to_bytes() == wanted + b"\n"
            dataset.validate()
            assert dataset.to_bytes() == wanted + b"\n"
            assert dataset.deduplicate().to_bytes() == wanted + b"\n"


@given(st.lists(ROW, min_size=1, max_size=6))
def test_digests_are_those_of_the_examples_whoever_reads_first(rows: list[Any]) -> None:
    """Fingerprints do not tell whether rows were validated or deduplicated before."""
    data = b"\n".join(json.dumps(row).encode() for row in [*rows, *rows])
    fresh, noted = Dataset.from_jsonl(data), Dataset.from_jsonl(data)
    noted.validate()
    unique = noted.deduplicate()
    assert [example.digest for example in unique] == list(dict.fromkeys(example.digest for example in fresh))
    assert noted.fingerprint == fresh.fingerprint == Dataset.from_examples(fresh).fingerprint


def rows(count: int) -> bytes:
    """Rows that differ."""
    return b"".join(
        b'{"messages": [{"role": "user", "content": "Q%d"}, {"role": "assistant", "content": "A"}]}\n'
        % number
        for number in range(count)
    )


def test_blank_and_broken_lines_keep_the_others_in_their_place() -> None:
    """Validation notes lines; rows are counted without the blank ones."""
    good = Dataset.from_jsonl(b"\n" + rows(2) + b"\n\n" + rows(3).splitlines()[2])
    good.validate()
    assert [json.loads(line)["messages"][0]["content"] for line in good.to_bytes().splitlines()] == [
        "Q0",
        "Q1",
        "Q2",
    ]
    assert len(good[1:].to_bytes().splitlines()) == 2


@pytest.mark.parametrize("use", ["to_bytes", "deduplicate", "split"])
def test_a_row_that_cannot_be_used_is_refused_with_its_place_after_validation_too(use: str) -> None:
    """Validation says so in its report; whoever goes on all the same hears it again."""
    dataset = Dataset.from_jsonl(rows(2) + b'{"messages": 3}\n' + rows(2))
    assert not dataset.validate().ok
    with pytest.raises(DatasetError) as caught:
        dataset.split(by="row") if use == "split" else getattr(dataset, use)()
    assert caught.value.line == 3


def test_facts_stay_out_of_rows_written_after_validation() -> None:
    """The key `fact` is ours."""
    plain = rows(1)
    given_fact = Dataset.from_jsonl(plain.replace(b'{"messages"', b'{"fact": "f", "messages"'))
    given_fact.validate()
    assert given_fact.to_bytes() == Dataset.from_jsonl(plain).to_bytes()


def test_a_column_named_like_a_part_of_the_row_is_taken_out_of_it() -> None:
    """What the user calls the fact is not written, even at the end of a row with tools."""
    row = {"messages": json.loads(rows(1))["messages"], "tools": "f"}
    dataset = Dataset.from_jsonl(json.dumps(row).encode(), fact="tools")
    dataset.deduplicate()
    assert dataset.to_bytes() == Dataset.from_jsonl(rows(1)).to_bytes()


def test_a_file_that_changes_after_validation_is_refused(tmp_path: Path) -> None:
    """What was noted of its lines is not used for others."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(rows(3))
    dataset = Dataset.from_jsonl(path)
    dataset.validate()
    path.write_bytes(rows(4))
    with pytest.raises(DatasetError, match="changed"):
        dataset.to_bytes()


def test_write_to_returns_the_bytes_written() -> None:
    """Of many rows, too, which are written some at a time."""
    stream = io.BytesIO()
    dataset = Dataset.from_jsonl(rows(200))
    assert dataset.write_to(stream) == len(stream.getvalue())
    assert stream.getvalue() == dataset.to_bytes()


def test_a_split_by_row_is_the_same_from_examples_and_from_files() -> None:
    """Digests that were kept choose as fresh ones do."""
    dataset = Dataset.from_jsonl(rows(30))
    dataset.deduplicate()
    again = Dataset.from_examples(dataset)
    assert dataset.split(by="row") == again.split(by="row")
    assert dataset[5:].split(by="row") == again[5:].split(by="row")
