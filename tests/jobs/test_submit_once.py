"""A lost reply, a crash or a second process never buys a second training, and never loses a job."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

from aoai_finetune import FineTuneJob, MockBackend, ModelLineage, wait_all
from aoai_finetune.backends import JobRecord, VirtualClock
from aoai_finetune.backends.mock import Fault
from aoai_finetune.dataset import Dataset
from aoai_finetune.errors import FineTuneError, OutcomeUnknown, ServiceError
from aoai_finetune.jobs import Intent, MemoryJournal
from aoai_finetune.lineage.store._journal import StoredJournal

BASE = "gpt-4.1-mini-2025-04-14"


def rows(count: int = 12) -> Dataset:
    """Enough rows for the service."""
    return Dataset.from_pairs([(f"question number {n}", f"answer {n % 3}") for n in range(count)])


def trainings(backend: MockBackend) -> int:
    """Jobs that exist at the service, those that appear late included."""
    backend.clock.sleep(1000)
    return len(list(backend.list_jobs()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A lineage file that does not exist yet."""
    return tmp_path / "lineage.db"


@dataclass(frozen=True)
class Case:
    """One fault, and what it must lead to: how many trainings, and whether the first call knows its job."""

    fault: Fault
    trainings: int
    known: bool

    @override
    def __str__(self) -> str:
        return f"{self.fault.operation}-{self.fault.kind}-{self.fault.delay:g}"


CASES = [
    Case(Fault("create_job", "refused"), 1, known=True),
    Case(Fault("create_job", "refused", times=3), 1, known=True),
    Case(Fault("create_job", "lost_request"), 0, known=False),
    Case(Fault("create_job", "lost_reply"), 1, known=True),
    Case(Fault("create_job", "acted_late", delay=30), 1, known=True),
    Case(Fault("create_job", "acted_late", delay=600), 1, known=False),
    Case(Fault("upload_file", "refused"), 1, known=True),
    Case(Fault("upload_file", "lost_request"), 1, known=True),
    Case(Fault("upload_file", "lost_reply"), 1, known=True),
    Case(Fault("upload_file", "acted_late", delay=5), 1, known=True),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_never_buys_twice_and_never_loses_a_job(case: Case, path: Path) -> None:
    """Whatever the fault, the trainings at the service and the jobs in the lineage agree in the end."""
    backend = MockBackend(faults=[case.fault])
    with ModelLineage(path, backend=backend) as lineage:
        if case.known:
            job = lineage.fine_tune(BASE, rows(), suffix="once").wait(progress=False)
            assert job.succeeded
        else:
            with pytest.raises(OutcomeUnknown, match=r"sync\(\)"):
                lineage.fine_tune(BASE, rows(), suffix="once")
        assert trainings(backend) == case.trainings
        lineage.sync()
        assert len(lineage.jobs()) == case.trainings


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_request_again_returns_the_same_job(case: Case, path: Path) -> None:
    """After any fault, asking again finds what exists, or says that it is still unclear, and buys nothing."""
    backend = MockBackend(faults=[case.fault])
    with ModelLineage(path, backend=backend) as lineage:
        for _ in range(3):
            try:
                job = lineage.fine_tune(BASE, rows())
            except OutcomeUnknown:
                backend.clock.sleep(600)
            else:
                assert job.wait(progress=False).succeeded
        assert trainings(backend) == case.trainings


def test_a_request_that_was_lost_is_given_up_by_sync_and_can_be_bought_then(path: Path) -> None:
    """When no job appears for an hour, sync takes the file away and the next call buys one."""
    backend = MockBackend(faults=[Fault("create_job", "lost_request")])
    with ModelLineage(path, backend=backend) as lineage:
        with pytest.raises(OutcomeUnknown):
            lineage.fine_tune(BASE, rows())
        assert lineage.sync().unknown
        backend.clock.sleep(4000)
        assert lineage.sync().lost
        assert not list(backend.list_files())
        assert lineage.fine_tune(BASE, rows()).wait(progress=False).succeeded
        assert trainings(backend) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 408, 409])
