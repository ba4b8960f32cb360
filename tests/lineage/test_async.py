"""The async twins: the same decisions, without blocking the event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from aoai_finetune import MockBackend, ModelLineage
from aoai_finetune.backends.mock import Fault
from aoai_finetune.errors import OutcomeUnknown
from samples import BASE, facts, news, probes


def test_the_whole_story_runs_in_an_event_loop(lineage: ModelLineage) -> None:
    """fine_tune, wait, events, continue_from and compare, awaited."""

    async def story() -> tuple[float | None, int]:
        first = await (await lineage.fine_tune_async(BASE, facts())).wait_async(progress=False)
        events = [event async for event in first.events_async(follow=True)]
        second = await (await lineage.continue_from_async(first, news())).wait_async(progress=False)
        comparison = await lineage.compare_async(first, second, probes(), progress=False)
        return comparison.acquisition, len(events)

    acquisition, events = asyncio.run(story())
    assert acquisition == 1.0
    assert events > 5


def test_many_tasks_that_ask_for_the_same_buy_once(lineage: ModelLineage, backend: MockBackend) -> None:
    """Concurrent requests in one loop share one job."""

    async def ask() -> set[str]:
        jobs = await asyncio.gather(*(lineage.fine_tune_async(BASE, facts()) for _ in range(5)))
        return {job.id for job in jobs}

    assert len(asyncio.run(ask())) == 1
    assert len(list(backend.list_jobs())) == 1


def test_an_unclear_outcome_is_settled_in_the_loop_too(path: Path) -> None:
    """The async submission shares every decision with the sync one."""
    backend = MockBackend(
        faults=[Fault("create_job", "lost_reply"), Fault("create_job", "lost_request", at=1)]
    )
    with ModelLineage(path, backend=backend) as lineage:
        assert asyncio.run(lineage.fine_tune_async(BASE, facts())).id
        with pytest.raises(OutcomeUnknown):
            asyncio.run(lineage.fine_tune_async(BASE, facts(), seed=5))
        assert len(list(backend.list_jobs())) == 1


def test_a_cancelled_wait_says_how_to_come_back(lineage: ModelLineage) -> None:
    """Cancelling the task leaves the job alone and notes its id."""

    async def give_up() -> list[str]:
        job = await lineage.fine_tune_async(BASE, facts())
        task = asyncio.create_task(job.wait_async(progress=False))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError as stop:
            return [*getattr(stop, "__notes__", []), job.id]
        return []

    notes = asyncio.run(give_up())
    assert notes
    assert notes[-1] in notes[0]
