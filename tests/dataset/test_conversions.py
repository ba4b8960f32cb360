"""Pairs, CSV, pandas and Hugging Face, both ways."""

from __future__ import annotations

import csv
import io
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from aoai_finetune.dataset import Dataset, by_answer
from aoai_finetune.errors import DatasetError, NotSupported

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@'\t\r\n\0\",;＝"), max_size=12)
FACT = st.none() | TEXT.filter(bool)
ROWS = st.lists(st.tuples(TEXT, TEXT, st.none() | TEXT.filter(bool), FACT), max_size=5)


def of(rows: list[tuple[str, str, str | None, str | None]]) -> Dataset:
    """Rows of question, answer, system and fact."""
    made = []
    for question, answer, system, fact in rows:
        turns = [("system", system), ("user", question), ("assistant", answer)]
        messages = [{"role": role, "content": text} for role, text in turns if text is not None]
        made.append({"messages": messages, **({} if fact is None else {"fact": fact})})
    return Dataset.from_examples(made)


def same(one: Dataset, other: Dataset) -> bool:
    """The same rows with the same facts, given or derived."""
    return one == other and [e.given_fact for e in one] == [e.given_fact for e in other]


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_pairs_survive_a_round_trip(pairs: list[tuple[str, str]]) -> None:
    """As texts."""
    assert Dataset.from_pairs(pairs).to_pairs() == pairs


@given(ROWS)
def test_rows_survive_a_round_trip_through_csv(rows: list[Any]) -> None:
    """Whatever the texts hold: quotes, line ends, formulas, NUL."""
    dataset = of(rows)
    assert same(Dataset.from_csv(dataset.to_csv().encode()), dataset)
    plain = dataset.to_csv(guard=False).encode()
    assert same(Dataset.from_csv(plain, guard=False), dataset)


@given(ROWS)
def test_no_cell_can_be_run_by_a_spreadsheet(rows: list[Any]) -> None:
    """Formulas get a quote before them."""
    for cells in csv.reader(io.StringIO(of(rows).to_csv(), newline="")):
        assert not any(cell[:1] in set("=+-@\t\r\n\0＝＋－＠") - {""} for cell in cells if cell)


def test_csv_has_the_columns_that_were_named(tmp_path: Path) -> None:
    """Out and in; a file is written whole and its path returned."""
    dataset = of([("Q", "A", "S", "f")])
    names: dict[str, Any] = {"question": "q", "answer": "a", "system": "s", "fact": "f"}
    path = dataset.to_csv(tmp_path / "rows.csv", **names)
    assert path.read_bytes().startswith(b"q,a,s,f\r\n")
    assert same(Dataset.from_csv(path, **names), dataset)


def test_prompt_and_completion_are_found_by_themselves() -> None:
    """The names that many files have."""
    assert Dataset.from_csv(b"prompt,completion\nQ,A\n").to_pairs() == [("Q", "A")]


def test_facts_of_a_table_may_come_from_a_function() -> None:
    """As for every other source."""
    assert Dataset.from_csv(b"question,answer\nQ,A\nR,A\n", fact=by_answer).facts == ("a",)


def test_csv_of_excel_is_read() -> None:
    """Its byte-order mark is not part of the first name; a semicolon has to be named."""
    data = "﻿question;answer\r\n社長は?;青木\r\n".encode()
    assert Dataset.from_csv(data, delimiter=";").to_pairs() == [("社長は?", "青木")]


