"""One cell of the matrix while it runs: a world, a lineage, and what was bought so far."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from aoai_finetune import Dataset, FineTuneJob, ModelLineage, ModelVersion
from aoai_finetune.backends import Chat, MockBackend, VirtualClock
from aoai_finetune.errors import FineTuneError, OutcomeUnknown, ServiceError
from aoai_finetune.lineage import Deployed
from faults.table import Outcome
from faults.worlds import World

__all__ = ["BASE", "Run", "new_run", "rows"]

BASE = "gpt-4.1-mini-2025-04-14"
PATIENCE = 7 * 24 * 3600.0


@cache
def rows(start: int = 0, count: int = 12) -> Dataset:
    """Enough rows for the service; other rows for another start."""
    return Dataset.from_pairs(
        [(f"What is entry {n}?", f"It is number {n}.") for n in range(start, start + count)],
        system="You know entries.",
    )


@dataclass
class Run:
    """What a phase acts on. `bought` counts the trainings that the caller wanted."""

    world: World
    open: Callable[[], ModelLineage]
    lineage: ModelLineage
    bought: int = 0
    job: FineTuneJob | None = None
    deployed: Deployed | None = None

    def buy(self, start: int = 0, seed: int | None = None) -> FineTuneJob:
        """Ask for a training of some rows; asking again for the same costs nothing."""
        return self.lineage.fine_tune(
            BASE, rows(start), seed=seed, suffix="matrix", training_type="GlobalStandard"
        )

    @property
    def known(self) -> FineTuneJob:
        """The job that the phase is about."""
        assert self.job is not None
        return self.job

    @property
    def serving(self) -> Deployed:
        """The deployments that the phase is about."""
        assert self.deployed is not None
        return self.deployed

    def serve(self, *versions: FineTuneJob | ModelVersion) -> Deployed:
        """Deployments for as long as a block lasts."""
        self.deployed = self.lineage.deployed(*versions, tier="standard", progress=False)
        return self.deployed

    def asked(self) -> str:
        """What the model of the phase answers."""
        assert isinstance(self.world.backend, Chat)
        question = [{"role": "user", "content": "What is entry 3?"}]
        return self.world.backend.chat(str(self.known.fine_tuned_model), question).content

    def restart(self) -> None:
        """The program ends, and another one opens the same lineage."""
        self.lineage.close()
        self.lineage = self.open()

    def sleep(self, seconds: float) -> None:
        """Let time pass at the service."""
        self.world.backend.clock.sleep(seconds)

    def finish(self, job: FineTuneJob) -> FineTuneJob:
        """The job at its end, with a model; by sleeping, because looking often is the phase `watching`."""
        self.sleep(3_600.0)
        return job.wait(timeout=PATIENCE, progress=False).raise_for_status()

    def outcome_of_buying(self, ask: Callable[[], FineTuneJob]) -> Outcome:
        """Ask, wait to the end, and where that fails do what the error says."""
        files, jobs = self.world.files(), len(self.world.jobs())
        try:
            self.finish(ask())
        except OutcomeUnknown:
            return self._synchronised(ask)
        except FineTuneError:
            left = self.world.files() - files
            assert len(self.world.jobs()) == jobs, "a refusal left a job behind"
            self.finish(ask())
            return Outcome.TOLD if left else Outcome.REFUSED
        return Outcome.DONE

    def _synchronised(self, ask: Callable[[], FineTuneJob]) -> Outcome:
        self.sleep(900.0)
        report = self.lineage.sync()
        if report.found:
            self.finish(ask())
            return Outcome.FOUND
        assert report.unknown, "an unclear submission was forgotten"
        self.sleep(4_000.0)
        assert self.lineage.sync().lost, "an unclear submission was not given up"
        self.finish(ask())
        return Outcome.GIVEN_UP

    def outcome_of_telling(self, call: Callable[[], object]) -> Outcome:
        """Make a call that only reads; after an error, which cannot be an unclear one, make it again."""
        try:
            call()
        except OutcomeUnknown:
            raise AssertionError("a call that reads cannot be unclear") from None
        except ServiceError:
            call()
            return Outcome.TOLD
        return Outcome.DONE

    def outcome_of_changing(self, call: Callable[[], object], done: Callable[[], bool]) -> Outcome:
        """Make a call that changes something; after an error look, and make it again where it was not done."""
        try:
            call()
        except OutcomeUnknown:
            self.sleep(31.0)
            if done():
                return Outcome.TOLD_DONE
            call()
            assert done()
            return Outcome.TOLD
        except ServiceError:
            assert not done(), "a refusal must prove that nothing was done"
            call()
            assert done()
            return Outcome.TOLD
        assert done()
        return Outcome.DONE


@cache
def _empty_lineage() -> bytes:
    """A lineage file without anything in it: made once, because making one takes longer than most cells."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        with ModelLineage(path, backend=MockBackend()):
            pass
        return path.read_bytes()


@contextmanager
def new_run(world: World) -> Generator[Run]:
    """A run with an empty lineage."""
    memory = Path("/dev/shm")  # where the system has one: no cell waits for a disk
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        path = Path(folder) / "lineage.db"
        path.write_bytes(_empty_lineage())
        leases = VirtualClock()

        def opened() -> ModelLineage:
            return ModelLineage(path, backend=world.backend, settle=45.0, lease_clock=leases)

        run = Run(world, opened, opened())
        try:
            yield run
        finally:
            run.lineage.close()
