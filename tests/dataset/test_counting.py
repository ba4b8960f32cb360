"""Tokens of a whole dataset, in one process and in several."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune.dataset import Dataset
from aoai_finetune.errors import DatasetError

MODEL = "gpt-4.1-mini-2025-04-14"
Row = dict[str, Any]


@pytest.fixture
def file(tmp_path: Path, chat: Callable[..., Row], lines: Callable[..., bytes]) -> Path:
    """Rows of some megabytes, a few of them with facts, tools or nothing but white space."""
    rows: list[Any] = [
        chat(f"Question {number}? {'質問 words ' * 40}", "Answer. " * 40, "System." * 9)
        for number in range(1500)
    ]
    rows[7] = {**chat(), "fact": "a"}
    rows[8] = {**chat(), "tools": [{"type": "function", "function": {"name": "f"}}]}
    rows[9] = b"   "
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(*rows))
    return path


@pytest.mark.parametrize("model", [None, MODEL])
def test_workers_count_the_same(file: Path, model: str | None) -> None:
    """Whatever the rows come from: a file, memory, a shuffled sum."""
    rows = Dataset.from_jsonl(file)
    mixed = (rows + Dataset.from_pairs([("a", "b")])).shuffle(1)
    one, two = mixed.tokens(model), mixed.tokens(model, workers=2)
    assert (one, one.overhead) == (two, two.overhead)
    assert one.tokens == rows.tokens(model).tokens + Dataset.from_pairs([("a", "b")]).tokens(model).tokens


def test_workers_refuse_the_same_row(file: Path, lines: Callable[..., bytes]) -> None:
    """The first row that cannot be used, with its place."""
    file.write_bytes(file.read_bytes() + b'{"messages": 1}\n' + b"{\n")
    refused: list[DatasetError] = []
    for workers in (1, 2):
        with pytest.raises(DatasetError) as caught:
            Dataset.from_jsonl(file).tokens(workers=workers)
        refused.append(caught.value)
    assert [why.line for why in refused] == [1501, 1501]
    assert str(refused[0]) == str(refused[1])


@pytest.mark.parametrize("bad", [{"fact": 1}, {"messages": {}}, {}])
def test_a_row_that_is_no_example_is_not_counted(
    chat: Callable[..., Row], bad: Row, lines: Callable[..., bytes]
) -> None:
    """Counting and iterating refuse the same rows."""
    rows = Dataset.from_jsonl(lines({**chat(), **bad} if bad else []))
    with pytest.raises(DatasetError) as iterated:
        list(rows)
    with pytest.raises(DatasetError) as counted:
        rows.tokens()
    assert str(counted.value) == str(iterated.value)


def test_facts_are_never_billed(chat: Callable[..., Row], lines: Callable[..., bytes]) -> None:
    """Neither our key nor a column."""
    plain = Dataset.from_jsonl(lines(chat())).tokens()
    assert Dataset.from_jsonl(lines({**chat(), "fact": "long " * 99})).tokens() == plain
    assert Dataset.from_jsonl(lines({**chat(), "topic": "long " * 99}), fact="topic").tokens() == plain


def test_workers_are_spawned_beside_other_threads(file: Path) -> None:
    """A fork would copy locks that nobody lets go of."""
    rows, done = Dataset.from_jsonl(file), threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        assert rows.tokens(workers=2) == rows.tokens()
    finally:
        done.set()
        other.join()


SCRIPT = """
import sys, threading
from aoai_finetune.dataset import Dataset
threading.Thread(target=threading.Event().wait, daemon=True).start()
Dataset.from_jsonl(sys.argv[1]).{}(workers=2)
"""


@pytest.mark.parametrize("call", ["tokens", "validate"])
def test_a_script_without_a_guard_is_told(file: Path, tmp_path: Path, call: str) -> None:
    """Spawned workers run the script again, and would start workers of their own."""
    large = tmp_path / "large.jsonl"
    large.write_bytes(file.read_bytes() * (1 + 2 * 2**20 // file.stat().st_size))
    file = large if call == "validate" else file
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(call))
    ran = subprocess.run(
        [sys.executable, str(script), str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 1
    # Python's own advice is in there too, and its resource tracker may have the last word.
    ours = [line for line in ran.stderr.splitlines() if line.startswith("aoai_finetune.errors.")]
    assert "if __name__ == '__main__'" in ours[-1]


def test_no_rows_are_no_tokens() -> None:
    """In several processes too."""
    assert Dataset.from_examples(()).tokens(workers=2).tokens == 0


@pytest.mark.parametrize("workers", [0, -1])
def test_there_is_at_least_one_worker(workers: int) -> None:
    """The message names the value."""
    with pytest.raises(ValueError, match=str(workers)):
        Dataset.from_examples(()).tokens(workers=workers)
