"""The forgetting benchmark measures what the library does: the same plans, the same learning, only faster."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune import MockBackend, ModelLineage, Naive, Supervised
from aoai_finetune.backends.mock import SoftmaxEngine
from aoai_finetune.backends.mock.engines import BytesEngine, Engine
from aoai_finetune.continual import ScheduledReplay

HERE = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The benchmark's modules, found as its own script finds them."""
    sys.path.insert(0, str(HERE))
    try:
        yield import_module("forgetting")
    finally:
        sys.path.remove(str(HERE))


def same_seed(seed: int, _stage: int, _part: int) -> int:
    """Every job has the seed of the run, as in a lineage that is given one."""
    return seed


@pytest.mark.parametrize("family", ["ja", "en"])
def test_a_chain_is_the_same_for_a_seed_and_never_asks_what_it_trains(bench: Any, family: str) -> None:
    """Probes are other texts than all rows of all stages, and each fact has three."""
    one, other = bench.chain(family, 10, 7), bench.chain(family, 10, 7)
    assert [stage.rows.fingerprint for stage in one.stages] == [
        stage.rows.fingerprint for stage in other.stages
    ]
    trained = {row.question for stage in one.stages for row in stage.rows}
    asked = [question for questions in one.questions.values() for question in questions]
    assert not trained & set(asked)
    assert {len(questions) for questions in one.questions.values()} == {3}


def test_a_tenth_of_the_facts_change_half_of_them_in_other_words(bench: Any) -> None:
    """The old answer is known, so that a stale one is recognised."""
    chain = bench.chain("en", 10, 3)
    last = chain.stages[-1]
    assert len(last.outdated) == round(len(chain.questions) / 10)
    assert all(last.truth[fact] not in old for fact, old in last.outdated.items())
    told: dict[str, list[set[str]]] = {}
    for stage in chain.stages:
        for fact in stage.taught & last.outdated.keys():
            told.setdefault(fact, []).append({row.question for row in stage.rows if row.fact == fact})
    again = [before != after for before, after in told.values()]
    assert sum(again) in {len(again) // 2, (len(again) + 1) // 2}


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_the_share_of_the_system_prompt_is_what_was_asked(bench: Any, share: float) -> None:
    """In characters of all rows."""
    chain = bench.chain("ja", 5, 0, share)
    rows = [row for stage in chain.stages for row in stage.rows]
    system = len(chain.system) * len(rows)
    rest = sum(len(row.question) + len(row.answer) for row in rows)
    assert system / (system + rest) == pytest.approx(share, abs=0.02)


def test_the_fast_softmax_is_the_engine_that_ships(bench: Any) -> None:
    """The same accuracy of every fact after every stage, packed rows and raised rates included."""
    chain = bench.chain("en", 4, 1)
    ours, fast = (
        bench.walk(chain, ScheduledReplay(), engine, 1) for engine in (SoftmaxEngine(), bench.FastSoftmax())
    )
    assert ours.stages == fast.stages
    assert ours.tokens == fast.tokens


@pytest.mark.parametrize("engine", [SoftmaxEngine(), BytesEngine()], ids=lambda engine: engine.name)
def test_a_walk_is_what_a_lineage_does(bench: Any, engine: Engine) -> None:
    """The same plans, bills and answers as the public way, of which it leaves out files and jobs."""
    chain = bench.chain("en", 3, 2)
    walked = bench.walk(chain, ScheduledReplay(seed=2), engine, 2, first=Naive(passes=3), seed_of=same_seed)
    tokens = 0
    backend = MockBackend(engine=engine)
    with ModelLineage(":memory:", backend=backend) as lineage:
        model = lineage.fine_tune(
            "gpt-4.1-mini-2025-04-14", chain.stages[0].rows, method=Supervised(n_epochs=3), seed=2
        ).wait(progress=False)
        tokens += model.trained_tokens or 0
        for stage in chain.stages[1:]:
            plan = lineage.plan(model, stage.rows, strategy=ScheduledReplay(seed=2), seed=2)
            model = lineage.train(plan).wait(progress=False)
            tokens += model.trained_tokens or 0
        right = {
            fact: [
                backend.chat(
                    str(model.fine_tuned_model),
                    [{"role": "system", "content": chain.system}, {"role": "user", "content": question}],
                ).content
                == answer
                for question in chain.questions[fact]
            ]
            for fact, answer in chain.stages[-1].truth.items()
        }
    assert {fact: sum(hits) / 3 for fact, hits in right.items()} == pytest.approx(walked.stages[-1])
    assert tokens == walked.tokens
