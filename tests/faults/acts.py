"""What happens in the phases of a fine-tune: what came before them, what is done in them, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass

from aoai_finetune import Dataset, ProbeSet, wait_all
from aoai_finetune.continual import Schedule, ScheduledPart
from aoai_finetune.errors import OutcomeUnknown, ServiceError
from aoai_finetune.evaluation import Probe
from faults.run import Run, rows
from faults.table import Outcome

__all__ = [
    "asking_again",
    "cancelling",
    "comparing",
    "deploying",
    "first_part_done",
    "first_submission",
    "following",
    "giving_up",
    "left_unclear",
    "lost_long_ago",
    "one_done",
    "one_running",
    "one_served",
    "pausing",
    "reading",
    "removing",
    "resuming",
    "second_part",
    "synchronising",
    "two_running",
    "two_seeds",
    "two_served",
    "watching",
    "watching_all",
]

# -- submitting --------------------------------------------------------------------------------------------------


def first_submission(run: Run) -> Outcome:
    """One fine-tune from the beginning to the end."""
    run.bought += 1
    return run.outcome_of_buying(run.buy)


def two_seeds(run: Run) -> Outcome:
    """The same rows a second time, with another seed: another training, and not the first one."""
    run.bought += 1
    seen = run.outcome_of_buying(lambda: run.buy(seed=2))
    assert sorted(job.seed or 0 for job in run.lineage.jobs()) == [1, 2]
    return seen


def left_unclear(run: Run) -> None:
    """A submission whose outcome nobody knows; the request arrives ten minutes later."""
    run.bought += 1
    try:
        run.buy()
    except OutcomeUnknown:
        return
    raise AssertionError("the submission was meant to stay unclear")


def asking_again(run: Run) -> Outcome:
    """The same call in another program, when the job has appeared."""
    run.sleep(900.0)
    run.restart()
    return run.outcome_of_buying(run.buy)


def one_done(run: Run) -> None:
    """A first version, undisturbed."""
    run.bought += 1
    run.job = run.finish(run.buy(seed=1))


def one_running(run: Run) -> None:
    """A job that was accepted a moment ago."""
    run.bought += 1
    run.job = run.buy(seed=1)


@dataclass(frozen=True)
class InTwoJobs:
    """The new rows, twice, as two consecutive jobs."""

    name: str = "in two jobs"
    passes: int = 2

    def schedule(self, new: Dataset, _old: object, /) -> Schedule:
        """Two equal parts."""
        part = ScheduledPart(rows=range(len(new)), n_epochs=1)
        return Schedule(start="parent", parts=(part, part))


def first_part_done(run: Run) -> None:
    """A step of two jobs, of which the first is over."""
    one_done(run)
    run.bought += 2
    parent = run.known
    run.job = run.lineage.continue_from(
        parent, rows(100), strategy=InTwoJobs(), suffix="matrix", training_type="GlobalStandard"
    )
    run.sleep(24 * 3600.0)
    run.job.refresh()
    assert run.job.record.succeeded
    assert run.job.more_parts


def second_part(run: Run) -> Outcome:
    """The job that follows by itself."""
    return run.outcome_of_buying(lambda: run.known)


# -- settling ----------------------------------------------------------------------------------------------------


def synchronising(run: Run) -> Outcome:
    """One look at everything that is open; where it failed, another."""
    run.sleep(900.0)
    report = run.lineage.sync()
    seen = Outcome.DONE
    if report.failed:
        seen, report = Outcome.REPORTED, run.lineage.sync()
    assert report.found or report.settled
    assert not (report.failed)
    assert not (report.unknown)
    return seen


def lost_long_ago(run: Run) -> None:
    """A submission that never reached the service, an hour ago."""
    run.bought += 1
    try:
        run.buy()
    except OutcomeUnknown:
        run.sleep(4_000.0)
        return
    raise AssertionError("the submission was meant to stay unclear")


def giving_up(run: Run) -> Outcome:
    """Proving that there is no job, and buying one."""
    report = run.lineage.sync()
    seen = Outcome.DONE
    if not report.lost:
        seen = Outcome.REPORTED if report.failed else Outcome.LATER
        run.sleep(31.0)
        assert run.lineage.sync().lost
    run.finish(run.buy())
    return seen


# -- watching and reading ----------------------------------------------------------------------------------------


def watching(run: Run) -> Outcome:
    """Waiting for the end of a job."""
    return run.outcome_of_telling(lambda: run.known.wait(progress=False).raise_for_status())


def two_running(run: Run) -> None:
    """Two trainings of the same rows, accepted a moment ago."""
    run.bought += 2
    run.buy(seed=1)
    run.buy(seed=2)


def watching_all(run: Run) -> Outcome:
    """Waiting for several jobs by their list."""

    def wait() -> None:
        assert all(job.succeeded for job in wait_all(run.lineage.jobs(), progress=False))

    return run.outcome_of_telling(wait)


def following(run: Run) -> Outcome:
    """Reading the log while it grows."""
    seen: list[str] = []

    def follow() -> None:
        seen[:] = [event.id for event in run.known.events(follow=True)]

    told = run.outcome_of_telling(follow)
    assert len(seen) == len(set(seen)) > 5
    run.finish(run.known)
    return told


def reading(run: Run) -> Outcome:
    """Log, checkpoints and curve of a job that is over."""

    def read() -> None:
        assert list(run.known.events())
        assert run.known.checkpoints()
        assert run.known.metrics()

    return run.outcome_of_telling(read)


# -- stopping ----------------------------------------------------------------------------------------------------


def cancelling(run: Run) -> Outcome:
    """Stopping a job for good."""
    seen = run.outcome_of_changing(run.known.cancel, lambda: _status(run) == "cancelled")
    assert run.known.wait(progress=False).status == "cancelled"
    return seen


def pausing(run: Run) -> Outcome:
    """Letting a job stand still, and go on."""
    _until(run, "running")
    seen = run.outcome_of_changing(run.known.pause, lambda: _status(run) == "paused")
    run.known.resume()
    run.finish(run.known)
    return seen


def resuming(run: Run) -> Outcome:
    """Letting a job that stood still go on."""
    _until(run, "running")
    run.known.pause()
    seen = run.outcome_of_changing(run.known.resume, lambda: _status(run) == "running")
    run.finish(run.known)
    return seen


def _status(run: Run) -> str:
    job = next(job for job in run.world.jobs() if job.id == run.known.id)
    return job.status


def _until(run: Run, status: str) -> None:
    while _status(run) != status:
        run.sleep(5.0)


# -- serving and comparing ---------------------------------------------------------------------------------------

PROBES = ProbeSet(
    [
        Probe(fact=f"What is entry {n}?", question=f"What is entry {n}?", expected=(f"It is number {n}.",))
        for n in range(3)
    ]
)


def two_served(run: Run) -> None:
    """Two versions, each with a deployment that answers."""
    one_done(run)
    run.bought += 1
    run.finish(run.buy(100))
    run.serve(*run.lineage.versions).__enter__()


def comparing(run: Run) -> Outcome:
    """Asking both models every probe; what was answered is not asked again."""
    old, new = run.lineage.versions

    def compare() -> None:
        comparison = run.lineage.compare(old, new, PROBES, concurrency=1, progress=False)
        assert len(comparison.pairs) == len(PROBES)

    seen = run.outcome_of_telling(compare)
    run.serving.__exit__(None, None, None)
    return seen


def deploying(run: Run) -> Outcome:
    """Serving a model until it answers, and no longer."""

    def deploy() -> None:
        with run.serve(run.known):
            assert run.asked() == "It is number 3."

    seen = run.outcome_of_telling(deploy)
    run.sleep(900.0)
    return Outcome.APPEARED if run.lineage.remove_deployments() else seen


def one_served(run: Run) -> None:
    """One version with a deployment that answers."""
    one_done(run)
    run.serve(run.known).__enter__()


def removing(run: Run) -> Outcome:
    """The end of the block in which a model is served; what it may have left is removed by name."""
    try:
        run.serving.__exit__(None, None, None)
    except ServiceError:
        assert run.lineage.remove_deployments()
        return Outcome.TOLD
    return Outcome.DONE
