"""Ways past the rules, and ways around one process: they are faster, and say the same."""

from __future__ import annotations

import json
import pickle
import random
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import AzureRules, Dataset, Rule, ValidationReport
from aoai_finetune.dataset.checks._rule import PartCheck, Settings
from aoai_finetune.dataset.checks._vision import ImagesPerFile
from aoai_finetune.dataset.whole._knowledge import KnowledgeLike
from aoai_finetune.dataset.whole._near import NearDuplicates
from aoai_finetune.dataset.whole._noted import Twice
from aoai_finetune.dataset.whole._service import ExampleTokens, JobTokens
from aoai_finetune.errors import DatasetError

PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "n": {"type": "integer"},
        "u": {"type": "string", "enum": ["a"]},
    },
    "required": ["id"],
    "additionalProperties": False,
}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "f", "parameters": PARAMETERS}}
ARGUMENTS = st.sampled_from(['{"id":"x"}', '{"id":"x","n":1}', '{"id":"x","u":"a"}', '{"id":"x","u":"b"}',
                             '{"n":true,"id":"x"}', '{"id":1}', "{}", "[]", "{", '{"id":"x","z":1}', None])  # fmt: skip
NAMES = st.sampled_from(["f", "f", "g", None])
IDS = st.sampled_from(["1", "1", "2", "", None])
TEXTS = st.sampled_from(["x", "y", "", " ", "　", "a\0", "\u202e", None, "long" * 20])
CALL = st.fixed_dictionaries(
    {"id": IDS, "type": st.sampled_from(["function", "function", "other"]),
     "function": st.fixed_dictionaries({"name": NAMES, "arguments": ARGUMENTS})},
    optional={"index": st.integers(0, 1)},
)  # fmt: skip
ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
MESSAGE = (
    st.fixed_dictionaries({"role": ROLES, "content": TEXTS})
    | st.fixed_dictionaries({"role": st.just("assistant"), "tool_calls": st.lists(CALL, max_size=2)}, optional={"content": TEXTS})
    | st.fixed_dictionaries({"role": st.just("tool"), "content": TEXTS, "tool_call_id": IDS})
)  # fmt: skip
GOOD = st.builds(
    lambda question, arguments, answer: [
        {"role": "user", "content": question},
        {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": arguments}}]},
        {"role": "tool", "tool_call_id": "1", "content": "{}"},
        *([] if answer is None else [{"role": "assistant", "content": answer}]),
    ],
    st.sampled_from("ab"), ARGUMENTS, TEXTS,
)  # fmt: skip
TOOLS = st.just([TOOL]) | st.sampled_from(
    [[], [TOOL, TOOL], "f", [{**TOOL, "type": "x"}], [{**TOOL, "n": 2**60}]]
)
ROW = st.fixed_dictionaries({"messages": GOOD | st.lists(MESSAGE, max_size=4)}, optional={"tools": TOOLS})


@given(st.lists(ROW, min_size=1, max_size=4))
def test_the_shortcut_for_rows_with_tools_hides_nothing(rows: list[Any]) -> None:
    """Each row says what the rules say when they are asked one by one."""
    rules = AzureRules(limits={"message-characters": 60})
    expected = [
        {rule.code for rule in rules.describe() if rule.row and rule.level == "rows" and list(rule.row(row))}
        for row in rows
    ]
    for row, codes in zip(rows, expected, strict=True):
        assert set(Dataset.from_jsonl(_lines(row)).validate(rules, level="rows").counts) == codes
    assert set(Dataset.from_jsonl(_lines(*rows)).validate(rules, level="rows").counts) == set().union(
        *expected
    )


@given(st.lists(ROW, min_size=1, max_size=6), st.booleans())
def test_copies_are_found_whatever_the_order_of_keys(rows: list[Any], ascii_only: bool) -> None:
    """And however the bytes are written: every row but the first of its kind is a copy."""
    lines = [json.dumps(row).encode() for row in rows]
    lines += [
        json.dumps(_reordered(row), ensure_ascii=ascii_only, indent=0).replace("\n", " ").encode()
        for row in rows
    ]
    report = Dataset.from_jsonl(b"\n".join(lines)).validate()
    sound = [row for row in rows if _sound(row)]
    distinct = {json.dumps(row, sort_keys=True) for row in sound}
    assert report.counts.get("duplicate-row", 0) == 2 * len(sound) - len(distinct)


def _sound(row: Any) -> bool:
    try:
        return bool(Dataset.from_jsonl(_lines(row))[0])
    except DatasetError:
        return False


def _reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reordered(value[key]) for key in reversed(value)}
    return [_reordered(item) for item in value] if isinstance(value, list) else value


