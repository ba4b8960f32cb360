"""The offline model really learns, forgets, and keeps what is replayed: the numbers the library promises.

The data is the shipped one: 10 facts in 4 phrasings, then 10 rows with one answer; the probes were never trained.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from aoai_finetune.backends import JobRequest, MockBackend, Supervised

DATA = Path(__file__).parents[2] / "examples" / "data"
BASE = "gpt-4.1-mini-2025-04-14"
SEEDS = range(5)
PASSES = 10

Row = dict[str, Any]


class Score(NamedTuple):
    """Shares of held-out probes answered right."""

    old: float
    new: float


class Story:
    """One mock resource that has learned the company facts."""

    def __init__(self, seed: int) -> None:
        self.backend = MockBackend(seed=seed)
        self.seed = seed
        self.facts, self.news = _rows("company_facts.jsonl"), _rows("new_product.jsonl")
        self.probes = _read("probes.jsonl")
        self.before = self.train(BASE, self.facts, PASSES)

    def train(self, model: str, rows: Sequence[Row], n_epochs: int) -> str:
        """The name of the model that a job makes of `rows`."""
        content = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
        file = self.backend.upload_file(io.BytesIO(content), filename="rows.jsonl")
        self.backend.clock.sleep(60.0)
        job = self.backend.create_job(
            JobRequest(model=model, training_file=file.id, method=Supervised(n_epochs=n_epochs))
        )
        self.backend.clock.sleep(10_000.0)
        return str(self.backend.get_job(job.id).fine_tuned_model)

    def unrolled(self, share: float) -> list[Row]:
        """All passes written out: the new rows, and old ones drawn without replacement until all were seen."""
        draw, waiting, rows = random.Random(self.seed), list[Row](), list[Row]()
        for _ in range(PASSES):
            rows += self.news
            for _ in range(round(share * len(self.facts))):
                waiting = waiting or draw.sample(self.facts, len(self.facts))
                rows.append(waiting.pop())
        return rows

    def score(self, model: str) -> Score:
        """Ask all probes."""
        right: dict[str, list[bool]] = {"old": [], "new": []}
        for probe in self.probes:
            messages = [self.facts[0]["messages"][0], {"role": "user", "content": probe["question"]}]
            group = "new" if probe["fact"].startswith("product.") else "old"
            right[group].append(self.backend.chat(model, messages).content in probe["expected"])
        return Score(*(sum(hits) / len(hits) for hits in right.values()))


def _read(name: str) -> list[Row]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def _rows(name: str) -> list[Row]:
    return [{"messages": row["messages"]} for row in _read(name)]


@pytest.fixture(params=SEEDS, scope="module")
def story(request: pytest.FixtureRequest) -> Story:
    """The story once per seed; every test continues from the same model."""
    return Story(request.param)


def test_company_facts_are_learned(story: Story) -> None:
    """Old facts at least 0.90 on phrasings never trained; the new fact is unknown."""
    score = story.score(story.before)
    assert score.old >= 0.90
    assert score.new == 0.0


def test_naive_continuation_forgets(story: Story) -> None:
    """Ten epochs on ten rows with one answer: old facts at most 0.30, the new one learned."""
    score = story.score(story.train(story.before, story.news, PASSES))
    assert score.old <= 0.30
    assert score.new == 1.0


def test_unrolled_replay_of_a_quarter_keeps_the_old_facts(story: Story) -> None:
    """Old facts at least 0.90, the new one learned."""
    score = story.score(story.train(story.before, story.unrolled(0.25), 1))
    assert score.old >= 0.90
    assert score.new == 1.0


def test_joint_training_from_the_base_keeps_everything(story: Story) -> None:
    """Old facts at least 0.90, the new one learned."""
    score = story.score(story.train(BASE, story.facts + story.news, PASSES))
    assert score.old >= 0.90
    assert score.new == 1.0


def test_the_same_seed_gives_the_same_models_and_bills() -> None:
    """Names, tokens, losses: bit by bit."""

    def told(story: Story) -> list[object]:
        return [story.before, list(story.backend.list_jobs()), list(story.backend.list_files())]

    assert told(Story(0)) == told(Story(0))


def test_another_seed_gives_other_ids() -> None:
    """Seeds are not decoration."""
    assert Story(0).before != Story(1).before
