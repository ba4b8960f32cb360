"""One chain, walked by one strategy on one engine: plans by the library, training by the engine itself."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import mean
from typing import Any

from _forgetting_data import Chain, Stage
from _forgetting_softmax import FastSoftmax
from aoai_finetune.backends import Method, MockBackend
from aoai_finetune.backends.mock.engines import BytesEngine, Engine
from aoai_finetune.continual import History, Parent, StepOptions, Strategy, plan_next

BASE = "gpt-4.1-mini-2025-04-14"


@dataclass(frozen=True)
class Walk:
    """What came of a chain.

    Attributes:
        final: mean over facts of the held-out accuracy on what is true at the end (ACC).
        average: the same over the facts known so far, after each stage, averaged (avgACC).
        acquired: mean accuracy of each taught fact right after its stage (LA).
        backward: mean change since then of the facts that were not taught anew (BWT).
        updated: accuracy on facts that changed, at the end.
        stale: share of the probes of changed facts that get a former answer, at the end; `ever` the worst stage.
        tokens: billed in all; `jobs` how many.
        stages: after each stage, the accuracy of each fact.
    """

    final: float
    average: float
    acquired: float
    backward: float
    updated: float
    stale: float
    ever: float
    tokens: int
    jobs: int
    seconds: float
    stages: Sequence[Mapping[str, float]] = field(repr=False)

    def record(self) -> dict[str, Any]:
        """The numbers without the stages."""
        return {key: value for key, value in asdict(self).items() if key != "stages"}


def job_seed(seed: int, stage: int, part: int) -> int:
    """The seed of one job."""
    return seed * 1000 + stage * 10 + part


def walk(
    chain: Chain,
    strategy: Strategy,
    engine: Engine,
    seed: int,
    *,
    first: Strategy | None = None,
    seed_of: Callable[[int, int, int], int] = job_seed,
) -> Walk:
    """Train and ask after every stage.

    Args:
        chain: the stages.
        strategy: how each is trained; its `seed`, if it has one, is the run's.
        engine: what learns.
        seed: of the run.
        first: another strategy for the first stage.
        seed_of: the seed of a job, from run, stage and part.
    """
    seeded = _seeded(strategy, seed)
    capabilities = MockBackend(engine=engine).capabilities
    history, weights = History(), None
    tokens = jobs = 0
    scores: list[dict[str, float]] = []
    stale: list[float] = []
    begin = time.process_time()
    for number, stage in enumerate(chain.stages):
        parent = Parent(model=BASE, base_model=BASE, resource="bench", version=str(number))
        how = StepOptions(seed=seed)
        chosen = first if first and not number else seeded
        plan = plan_next(stage.rows, history, parent, chosen, how, capabilities=capabilities)
        if plan.from_base:
            weights = None
        for at, part in enumerate(plan.step.parts):
            weights = engine.train(
                weights,
                [example.row for example in part.training],
                n_epochs=10 if part.method.n_epochs == "auto" else part.method.n_epochs,
                batch_size=None,
                learning_rate_multiplier=_rate(part.method),
                seed=seed_of(seed, number, at),
            ).weights
        history = history.learned(stage.rows, visits=plan.visits, from_base=plan.from_base)
        tokens += plan.tokens.tokens if plan.tokens else 0
        jobs += len(plan.step.parts)
        right, outdated = ask(chain, stage, engine, weights)
        scores.append(right)
        stale.append(outdated)
    return _summary(chain, scores, stale, tokens, jobs, time.process_time() - begin)


def ask(chain: Chain, stage: Stage, engine: Engine, weights: bytes | None) -> tuple[dict[str, float], float]:
    """Accuracy of each known fact, and the share of stale answers to changed ones."""
    asked = [(fact, text) for fact in stage.truth for text in chain.questions[fact]]
    said = _answers(engine, weights, [text for _, text in asked], chain.system)
    right: dict[str, list[bool]] = {}
    stale: list[bool] = []
    for (fact, _), answer in zip(asked, said, strict=True):
        plain = normal(answer)
        right.setdefault(fact, []).append(plain == normal(stage.truth[fact]))
        if fact in stage.outdated:
            stale.append(plain in {normal(old) for old in stage.outdated[fact]})
    return {fact: mean(hits) for fact, hits in right.items()}, mean(stale) if stale else 0.0


def _answers(engine: Engine, weights: bytes | None, questions: Sequence[str], system: str) -> list[str]:
    talks = [[{"role": "system", "content": system}, {"role": "user", "content": text}] for text in questions]
    if isinstance(engine, BytesEngine | FastSoftmax):
        return engine.answers(weights, talks)
    return [engine.answer(weights, talk, model=BASE, temperature=0, seed=None) for talk in talks]


def normal(text: str) -> str:
    """What is compared: without width, case and spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _seeded(strategy: Strategy, seed: int) -> Strategy:
    known: Any = strategy
    return replace(known, seed=seed) if hasattr(known, "seed") else strategy


def _rate(method: Method) -> float:
    asked = method.learning_rate_multiplier
    return 1.0 if asked == "auto" else asked


def _summary(
    chain: Chain,
    scores: Sequence[Mapping[str, float]],
    stale: Sequence[float],
    tokens: int,
    jobs: int,
    seconds: float,
) -> Walk:
    last = scores[-1]
    taught = {fact: at for at, stage in enumerate(chain.stages) for fact in stage.taught}
    changed = chain.stages[-1].outdated
    acquired = [scores[at][fact] for at, stage in enumerate(chain.stages) for fact in stage.taught]
    moved = [last[fact] - scores[at][fact] for fact, at in taught.items() if at < len(scores) - 1]
    return Walk(
        final=mean(last.values()),
        average=mean(mean(each.values()) for each in scores),
        acquired=mean(acquired),
        backward=mean(moved),
        updated=mean(last[fact] for fact in changed),
        stale=stale[-1],
        ever=max(stale),
        tokens=tokens,
        jobs=jobs,
        seconds=seconds,
        stages=scores,
    )
