"""Jobs that somebody else started become part of the lineage."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from aoai_finetune import Dataset, FineTuneJob, MockBackend, ModelLineage, Supervised
from aoai_finetune.backends import Fault, JobRecord
from aoai_finetune.errors import JobNotSucceeded, LineageError, NotFound, OutcomeUnknown, ServiceError
from samples import BASE, facts, news, probes


def bought(backend: MockBackend, rows: Dataset, model: str = BASE, epochs: int = 3) -> FineTuneJob:
    """A finished job that no lineage knows."""
    job = FineTuneJob.submit(
        backend, model=model, training=rows, suffix="by-hand", method=Supervised(n_epochs=epochs)
    )
    return job.wait(progress=False)


def forget_file(backend: MockBackend, job: FineTuneJob) -> None:
    """Somebody cleans up."""
    backend.delete_file(job.training_file)


@pytest.fixture
def first(backend: MockBackend) -> FineTuneJob:
    """A finished job on a catalogue model."""
    return bought(backend, facts())


@pytest.fixture
def second(backend: MockBackend, first: FineTuneJob) -> FineTuneJob:
    """A finished job that continues from it, on new rows and some old ones."""
    return bought(backend, news() + facts()[:6], str(first.fine_tuned_model))


def test_a_finished_job_becomes_a_version(lineage: ModelLineage, first: FineTuneJob) -> None:
    """With its rows, its epochs, its tokens and its model."""
    job = lineage.adopt(first.id)
    version = lineage.version(job)
    assert (job.id, job.reused, job.suffix) == (first.id, True, "by-hand")
    assert (version.model, version.base_model, version.parent) == (first.fine_tuned_model, BASE, None)
    assert version.trained_tokens == first.trained_tokens
    history = lineage.history(version)
    assert [row.digest for row in history.rows] == [row.digest for row in facts()]
    assert sum(history.visits.values()) == 3 * len(facts())


def test_it_can_be_continued_compared_and_promoted(lineage: ModelLineage, first: FineTuneJob) -> None:
    """Like any version."""
    lineage.promote(lineage.adopt(first.id, fact=lambda row: row.question.split()[-1]))
    second = lineage.continue_from("champion", news()).wait(progress=False)
    assert lineage.compare("champion", second, probes(), progress=False).verdict


def test_adopting_twice_changes_nothing(lineage: ModelLineage, first: FineTuneJob) -> None:
    """The version appears exactly once."""
    lineage.adopt(first.id)
    before = (lineage.versions, lineage.jobs()[0].id)
    assert lineage.adopt(first.id).id == first.id
    assert (lineage.versions, lineage.jobs()[0].id) == before
    assert len(lineage.jobs()) == 1


def test_a_job_of_this_lineage_is_returned_as_it_is(lineage: ModelLineage) -> None:
    """Nothing is read, nothing is added."""
    job = lineage.fine_tune(BASE, facts()).wait(progress=False)
    assert lineage.adopt(job.id).id == job.id
    assert len(lineage.versions) == 1


def test_a_running_job_is_waited_for(lineage: ModelLineage, backend: MockBackend) -> None:
    """It becomes a version when it ends."""
    running = FineTuneJob.submit(backend, model=BASE, training=facts())
    job = lineage.adopt(running.id)
    assert lineage.versions == ()
    assert job.wait(progress=False).succeeded
    assert lineage.version(job).model == job.fine_tuned_model
    assert sum(lineage.history(job).visits.values()) == 10 * len(facts())


def test_a_job_that_ended_badly_has_taught_nothing(lineage: ModelLineage, backend: MockBackend) -> None:
    """There is nothing to adopt."""
    lost = FineTuneJob.submit(backend, model=BASE, training=facts()).cancel()
    with pytest.raises(JobNotSucceeded, match="cancelled"):
        lineage.adopt(lost.id)
    with pytest.raises(NotFound):
        lineage.adopt("ftjob-unheard-of")
    assert lineage.jobs() == []


def test_what_a_job_continues_from_is_adopted_first(
    lineage: ModelLineage, first: FineTuneJob, second: FineTuneJob
) -> None:
    """A whole chain, from its last job; rehearsed rows are not taught twice."""
    lineage.adopt(second.id)
    parent, child = lineage.versions
    assert (parent.job_id, child.job_id, child.parent) == (first.id, second.id, parent.id)
    assert child.base_model == BASE
    assert not child.from_base
    assert len(lineage.history(child).rows) == len(facts()) + len(news())
    trained = len(facts()) + len(news()) + 6
    assert sum(lineage.history(child).visits.values()) == 3 * trained


def test_a_known_version_is_the_parent(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob, second: FineTuneJob
) -> None:
    """Whether its file is still there or not."""
    lineage.adopt(first.id, fact=lambda row: row.question.split()[-1])
    forget_file(backend, first)
    lineage.adopt(second.id)
    assert [version.parent for version in lineage.versions] == [None, lineage.version(first.id).id]


def test_a_file_that_is_gone_needs_its_rows(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob
) -> None:
    """The error says what to give."""
    forget_file(backend, first)
    with pytest.raises(LineageError, match="training="):
        lineage.adopt(first.id)
    assert lineage.jobs() == []
    assert lineage.history(lineage.adopt(first.id, training=facts())).rows == facts()


def test_a_parent_that_cannot_be_adopted_is_named(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob, second: FineTuneJob
) -> None:
    """With the line to type."""
    forget_file(backend, first)
    with pytest.raises(LineageError, match=rf"adopt\('{first.id}', training="):
        lineage.adopt(second.id)
    assert lineage.jobs() == []
    lineage.adopt(first.id, training=facts())
    lineage.adopt(second.id)
    assert len(lineage.versions) == 2


def test_other_rows_than_the_trained_ones_are_refused(lineage: ModelLineage, first: FineTuneJob) -> None:
    """While the file is there to compare with."""
    with pytest.raises(LineageError, match="not the rows"):
        lineage.adopt(first.id, training=news())
    assert lineage.adopt(first.id, training=facts()).id == first.id
    assert lineage.history(first.id).rows.facts == facts().facts


def test_facts_can_be_named_while_adopting(lineage: ModelLineage, first: FineTuneJob) -> None:
    """By a function from an example."""
    lineage.adopt(first.id, fact=lambda _row: "all the same")
    assert lineage.history(first.id).rows.facts == ("all the same",)


def test_a_retraining_from_the_base_can_succeed_a_version(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob
) -> None:
    """What `job.model` cannot say is said by the caller."""
    joint = bought(backend, facts() + news())
    parent = lineage.adopt(first.id)
    version = lineage.version(lineage.adopt(joint.id, parent=parent))
    assert (version.parent, version.from_base) == (lineage.version(parent).id, True)
    assert sum(lineage.history(version).visits.values()) == 3 * len(facts() + news())


def test_a_submission_with_a_lost_reply_is_settled_by_its_job(path: Path) -> None:
    """It was ours all the time."""
    backend = MockBackend(faults=[Fault("create_job", "lost_reply"), Fault("list_jobs", "http", times=99)])
    with ModelLineage(path, backend=backend, settle=5) as lineage:
        with pytest.raises(OutcomeUnknown):
            lineage.fine_tune(BASE, facts())
        (job_id,) = backend.simulated.list_jobs()["data"]
        job = lineage.adopt(job_id["id"])
        assert job.wait(progress=False).succeeded
        assert lineage.fine_tune(BASE, facts()).id == job.id
        assert len(lineage.versions) == 1


def test_an_interrupted_adoption_is_done_again(path: Path) -> None:
    """Nothing is left half-way."""
    backend = MockBackend(faults=[Fault("read_file", "http", status=503)])
    first = bought(backend, facts())
    with ModelLineage(path, backend=backend) as lineage:
        with pytest.raises(ServiceError, match="503"):
            lineage.adopt(first.id)
        assert lineage.jobs() == []
        lineage.adopt(first.id)
        assert len(lineage.versions) == 1


def test_many_threads_adopt_one_job_once(lineage: ModelLineage, first: FineTuneJob) -> None:
    """Whoever is first."""
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        lineage.adopt(first.id)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lineage.versions) == len(lineage.jobs()) == 1


def test_two_lineages_name_an_adopted_version_alike(
    tmp_path: Path, lineage: ModelLineage, backend: MockBackend, first: FineTuneJob
) -> None:
    """Ids follow from resource and job."""
    with ModelLineage(tmp_path / "other.db", backend=backend) as other:
        assert lineage.version(lineage.adopt(first.id)).id == other.version(other.adopt(first.id)).id


class Telling(MockBackend):
    """Tells something else about its jobs."""

    told: Mapping[str, Any] = {}

    @override
    def get_job(self, job_id: str, /) -> JobRecord:
        return replace(super().get_job(job_id), **self.told)


@pytest.mark.parametrize(
    "told",
    [
        {"method": "dpo", "hyperparameters": {"n_epochs": 2, "beta": 0.1}},
        {"method": "reinforcement", "hyperparameters": {"n_epochs": 2, "eval_interval": 3}},
        {"method": "of-tomorrow", "hyperparameters": {"n_epochs": 2, "unheard_of": [1]}},
        {"hyperparameters": {"n_epochs": 2.0, "batch_size": "auto"}, "suffix": "with a dot."},
    ],
)
def test_whatever_a_job_says_of_itself_it_is_adopted(path: Path, told: Mapping[str, Any]) -> None:
    """Unknown methods, names and values crash nothing."""
    backend = Telling()
    first = bought(backend, facts())
    backend.told = told
    with ModelLineage(path, backend=backend) as lineage:
        lineage.adopt(first.id)
        assert sum(lineage.history(first.id).visits.values()) == 2 * len(facts())


def test_adopting_works_in_the_event_loop(lineage: ModelLineage, first: FineTuneJob) -> None:
    """The same, on a worker thread."""
    assert asyncio.run(lineage.adopt_async(first.id)).id == first.id


def test_adopting_needs_a_backend(path: Path, lineage: ModelLineage, first: FineTuneJob) -> None:
    """A reader cannot ask."""
    with ModelLineage(path) as reader, pytest.raises(LineageError, match="backend"):
        reader.adopt(first.id)


@pytest.fixture(autouse=True)
def _closed(backend: MockBackend) -> Iterator[None]:
    """The resource ends with the test."""
    yield
    backend.close()
