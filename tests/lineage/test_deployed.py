"""Versions that are served for a while, and never longer."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from typing_extensions import override

from aoai_finetune import FineTuneJob, MockBackend, ModelLineage
from aoai_finetune.backends import Fault, VirtualClock
from aoai_finetune.errors import NotDeployed, NotFound, ServiceError, WaitTimeout, WrongResource
from aoai_finetune.lineage import Deployed
from samples import BASE, facts, news, probes

QUESTION = [{"role": "user", "content": "Who is there?"}]
NEVER = 10**6


def mock(path: Path, *faults: Fault) -> MockBackend:
    """The resource, kept on disk, where only deployments answer."""
    return MockBackend(path / "mock", require_deployments=True, faults=faults, name="here")


def open_lineage(path: Path, *faults: Fault) -> ModelLineage:
    """A lineage on it."""
    return ModelLineage(path / "assistant.db", backend=mock(path, *faults))


def names(path: Path) -> list[str]:
    """The deployments of the resource."""
    with mock(path) as backend:
        return [record.name for record in backend.list_deployments()]


def later(path: Path, seconds: float) -> None:
    """Let time pass on the resource."""
    with mock(path) as backend:
        backend.list_deployments()
        backend.clock.sleep(seconds)
        backend.list_deployments()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lineage with one version, and its resource, made once."""
    path = tmp_path_factory.mktemp("made")
    with mock(path) as backend, ModelLineage(path / "assistant.db", backend=backend) as lineage:
        lineage.fine_tune(BASE, facts(), suffix="facts").wait(progress=False)
    return path


@pytest.fixture(autouse=True)
def _bought(made: Path, tmp_path: Path) -> None:
    """A copy of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)


@pytest.fixture
def lineage(tmp_path: Path) -> Iterator[ModelLineage]:
    """That lineage, opened again."""
    with open_lineage(tmp_path) as opened:
        yield opened


@pytest.fixture
def first(lineage: ModelLineage) -> FineTuneJob:
    """The job of its version."""
    return lineage.jobs()[0]


def test_inside_the_block_models_answer_and_outside_they_do_not(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """Compare old and new without a thought about deployments."""
    second = lineage.continue_from(first, news()).wait(progress=False)
    with pytest.raises(NotDeployed):
        lineage.compare(first, second, probes(), progress=False)
    with lineage.deployed(first, second, progress=False):
        lineage.compare(first, second, probes(), progress=False)
        assert len(names(tmp_path)) == 2
    assert names(tmp_path) == []
    assert lineage.deployments() == ()


def test_names_lead_from_models_to_deployments(lineage: ModelLineage, first: FineTuneJob) -> None:
    """For clients of one's own."""
    with lineage.deployed(first, tier="standard", progress=False) as served:
        name = served.names[str(first.fine_tuned_model)]
        assert name.startswith(f"assistant-{lineage.version(first).id}-")
        assert [(record.name, record.tier) for record in served.records] == [(name, "standard")]
        assert repr(served) == f"<Deployed {name}>"