@pytest.mark.parametrize("acted", [True, False], ids=["acted", "did-not-act"])
def test_an_unclear_status_is_looked_up_and_not_sent_again(path: Path, status: int, acted: bool) -> None:
    """A 5xx, 408 or 409 says nothing about whether the service acted."""
    backend = MockBackend(faults=[Fault("create_job", "http", status=status, acted=acted)])
    with ModelLineage(path, backend=backend) as lineage:
        try:
            lineage.fine_tune(BASE, rows())
        except OutcomeUnknown:
            assert not acted
        assert backend.calls["create_job"] == 1
        assert trainings(backend) == int(acted)


def test_a_throttled_creation_is_sent_again(path: Path) -> None:
    """429 proves that the service did not act."""
    backend = MockBackend(faults=[Fault("create_job", "http", status=429, retry_after=7.0)])
    before = backend.clock.now()
    with ModelLineage(path, backend=backend) as lineage:
        assert not lineage.fine_tune(BASE, rows()).done
        assert backend.calls["create_job"] == 2
        assert backend.clock.now() - before >= 7
        assert trainings(backend) == 1


def test_a_refused_job_leaves_nothing_behind(path: Path) -> None:
    """Nine examples: the service refuses, and neither job nor file remains; the way is free for a better file."""
    backend = MockBackend()
    with pytest.raises(ServiceError, match="10"):
        FineTuneJob.submit(backend, model=BASE, training=rows(9))
    assert not list(backend.list_files())
    assert not list(backend.list_jobs())
    with ModelLineage(path, backend=backend) as lineage, pytest.raises(FineTuneError):
        lineage.fine_tune("gpt-4.1-minni", rows())
    assert not list(backend.list_files())


def test_again_buys_another(path: Path) -> None:
    """`again=True` is the only way to buy the same request twice."""
    backend = MockBackend()
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, rows())
        same = lineage.fine_tune(BASE, rows())
        other = lineage.fine_tune(BASE, rows(), again=True)
        assert (first.reused, same.reused, other.reused) == (False, True, False)
        assert first.id == same.id != other.id
        assert lineage.fine_tune(BASE, rows()).id == other.id
        assert trainings(backend) == 2


def test_two_equal_files_with_different_seeds_are_two_trainings(path: Path) -> None:
    """The rows may be equal: the file of each intent names its own training."""
    backend = MockBackend(faults=[Fault("create_job", "lost_reply", times=2)])
    with ModelLineage(path, backend=backend) as lineage:
        one = lineage.fine_tune(BASE, rows(), seed=1)
        two = lineage.fine_tune(BASE, rows(), seed=2)
        assert one.id != two.id
        assert (one.wait(progress=False).seed, two.wait(progress=False).seed) == (1, 2)
        assert trainings(backend) == 2


def test_a_failed_or_cancelled_job_does_not_count_as_bought(path: Path) -> None:
    """After a cancellation the same call buys anew."""
    backend = MockBackend()
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, rows())
        first.cancel()
        second = lineage.fine_tune(BASE, rows())
        assert second.id != first.id
        assert not second.reused


def test_an_outage_of_the_lists_gives_nothing_up(path: Path) -> None:
    """What could not be looked for is not lost: giving up needs a complete list."""
    backend = MockBackend(
        faults=[Fault("create_job", "lost_reply"), Fault("list_jobs", "http", status=503, times=30)]
    )
    with ModelLineage(path, backend=backend) as lineage:
        with pytest.raises(OutcomeUnknown):
            lineage.fine_tune(BASE, rows())
        backend.clock.sleep(4000)
        report = lineage.sync()
        assert report.failed
        assert not report.lost
        while lineage.sync().failed:
            pass
        assert lineage.fine_tune(BASE, rows()).reused
        assert trainings(backend) == 1


def test_a_file_that_cannot_be_deleted_gives_nothing_up(path: Path) -> None:
    """A job may still start from it."""
    backend = MockBackend(
        faults=[Fault("create_job", "acted_late", delay=5000), Fault("delete_file", "http", status=503)]
    )
    with ModelLineage(path, backend=backend) as lineage:
        with pytest.raises(OutcomeUnknown):
            lineage.fine_tune(BASE, rows())
        backend.clock.sleep(4000)
        assert lineage.sync().unknown
        backend.clock.sleep(4000)
        assert lineage.sync().found
        assert trainings(backend) == 1