def test_japanese_csv_is_read_on_request() -> None:
    """Nothing is guessed unless it was asked for; the error says what would help."""
    data = "question,answer\r\n社長は?,青木\r\n".encode("cp932")
    with pytest.raises(DatasetError, match="encoding='cp932'"):
        Dataset.from_csv(data)
    assert Dataset.from_csv(data, encoding="cp932").to_pairs() == [("社長は?", "青木")]
    assert Dataset.from_csv(data, encoding="detect").to_pairs() == [("社長は?", "青木")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_encodings_are_detected_on_request(encoding: str) -> None:
    """Those that spreadsheets write."""
    dataset = of([("社長は?", "青木", None, None)])
    data = dataset.to_csv().encode(encoding)
    assert Dataset.from_csv(data, encoding="detect") == dataset


def test_a_text_that_the_encoding_lacks_is_an_error(tmp_path: Path) -> None:
    """Not a question mark, and no file."""
    with pytest.raises(DatasetError, match="line 1: a text cannot be written in cp932"):
        of([("😀", "A", None, None)]).to_csv(tmp_path / "rows.csv", encoding="cp932")
    assert not (tmp_path / "rows.csv").exists()


def test_long_cells_are_read() -> None:
    """The standard library stops at 128 KiB, and keeps its limit for others."""
    before = csv.field_size_limit()
    dataset = of([("x" * 200_000, "A", None, None)])
    assert Dataset.from_csv(dataset.to_csv().encode()) == dataset
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"frage,answer\ns3cret,A\n", "no column 'question' among 2"),
        (b"questions,answer\ns3cret,A\n", "'questions'"),
        (b"question,answer\ns3cret\n", r"line 2: the line has 1 cells and the header 2"),
        (b'question,answer\n"s3cret', "not CSV"),
        (b"question,answer,answer\nQ,A,B\n", "two columns 'answer'"),
        (b"", "the table is empty"),
        (b"\xef\xbb\xbf\r\n \n", "the table is empty"),
        (b"\nquestion,answer\ns3cret,A\n", "line 1: the line of column names is blank"),
    ],
)
def test_a_table_that_cannot_be_read_is_an_error(data: bytes, says: str) -> None:
    """Which names the place and repeats no text."""
    with pytest.raises(DatasetError, match=says) as caught:
        Dataset.from_csv(data)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
@pytest.mark.parametrize(
    "header",
    [
        "question;answer",
        '"question";"answer"',
        "s3cret;other",
        "s3cret;question;answer, or so",
        "prompt;completion",
    ],
)
def test_another_separator_is_named_with_the_way_to_pass_it(header: str, mark: str) -> None:
    """Also where the header is quoted, or where a comma stands in it; no name is repeated."""
    data = f"{header}\nQ;A,s3cret;B\n".replace(";", mark).encode()
    with pytest.raises(DatasetError, match="columns seem to be separated by") as caught:
        Dataset.from_csv(data)
    assert caught.value.hint == f'Pass delimiter="{mark}"'.replace("\t", "\\t")
    assert "s3cret" not in str(caught.value)


def test_a_comma_is_named_where_something_else_was_passed() -> None:
    """The other way round."""
    with pytest.raises(DatasetError, match=r'separated by commas.*Pass delimiter=","'):
        Dataset.from_csv(b"question,answer\nQ,A\n", delimiter=";")


@pytest.mark.parametrize("header", ["question", "question,answer;b", "x,y;z", "fr\0age;a,b"])
def test_a_separator_is_not_made_up(header: str) -> None:
    """Columns that were found, and names with such a mark in them, are left alone."""
    with pytest.raises(DatasetError) as caught:
        Dataset.from_csv(f"{header}\nQ\n".encode())
    assert "separated" not in str(caught.value)


def test_an_error_names_the_line_of_the_file() -> None:
    """Where the record begins: the header is line 1, cells have line ends in them, and blank lines count."""
    with pytest.raises(DatasetError, match="line 5: the line has 3 cells"):
        Dataset.from_csv(b'question,answer\n"Q\nR",A\n\n"S\nT",,\n')
    with pytest.raises(DatasetError, match="line 4: the line has 1 cells"):
        Dataset.from_csv(b'question,answer\n"Q\nR",A\n"S\nT"\n')
    with pytest.raises(DatasetError, match="line 3: this is not CSV"):
        Dataset.from_csv(b'question,answer\nQ,A\n"R"s,B\n')


@pytest.mark.parametrize(
    "source",
    ["question,answer\ns3cret,A\n", "s3cret " * 40, io.TextIOWrapper(io.BytesIO(b"s3cret\xff"), "utf-8")],
)
def test_a_text_in_place_of_a_path_is_not_repeated(source: Any) -> None:
    """Nor what a text file said before it broke."""
    for read in (Dataset.from_csv, Dataset.from_jsonl):
        with pytest.raises(DatasetError) as caught:
            read(source)
        assert "s3cret" not in f"{caught.value}{caught.value.args}{caught.value.source}"
        assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13", "undefined", "\0", ""])
