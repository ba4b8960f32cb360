"""Public things that no life needs: made by hand, with canaries wherever text can be given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aoai_finetune import (
    DPO,
    AccuracyMatrix,
    Dataset,
    Gate,
    MockBackend,
    ModelLineage,
    Naive,
    ProbeSet,
    Reinforcement,
    advise,
)
from aoai_finetune.backends import CheckpointRecord, JobError, ScriptedEngine, SystemClock
from aoai_finetune.backends.azure import CheckpointCopy
from aoai_finetune.backends.mock import CATALOGUE
from aoai_finetune.backends.mock.engines import BytesEngine
from aoai_finetune.continual import Budget, Coverage, Cumulative, ScheduledReplay, Shares, Uniform
from aoai_finetune.dataset import PRICES, Spot, ValidationRows
from aoai_finetune.display import Html
from aoai_finetune.errors import FineTuneError
from aoai_finetune.evaluation import NoiseFloor, PairedCounts, Probe, Slice
from aoai_finetune.lineage import SelfRehearsal, Unrecalled
from aoai_finetune.testing import ScaledClock, Service

__all__ = ["CONTENT", "by_hand"]

CONTENT: Mapping[str, str] = {
    "Html": "a piece of a page, of which the room that renders it says what it holds",
    "Section": "a part of a page, likewise",
}
"""What is content itself, and why its text is."""


def by_hand(prompt: str, answer: str) -> list[Any]:
    """One of each kind, in no order."""
    data = Dataset.from_pairs([(f"{prompt} {n}?", f"{answer} {n}.") for n in range(12)])
    turns = [{"role": "user", "content": f" {prompt} "}, {"role": "assistant", "content": f"{answer} "}]
    silent = [{"role": "user", "content": prompt}, {"role": "assistant", "content": ""}]
    lines = [json.dumps({"messages": messages}) for messages in (turns, silent)]
    broken = Dataset.from_jsonl("\n\n".join(lines).encode())
    wrong = Dataset.from_jsonl(json.dumps({"messages": turns, f"{prompt}?": answer}).encode())
    repaired, statistics = broken.repair(), data.statistics()
    advice = advise(data)
    probes = ProbeSet([Probe(fact=prompt, question=prompt, expected=(answer,), group="old")])
    return [
        *data[0].messages,
        DPO(),
        AccuracyMatrix(stages=("first", "second"), rows=((1.0, None), (0.5, 1.0))),
        Reinforcement(grader={"type": "string_check", "name": "equal", "reference": answer, "input": prompt}),
        CheckpointRecord(id="c", fine_tuned_model_checkpoint="m", fine_tuning_job_id="j", step_number=1),
        JobError(code="internalFailure", message="The job failed."),
        CheckpointCopy(model="m", resource_id="r", region="westeurope", status="Completed"),
        ScriptedEngine({prompt: answer}, models={"m": {prompt: answer}}, default=answer),
        SystemClock(),
        ScaledClock(60),
        *CATALOGUE[:2],
        BytesEngine(),
        Budget(usd=1.0),
        Coverage(),
        Uniform(),
        Cumulative(),
        ScheduledReplay(),
        Shares(),
        PRICES,
        PRICES.prices[0],
        PRICES.prices[0].training,
        Spot("the last message has no content", 3, "rows.jsonl", "messages[1]"),
        ValidationRows([data.to_bytes()], [prompt]),
        Html(prompt),
        Slice(group="old", label="easy", facts=(PairedCounts(),)),
        Gate().power(probes),
        NoiseFloor(repeats=2, counts=PairedCounts(), p_above=0.5, p_above_facts=0.5),
        Service(backend=MockBackend(), model="m"),
        data,
        repaired,
        *repaired.fixes,
        *repaired.suggestions,
        (broken + wrong).without_errors(),
        statistics,
        statistics.messages,
        advice,
        *advice.reasons,
        SelfRehearsal(rows=data),
        Unrecalled(fact=prompt, messages=({"role": "user", "content": prompt},), reason="empty"),
        *_measured(data, probes, answer),
        *_errors(FineTuneError),
    ]


def _measured(data: Dataset, probes: ProbeSet, answer: str) -> list[Any]:
    """What a lineage says of two versions beside each other."""
    news = Dataset.from_pairs([(f"{row.question} Again?", answer) for row in data])
    with MockBackend() as backend, ModelLineage(":memory:", backend=backend) as lineage:
        first = lineage.fine_tune("gpt-4.1-mini-2025-04-14", data).wait(progress=False)
        told = lineage.tournament(first, news, [Naive()], probes, progress=False)
        second = told.entrants[0].job
        return [
            told,
            *told.entrants,
            lineage.recall(first, progress=False),
            *lineage.retirements(),
            lineage.diff(first, second),
        ]


def _errors(root: type[FineTuneError]) -> list[FineTuneError]:
    """One error of every kind that there is."""
    below = [error for kind in root.__subclasses__() for error in _errors(kind)]
    return [root("something happened to job ftjob-1", hint="Do something about it"), *below]
