"""How files become rows."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from aoai_finetune.dataset import Dataset
from aoai_finetune.errors import DatasetError


def test_a_byte_order_mark_at_the_start_is_accepted(chat: Any, lines: Any) -> None:
    """Some tools write one, and older instructions ask for it."""
    dataset = Dataset.from_jsonl(b"\xef\xbb\xbf" + lines(chat("Q")))
    assert dataset[0].question == "Q"
    assert dataset.validate(level="rows").findings == ()


def test_a_byte_order_mark_inside_the_file_is_an_error(chat: Any, lines: Any) -> None:
    """It remains where files are joined."""
    data = lines(chat("a")) + b"\xef\xbb\xbf" + lines(chat("b"))
    [finding] = Dataset.from_jsonl(data).validate(level="rows").findings
    assert (finding.code, finding.line) == ("bom-inside", 2)


def test_rows_end_with_a_line_feed_and_nothing_else(chat: Any, lines: Any) -> None:
    """U+2028 and U+0085 are legal inside JSON texts, and `splitlines` would break them."""
    dataset = Dataset.from_jsonl(lines(chat("a\u2028b\u0085c"), chat("d")))
    assert [example.question for example in dataset] == ["a\u2028b\u0085c", "d"]


def test_carriage_returns_are_accepted_and_mentioned_once(chat: Any, lines: Any) -> None:
    """A file from Windows is fine; what is uploaded has line feeds."""
    dataset = Dataset.from_jsonl(lines(chat("a"), chat("b")).replace(b"\n", b"\r\n"))
    [finding] = dataset.validate(level="rows").findings
    assert (finding.code, finding.severity, finding.line) == ("line-end", "info", 1)
    assert b"\r" not in dataset.to_bytes()


def test_blank_lines_are_no_rows_but_count_as_lines(chat: Any, lines: Any) -> None:
    """So that the line of a finding is the line in the editor."""
    dataset = Dataset.from_jsonl(b"\n" + lines(chat("a")) + b" \r\n\n" + lines(chat("b")))
    assert [(example.question, example.line) for example in dataset] == [("a", 2), ("b", 5)]
    assert [dataset[index].line for index in range(len(dataset))] == [2, 5]
    report = dataset.validate(level="rows")
    assert [(finding.code, finding.line) for finding in report.findings if finding.code == "blank-line"] == [
        ("blank-line", 1),
        ("blank-line", 3),
        ("blank-line", 4),
    ]


def test_a_last_line_without_a_line_feed_is_a_row(chat: Any, lines: Any) -> None:
    """Many writers leave it out."""
    assert len(Dataset.from_jsonl(lines(chat("a"), chat("b")).rstrip(b"\n"))) == 2


def test_a_file_that_was_cut_off_names_the_line(chat: Any, lines: Any) -> None:
    """A partial download or a full disk."""
    [finding] = Dataset.from_jsonl(lines(chat("a"), chat("b"))[:-20]).validate(level="rows").findings
    assert (finding.code, finding.line) == ("json-truncated", 2)
    assert "cut off" in finding.hint


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b'{"messages": [}', "json-syntax"),
        (b"{'messages': []}", "json-syntax"),
        (b'{"a": 1} {"b": 2}', "json-syntax"),
        (b'{"messages": [], "messages": [1]}', "json-duplicate-key"),
        (b'{"messages": NaN}', "json-number"),
        (b'{"messages": -Infinity}', "json-number"),
        (b'{"messages": 1e999}', "json-number"),
        (b'{"messages": ' + b"9" * 5000 + b"}", "json-number"),
        (b'{"messages": ' + b"[" * 100_000, "json-depth"),
        (b'{"messages": "\\ud83d"}', "json-surrogate"),
        (b'{"messages": "\\udc00\\ud83d"}', "json-surrogate"),
        ("{'messages': 'こ'}".encode("cp932"), "encoding"),
        ('{"messages": "日本"}'.encode("utf-16"), "encoding"),
        (b'{"messages": "\xff"}', "encoding"),
        (b"[]", "not-an-object"),
        (b'"text"', "not-an-object"),
        (b"3", "not-an-object"),
        (b"null", "not-an-object"),
    ],
)
def test_what_is_wrong_with_unreadable_bytes_is_named(row: bytes, code: str) -> None:
    """One code per cause, on the line it stands on."""
    report = Dataset.from_jsonl(row.replace(b"\n", b"") + b"\n").validate(level="rows")
    assert not report.ok
    assert code in report.counts


def test_the_column_of_a_syntax_error_is_told() -> None:
    """Columns count bytes from 1."""
    [finding] = Dataset.from_jsonl(b'{"a": tru}').validate(level="rows").findings
    assert "column 10" in finding.message


SLIPS: dict[str, tuple[str, str, str]] = {
    # what: a row, what is said of it, and a word of the remedy
    "single quotes": ("{'a': 'secret'}", "single quotes", "json.dumps"),
    "single quotes of a value": ("{\"a\": 'secret'}", "single quotes", "json.dumps"),
    "typographic quotes": ('{“a”: "secret"}', "typographic quotes", "straight"),
    "typographic quotes of a value": ('{"a": „secret“}', "typographic quotes", "straight"),
    "Python": ('{"a": "secret", "b": [None]}', "Python", "null"),
    "JavaScript": ('{"a": "secret", "b": undefined}', "JavaScript", "null"),
    "no quotes": ('{secret: "a"}', "key stands without quotes", "double quotes"),
    "a comma in an object": ('{"a": "secret", }', "comma stands before a closing bracket", "comma"),
    "a comma in a list": ('{"a": ["secret",]}', "comma stands before a closing bracket", "comma"),
    "a comma after the row": ('{"a": "secret"} , ', "comma stands after the object", "Remove it"),
    "two rows": ('{"a": "secret"}{"a": 1}', "another object", "line of its own"),
    "two rows and a comma": ('{"a": "secret"}, {"a": 1}', "another object", "line of its own"),
    "the end of a list": ('{"a": "secret"}]', "end of a list", "brackets"),
    "a brace": ('{"a": "secret"}}', "closing brace too many", "Remove it"),
    "a comment after the row": ('{"a": "secret"} // yes', "comment", "Remove it"),
    "a comment in the row": ('{"a": /* secret */ 1}', "comment", "Remove it"),
    "a line of comment": ("# secret", "comment", "Remove it"),
    "no comma": ('{"a": "secret" "b": 1}', "comma is missing", "Write it"),
    "no comma in a list": ('{"a": [{"b": 1} {"b": 2}]}', "comma is missing", "Write it"),
    "a quote in a text": ('{"a": "a "secret" here"}', "quote inside", '\\"'),
    "a tab": ('{"a": "secret\there"}', "control character", "\\t"),
    "a backslash": ('{"a": "C:\\secret"}', "backslash", "two"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_what_people_write_where_json_stands_is_called_by_its_name(name: str) -> None:
    """With the column, and with what to do about it; reading the row says the same, and neither repeats it."""
    row, said, remedy = SLIPS[name]
    dataset = Dataset.from_jsonl(row.encode())
    [finding] = dataset.validate(level="rows").findings
    assert finding.code == "json-syntax"
    assert said in finding.message
    assert re.search(r"\(column \d+\)$", finding.message)
    assert remedy in finding.hint
    assert "secret" not in str(finding)
    with pytest.raises(DatasetError) as caught:
        dataset[0]
    assert (caught.value.message, caught.value.hint) == (finding.message, finding.hint)


@pytest.mark.parametrize(
    "row", ['{"a" 1}', '{"a": 1 x}', '{"a": .5}', '{"a": [1}}', "prose", '{"a": Nonesuch}']
)
def test_a_slip_that_has_no_name_is_told_in_the_words_of_the_parser(row: str) -> None:
    """Rather than guessed; the remedy is that of the rule."""
    [finding] = Dataset.from_jsonl(row.encode()).validate(level="rows").findings
    assert (finding.code, finding.hint) == (
        "json-syntax",
        "Write rows with a JSON library, one object per line",
    )


def test_different_remedies_of_one_rule_stand_with_their_findings() -> None:
    """One that all findings share stands above them."""
    single, double = b"{'a': 1}\n", b'{"a": 1} {}\n'
    apart = Dataset.from_jsonl(single + double).validate(level="rows")
    assert "error json-syntax (2)\n  line 1: " in str(apart)
    assert all(f"{finding.message} ({finding.hint})" in str(apart) for finding in apart)
    alike = Dataset.from_jsonl(single * 2).validate(level="rows")
    assert f"error json-syntax (2); {alike.findings[0].hint}\n" in str(alike)
    assert alike.findings[0].hint in alike._repr_html_()


def test_a_shift_jis_file_is_recognised() -> None:
    """The commonest wrong encoding in Japan."""
    row = json.dumps({"messages": "こんにちは"}, ensure_ascii=False).encode("cp932")
    [finding] = Dataset.from_jsonl(row).validate(level="rows").findings
    assert "Shift_JIS" in finding.message


def test_an_empty_file_is_a_finding_that_names_it(tmp_path: Path) -> None:
    """An export that found nothing."""
    path = tmp_path / "empty.jsonl"
    path.touch()
    [finding] = Dataset.from_jsonl(path).validate().findings
    assert finding.code == "too-few-examples"
    assert finding.source == str(path)
    assert "empty" in finding.message


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    """At once, not when the first row is used."""
    with pytest.raises(DatasetError, match=r"nowhere\.jsonl: there is no such file"):
        Dataset.from_jsonl(tmp_path / "nowhere.jsonl")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    """Named as what it is."""
    with pytest.raises(DatasetError, match=r"cannot be read|a folder"):
        Dataset.from_jsonl(tmp_path)


def test_text_instead_of_a_path_is_recognised() -> None:
    """People pass the content and get a file-name-too-long error elsewhere."""
    with pytest.raises(DatasetError, match="not its path"):
        Dataset.from_jsonl('{"messages": []}\n')


def test_a_path_with_a_null_character_is_an_error_of_ours() -> None:
    """Not a bare ValueError."""
    with pytest.raises(DatasetError, match="cannot be read"):
        Dataset.from_jsonl("a\0b")


def test_a_binary_file_object_is_read_to_its_end(chat: Any, lines: Any, tmp_path: Path) -> None:
    """An upload in a web service, for example."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(chat("a"), chat("b")))
    with path.open("rb") as file:
        dataset = Dataset.from_jsonl(file)
    assert len(dataset) == 2
    assert dataset.sources == (str(path),)


