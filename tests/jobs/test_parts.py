"""A step of several consecutive jobs is one job to its user, and survives restarts in between."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from aoai_finetune import Dataset, MockBackend, ModelLineage
from aoai_finetune.backends.mock import Fault
from aoai_finetune.continual import Schedule, ScheduledPart
from aoai_finetune.errors import WaitTimeout
from samples import BASE, facts, news


@dataclass(frozen=True)
class InThreeJobs:
    """All rows, three times, as three consecutive jobs."""

    name: str = "in three jobs"
    passes: int = 3

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """Three equal parts."""
        part = ScheduledPart(rows=range(len(new) + len(old)), n_epochs=1)
        return Schedule(start="parent", parts=(part, part, part))


def test_each_part_starts_from_the_model_of_the_one_before(lineage: ModelLineage) -> None:
    """One handle, three jobs, one version; the bill is the sum."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    plan = lineage.plan(first, news(), strategy=InThreeJobs())
    assert "3 consecutive jobs" in str(plan)
    job = lineage.train(plan)
    assert (len(job.parts), job.planned_parts, job.done) == (1, 3, False)
    job.wait(progress=False)
    models = [part.fine_tuned_model for part in job.parts]
    assert [part.model for part in job.parts] == [first.fine_tuned_model, *models[:-1]]
    assert job.fine_tuned_model == models[-1]
    assert plan.tokens is not None
    assert job.trained_tokens == plan.tokens.tokens == lineage.version(job).trained_tokens
    assert len(lineage.versions) == 2
    assert "part 3/3" in repr(job)


def test_a_step_goes_on_after_a_restart(tmp_path: Path) -> None:
    """The program ends during the second part; the next one finishes the step."""

    def opened() -> ModelLineage:
        return ModelLineage(tmp_path / "l.db", backend=MockBackend(tmp_path / "mock"))

    with opened() as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        job = lineage.continue_from(first, news(), strategy=InThreeJobs())
        job.backend.clock.sleep(24 * 3600)
        job.refresh()
        assert job.record.succeeded
        assert not job.done
        assert job.fine_tuned_model is None
    with opened() as lineage:
        assert len(lineage.versions) == 1
        job = lineage.jobs()[-1]
        assert job.planned_parts == 3
        assert job.wait(progress=False).succeeded
        assert len(job.parts) == 3
        assert lineage.version(job).model == job.fine_tuned_model
    with opened() as lineage:
        assert lineage.jobs()[-1].succeeded
        assert lineage.continue_from(first.id, news(), strategy=InThreeJobs()).reused


@pytest.mark.parametrize("kind", ["refused", "lost_reply", "acted_late"])
def test_a_fault_between_parts_buys_nothing_twice(tmp_path: Path, kind: str) -> None:
    """The second part's creation meets the same care as the first's."""
    backend = MockBackend(faults=[Fault("create_job", kind, at=2)])
    with ModelLineage(tmp_path / "l.db", backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        job = lineage.continue_from(first, news(), strategy=InThreeJobs()).wait(progress=False)
        assert job.succeeded
        assert len(list(backend.list_jobs())) == 4


def test_a_failed_part_is_repeated_and_the_paid_ones_are_kept(tmp_path: Path) -> None:
    """The same request again buys only the part that failed."""
    backend = MockBackend(faults=[Fault("create_job", "job_fails", at=2)])
    with ModelLineage(tmp_path / "l.db", backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        job = lineage.continue_from(first, news(), strategy=InThreeJobs()).wait(progress=False)
        assert job.status == "failed"
        assert len(job.parts) == 2
        again = lineage.continue_from(first, news(), strategy=InThreeJobs()).wait(progress=False)
        assert again.succeeded
        assert again.parts[0].id == job.parts[0].id
        assert len(list(backend.list_jobs())) == 1 + 4


@pytest.mark.parametrize("second", ["wait", "events"])
def test_one_handle_in_two_tasks_buys_each_part_once(lineage: ModelLineage, second: str) -> None:
    """Waiting and reading the log at the same time is the obvious thing to do in a service."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    job = lineage.continue_from(first, news(), strategy=InThreeJobs())

    async def read_log() -> None:
        async for _ in job.events_async(follow=True):
            pass

    async def both() -> None:
        other = read_log() if second == "events" else job.wait_async(progress=False)
        await asyncio.gather(job.wait_async(progress=False), other)

    asyncio.run(both())
    assert job.succeeded
    assert len(job.parts) == 3
    assert len(list(job.backend.list_jobs())) == 4
    assert len(lineage.versions) == 2


def test_a_timeout_covers_all_parts(lineage: ModelLineage) -> None:
    """It counts from the call, whatever part is running."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    job = lineage.continue_from(first, news(), strategy=InThreeJobs())
    before = job.backend.clock.now()
    with pytest.raises(WaitTimeout):
        job.wait(timeout=400, progress=False)
    assert job.backend.clock.now() - before == pytest.approx(400, abs=1)
    assert job.wait(progress=False).succeeded