def test_what_is_no_encoding_of_texts_is_an_error(encoding: str) -> None:
    """Both ways, also without any row."""
    with pytest.raises(DatasetError, match="there is no encoding"):
        Dataset.from_csv(b"question,answer\n", encoding=encoding)
    with pytest.raises(DatasetError, match="there is no encoding"):
        of([]).to_csv(encoding=encoding)


def test_names_of_columns_have_to_fit_the_encoding_too() -> None:
    """They are written before any row."""
    with pytest.raises(DatasetError, match="cannot be written in ascii"):
        of([]).to_csv(question="質問", encoding="ascii")


@pytest.mark.parametrize("delimiter", ["", ", ", '"', "\n", "\r"])
def test_a_delimiter_is_one_character(delimiter: str) -> None:
    """And none that means something else."""
    with pytest.raises(DatasetError, match="delimiter"):
        Dataset.from_csv(b"question,answer\nQ,A\n", delimiter=delimiter)


@pytest.mark.parametrize("pair", [None, 3, "QA", ("Q",), ("Q", "A", "more"), {}])
def test_what_is_no_pair_is_an_error_with_its_number(pair: Any) -> None:
    """Two letters are none either."""
    with pytest.raises(DatasetError, match="line 2: a pair is a question and an answer"):
        Dataset.from_pairs([("Q", "A"), pair])


@pytest.mark.parametrize("options", [{"encoding": "klingon"}, {"fact": "topic"}, {"system": "role"}])
def test_what_a_table_does_not_have_is_an_error(options: Any) -> None:
    """A column that was named has to be there."""
    with pytest.raises(DatasetError, match=r"klingon|topic|system="):
        Dataset.from_csv(b"question,answer\nQ,A\n", **options)


def test_a_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    """As for JSONL."""
    with pytest.raises(DatasetError, match=r"rows\.csv: there is no such file"):
        Dataset.from_csv(tmp_path / "rows.csv")


def test_csv_is_read_from_an_open_file(tmp_path: Path) -> None:
    """One opened for bytes."""
    path = of([("Q", "A", None, None)]).to_csv(tmp_path / "rows.csv")
    with path.open("rb") as file:
        assert Dataset.from_csv(file).to_pairs() == [("Q", "A")]
    with path.open(encoding="utf-8") as text, pytest.raises(DatasetError, match="binary file"):
        Dataset.from_csv(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "Q"}]},
        {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A", "weight": 1}]},
        {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], "tools": []},
        {"messages": [{"role": role, "content": "x"} for role in ("user", "assistant", "user", "assistant")]},
    ],
)
def test_a_row_that_is_more_than_a_pair_is_not_cut_down(row: Any) -> None:
    """It is an error, not a loss."""
    dataset = Dataset.from_examples([row])
    for convert in (dataset.to_pairs, dataset.to_csv):
        with pytest.raises(DatasetError, match="line 1: the row is more than"):
            convert()


def test_an_empty_system_text_does_not_get_lost_either() -> None:
    """An empty cell says that there is none."""
    with pytest.raises(DatasetError, match="empty system text"):
        Dataset.from_pairs([("Q", "A")], system="").to_csv()


RICH: list[dict[str, Any]] = [
    {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Q"}]},
            {"role": "assistant", "content": None, "tool_calls": []},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"a": [1, "b", None]}}}],
        "fact": "f",
    },
    {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A", "weight": 0}]},
    {"input": {"messages": []}, "preferred_output": [], "non_preferred_output": []},
]


class Frame:
    """What `from_pandas` needs of a data frame."""

    def __init__(self, **columns: list[Any]) -> None:
        self.columns: list[Any] = list(columns)
        self._cells: dict[Any, list[Any]] = columns

    def to_dict(self, orient: str) -> list[dict[str, Any]]:
        """Its lines."""
        assert orient == "records"
        return [dict(zip(self._cells, line, strict=True)) for line in zip(*self._cells.values(), strict=True)]