def test_a_text_file_object_is_refused() -> None:
    """Text has lost the bytes that a byte-order mark and line ends are made of."""
    with pytest.raises(DatasetError, match="binary file") as caught:
        Dataset.from_jsonl(io.StringIO("{}"))  # type: ignore[arg-type]
    assert '"rb"' in caught.value.hint


def test_a_changed_file_is_an_error(chat: Any, lines: Any, tmp_path: Path) -> None:
    """Offsets would point into the middle of other rows."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(chat("a"), chat("b")))
    dataset = Dataset.from_jsonl(path)
    assert len(dataset) == 2
    path.write_bytes(lines(chat("longer than before"), chat("b")))
    for use in (
        lambda: dataset[0],
        lambda: list(dataset),
        dataset.validate,
        lambda: dataset.head(1)[0],
    ):
        with pytest.raises(DatasetError, match="has changed"):
            use()


def test_a_file_touched_later_counts_as_changed(chat: Any, lines: Any, tmp_path: Path) -> None:
    """The same size is not the same content."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(chat("a")))
    dataset = Dataset.from_jsonl(path)
    os.utime(path, ns=(1, 1))
    with pytest.raises(DatasetError, match="has changed"):
        len(dataset)


def test_a_deleted_file_does_not_break_the_repr(chat: Any, lines: Any, tmp_path: Path) -> None:
    """A debugger must always be able to show it."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(chat("a")))
    dataset = Dataset.from_jsonl(path)
    path.unlink()
    assert "there is no such file" in repr(dataset)
    assert "there is no such file" in dataset._repr_html_()


def test_a_line_in_another_encoding_is_called_by_its_name() -> None:
    """Where the file as a whole is not in it."""
    first = Dataset.from_jsonl("{}".encode("utf-16") + b"\n").validate(level="rows").findings[0]
    assert (first.code, first.line) == ("encoding", 1)
    assert "UTF-16" in first.message


def test_a_row_longer_than_the_limit_is_not_read(chat: Any, lines: Any, tmp_path: Path) -> None:
    """A sparse file of 65 MiB stands for one without line feeds."""
    path = tmp_path / "rows.jsonl"
    with path.open("wb") as file:
        file.write(lines(chat("a")))
        file.truncate(65 * 2**20)
        file.seek(65 * 2**20)
        file.write(b"\n" + lines(chat("b")))
    dataset = Dataset.from_jsonl(path)
    report = dataset.validate(level="rows")
    assert [(finding.code, finding.line) for finding in report.findings] == [("row-too-long", 2)]
    assert (len(dataset), dataset[2].question, dataset[2].line) == (3, "b", 3)
    with pytest.raises(DatasetError, match="line 2: the row is longer"):
        dataset[1]


def test_iterating_raises_at_the_bad_row_with_its_place(chat: Any, lines: Any, tmp_path: Path) -> None:
    """The rows before it are delivered."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(chat("a"), {"messages": [{"role": "user", "content": 3}]}))
    rows = iter(Dataset.from_jsonl(path))
    assert next(rows).question == "a"
    with pytest.raises(DatasetError) as caught:
        next(rows)
    assert (caught.value.source, caught.value.line, caught.value.path) == (
        str(path),
        2,
        "messages[0].content",
    )
    assert caught.value.hint