def _lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.fixture
def large(tmp_path: Path, chat: Callable[..., Any]) -> Path:
    """Three megabytes with everything in them: copies, contradictions, other answers, tools, and broken rows."""
    lines: list[bytes] = []
    for number in range(2600):
        question = f"What is {number % 700}? " + "x" * 900
        row = chat(question, f"It is {number % 700}{'!' * (number % 3 == 0)}" + "y" * 200)
        if number % 7 == 0:
            row["tools"] = [TOOL]
        if number % 11 == 0:
            row["messages"][-1]["weight"] = 1
        if number % 13 == 0:
            row["fact"] = f"fact {number % 3}"
        line = json.dumps(row).encode()
        lines.append(line[:-20] if number % 97 == 0 else line)
        lines += [b"", b"{}"] * (number % 50 == 0)
    path = tmp_path / "large.jsonl"
    path.write_bytes(b"\n".join(lines[:2000]) + b"\r\n" + b"\r\n".join(lines[2000:]))
    return path


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("level", ["rows", "file"])
@pytest.mark.parametrize("keep", [1000, 5])
def test_several_processes_say_what_one_says(large: Path, workers: int, level: str, keep: int) -> None:
    """The same findings in the same order, the same counts."""
    rules, dataset = AzureRules(keep=keep), Dataset.from_jsonl(large)
    alone = dataset.validate(rules, level=level)
    together = dataset.validate(rules, level=level, workers=workers)
    assert together.findings == alone.findings
    assert (together.counts, together.examples) == (alone.counts, alone.examples)
    assert {"json-truncated", "messages-missing", "line-end"} <= alone.counts.keys()
    assert level == "rows" or {"duplicate-row", "contradiction", "few-phrasings"} <= alone.counts.keys()


def alike(chat: Callable[..., Any]) -> list[Any]:
    """Rows of which some nearly repeat an earlier one, some look like facts, and some have images."""
    chance = random.Random(4)
    words = ["red", "blue", "order", "parcel", "when", "where", "is", "the", "my", "sent"]
    asked: list[str] = []
    rows: list[Any] = []
    for number in range(400):
        new = " ".join(chance.choices(words, k=40))
        asked.append(f"{chance.choice(asked)} {chance.choice(words)}" if number % 5 == 4 else new)
        place = f"It is in Osaka-{'abcdefghijklm'[number % 13]}{'abcdefgh'[number // 50]}"
        rows.append(chat(asked[-1], place if number % 3 else "ask me at a@b.org"))
        if number % 9 == 0:
            rows[-1]["fact"] = f"fact {number % 4}"
        if number % 50 == 0:
            part = {"type": "image_url", "image_url": {"url": "https://a.org/a.png"}}
            rows.append(chat("", "A picture"))
            rows[-1]["messages"][0]["content"] = [part]
    return rows


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("keep", [1000, 5])
def test_several_processes_say_what_one_says_at_level_deep(
    tmp_path: Path, chat: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, workers: int, keep: int
) -> None:
    """Near duplicates of rows in other parts, facts, tokens of the job and images are found together."""
    monkeypatch.setattr("aoai_finetune.dataset.checking._parts._WORTH", 1000)
    path = tmp_path / "deep.jsonl"
    path.write_bytes(_lines(*alike(chat)))
    limits = {"job-tokens": 1000, "example-tokens": 50, "images-per-file": 7}
    rules = AzureRules(model="gpt-4.1-mini", keep=keep, limits=limits)
    alone = Dataset.from_jsonl(path).validate(rules, level="deep")
    together = Dataset.from_jsonl(path).validate(rules, level="deep", workers=workers)
    found = {"near-duplicate", "knowledge-like", "job-tokens", "images-per-file", "example-tokens"}
    assert found <= alone.counts.keys()
    assert together == alone


@pytest.mark.parametrize("ends", [(0, 409), (5, 100), (200, 408)])
@pytest.mark.parametrize("make", [NearDuplicates, KnowledgeLike, JobTokens, ImagesPerFile, ExampleTokens])
def test_checks_go_on_with_what_was_made_of_other_parts(
    make: Callable[[Settings], PartCheck], ends: tuple[int, int], chat: Callable[..., Any]
) -> None:
    """As if they had been fed with all rows. Also where no process may be forked, such as beside other threads."""
    rows = [(row, row.pop("fact", None)) for row in alike(chat)]
    settings = Settings(limits={"job-tokens": 1000, "images-per-file": 7, "example-tokens": 10**6})

    def fed(part: list[Any], settings: Settings) -> tuple[PartCheck, list[tuple[int, str]]]:
        check = make(replace(settings, shared={}))
        said = [(line, check.see(row, fact, line, "a")) for line, (row, fact) in enumerate(part, 1)]
        return check, [(line, text) for line, text in said if text]

    begin, end = ends
    whole, expected = fed(rows, settings)
    first, said = fed(rows[:begin], settings)
    for part, before in ((rows[begin:end], begin), (rows[end:], end)):
        later, alone = fed(part, replace(settings, part=True))
        assert alone == []
        said += first.absorb(pickle.loads(pickle.dumps(later.part())), before, "a")
    assert said == expected
    told = [*whole.end(len(rows))]
    assert [*first.end(len(rows))] == told
    assert bool(said or told) == (make is not ExampleTokens)