def test_one_unreachable_job_leaves_the_others_to_be_settled(path: Path) -> None:
    """sync goes on after trouble with one, and names it."""
    backend = MockBackend(faults=[Fault("get_job", "http", status=503)])
    with ModelLineage(path, backend=backend) as lineage:
        one, two = lineage.fine_tune(BASE, rows()), lineage.fine_tune(BASE, rows(), seed=2)
        backend.clock.sleep(24 * 3600)
        report = lineage.sync()
        assert (report.failed, report.settled) == ((one.id,), (two.id,))
        assert lineage.sync().settled == (one.id,)


def test_a_cancelled_second_purchase_leaves_the_first_one_bought(path: Path) -> None:
    """`again=True`, cancelled; asking plainly then returns what was bought before."""
    backend = MockBackend()
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, rows()).wait(progress=False)
        lineage.fine_tune(BASE, rows(), again=True).cancel()
        assert lineage.fine_tune(BASE, rows()).id == first.id
        assert trainings(backend) == 2


def test_a_file_that_was_deleted_meanwhile_is_uploaded_again(path: Path) -> None:
    """Somebody tidied up between the upload and the creation."""
    backend = MockBackend(faults=[Fault("create_job", "http", status=403)])
    leases = VirtualClock()
    dying = DyingLineage(path, backend=backend, lease_clock=leases, die_at=iter(["", "after"]))
    with dying, suppress(Crash):
        dying.fine_tune(BASE, rows())
    for file in list(backend.list_files()):
        backend.delete_file(file.id)
    leases.sleep(3600)
    backend = MockBackend() if not backend.calls else backend
    with ModelLineage(path, backend=backend, lease_clock=leases) as lineage:
        with suppress(ServiceError):
            lineage.fine_tune(BASE, rows())
        assert lineage.fine_tune(BASE, rows()).wait(progress=False).succeeded
        assert trainings(backend) == 1


def test_a_refused_validation_file_leaves_no_training_file_behind(path: Path) -> None:
    """Nothing is left behind, whichever upload was refused."""
    backend = MockBackend(faults=[Fault("upload_file", "http", status=403, at=1)])
    with ModelLineage(path, backend=backend) as lineage:
        with pytest.raises(ServiceError, match="403"):
            lineage.fine_tune(BASE, rows(), validation=rows())
        assert not list(backend.list_files())


@pytest.mark.parametrize("operation", ["get_file", "list_jobs"])
def test_a_refused_key_ends_every_wait(path: Path, operation: str) -> None:
    """Nothing gets better by asking again with it."""
    backend = MockBackend(faults=[Fault(operation, "http", status=401, times=1000)])
    with ModelLineage(path, backend=backend) as lineage, pytest.raises(ServiceError, match="401"):
        wait_all([lineage.fine_tune(BASE, rows())], progress=False)


