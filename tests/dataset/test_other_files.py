"""Files of rows that are no JSONL in UTF-8: one finding that says what they are, and none for JSONL that is broken."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset, Finding
from aoai_finetune.dataset.reading._foreign import FOREIGN
from aoai_finetune.errors import DatasetError

NEW = {"file-binary", "file-encoding", "line-end-cr", "json-spread"}


def row(question: str, answer: str = "A.", **keys: Any) -> dict[str, Any]:
    """A chat row."""
    turns = [("user", question), ("assistant", answer)]
    return {"messages": [{"role": role, "content": text} for role, text in turns], **keys}


def text(*rows: Any, end: str = "\n", **options: Any) -> str:
    """Rows as JSON, each with an end."""
    return "".join(json.dumps(each, ensure_ascii=False, **options) + end for each in rows)


JAPANESE = [row(f"質問 {number} は何ですか。", "表でお答えします。") for number in range(12)]
GERMAN = [row(f"Wie groß ist {number}?", "Ungefähr 3 Köpfe.") for number in range(12)]
CHINESE = [row(f"问题 {number} 是什么？", "答案在这里。") for number in range(12)]
GOOD = [row(f"Question {number}?") for number in range(12)]


def only(data: bytes) -> Finding:
    """The one finding of a file."""
    report = Dataset.from_jsonl(data).validate()
    [finding] = report.findings
    assert report.examples == 0
    assert not report.ok
    return finding


@pytest.mark.parametrize(
    ("packed", "named"),
    [
        (gzip.compress, "gzip"), (bz2.compress, "bzip2"), (lzma.compress, "xz"),
        (lambda data: b"PK\x03\x04" + data.replace(b"{", b"\0"), "ZIP"), (lambda data: b"PAR1" + data.replace(b"{", b"\0"), "Parquet"),
        (lambda data: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + data.replace(b"{", b"\0"), "older Office"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("times", [1, 2000])
def test_a_file_that_is_no_text_is_named(packed: Callable[[bytes], bytes], named: str, times: int) -> None:
    """Whether it is read or checked."""
    data = packed(text(*GERMAN * times).encode())
    finding = only(data)
    assert (finding.code, finding.line) == ("file-binary", 1)
    assert named in finding.message
    with pytest.raises(DatasetError, match=named):
        len(Dataset.from_jsonl(data))


@pytest.mark.parametrize("start", [b"PAR1", b"BZh", b"\x1f\x8b"])
def test_rows_behind_a_line_that_starts_like_another_file_are_rows(start: bytes) -> None:
    """One line is damaged, and the others are read."""
    report = Dataset.from_jsonl(start + b"\n" + text(*GOOD).encode()).validate()
    assert "file-binary" not in report.counts
    assert report.examples == len(GOOD) + 1


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("times", [1, 200])
def test_a_file_in_a_wide_encoding_is_named(name: str, mark: str, times: int) -> None:
    """With a mark or without, short or longer than what is looked at."""
    finding = only((mark + text(*JAPANESE, *GERMAN) * times).encode(name))
    assert (finding.code, finding.line) == ("file-encoding", 1)
    assert f'encoding="{name if not mark else name[:6]}"' in finding.message


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\0\0x", b"\xff\xfe" + "{\ud800}".encode("utf-16-le", "surrogatepass")]
)
def test_bytes_that_only_begin_like_a_wide_encoding_are_not_called_so(data: bytes) -> None:
    """They cannot be read in it."""
    assert NEW.isdisjoint(Dataset.from_jsonl(data).validate().counts)


@pytest.mark.parametrize(
    ("rows", "name"),
    [(JAPANESE, "cp932"), (JAPANESE, "euc_jp"), (GERMAN, "cp1252")],
)
@pytest.mark.parametrize("times", [1, 200])
def test_a_file_in_a_narrow_encoding_is_named(rows: Any, name: str, times: int) -> None:
    """When it can be told; what is said reads the file."""
    data = text(*rows * times).encode(name)
    assert f'encoding="{name}"' in only(data).message
    assert json.loads(data.decode(name).splitlines()[0]) == rows[0]


@pytest.mark.parametrize("name", ["gb2312", "gbk"])
def test_a_file_in_an_encoding_nobody_recognises_is_one_finding_too(name: str) -> None:
    """And nothing is made up."""
    finding = only(text(*CHINESE).encode(name))
    assert finding.code == "file-encoding"
    assert "encoding=" not in finding.message
    assert "encoding=" in finding.hint


def test_an_encoding_is_told_by_most_lines() -> None:
    """Those in ASCII are the same in all of them."""
    assert only(text(*GERMAN, *GOOD[:11]).encode("latin-1")).code == "file-encoding"
    assert NEW.isdisjoint(Dataset.from_jsonl(text(*GERMAN, *GOOD).encode("latin-1")).validate().counts)


@pytest.mark.parametrize("times", [1, 200])
def test_lines_that_end_as_on_old_macs_are_one_finding(times: int) -> None:
    """All rows stand on one line."""
    finding = only(text(*GOOD * times, end="\r").encode())
    assert (finding.code, finding.line) == ("line-end-cr", 1)
    assert "replace" in finding.hint


@pytest.mark.parametrize("options", [{"indent": 2}, {"indent": "\t"}, {"indent": 0}])
@pytest.mark.parametrize("times", [1, 40])
def test_objects_on_several_lines_are_one_finding(options: Any, times: int) -> None:
    """One after the other, as pretty-printers write them."""
    finding = only(text(*JAPANESE * times, **options).encode())
    assert (finding.code, finding.line) == ("json-spread", 1)
    assert "jq -c" in finding.hint


@pytest.mark.parametrize("end", ["\n\n", "\r\n", " "])
def test_what_stands_between_objects_on_several_lines_does_not_matter(end: str) -> None:
    """Blank lines, Windows line ends, or nothing much."""
    assert only(text(*GOOD, indent=1, end=end).encode()).code == "json-spread"


def test_one_large_object_on_many_lines_is_one_finding() -> None:
    """Also where its end is beyond what is looked at."""
    messages = row("Q?")["messages"] * 1_000
    assert only(text({"messages": messages}, indent=2).encode()).code == "json-spread"
    assert only(text({"messages": messages[:2]}, indent=2).encode()).code == "json-spread"


def test_one_broken_object_among_many_on_several_lines_changes_nothing() -> None:
    """The others say what the file is."""
    pretty = text(*GOOD, indent=1).replace('"Question 5?"', '"Question 5?')
    assert only(pretty.encode()).code == "json-spread"


SPREAD = text(GOOD[0], indent=1).encode()
LINES = text(*GOOD).encode()
LARGE = text(row("x" * 100_000)).encode()
FEW = text(*JAPANESE[:4]).encode("cp932")
BROKEN: dict[str, bytes] = {
    "the first object is on several lines": SPREAD + LINES,
    "the first two are": SPREAD * 2 + LINES,
    "most are, but not all": SPREAD * 9 + LINES,
    "the first is, and the next one is large": SPREAD + LARGE,
    "the first is cut off before a large one": b'{"messages": [\n' + LARGE,
    "the first is cut off": b'{"messages": [\n' + LINES,
    "the first is cut off inside of a text": b'{"messages": [{"content": "a\n' + LINES,
    "the last is on several lines": LINES + SPREAD,
    "all are cut off": b'{"messages": [{"role": "user", "content": "Is\n' * 20,
    "all begin a list": b'{"messages": [\n' * 20_000,
    "all end with a comma": LINES.replace(b"\n", b",\n"),
    "some lines are in cp932": LINES + FEW,
    "some lines are in cp932, and first": FEW + LINES,
    "lines in UTF-8 follow as many in cp932": text(*JAPANESE).encode("cp932") + text(*JAPANESE).encode(),
    "two lines are in cp932 and nothing else": text(*JAPANESE[:2]).encode("cp932"),
    "characters are cut off": text(*JAPANESE).encode().replace("。".encode(), "。".encode()[:2]),
    "all lines hold a bad byte, and are no objects": b'{"a": \xff\n' * 20,
    "the first line is in UTF-16": text(GOOD[0]).encode("utf-16") + LINES,
    "the first line is in UTF-16 without a mark": text(GOOD[0]).encode("utf-16-le") + LINES,
    "some later lines are in UTF-16": LINES + text(*GOOD).encode("utf-16"),
    "it begins like UTF-16": b"\xff\xfe" + LINES,
    "it begins with NUL": b"\0" + LINES,
    "a return stands inside of rows": LINES.replace(b", ", b",\r"),
    "a return stands in the only row": LINES[:200].partition(b"\n")[0].replace(b", ", b",\r"),
    "returns end some of the rows": LINES.replace(b"\n", b"\r", 5),
    "a return ends the only row": LINES.partition(b"\n")[0] + b"\r",
    "two lines of a table are before the rows": b"level, message\nINFO, started\n" + LINES,
    "the first is in a list that is cut off": b'[{"role": "user", "content": "Is there\n' + LINES,
    "the first is in a list with a mistake": b'[{"role": "user",}]\n' + LINES,
    "the rows stand between brackets": b"[\n" + LINES + b"]\n",
    "two rows stand on one line": LINES.replace(b"\n", b" ", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_jsonl_is_told_line_by_line(name: str) -> None:
    """Whatever its first lines look like."""
    report = Dataset.from_jsonl(BROKEN[name]).validate(level="rows")
    assert FOREIGN.isdisjoint(report.counts)


@given(
    st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), max_size=4),
    st.randoms(use_true_random=False),
)
def test_twelve_good_rows_among_a_few_lines_of_anything_are_jsonl(broken: list[bytes], order: Any) -> None:
    """In whatever order they stand."""
    lines = [text(each).encode() for each in JAPANESE] + [raw + b"\n" for raw in broken]
    order.shuffle(lines)
    assert FOREIGN.isdisjoint(Dataset.from_jsonl(b"".join(lines)).validate(level="rows").counts)


@pytest.mark.parametrize("rows", [2, 3, 12])
@pytest.mark.parametrize("between", [",\n", "\n,\n", ", "])
def test_an_array_of_a_row_per_line_is_still_an_array(rows: int, between: str) -> None:
    """Its last row has no comma, and none has where the commas stand on lines of their own."""
    data = "[\n" + between.join(map(json.dumps, GOOD[:rows])) + "\n]\n"
    assert only(data.encode()).code == "json-array"


@pytest.mark.parametrize(
    "data",
    [
        text(*JAPANESE * 2_000).encode("cp932"),
        text(*GOOD * 2_000, indent=1).encode(),
        text(*GOOD * 2_000).encode("utf-16"),
        text(*GOOD * 2_000, end="\r").encode(),
    ],
    ids=["narrow", "several lines", "wide", "returns"],
)
def test_workers_say_the_same_of_a_large_file(tmp_path: Path, data: bytes) -> None:
    """What the others find in their parts is not told."""
    path = tmp_path / "rows"
    path.write_bytes(data)
    assert len(data) > 2 << 20
    alone, together = (Dataset.from_jsonl(path).validate(workers=workers) for workers in (1, 2))
    assert together == alone
    assert len(alone.findings) == 1


@pytest.mark.parametrize("data", [text(*JAPANESE).encode("cp932"), text(*GOOD, indent=1).encode()])
def test_repair_leaves_a_file_of_another_kind_alone(data: bytes) -> None:
    """Nothing of it is a row."""
    dataset = Dataset.from_jsonl(data)
    assert dataset.repair().dataset == dataset


OTHERS: dict[str, tuple[bytes, str]] = {
    "array": (json.dumps(GOOD).encode(), r"one JSON array of rows\. Read it with Dataset\.from_examples"),
    "array on lines": (json.dumps(GOOD, indent=1).encode(), r"one JSON array of rows\. Read it with"),
    "table": (b"question,answer\nQ,A\n", r"a table: .* Read it with Dataset\.from_csv"),
    "wide": (text(*GOOD).encode("utf-16"), r'encoding="utf-16"\. Write it anew'),
    "narrow": (text(*JAPANESE).encode("cp932"), r'encoding="cp932"\. Write it anew'),
    "returns": (text(*GOOD, end="\r").encode(), r"carriage returns alone.* Write it anew"),
    "several lines": (text(*GOOD, indent=1).encode(), r"several lines each\. Write each object"),
}
USES: dict[str, Callable[[Dataset], object]] = {
    "iterate": lambda dataset: [*iter(dataset)],
    "len": len,
    "first": lambda dataset: dataset[0],
    "head": Dataset.head,
    "split": Dataset.split,
    "split by row": lambda dataset: dataset.split(by="row"),
    "to_jsonl": Dataset.to_jsonl,
    "to_jsonl with facts": lambda dataset: dataset.to_jsonl(keep_facts=True),
    "to_bytes": Dataset.to_bytes,
    "facts": lambda dataset: dataset.facts,
    "deduplicate": Dataset.deduplicate,
    "sum": lambda dataset: len(Dataset.from_examples(GOOD) + dataset),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", OTHERS)
def test_whoever_reads_rows_of_another_file_learns_what_it_is(tmp_path: Path, name: str, use: str) -> None:
    """Without having validated it: the error names the file and the way in, and no line."""
    data, said = OTHERS[name]
    path = tmp_path / "rows"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=said) as caught:
        USES[use](Dataset.from_jsonl(path))
    assert (caught.value.source, caught.value.line) == (str(path), None)


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_kind_can_be_shown_and_compared(name: str) -> None:
    """A debugger, a notebook and a dictionary must not fail."""
    dataset, same = (Dataset.from_jsonl(OTHERS[name][0]) for _ in range(2))
    assert "examples" not in repr(dataset)
    assert dataset._repr_html_()
    assert dataset == same
    assert {dataset, same} == {dataset}
    with pytest.raises(DatasetError):
        len(dataset)


def test_a_broken_row_of_jsonl_still_has_its_line() -> None:
    """The file is looked at, and found to be what it should be."""
    dataset = Dataset.from_jsonl(LINES + b"{\n")
    assert len(dataset) == 13
    with pytest.raises(DatasetError, match="line 13: the row ends"):
        dataset.to_jsonl()
