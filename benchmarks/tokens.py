"""Exact token counts: a plain tiktoken loop against ours, in one process and in two, interleaved. Prints ratios.

    python benchmarks/tokens.py
    python benchmarks/tokens.py --rows 50000 --rounds 5

Needs the extra `tokens`. The input is generated from a seed: English and Japanese, 20 system prompts.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tiktoken

from _dataset_tasks import in_two
from aoai_finetune.dataset import Dataset
from aoai_finetune.dataset.tokens._exact import _O200K, _candidates, _load

MODEL = "gpt-4.1-mini-2025-04-14"
TEXT = (
    "the of product request system answer please what when customer order invoice return policy device network "
    "update schedule meeting travel report kernel value function result list index model token"
)
WORDS = TEXT.split()
KANJI = "有給休暇の申請は取得予定日の営業日前までに勤怠システムから行ってください本社は長野県松本市にあります"


def main() -> None:
    """Generate, count in turn, print."""
    parser = argparse.ArgumentParser(description="Count tokens in several ways and compare the times.")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        generate(path, options.rows)
        compare(path, encoding(Path(folder)), options.rounds)


def generate(path: Path, rows: int) -> None:
    """Chat rows of about 700 bytes."""
    chance = random.Random(1)
    systems = ["You are an assistant. " + " ".join(chance.choices(WORDS, k=40)) for _ in range(20)]
    with path.open("w", encoding="utf-8") as file:
        for _ in range(rows):
            question, answer = text(chance, 30), text(chance, 120)
            turns = [("system", chance.choice(systems)), ("user", question), ("assistant", answer)]
            row = {"messages": [{"role": role, "content": content} for role, content in turns]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def text(chance: random.Random, size: int) -> str:
    """A text in one of two languages."""
    if chance.random() < 0.4:
        return "".join(chance.choices(KANJI, k=chance.randint(size, 3 * size)))
    return " ".join([*chance.choices(WORDS, k=chance.randint(size // 3, size)), str(chance.random())])


def encoding(folder: Path) -> tiktoken.Encoding:
    """The library as people use it, with the ranks put where it looks for them."""
    (folder / _O200K.cache_name).write_bytes(next(_candidates(_O200K)))
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    return tiktoken.encoding_for_model(MODEL)


def compare(path: Path, theirs: tiktoken.Encoding, rounds: int) -> None:
    """Time every way in turn, several times."""

    def plain() -> int:
        with path.open("rb") as file:
            return sum(
                len(theirs.encode_ordinary(message["content"]))
                for line in file
                for message in json.loads(line)["messages"]
            )

    def part(file: Path, start: int, end: int) -> int:
        with file.open("rb") as lines:
            lines.seek(start)
            return sum(
                len(theirs.encode_ordinary(message["content"]))
                for line in lines.read(end - start).splitlines()
                for message in json.loads(line)["messages"]
            )

    def ours(workers: int = 1) -> int:
        count = Dataset.from_jsonl(path).tokens(MODEL, workers=workers)
        return count.tokens - count.overhead

    ways: dict[str, Callable[[], int]] = {
        "plain loop": plain,
        "plain loop, 2 processes": lambda: in_two(part, path),
        "ours": ours,
        "ours, 2 workers": lambda: ours(2),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            _load.cache_clear()  # nothing is remembered from the round before
            Dataset.from_pairs([("", "")]).tokens(MODEL)  # but the ranks are loaded
            start = time.perf_counter()
            counted = way()
            times[name].append(time.perf_counter() - start)
        print(f"{counted:,} tokens", {name: round(taken[-1], 2) for name, taken in times.items()})
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"plain loop / ours       {medians['plain loop'] / medians['ours']:.2f}")
    print(f"ours / ours, 2 workers  {medians['ours'] / medians['ours, 2 workers']:.2f}")
    print(f"plain loop / in 2 processes  {medians['plain loop'] / medians['plain loop, 2 processes']:.2f}")


if __name__ == "__main__":
    main()