def test_a_frame_of_messages_holds_rows_as_they_are() -> None:
    """Empty cells, whatever a library writes for them, are no keys."""
    frame = Frame(messages=[row.get("messages") for row in RICH[:2]], tools=[RICH[0]["tools"], float("nan")])
    assert Dataset.from_pandas(frame) == Dataset.from_examples(RICH[:2])


def test_a_frame_of_questions_becomes_pairs() -> None:
    """Other columns are left out, because the ones that count were named."""
    frame = Frame(q=["Q"], a=["A"], system=[None], topic=["t"], other=[1])
    dataset = Dataset.from_pandas(frame, question="q", answer="a", fact="topic")
    assert same(dataset, of([("Q", "A", None, "t")]))


class Secretive:
    """A value of some library that shows itself when anything goes wrong."""

    def __init__(self, what: str) -> None:
        self._what = what

    @override
    def __ne__(self, other: object) -> bool:
        if self._what == "compared":
            raise ValueError("s3cret")
        return other is not self

    __hash__ = None  # type: ignore[assignment]

    def tolist(self) -> Any:
        """What arrays have."""
        if self._what == "listed":
            raise KeyError("s3cret")
        return self


@pytest.mark.parametrize("cell", [Secretive("compared"), Secretive("listed"), Decimal("sNaN")])
@pytest.mark.parametrize("names", [("question", "answer"), ("messages", "note")])
def test_a_cell_that_cannot_be_read_is_an_error_of_ours(cell: Any, names: tuple[str, str]) -> None:
    """With its line and column, without what the library said of it."""
    record = dict(zip(names, ("Q", cell), strict=True))
    for read, table in (
        (Dataset.from_pandas, Frame(**{n: [c] for n, c in record.items()})),
        (Dataset.from_huggingface, [record]),
    ):
        with pytest.raises(DatasetError, match=f"line 1, {names[1]}: the cell cannot be read") as caught:
            read(table)
        assert "s3cret" not in f"{caught.value}"
        assert caught.value.__suppress_context__


def test_columns_may_have_numbers_for_names() -> None:
    """As a frame without names has, and a row of a stream may have."""
    frame = Frame(question=["Q"], answer=["A"], other=[1])
    frame.columns = [0, 1, None]
    frame._cells = dict(zip(frame.columns, frame._cells.values(), strict=True))
    assert Dataset.from_pandas(frame, question="0", answer="1").to_pairs() == [("Q", "A")]
    with pytest.raises(DatasetError, match="no column 'question' among 2"):
        Dataset.from_huggingface([{0: "Q", None: "A"}])


def test_two_columns_of_one_name_are_an_error() -> None:
    """A library would leave one of them out, with a warning."""
    frame = Frame(messages=[[]])
    frame.columns = ["messages", "messages"]
    with pytest.raises(DatasetError, match="1 columns have the name of another one"):
        Dataset.from_pandas(frame)


@pytest.mark.parametrize("table", [None, 3, [1], ["text"], "text", [["Q", "A"]]])
def test_rows_without_names_are_no_table(table: Any) -> None:
    """Of Hugging Face's."""
    with pytest.raises(DatasetError, match="not a table whose rows have named cells"):
        Dataset.from_huggingface(table)


def test_a_cell_without_a_text_is_an_error() -> None:
    """With its line and column."""
    with pytest.raises(DatasetError, match=r"line 2, answer: the cell is empty\. Fill it"):
        Dataset.from_pandas(Frame(question=["Q", "R"], answer=["A", float("nan")]))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"question": [7]}, "question: the cell holds a number, not a text"),
        ({"answer": [7.5]}, "answer: the cell holds a number, not a text"),
        ({"answer": [True]}, "answer: the cell holds a boolean, not a text"),
        ({"answer": [Decimal(7)]}, "answer: the cell holds Decimal, not a text"),
        ({"system": [7]}, "system: the cell holds a number, not a text"),
        ({"fact": [7]}, "fact: a fact is a text, not int"),
    ],
)
def test_a_column_of_numbers_says_how_it_becomes_texts(cells: Any, said: str) -> None:
    """Without the number."""
    frame = Frame(**{"question": ["Q"], "answer": ["A"], **cells})
    with pytest.raises(DatasetError, match=re.escape(said)) as raised:
        Dataset.from_pandas(frame)
    assert "astype(str)" in raised.value.hint
    assert "7" not in str(raised.value)