def test_a_journal_in_memory_tells_requests_apart() -> None:
    """One journal, two requests, three threads: two trainings."""
    backend, journal = MockBackend(), MemoryJournal()
    ids: set[str] = set()

    def submit(count: int) -> None:
        ids.add(FineTuneJob.submit(backend, model=BASE, training=rows(count), journal=journal).id)

    threads = [threading.Thread(target=submit, args=(12 + n % 2,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 2
    assert trainings(backend) == 2


class InterruptedOnce(VirtualClock):
    """The user presses Ctrl-C during the first wait."""

    pressed = False

    @override
    def sleep(self, seconds: float, /) -> None:
        """Be interrupted once."""
        if not self.pressed:
            self.pressed = True
            raise KeyboardInterrupt
        super().sleep(seconds)


def test_ctrl_c_while_submitting_stalls_nobody(path: Path) -> None:
    """The lease is given up, the note says what to do, and the same call goes on at once."""
    backend, leases = MockBackend(clock=InterruptedOnce()), VirtualClock()
    with ModelLineage(path, backend=backend, lease_clock=leases) as lineage:
        with pytest.raises(KeyboardInterrupt) as stop:
            lineage.fine_tune(BASE, rows())
        assert "same call again" in stop.value.__notes__[0]
        before = leases.now()
        job = lineage.fine_tune(BASE, rows())
        assert leases.now() == before
        assert not job.reused
        assert trainings(backend) == 1


# -- crashes -----------------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process dies here; nothing may catch it."""


class CrashingJournal(StoredJournal):
    """The real journal, in a process that dies before or after its n-th write."""

    def __init__(self, journal: StoredJournal, die_at: Iterator[str]) -> None:
        super().__init__(journal._store, journal._step, clock=journal.clock)
        self._die_at = die_at
        self._dead = False

    @override
    def claim(self, key: str, part: int, model: str, owner: str) -> Intent:
        """Claim, or die."""
        return self._dying(lambda: super(CrashingJournal, self).claim(key, part, model, owner))

    @override
    def advance(self, intent: Intent) -> Intent:
        """Advance, or die."""
        return self._dying(lambda: super(CrashingJournal, self).advance(intent))

    @override
    def observe(self, intent: Intent, job: JobRecord) -> Intent:
        """Observe, or die."""
        return self._dying(lambda: super(CrashingJournal, self).observe(intent, job))

    def _dying(self, write: Callable[[], Intent]) -> Intent:
        moment = next(self._die_at, "")
        if moment == "before":
            raise self._died()
        written = write()
        if moment == "after":
            raise self._died()
        return written

    def _died(self) -> Crash:
        self._dead = True
        return Crash()

    @override
    def release(self, intent: Intent) -> None:
        """A dead process releases nothing."""
        if not self._dead:
            super().release(intent)


class DyingLineage(ModelLineage):
    """A lineage whose process dies at a chosen journal write."""

    def __init__(
        self, path: Path, *, backend: MockBackend, lease_clock: VirtualClock, die_at: Iterator[str]
    ) -> None:
        super().__init__(path, backend=backend, lease_clock=lease_clock)
        self._die_at = die_at

    @override
    def _journal(self, step: str) -> StoredJournal:
        return CrashingJournal(super()._journal(step), self._die_at)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("write", range(6))
def test_a_crash_at_any_journal_write_is_survived(path: Path, write: int, moment: str) -> None:
    """Die before or after the n-th write, start again: one training, one version, nothing lost."""
    backend, leases = MockBackend(), VirtualClock()
    dying = DyingLineage(path, backend=backend, lease_clock=leases, die_at=iter([""] * write + [moment]))
    with dying, suppress(Crash):  # with fewer writes than `write` it lives
        dying.fine_tune(BASE, rows()).wait(progress=False)

    leases.sleep(3600)
    with ModelLineage(path, backend=backend, lease_clock=leases) as lineage:
        try:
            lineage.fine_tune(BASE, rows()).wait(progress=False)
        except OutcomeUnknown:
            # It died between writing "sending" and sending: nobody can know, so nothing is sent by itself.
            backend.clock.sleep(4000)
            assert lineage.sync().lost
            lineage.fine_tune(BASE, rows()).wait(progress=False)
        assert trainings(backend) == 1
        assert len(lineage.versions) == 1


def test_a_living_owner_is_left_alone_until_its_lease_is_over(path: Path) -> None:
    """Another process waits for the lease before it repairs a submission."""
    backend, leases = MockBackend(), VirtualClock()
    dying = DyingLineage(path, backend=backend, lease_clock=leases, die_at=iter(["", "after"]))
    with dying, pytest.raises(Crash):
        dying.fine_tune(BASE, rows())
    before = leases.now()
    with ModelLineage(path, backend=backend, lease_clock=leases) as lineage:
        lineage.fine_tune(BASE, rows())
        assert leases.now() - before >= 59
        assert trainings(backend) == 1


PROCESS = """
import sys
from aoai_finetune import Dataset, MockBackend, ModelLineage
lineage_file, mock_folder = sys.argv[1:]
rows = Dataset.from_pairs([(f"question number {n}", f"answer {n % 3}") for n in range(12)])
with ModelLineage(lineage_file, backend=MockBackend(mock_folder)) as lineage:
    print("ready", flush=True)
    sys.stdin.readline()
    job = lineage.fine_tune("gpt-4.1-mini-2025-04-14", rows).wait(progress=False)
    print(job.id, flush=True)
"""


def test_two_processes_buy_one_training(tmp_path: Path) -> None:
    """Two processes ask for the same thing at the same moment: both end up with the same job."""
    arguments = [
        sys.executable,
        "-c",
        textwrap.dedent(PROCESS),
        str(tmp_path / "l.db"),
        str(tmp_path / "mock"),
    ]
    workers = [
        subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    ids = {worker.communicate(timeout=60)[0].strip() for worker in workers}
    assert [worker.returncode for worker in workers] == [0, 0]
    assert len(ids) == 1
    assert trainings(MockBackend(tmp_path / "mock")) == 1
