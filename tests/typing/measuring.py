"""What a type checker sees of whole chains: matrices, tournaments, recalled rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

from aoai_finetune import AccuracyMatrix, Dataset, Joint, ModelLineage, ModelVersion, Naive, ProbeSet, Replay
from aoai_finetune.continual import Budget
from aoai_finetune.lineage import Entrant, Recalled, Retirement, SelfRehearsal, Tournament, VersionDiff


def measured(lineage: ModelLineage, probes: ProbeSet, stages: Mapping[str, ProbeSet]) -> None:
    """A chain, with versions named in every way."""
    version = lineage.version("champion")
    matrix = lineage.matrix(version, "second", lineage.job("ftjob-1"), probes=stages)
    assert_type(matrix, AccuracyMatrix)
    lineage.matrix(probes=probes, joint=matrix, transfer=True)
    lineage.matrix(probes=probes, joint=[version, "second"])


def contested(lineage: ModelLineage, news: Dataset, probes: ProbeSet) -> ModelVersion | None:
    """Strategies of several kinds."""
    held = lineage.tournament(
        "champion", news, [Naive(), Replay(), Joint()], probes, budget=Budget(tokens=10**6), suffix="cup"
    )
    assert_type(held, Tournament)
    assert_type(held.best, Entrant | None)
    return held.best.version if held.best else None


async def recalled(lineage: ModelLineage, news: Dataset, probes: ProbeSet) -> Dataset:
    """Questions in every shape."""
    rows = lineage.recall("champion", {"capital": "Which?", "president": ["Who?", "Who is it?"]})
    assert_type(rows, Recalled)
    lineage.recall("champion", probes)
    lineage.recall("champion", ["Who?"], refused=lambda answer: not answer)
    rehearsal = SelfRehearsal(rows=await lineage.recall_async("champion"), strategy=Replay(fraction=0.2))
    lineage.plan("champion", news, strategy=rehearsal)
    return rows


def looked_at(lineage: ModelLineage) -> None:
    """Tags, dates, differences and exports."""
    assert_type(lineage.tag("champion", "good"), tuple[str, ...])
    assert_type(lineage.tagged("good"), tuple[ModelVersion, ...])
    assert_type(lineage.retirements(), tuple[Retirement, ...])
    assert_type(lineage.diff("first", "champion"), VersionDiff)
    assert_type(lineage.to_json(), str)
    assert_type(lineage.to_json("lineage.json"), Path)