def test_a_cell_of_several_values_is_called_by_its_kind() -> None:
    """They are no mistake of the column's type."""
    with pytest.raises(DatasetError, match=r"the cell holds a list, not a text\. Make a text of it"):
        Dataset.from_pandas(Frame(question=[["Q"]], answer=["A"]))


def test_a_system_text_in_place_of_its_column_is_not_repeated() -> None:
    """All rows of a table get one by way of pairs."""
    table = b"question,answer,systen\nQ,A,S\n"
    frame = Frame(question=["Q"], answer=["A"])
    tables: list[tuple[Any, Any]] = [(Dataset.from_csv, table), (Dataset.from_pandas, frame)]
    for read, source in tables:
        with pytest.raises(DatasetError, match=r"system= names a column, and none of the \d") as raised:
            read(source, system="You are a s3cret.")
        assert "s3cret" not in str(raised.value)
        assert "from_pairs(dataset.to_pairs(), system=...)" in raised.value.hint
    with pytest.raises(DatasetError, match="Near names: 'systen'"):
        Dataset.from_csv(table, system="system")
    dataset = Dataset.from_pairs(Dataset.from_csv(table).to_pairs(), system="You help.")
    assert [example.system for example in dataset] == ["You help."]


@pytest.mark.parametrize(
    ("name", "near"), [("sift-jis", "shift_jis"), ("cp93", "cp932"), ("utf8mb4", "utf-8")]
)
def test_an_encoding_that_is_mistyped_gets_near_names(name: str, near: str) -> None:
    """Of those that tables have."""
    with pytest.raises(DatasetError, match=f"Did you mean {near}"):
        Dataset.from_csv(b"question,answer\n", encoding=name)


def test_something_else_is_no_frame() -> None:
    """Nor a dataset of Hugging Face's."""
    with pytest.raises(DatasetError, match="list, not a data frame"):
        Dataset.from_pandas([])
    with pytest.raises(DatasetError, match="several splits"):
        Dataset.from_huggingface({"train": []})


def test_a_cell_that_is_nested_too_deeply_is_an_error() -> None:
    """Of ours, for which there is a line."""
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(DatasetError, match="line 1, messages: the cell is nested too deeply"):
        Dataset.from_huggingface([{"messages": deep}])


def test_a_stream_of_records_is_read_like_a_dataset() -> None:
    """Streams do not know their columns beforehand; empty values inside are what typed columns add."""
    messages = [
        {"role": "user", "content": "Q", "weight": None},
        {"role": "assistant", "content": "A", "weight": 1},
    ]
    [example] = Dataset.from_huggingface([{"messages": messages, "tools": '[{"a": 1}]', "fact": "f"}])
    assert example.row["tools"] == [{"a": 1}]
    assert example.row["messages"][0] == {"role": "user", "content": "Q"}
    assert example.fact == "f"


def test_lists_of_prompt_and_completion_messages_are_joined() -> None:
    """The conversational form of the two columns."""
    [example] = Dataset.from_huggingface(
        [
            {
                "prompt": [{"role": "user", "content": "Q"}],
                "completion": [{"role": "assistant", "content": "A"}],
            }
        ]
    )
    assert (example.question, example.answer) == ("Q", "A")


@pytest.mark.parametrize(("library", "extra"), [("pandas", "notebook"), ("datasets", "hf")])
def test_a_missing_library_is_named_with_its_extra(
    library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the remedy can be typed."""
    monkeypatch.setitem(sys.modules, library, None)
    dataset = of([("Q", "A", None, None)])
    convert = dataset.to_pandas if library == "pandas" else dataset.to_huggingface
    with pytest.raises(NotSupported, match=rf"-e '\.\[{extra}\]'"):
        convert()