def test_a_dataset_survives_pickling_without_its_rows(chat: Any, lines: Any, tmp_path: Path) -> None:
    """A worker process opens the file again by its path."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(*(chat(f"question number {number}") for number in range(100))))
    dataset = Dataset.from_jsonl(path, fact="topic")
    copy = pickle.loads(pickle.dumps(dataset))
    assert copy == dataset
    assert len(pickle.dumps(dataset)) < path.stat().st_size // 2


def test_threads_may_share_a_dataset(chat: Any, lines: Any, tmp_path: Path) -> None:
    """No handle and no position is shared between them."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(*(chat(f"q{number}") for number in range(300))))
    dataset = Dataset.from_jsonl(path)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda index: dataset[index].question, range(300)))
    assert found == [f"q{number}" for number in range(300)]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_kind_of_bytes_is_read(chat: Any, lines: Any, kind: Any) -> None:
    """And copied, so that a buffer may be reused."""
    assert Dataset.from_jsonl(kind(lines(chat("a")))).facts == ("a",)


UNREADABLE = Path("/proc/self/mem")
"""A file of Linux that can be opened, and fails when its start is read."""


@pytest.mark.skipif(not UNREADABLE.exists(), reason="only Linux has a file that fails while it is read")
@pytest.mark.parametrize(
    "use", [list, len, Dataset.head, Dataset.to_jsonl, Dataset.validate, Dataset.repair, Dataset.tokens]
)
def test_a_disk_that_fails_is_an_error_of_ours(use: Any) -> None:
    """While rows are read, with the path and what the system said."""
    with pytest.raises(DatasetError, match=r"/proc/self/mem: the file cannot be read: .*error"):
        use(Dataset.from_jsonl(UNREADABLE))


