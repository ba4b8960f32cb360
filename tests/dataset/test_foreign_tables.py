"""The real pandas and the real datasets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset
from aoai_finetune.errors import DatasetError

pytestmark = pytest.mark.slow

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"a": [1, "b", None]}}}]
ROWS: list[dict[str, Any]] = [
    {
        "messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "tool_calls": [CALL]}],
        "tools": TOOLS,
    },
    {
        "messages": [
            {"role": "system", "content": "社長"},
            {"role": "user", "content": "=1+1"},
            {"role": "assistant", "content": "2", "weight": 0},
        ],
        "fact": "f",
    },
]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant"]), "content": TEXT},
    optional={"weight": st.sampled_from([0, 1]), "name": TEXT, "tool_calls": st.just([CALL])},
)
TABLE = st.lists(
    st.fixed_dictionaries(
        {"messages": st.lists(MESSAGE, min_size=1, max_size=3)},
        optional={"tools": st.just(TOOLS), "parallel_tool_calls": st.booleans(), "fact": TEXT.filter(bool)},
    ),
    max_size=4,
)


def same(one: Dataset, other: Dataset) -> bool:
    """The same rows with the same facts."""
    return one == other and [e.given_fact for e in one] == [e.given_fact for e in other]


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []])
def test_rows_survive_pandas(rows: list[Any]) -> None:
    """Rows of any kind, facts included."""
    pytest.importorskip("pandas")
    dataset = Dataset.from_examples(rows)
    assert same(Dataset.from_pandas(dataset.to_pandas()), dataset)


def test_rows_survive_parquet_made_by_pandas(tmp_path: Any) -> None:
    """Lists come back as arrays there, and keys that other rows have as empty values."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    dataset = Dataset.from_pairs([("Q", "A"), ("R", "B")], fact=["f", "g"])
    dataset.to_pandas().to_parquet(tmp_path / "rows.parquet")
    assert same(Dataset.from_pandas(pandas.read_parquet(tmp_path / "rows.parquet")), dataset)


def test_missing_cells_of_pandas_are_no_values() -> None:
    """None, NaN, NaT and NA."""
    pandas = pytest.importorskip("pandas")
    for missing in (None, float("nan"), pandas.NaT, pandas.NA):
        frame = pandas.DataFrame(
            {"question": ["Q"], "answer": ["A"], "fact": pandas.Series([missing], dtype=object)}
        )
        assert Dataset.from_pandas(frame)[0].given_fact is None


def test_numbers_and_arrays_of_numpy_are_those_of_json() -> None:
    """Whatever is missing in them; what JSON has nothing for is an error with its line."""
    pandas, numpy = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    turns = numpy.array(
        [{"role": "user", "content": numpy.str_("Q"), "weight": numpy.int64(1)}], dtype=object
    )
    frame = pandas.DataFrame({"messages": [turns], "note": [0]}, dtype=object)
    for missing in (numpy.float32("nan"), numpy.datetime64("NaT", "ns"), pandas.NaT):
        frame.at[0, "note"] = missing
        [example] = Dataset.from_pandas(frame)
        assert example.row == {"messages": [{"role": "user", "content": "Q", "weight": 1}]}
    frame.at[0, "note"] = numpy.bool_(True)
    assert Dataset.from_pandas(frame)[0].row["note"] is True
    frame.at[0, "note"] = pandas.Timestamp("2026-11-30")
    with pytest.raises(DatasetError, match="line 1: the row cannot be written as JSON"):
        Dataset.from_pandas(frame)


def test_two_columns_of_one_name_are_an_error_in_pandas_too() -> None:
    """It would drop one of them, with a warning."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([["Q", "A", "B"]], columns=["question", "answer", "answer"])
    with pytest.raises(DatasetError, match="name of another"):
        Dataset.from_pandas(frame)


def test_rows_survive_hugging_face() -> None:
    """Tools travel as JSON, and what typed columns add is taken out again."""
    pytest.importorskip("datasets")
    dataset = Dataset.from_examples(ROWS)
    assert same(Dataset.from_huggingface(dataset.to_huggingface()), dataset)


def test_a_split_of_hugging_face_has_to_be_chosen() -> None:
    """A dictionary of splits is no dataset."""
    datasets = pytest.importorskip("datasets")
    table = Dataset.from_examples(ROWS).to_huggingface()
    with pytest.raises(DatasetError, match="several splits"):
        Dataset.from_huggingface(datasets.DatasetDict({"train": table}))
    stream = table.to_iterable_dataset()
    assert Dataset.from_huggingface(stream) == Dataset.from_examples(ROWS)


def test_rows_that_typed_columns_cannot_hold_are_an_error() -> None:
    """Whose text does not repeat them."""
    pytest.importorskip("datasets")
    mixed: list[dict[str, Any]] = [
        {"messages": [{"role": "user", "content": "s3cret"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "s3cret"}]}]},
    ]
    with pytest.raises(DatasetError, match="typed columns") as caught:
        Dataset.from_examples(mixed).to_huggingface()
    assert "s3cret" not in str(caught.value)


@settings(max_examples=50)
@given(TABLE)
def test_any_chat_rows_survive_pandas(rows: list[Any]) -> None:
    """With keys that only some of them have."""
    pytest.importorskip("pandas")
    dataset = Dataset.from_examples(rows)
    assert same(Dataset.from_pandas(dataset.to_pandas()), dataset)


@settings(max_examples=50)
@given(TABLE)
def test_any_chat_rows_survive_hugging_face(rows: list[Any]) -> None:
    """Without a value that was not there, and with every one that was."""
    pytest.importorskip("datasets")
    dataset = Dataset.from_examples(rows)
    assert same(Dataset.from_huggingface(dataset.to_huggingface()), dataset)