def test_the_price_is_stated_before_anything_is_made(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, and as a value."""
    served = lineage.deployed(first, tier="standard")
    assert str(served.price) == "1 standard deployment: 0.00 USD an hour until removed (simulated service)"
    assert names(tmp_path) == []
    with served:
        assert str(served.price) in capsys.readouterr().err
    with lineage.deployed(first, progress=False):
        assert capsys.readouterr().err == ""


def test_an_error_inside_the_block_removes_what_was_made(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """The error comes through as it is."""
    with pytest.raises(ZeroDivisionError), lineage.deployed(first, progress=False):
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_ctrl_c_inside_the_block_removes_what_was_made(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """Nothing goes on costing."""
    with pytest.raises(KeyboardInterrupt), lineage.deployed(first, progress=False):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


class Stopped(VirtualClock):
    """Somebody presses Ctrl-C while the program waits."""

    pressed = False

    @override
    def sleep(self, seconds: float, /) -> None:
        if not self.pressed:
            self.pressed = True
            raise KeyboardInterrupt
        super().sleep(seconds)


def test_ctrl_c_on_the_way_in_removes_what_was_made(tmp_path: Path) -> None:
    """The wait for an answer is where the time goes."""
    backend = MockBackend(tmp_path / "mock", clock=Stopped())
    with ModelLineage(tmp_path / "assistant.db", backend=backend) as lineage:
        served = lineage.deployed(lineage.versions[0], progress=False)
        with pytest.raises(KeyboardInterrupt), served:
            pytest.fail("the block was entered")
        assert backend.calls["create_deployment"] == 1
        assert names(tmp_path) == []


def test_a_name_that_somebody_else_took_over_is_left_alone(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """It was ours, and is no longer."""
    with lineage.deployed(first, names=["shared"], progress=False):
        mock(tmp_path).create_deployment("shared", BASE)
    assert names(tmp_path) == ["shared"]
    assert lineage.deployments() == ()


def test_a_lineage_closed_inside_the_block_leaves_no_deployment(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """The file is closed, the service is not."""
    with lineage.deployed(first, progress=False):
        lineage.close()
    assert names(tmp_path) == []


def test_one_that_cannot_be_made_removes_the_others(tmp_path: Path) -> None:
    """The block is never entered."""
    fault = Fault("create_deployment", "http", status=400, at=1)
    with open_lineage(tmp_path, fault) as lineage:
        first = lineage.jobs()[0]
        second = lineage.continue_from(first, news()).wait(progress=False)
        with pytest.raises(ServiceError, match="400"), lineage.deployed(first, second, progress=False):
            pytest.fail("the block was entered")
        assert names(tmp_path) == []
        assert lineage.deployments() == ()


def test_one_that_never_answers_is_removed_again(tmp_path: Path) -> None:
    """A time-out says what to try."""
    with open_lineage(tmp_path, Fault("chat", "http", status=404, times=NEVER)) as lineage:
        served = lineage.deployed(lineage.jobs()[0], timeout=300, progress=False)
        with pytest.raises(WaitTimeout, match="being removed"), served:
            pytest.fail("the block was entered")
        assert names(tmp_path) == []


def test_what_cannot_be_removed_is_an_error_that_says_how(tmp_path: Path) -> None:
    """And it is remembered, listed, and removed later."""
    with open_lineage(tmp_path, Fault("delete_deployment", "http", status=403)) as lineage:
        served = lineage.deployed(lineage.jobs()[0], progress=False)
        (name,) = served.names.values()
        with pytest.raises(ServiceError, match=rf"remove_deployments\('{name}'\)"), served:
            pass
        (left,) = lineage.deployments()
        assert (left.name, left.status, left.in_use) == (name, "Succeeded", False)
        assert lineage.remove_deployments() == (name,)
        assert names(tmp_path) == []


def test_trouble_with_removing_does_not_hide_the_error_of_the_block(tmp_path: Path) -> None:
    """It is added to it as a note."""
    with open_lineage(tmp_path, Fault("delete_deployment", "http", status=403)) as lineage:
        served = lineage.deployed(lineage.jobs()[0], progress=False)
        with pytest.raises(ZeroDivisionError) as caught, served:
            raise ZeroDivisionError
        assert "remove_deployments" in caught.value.__notes__[0]


class Impatient(MockBackend):
    """Somebody presses Ctrl-C during the first removal."""

    pressed = False

    @override
    def delete_deployment(self, name: str, /) -> None:
        if not self.pressed:
            self.pressed = True
            raise KeyboardInterrupt
        super().delete_deployment(name)


def test_a_second_ctrl_c_says_what_is_left(tmp_path: Path) -> None:
    """Whoever cannot wait knows what to do later."""
    backend = Impatient(tmp_path / "mock", require_deployments=True)
    with ModelLineage(tmp_path / "assistant.db", backend=backend) as lineage:
        served = lineage.deployed(lineage.versions[0], progress=False)
        with pytest.raises(KeyboardInterrupt) as caught, served:
            raise KeyboardInterrupt
        assert any("remove_deployments" in note for note in caught.value.__notes__)
        assert len(lineage.remove_deployments()) == 1


@pytest.mark.parametrize("kind", ["lost_request", "lost_reply", "acted_late"])
def test_an_unclear_removal_is_repeated(tmp_path: Path, kind: str) -> None:
    """A lost reply leaves nothing behind."""
    with open_lineage(tmp_path, Fault("delete_deployment", kind, delay=1)) as lineage:
        with lineage.deployed(lineage.jobs()[0], progress=False):
            assert len(names(tmp_path)) == 1
        assert names(tmp_path) == []


def test_one_that_appears_after_everything_failed_is_found_later(tmp_path: Path) -> None:
    """The service acts long after everybody gave up; nobody pays for ever."""
    fault = Fault("create_deployment", "acted_late", delay=1200, times=NEVER)
    with open_lineage(tmp_path, fault) as lineage:
        with pytest.raises(ServiceError), lineage.deployed(lineage.jobs()[0], progress=False):
            pytest.fail("the block was entered")
        assert names(tmp_path) == []
        assert lineage.deployments() == ()
        later(tmp_path, 1300)
        (late,) = lineage.deployments()
        assert lineage.remove_deployments() == (late.name,)
        assert names(tmp_path) == []


def test_what_was_never_made_is_forgotten_in_time(tmp_path: Path) -> None:
    """An hour later it will not appear any more."""
    with open_lineage(tmp_path, Fault("create_deployment", "http", status=400)) as lineage:
        served = lineage.deployed(lineage.jobs()[0], progress=False)
        (name,) = served.names.values()
        with pytest.raises(ServiceError, match="400"), served:
            pytest.fail("the block was entered")
        later(tmp_path, 3700)
        assert lineage.deployments() == ()
        with pytest.raises(NotFound):
            lineage.remove_deployments(name)


def test_an_existing_deployment_is_used_and_left_alone(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """Production keeps what it has."""
    model = str(first.fine_tuned_model)
    mock(tmp_path).create_deployment("production", model)
    with lineage.deployed(first, names=["production"], progress=False) as served:
        assert served.names == {model: "production"}
        assert lineage.deployments() == ()
    assert names(tmp_path) == ["production"]
    with pytest.raises(NotFound, match="made no deployment"):
        lineage.remove_deployments("production")


def test_a_name_of_ones_own_is_made_and_removed(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """What was not there before goes again."""
    with lineage.deployed(first, names=["mine"], progress=False):
        assert names(tmp_path) == ["mine"]
    assert names(tmp_path) == []


@pytest.mark.parametrize("given", [[], ["a", "b"]])
def test_names_are_one_for_each_version(lineage: ModelLineage, first: FineTuneJob, given: list[str]) -> None:
    """Anything else is a mistake."""
    with pytest.raises(ValueError, match="one name"):
        lineage.deployed(first, names=given)
    with pytest.raises(ValueError, match="at least one"):
        lineage.deployed()


def test_blocks_at_the_same_time_have_deployments_of_their_own(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """The end of one block is not the end of the other."""
    with lineage.deployed(first, progress=False):
        with lineage.deployed(first, progress=False):
            assert len(names(tmp_path)) == 2
        assert len(names(tmp_path)) == 1


def test_what_is_in_use_is_listed_and_not_swept_away(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """Only a name given removes it."""
    with lineage.deployed(first, progress=False):
        (one,) = lineage.deployments()
        assert one.in_use
        assert (one.version, one.tier) == (lineage.version(first).id, "developer")
        assert lineage.remove_deployments() == ()
        assert lineage.remove_deployments(one.name) == (one.name,)
    assert names(tmp_path) == []


def test_without_a_backend_the_state_is_unknown(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """Reading needs no service."""
    with lineage.deployed(first, progress=False), ModelLineage(tmp_path / "assistant.db") as reader:
        assert [one.status for one in reader.deployments()] == ["unknown"]
        with pytest.raises(WrongResource):
            reader.deployed(first.id)


def test_an_async_block_deploys_and_removes(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """The same, in the event loop; the lineage too is an async context manager."""

    async def program() -> list[str]:
        async with lineage, lineage.deployed(first, progress=False):
            return names(tmp_path)

    assert len(asyncio.run(program())) == 1
    assert names(tmp_path) == []


def _cancelled_in(block: Deployed, *, twice: bool) -> None:
    async def work(entered: asyncio.Event) -> None:
        async with block:
            entered.set()
            await asyncio.sleep(3600)

    async def program() -> None:
        entered = asyncio.Event()
        task = asyncio.create_task(work(entered))
        await entered.wait()
        task.cancel()
        if twice:
            await asyncio.sleep(0)
            task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(program())


@pytest.mark.parametrize("twice", [False, True])
def test_a_cancelled_block_removes_what_was_made(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob, twice: bool
) -> None:
    """However often somebody asks for the end."""
    _cancelled_in(lineage.deployed(first, progress=False), twice=twice)
    assert names(tmp_path) == []
    assert lineage.deployments() == ()


def test_a_cancelled_way_in_removes_what_was_made(tmp_path: Path) -> None:
    """The wait for an answer is where the time goes."""
    with open_lineage(tmp_path, Fault("chat", "http", status=404, times=NEVER)) as lineage:

        async def work() -> None:
            async with lineage.deployed(lineage.jobs()[0], timeout=10**9, progress=False):
                pytest.fail("the block was entered")

        async def program() -> None:
            task = asyncio.create_task(work())
            for _ in range(10_000):
                if names(tmp_path):
                    break
                await asyncio.sleep(0)
            task.cancel()
            await task

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(program())
        assert names(tmp_path) == []


PROCESS = """
import os, sys
from pathlib import Path
from aoai_finetune import MockBackend, ModelLineage
path = Path(sys.argv[1])
backend = MockBackend(path / "mock", require_deployments=True)
lineage = ModelLineage(path / "assistant.db", backend=backend)
if sys.argv[2] == "before":
    backend.create_deployment = lambda *_, **__: os._exit(9)
with lineage.deployed(lineage.versions[0], progress=False):
    os._exit(9)
"""


@pytest.mark.parametrize(("moment", "left"), [("before", 0), ("inside", 1)])
def test_what_a_crash_left_behind_is_found_and_removed(
    tmp_path: Path, lineage: ModelLineage, moment: str, left: int
) -> None:
    """The next program lists it, and one call removes it."""
    ended = subprocess.run([sys.executable, "-c", PROCESS, str(tmp_path), moment], check=False)
    assert ended.returncode == 9
    assert [one.in_use for one in lineage.deployments()] == [False] * left
    assert len(lineage.remove_deployments()) == left
    assert names(tmp_path) == []


def test_blocks_in_many_threads_leave_nothing(
    tmp_path: Path, lineage: ModelLineage, first: FineTuneJob
) -> None:
    """One lineage, one backend, several blocks at the same time."""
    together = threading.Barrier(4)

    def work() -> None:
        with lineage.deployed(first, progress=False):
            together.wait(timeout=60)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for _ in range(4)]:
            done.result()
    assert names(tmp_path) == []
    assert lineage.deployments() == ()


ENDLESS = """
import sys
from pathlib import Path
from aoai_finetune import MockBackend, ModelLineage
path = Path(sys.argv[1])
lineage = ModelLineage(path / "assistant.db", backend=MockBackend(path / "mock", require_deployments=True))
print("ready", flush=True)
while True:
    with lineage.deployed(lineage.versions[0], progress=False):
        pass
"""
MOMENTS = random.Random(20261122)


@pytest.mark.slow
@pytest.mark.parametrize("after", [round(MOMENTS.uniform(0.0, 0.3), 3) for _ in range(12)])
def test_a_process_killed_at_any_moment_leaves_nothing_that_cannot_be_found(
    tmp_path: Path, lineage: ModelLineage, after: float
) -> None:
    """SIGKILL anywhere between the price and the last removal."""
    worker = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    with worker.stdout:
        assert worker.stdout.readline() == "ready\n"
        with suppress(subprocess.TimeoutExpired):
            worker.wait(timeout=after)
        worker.kill()
        worker.wait()
    lineage.remove_deployments()
    assert names(tmp_path) == []
    assert lineage.deployments() == ()