@pytest.mark.skipif(not UNREADABLE.exists(), reason="only Linux has a file that fails while it is read")
def test_a_file_that_fails_to_be_written_is_told_from_one_that_fails_to_be_read(tmp_path: Path) -> None:
    """What is written comes from what is read."""
    with pytest.raises(DatasetError, match="cannot be read") as caught:
        Dataset.from_jsonl(UNREADABLE).to_jsonl(tmp_path / "rows.jsonl")
    assert caught.value.source == str(UNREADABLE)
    assert list(tmp_path.iterdir()) == []


class Failing(io.RawIOBase):
    """A file on a share that is gone after a few bytes."""

    name = "share/rows.jsonl"

    def __init__(self) -> None:
        self.left = 3

    @override
    def readable(self) -> bool:
        """Yes."""
        return True

    @override
    def readinto(self, buffer: Any, /) -> int:
        """A byte each time, then an error."""
        self.left -= 1
        if not self.left:
            raise OSError(5, "Input/output error")
        buffer[:1] = b"{"
        return 1


@pytest.mark.parametrize("read", [Dataset.from_jsonl, Dataset.from_csv])
def test_a_handle_that_fails_is_an_error_of_ours(read: Any) -> None:
    """With the name of the file, where it has one."""
    with pytest.raises(DatasetError, match=r"share/rows\.jsonl: the file cannot be read: Input/output error"):
        read(Failing())


@pytest.mark.skipif(os.name != "posix", reason="pipes have no paths here")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """It can be read once only; what it holds can be passed as bytes."""
    end, start = os.pipe()
    with os.fdopen(end, "rb"), os.fdopen(start, "wb"), pytest.raises(DatasetError, match=r"a pipe, .*bytes"):
        Dataset.from_jsonl(f"/dev/fd/{end}")
