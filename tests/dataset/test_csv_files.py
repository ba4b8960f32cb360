"""What stands in a file that is read as a table: other files are called by their names."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune.dataset import Dataset
from aoai_finetune.errors import DatasetError

ROWS = [
    {"messages": [{"role": "user", "content": f"s3cret, {n}"}, {"role": "assistant", "content": "A"}]}
    for n in range(12)
]
JSONL = "".join(json.dumps(row) + "\n" for row in ROWS)
TABLE = "question,answer\r\n" + "Wie groß?,Ungefähr 3 Köpfe\r\n" * 12
PANDAS = "Dataset.from_pandas"

OTHERS: dict[str, tuple[bytes, str, str]] = {
    "jsonl": (JSONL.encode(), "no table but JSONL", "Dataset.from_jsonl"),
    "one row of JSONL": (JSONL.splitlines()[0].encode(), "no table but JSONL", "Dataset.from_jsonl"),
    "jsonl with a mark": (b"\xef\xbb\xbf" + JSONL.encode(), "no table but JSONL", "Dataset.from_jsonl"),
    "jsonl after a broken line": (b'{"messages": [\n' + JSONL.encode(), "but JSONL", "Dataset.from_jsonl"),
    "an array": (json.dumps(ROWS).encode(), "one JSON array of rows", "Dataset.from_examples"),
    "an array on lines": (json.dumps(ROWS, indent=1).encode(), "one JSON array", "Dataset.from_examples"),
    "objects on lines": (json.dumps(ROWS[0], indent=1).encode(), "stand on several lines each", "jq"),
    "jsonl of an old Mac": (JSONL.replace("\n", "\r").encode(), "carriage returns alone", "Write it anew"),
    "gzip": (gzip.compress(TABLE.encode()), "packed with gzip", PANDAS),
    "bzip2": (bz2.compress(TABLE.encode()), "packed with bzip2", PANDAS),
    "xz": (lzma.compress(TABLE.encode()), "packed with xz", PANDAS),
    "xlsx": (b"PK\x03\x04\x14\0\x06\0" + bytes(range(256)), "as Excel tables are", PANDAS),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "older Office", PANDAS),
    "parquet": (b"PAR1\x15\4" + bytes(99), "a Parquet table", PANDAS),
    "sqlite": (b"SQLite format 3\0" + bytes(99), "an SQLite database", PANDAS),
}


@pytest.mark.parametrize("encoding", ["utf-8", "detect"])
@pytest.mark.parametrize("name", OTHERS)
def test_a_file_that_is_no_table_is_called_by_its_name(tmp_path: Path, name: str, encoding: str) -> None:
    """With what reads it, and with nothing that stands in it."""
    data, said, hint = OTHERS[name]
    path = tmp_path / "rows.csv"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=said) as caught:
        Dataset.from_csv(path, encoding=encoding)
    assert caught.value.source == str(path)
    assert hint in caught.value.hint
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("start", ["PAR1", "BZh", "PK\x03\x04"])
def test_a_table_may_begin_with_any_letters(start: str) -> None:
    """What other files start with is no sign as long as the rest is text."""
    table = f"{start},question,answer\n1,Wie groß?,A\n"
    assert Dataset.from_csv(table.encode()).to_pairs() == [("Wie groß?", "A")]


@pytest.mark.parametrize(
    "answer", ["{}", "[", '{"a": 1}', "[{}]", '"{""a"": 1}"'], ids=["{}", "[", "object", "array", "quoted"]
)
def test_a_table_may_hold_json(answer: str) -> None:
    """In its cells, and in most of its lines: only what stands alone on a line is a row."""
    assert len(Dataset.from_csv(f"question,answer\nQ,{answer}\nR,{answer}\n".encode())) == 2


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_wide_encoding_is_named_and_detected(name: str, mark: str) -> None:
    """By its mark, or by its first letters: half of it would be read as letters that nobody wrote."""
    data = (mark + TABLE).encode(name)
    fitting = name[:6] if mark else name
    for other in ("utf-8", "cp932", "ascii", "latin-1"):
        with pytest.raises(DatasetError, match=f"not {other}.*encoding='{fitting}'"):
            Dataset.from_csv(data, encoding=other)
    expected = Dataset.from_csv(TABLE.encode())
    assert Dataset.from_csv(data, encoding="detect") == expected
    assert Dataset.from_csv(data, encoding=fitting) == expected


def test_a_folder_and_a_missing_file_are_called_so(tmp_path: Path) -> None:
    """In the words that JSONL has for them."""
    read: Any
    for read in (Dataset.from_csv, Dataset.from_jsonl):
        with pytest.raises(DatasetError, match=r"this is a folder, not a file\. Name one file in it"):
            read(tmp_path)
        with pytest.raises(DatasetError, match=r"x\.csv: there is no such file\. Check the path"):
            read(tmp_path / "x.csv")


LINED = 'question,answer,fact\r\n"Q\r\nR",A,f\r\n\r\nS,"A\r\n\r\nB",g\r\n"",A,\r\nS,B,g\r\n'
"""Rows that begin on the lines 2, 5, 8 and 9."""


@pytest.fixture
def lined(tmp_path: Path) -> Path:
    """The table above as a file."""
    path = tmp_path / "rows.csv"
    path.write_text(LINED, encoding="utf-8", newline="")
    return path


def test_rows_of_a_table_know_its_lines(lined: Path) -> None:
    """Where each record begins: cells have line ends in them, and blank lines count."""
    dataset = Dataset.from_csv(lined)
    assert [example.line for example in dataset] == [2, 5, 8, 9]
    assert [example.given_fact for example in dataset] == ["f", "g", None, "g"]
    assert dataset.sources == (str(lined),)
    assert (dataset[2].line, dataset[-1].line, dataset[1:3][0].given_fact) == (8, 9, "g")
    assert [example.line for example in dataset.select([3, 0])] == [9, 2]


def test_findings_about_rows_of_a_table_name_its_file_and_lines(lined: Path) -> None:
    """As for JSONL, in every form of the report; what is about the whole file has its name."""
    report = Dataset.from_csv(lined).validate()
    [empty] = [finding for finding in report if finding.code == "content-empty" and finding.line]
    assert empty.where.startswith(f"{lined}, line 8, messages[0]")
    assert {finding.source for finding in report} == {str(lined)}
    assert f"{lined}:8: " in report.to_text()
    assert f"{lined}, line 8" in str(report)
    results = json.loads(report.to_sarif(root=lined.parent))["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    assert {place["artifactLocation"]["uri"] for place in places} == {"rows.csv"}
    assert 8 in {place["region"]["startLine"] for place in places}


def test_other_answers_about_rows_of_a_table_name_its_lines(lined: Path) -> None:
    """Repairs, leaks, statistics and rows that contradict one another."""
    dataset = Dataset.from_csv(lined)
    leaks = Dataset.from_pairs([("S", "A")]).leakage(dataset)
    assert [finding.message for finding in leaks] == [f"the same question stands in line 5 of {lined}"]
    assert [finding.line for finding in dataset.leakage(Dataset.from_pairs([("S", "C")]))] == [5, 9]
    lined.write_text(LINED.replace("S,B,g", '"Q\r\nR",A,f'), encoding="utf-8", newline="")
    [copy] = [fix for fix in Dataset.from_csv(lined).repair().fixes if fix.code == "duplicate-row"]
    assert (copy.line, copy.was, copy.source) == (9, "the same row as line 2", str(lined))
    assert dataset.statistics().longest_source == str(lined)


def test_an_open_file_and_bytes_have_lines_too(lined: Path) -> None:
    """The file by its name, the bytes without one."""
    with lined.open("rb") as file:
        assert Dataset.from_csv(file).validate().findings[0].source == str(lined)
    without = Dataset.from_csv(LINED.encode())
    assert (without.sources, [example.line for example in without]) == ((), [2, 5, 8, 9])


def test_what_a_function_for_facts_raises_names_the_line(lined: Path) -> None:
    """Of the file, and the file."""
    with pytest.raises(DatasetError, match="line 2: the fact= function raised KeyError") as caught:
        Dataset.from_csv(lined, fact=lambda example: str(example.row["s3cret"]))
    assert caught.value.source == str(lined)


def test_tables_stand_beside_other_rows(lined: Path) -> None:
    """In sums."""
    jsonl = Dataset.from_jsonl(b'{"messages": []}\n')
    report = (Dataset.from_csv(lined) + jsonl).validate(level="rows")
    assert {(finding.source, finding.line) for finding in report} == {(str(lined), 8), (None, 1)}
