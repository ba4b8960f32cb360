"""A dataset as a sequence, and how it is written."""

from __future__ import annotations

import io
import json
import operator
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune.dataset import Dataset, Example
from aoai_finetune.errors import DatasetError


def questions(dataset: Dataset) -> list[str]:
    """The questions, in order."""
    return [example.question for example in dataset]


@pytest.fixture
def abc(chat: Any, lines: Any, tmp_path: Path) -> Dataset:
    """Three rows of a file."""
    path = tmp_path / "abc.jsonl"
    path.write_bytes(lines(chat("a"), chat("b"), chat("c")))
    return Dataset.from_jsonl(path)


@pytest.fixture
def de(chat: Any) -> Dataset:
    """Two rows in memory."""
    return Dataset.from_examples([chat("d"), chat("e")])


def test_it_is_a_sequence(abc: Dataset) -> None:
    """Length, indices from both ends, slices in any direction."""
    assert len(abc) == 3
    assert (abc[0].question, abc[-1].question) == ("a", "c")
    assert questions(abc[1:]) == ["b", "c"]
    assert questions(abc[::-1]) == ["c", "b", "a"]
    assert questions(abc[::-1][0:2]) == ["c", "b"]
    assert questions(abc[5:]) == []


@pytest.mark.parametrize("index", [3, -4])
def test_an_index_outside_raises_as_for_a_list(abc: Dataset, index: int) -> None:
    """So `for` loops over indices end where they should."""
    with pytest.raises(IndexError, match=f"row {index} of a dataset of 3"):
        abc[index]


@pytest.mark.parametrize("index", ["s3cret", 1.5, None, True, slice("s3cret", None), slice(0, 3, 0)])
def test_an_index_of_another_kind_says_how_rows_are_named(abc: Dataset, index: Any) -> None:
    """A fact is a key elsewhere."""
    with pytest.raises(DatasetError, match=r"not a whole number|not one of whole numbers") as raised:
        abc[index]
    assert "dataset.by_fact()[fact]" in raised.value.hint
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("indices", [[3], [-1], [0, 7]])
def test_selecting_a_row_that_does_not_exist_raises(abc: Dataset, indices: list[int]) -> None:
    """Indices are not counted from the end here."""
    with pytest.raises(IndexError, match="dataset of 3"):
        abc.select(indices)


def test_rows_can_be_selected_in_any_order_and_repeatedly(abc: Dataset) -> None:
    """Plans with repeats are made so."""
    assert questions(abc.select([2, 0, 2])) == ["c", "a", "c"]


def test_datasets_can_be_added(abc: Dataset, de: Dataset) -> None:
    """A sum of sums is flat, and each row still knows its line."""
    total = abc + de + abc[:1]
    assert questions(total) == ["a", "b", "c", "d", "e", "a"]
    assert [example.line for example in total] == [1, 2, 3, 1, 2, 1]
    assert total[3].question == "d"


def test_anything_else_cannot_be_added(abc: Dataset) -> None:
    """A list of rows goes through `from_examples`."""
    with pytest.raises(TypeError):
        operator.add(abc, [1])


def test_sums_of_many_steps_stay_flat(abc: Dataset, de: Dataset) -> None:
    """A history is a sum that was deduplicated after every step; it must not become deeper with each."""
    history = abc
    for _ in range(400):
        history = (history + de).deduplicate()
    assert questions(history) == ["a", "b", "c", "d", "e"]
    assert questions(history.shuffle(1)[::-1] + de) == [*reversed(questions(history.shuffle(1))), "d", "e"]


def test_a_shuffled_sum_of_many_runs_is_read_in_order(abc: Dataset, de: Dataset) -> None:
    """More runs than are kept as a chain."""
    total = abc
    for _ in range(200):
        total = total + de + abc
    shuffled = total.shuffle(3)
    again = shuffled.select(range(len(shuffled) - 1, -1, -1))
    assert sorted(questions(shuffled)) == sorted(questions(total))
    assert questions(again) == questions(shuffled)[::-1]
    assert shuffled[17].question == questions(shuffled)[17]


def test_shuffling_depends_on_the_seed_alone(abc: Dataset) -> None:
    """The same on every machine."""
    many = abc + abc + abc
    assert many.shuffle(1) == many.shuffle(1)
    assert many.shuffle(1) != many.shuffle(2)


def test_a_sample_has_no_row_twice(abc: Dataset) -> None:
    """It is drawn without replacement."""
    assert len(set(questions(abc.sample(3, seed=5)))) == 3
    assert len(abc.sample(2)) == 2


def test_more_rows_than_there_are_cannot_be_drawn(abc: Dataset) -> None:
    """The message has both numbers."""
    with pytest.raises(DatasetError, match="4 rows from 3"):
        abc.sample(4)
    with pytest.raises(DatasetError, match=r"n is -1\. Give a whole number of at least 0"):
        abc.sample(-1)


def test_head_is_a_dataset(abc: Dataset) -> None:
    """At most as many rows as there are."""
    assert questions(abc.head(2)) == ["a", "b"]
    assert len(abc.head(99)) == 3
    assert len(abc.head(-1)) == 0


def test_deduplicating_keeps_the_first(abc: Dataset) -> None:
    """Whatever the facts say."""
    assert questions((abc + abc[1:]).deduplicate()) == ["a", "b", "c"]


def test_equality_is_by_rows_not_by_source(abc: Dataset, chat: Any) -> None:
    """A file and a list with the same rows are equal, facts and key order aside."""
    same = Dataset.from_examples([dict(reversed(chat(q, fact="f").items())) for q in "abc"])
    assert same == abc
    assert hash(same) == hash(abc)
    assert len({same, abc}) == 1


