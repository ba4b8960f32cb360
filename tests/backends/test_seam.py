"""The seam itself: clocks, methods, records, the front door."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest

from aoai_finetune import backends
from aoai_finetune.backends import (
    Backend,
    Chat,
    Deployments,
    JobRecord,
    MockBackend,
    Models,
    Pausable,
    Supervised,
    SystemClock,
    VirtualClock,
)


def test_sleeping_on_a_virtual_clock_moves_it_and_returns_at_once() -> None:
    """A year costs nothing."""
    clock = VirtualClock(start=100.0)
    clock.sleep(31_536_000.0)
    assert clock.now() == 31_536_100.0


def test_a_virtual_clock_never_runs_backwards() -> None:
    """Neither by sleeping a negative time nor by being moved to the past."""
    clock = VirtualClock(start=100.0)
    clock.sleep(-5.0)
    clock.advance_to(50.0)
    assert clock.now() == 100.0


def test_sleeping_async_gives_other_tasks_a_turn() -> None:
    """Two tasks on one virtual clock take turns."""

    async def both() -> list[str]:
        clock, said = VirtualClock(), list[str]()

        async def speak(name: str) -> None:
            for _ in range(2):
                said.append(name)
                await clock.sleep_async(1.0)

        await asyncio.gather(speak("a"), speak("b"))
        return said

    assert asyncio.run(both()) == ["a", "b", "a", "b"]


def test_threads_do_not_lose_time_on_a_virtual_clock() -> None:
    """Every sleep counts."""
    clock = VirtualClock(start=0.0)

    def work() -> None:
        for _ in range(500):
            clock.sleep(1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == 2_000.0


def test_the_system_clock_is_the_machines() -> None:
    """It goes on by itself, and both sleeps return."""
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.0)
    asyncio.run(clock.sleep_async(0.0))
    assert clock.now() >= before > 1_700_000_000


@pytest.mark.parametrize(
    "bad",
    [
        {"n_epochs": 0},
        {"n_epochs": 51},
        {"batch_size": 257},
        {"learning_rate_multiplier": 0},
        {"learning_rate_multiplier": float("inf")},
    ],
    ids=str,
)
def test_hyperparameters_outside_the_limits_are_refused(bad: dict[str, Any]) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match=next(iter(bad))):
        Supervised(**bad)


def test_what_is_auto_is_not_sent() -> None:
    """Only what differs from `auto` is on the wire."""
    wire = Supervised(n_epochs=3).to_wire()
    assert wire == {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}}


@pytest.mark.parametrize(("status", "done"), [("succeeded", True), ("paused", False), ("brand_new", False)])
def test_only_terminal_statuses_are_done(status: str, done: bool) -> None:
    """A status nobody has seen yet is kept, and not taken for an end."""
    assert JobRecord(id="ftjob-1", model="m", status=status).done is done


@pytest.mark.parametrize("seam", [Backend, Chat, Pausable, Deployments, Models])
def test_the_mock_has_every_protocol(seam: type) -> None:
    """Optional ones included."""
    assert isinstance(MockBackend(), seam)


def test_the_front_door_loads_the_mock_when_it_is_asked_for() -> None:
    """Neither SQLite nor the engines are imported with the seam."""
    code = "import sys, aoai_finetune.backends; print('sqlite3' in sys.modules, 'asyncio' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]


def test_the_front_door_has_no_other_names() -> None:
    """A typing error is an `AttributeError` that names the module."""
    assert set(backends.__all__) <= set(dir(backends))
    with pytest.raises(AttributeError, match=r"aoai_finetune\.backends"):
        backends.__getattr__("MokBackend")
