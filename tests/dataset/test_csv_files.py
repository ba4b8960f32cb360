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