@pytest.mark.parametrize("method", ["dpo", "reinforcement"])
def test_several_processes_say_what_one_says_of_rows_for_other_methods(large: Path, method: Any) -> None:
    """Whose lines are read in another way."""
    rules, dataset = AzureRules(method=method, keep=50), Dataset.from_jsonl(large)
    assert dataset.validate(rules, workers=2) == dataset.validate(rules)


@given(st.lists(st.lists(st.integers(0, 6), max_size=6), min_size=2, max_size=4))
def test_what_comes_twice_is_the_same_in_parts(parts: list[list[int]]) -> None:
    """Within a part, or in two of them, neighbours or not."""
    marks = [array("q", part) for part in parts]
    whole = Counter(chain.from_iterable(parts))
    twice, *others = map(Twice, marks)
    for later, part in zip(others, marks[1:], strict=True):
        twice.join(pickle.loads(pickle.dumps(later)), part)
    assert twice.different == len(whole)
    assert twice.again == {mark for mark, times in whole.items() if times > 1}


def test_processes_that_are_not_forked_say_the_same(large: Path) -> None:
    """Beside another thread nothing is forked, and marks are made another way."""
    import threading

    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        report = Dataset.from_jsonl(large).validate(workers=2)
    finally:
        done.set()
        thread.join()
    assert report.findings == Dataset.from_jsonl(large).validate().findings


@pytest.mark.parametrize("rows", [600, 800, 1000])
def test_several_processes_count_spellings_of_one_answer_together(
    tmp_path: Path, chat: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Each may know few of them, all together more than are compared by what they say."""
    monkeypatch.setattr("aoai_finetune.dataset.checking._parts._WORTH", 1000)
    path = tmp_path / "spelt.jsonl"
    path.write_bytes(_lines(*(chat(f"q{n}", "yes" + "!" * (n % 32) + "?" * (n // 32)) for n in range(rows))))
    alone, two, three = (Dataset.from_jsonl(path).validate(workers=workers) for workers in (1, 2, 3))
    assert alone.counts.get("one-answer", 0) == (rows == 600)
    assert two == alone
    assert three == alone


def test_rules_that_cannot_travel_are_checked_at_home(large: Path) -> None:
    """A rule made of a lambda works with workers, too."""
    rule = Rule(
        code="own", severity=AzureRules().describe()[0].severity, summary="Own", row=lambda _: [("", "own")]
    )
    dataset, rules = Dataset.from_jsonl(large, fact=lambda _: "f"), AzureRules(extra=[rule])
    assert dataset.validate(rules, workers=2).findings == dataset.validate(rules).findings


def test_a_file_that_changes_is_noticed_by_every_worker(large: Path) -> None:
    """Whoever reads it."""
    dataset = Dataset.from_jsonl(large)
    large.write_bytes(large.read_bytes() + b"\n")
    with pytest.raises(DatasetError, match="changed"):
        dataset.validate(workers=2)


def test_there_is_at_least_one_worker(chat: Callable[..., Any]) -> None:
    """Zero is a mistake."""
    with pytest.raises(DatasetError, match="workers"):
        Dataset.from_examples([chat()]).validate(workers=0)


@pytest.mark.parametrize("line", [b"{}", b"[]", b"{", b"null", b'{"messages":[]}', b"1"])
def test_a_megabyte_of_the_same_fault_is_counted_not_built(line: bytes) -> None:
    """Lines repeat, and findings are bounded; what is over the bound costs next to nothing."""
    times = 1_000_000 // (len(line) + 1)
    report = _timed(Dataset.from_jsonl((line + b"\n") * times))
    assert report.examples == times
    assert max(report.counts.values()) == times
    assert len(report.findings) <= 3 * 1000


def _timed(dataset: Dataset) -> ValidationReport:
    """The report, which takes a fraction of a second; the bound is wide, for machines under load."""
    start = time.process_time()
    report = dataset.validate()
    assert time.process_time() - start < 2
    return report


def test_counts_are_the_same_however_few_findings_are_kept() -> None:
    """The memory for short lines begins where the bound is reached."""
    data = b'{"fact":1}\n\n{}\n' * 50
    many = Dataset.from_jsonl(data).validate(AzureRules(keep=1000))
    few = Dataset.from_jsonl(data).validate(AzureRules(keep=1))
    assert (few.counts, few.examples) == (many.counts, many.examples)
    assert replace(few, findings=()) == replace(many, findings=())