def test_order_and_repeats_are_part_of_the_identity(abc: Dataset) -> None:
    """They change what is trained."""
    assert abc[::-1] != abc
    assert abc + abc[:1] != abc
    assert abc != 3


def test_the_fingerprint_of_a_known_file_is_stable(chat: Any) -> None:
    """It is stored by other programs, so a change here is a change for all of them."""
    rows = [chat("質問", "答え", system="S")]
    known = "5b3f7950dab151d35a7b69c3e84fe6f8e39b018cdf7128058e9b225ff4277ac3"
    assert Dataset.from_examples(rows).fingerprint == known


def test_a_fingerprint_exists_for_broken_files_too(lines: Any) -> None:
    """Comparing must not raise."""
    assert Dataset.from_jsonl(b"{\n") == Dataset.from_jsonl(b"{\r\n")
    assert Dataset.from_jsonl(b"{\n") != Dataset.from_jsonl(b"[\n")


def test_what_is_uploaded_is_canonical(chat: Any, lines: Any) -> None:
    """Sorted keys, no spaces, UTF-8, no facts, a line feed after each row."""
    dataset = Dataset.from_jsonl(b"\xef\xbb\xbf\r\n" + lines(chat("問", fact="f")))
    expected = '{"messages":[{"content":"問","role":"user"},{"content":"A","role":"assistant"}]}\n'.encode()
    assert dataset.to_bytes() == expected
    stream = io.BytesIO()
    assert dataset.write_to(stream) == len(expected)
    assert stream.getvalue() == expected


def test_writing_without_a_path_gives_a_text(abc: Dataset) -> None:
    """To look at."""
    assert abc.to_jsonl() == abc.to_bytes().decode()


def test_a_file_written_is_read_back_with_its_facts(chat: Any, tmp_path: Path) -> None:
    """`keep_facts` is for our own use; without it facts are left out."""
    dataset = Dataset.from_examples([chat("a", fact="first"), chat("b")])
    kept = dataset.to_jsonl(tmp_path / "kept.jsonl", keep_facts=True)
    assert Dataset.from_jsonl(kept).facts == ("first", "b")
    assert Dataset.from_jsonl(kept) == dataset
    assert "fact" not in json.loads(
        Path(dataset.to_jsonl(tmp_path / "plain.jsonl")).read_bytes().splitlines()[0]
    )


def test_a_file_can_be_written_over_the_one_it_is_read_from(abc: Dataset) -> None:
    """The new one takes its place when it is complete."""
    [path] = abc.sources
    abc[1:].to_jsonl(path)
    assert questions(Dataset.from_jsonl(path)) == ["b", "c"]
    with pytest.raises(DatasetError, match=r"Open it again with Dataset\.from_jsonl"):
        questions(abc)


def test_a_row_that_cannot_be_written_leaves_the_old_file(lines: Any, chat: Any, tmp_path: Path) -> None:
    """And no temporary one."""
    target = tmp_path / "out.jsonl"
    target.write_text("before")
    with pytest.raises(DatasetError, match="line 2"):
        Dataset.from_jsonl(lines(chat(), b"{")).to_jsonl(target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("write", [Dataset.to_jsonl, Dataset.to_csv])
@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere/out", r"nowhere/out: there is no folder '.*nowhere'\. Make it first"),
        ("file/out", r"file/out: there is no folder '.*file'"),
        ("folder", "folder: the file cannot be written: something else than a file stands there"),
        ("folder/" + "x" * 300, "the file cannot be written: File name too long"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_an_error_of_ours(
    tmp_path: Path, write: Any, place: str, said: str
) -> None:
    """It names the place, and nothing is made there."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=said):
        write(Dataset.from_pairs([("q", "a")]), tmp_path / place)
    assert {path.name for path in tmp_path.rglob("*")} == {"folder", "file"}


def test_pairs_become_chat_rows() -> None:
    """Each under the same system message."""
    dataset = Dataset.from_pairs([("q1", "a1"), ("q2", "a2")], system="S")
    assert [(e.system, e.question, e.answer) for e in dataset] == [("S", "q1", "a1"), ("S", "q2", "a2")]
    assert Dataset.from_pairs([("q", "a")])[0].system == ""


@pytest.mark.parametrize("pair", ["qa", ("q",), ("q", "a", "x")])
def test_what_is_no_pair_is_an_error_with_its_number(pair: Any) -> None:
    """A text of two letters is none either."""
    with pytest.raises(DatasetError, match="line 2: a pair"):
        Dataset.from_pairs([("q", "a"), pair])


def test_rows_are_copied_into_memory(chat: Any) -> None:
    """What the caller changes later does not change the dataset."""
    row = chat("before")
    dataset = Dataset.from_examples([row])
    row["messages"][0]["content"] = "after"
    assert dataset[0].question == "before"


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"bytes", "\ud800", {1: "a", "1": "b"}])
def test_what_json_cannot_carry_is_refused_with_its_number(chat: Any, value: Any) -> None:
    """At once: such a row could never be uploaded."""
    with pytest.raises(DatasetError, match="line 2: the row cannot be written as JSON"):
        Dataset.from_examples([chat(), chat(note=value)])


def test_what_is_no_row_is_refused() -> None:
    """Lists of messages are passed in by mistake."""
    with pytest.raises(DatasetError, match="this is list"):
        Dataset.from_examples([[{"role": "user"}]])  # type: ignore[list-item]


def test_examples_keep_their_facts_in_a_new_dataset(chat: Any) -> None:
    """Given ones stay given, derived ones derived."""
    given = Example.from_row(chat("q1"), fact="f")
    derived = Example.from_row(chat("Q2"))
    dataset = Dataset.from_examples([given, derived])
    assert [(e.fact, e.given_fact) for e in dataset] == [("f", "f"), ("q2", None)]
