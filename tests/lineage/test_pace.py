"""Many questions, one pace."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from aoai_finetune import MockBackend
from aoai_finetune.backends import Completion, Fault, VirtualClock
from aoai_finetune.errors import NotDeployed, ServiceError
from aoai_finetune.jobs import Waiting, drive
from aoai_finetune.lineage.asking._ask_many import Question, ask_all, ask_all_async, stoppable
from aoai_finetune.lineage.asking._pace import Pace, paced, paces_of
from samples import BASE

MESSAGES = [{"role": "user", "content": "Who is there?"}]
Asker = Callable[[list[Question], int], None]


def in_threads(questions: list[Question], concurrency: int) -> None:
    """Ask on worker threads."""
    ask_all(questions, concurrency=concurrency, progress=False)


def in_the_loop(questions: list[Question], concurrency: int) -> None:
    """Ask in an event loop."""
    asyncio.run(ask_all_async(questions, concurrency=concurrency, progress=False))


class Watched(MockBackend):
    """Notes when it was asked."""

    def __init__(self, *faults: Fault, **options: Any) -> None:
        super().__init__(faults=faults, **options)
        self.asked: list[float] = []

    @override
    def chat(self, *args: Any, **options: Any) -> Completion:
        self.asked.append(self.clock.now())
        return super().chat(*args, **options)


class Throttling(MockBackend):
    """Answers one question a minute, and tells others how long to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals = 0
        self._free = 0.0
        self._lock = threading.Lock()

    @override
    def chat(self, *args: Any, **options: Any) -> Completion:
        with self._lock:
            left = self._free - self.clock.now()
            if left > 0:
                self.refusals += 1
                raise ServiceError("slowly", status=429, retryable=True, retry_after=left)
            self._free = self.clock.now() + 60
        return super().chat(*args, **options)


def questions(backend: MockBackend, count: int, model: str = BASE) -> tuple[list[Question], list[str]]:
    """Questions, and where the answers go."""
    answers: list[str] = []
    asked = [
        Question(
            backend=backend,
            model=model,
            messages=[{"role": "user", "content": f"Question {number}?"}],
            keep=lambda answer: answers.append(answer.content),
        )
        for number in range(count)
    ]
    return asked, answers


@pytest.mark.parametrize("ask", [in_threads, in_the_loop])
def test_who_is_told_to_wait_makes_everybody_wait(ask: Asker) -> None:
    """After a 429, nobody asks before the time is over."""
    backend = Watched(Fault("chat", "http", status=429, retry_after=100, at=3))
    asked, answers = questions(backend, 20)
    ask(asked, 1)
    refused = backend.asked[3]
    assert all(moment >= refused + 100 for moment in backend.asked[4:])
    assert len(answers) == 20


@pytest.mark.parametrize("ask", [in_threads, in_the_loop])
def test_all_questions_are_answered_at_one_a_minute(ask: Asker) -> None:
    """However many ask at a time, patience suffices; few questions are asked in vain."""
    backend = Throttling()
    asked, answers = questions(backend, 24)
    ask(asked, 6)
    assert len(answers) == 24
    assert backend.refusals < 4 * 24


def test_questions_resume_one_by_one() -> None:
    """After a pause they leave apart, then closer together, then freely."""
    clock = VirtualClock(start=1000.0)
    pace = Pace(clock)
    pace.refused(50)
    moments = list[float]()
    for _ in range(10):
        drive(pace.turn(), clock)
        moments.append(clock.now())
        pace.answered()
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert moments[0] == 1050
    assert gaps[0] >= 0.5
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] == 0


@given(st.lists(st.tuples(st.sampled_from(["refused", "answered", "time", "ask"]), st.floats(0, 500))))
def test_nobody_asks_before_the_service_allows_it(events: list[tuple[str, float]]) -> None:
    """Whatever happened before: a question leaves when every refusal's time is over, and it does leave."""
    clock = VirtualClock(start=0.0)
    pace, closed_until = Pace(clock), 0.0
    for what, seconds in events:
        match what:
            case "refused":
                pace.refused(seconds)
                closed_until = max(closed_until, clock.now() + seconds)
            case "answered":
                pace.answered()
            case "time":
                clock.sleep(seconds)
            case _:
                drive(pace.turn(), clock)
                assert clock.now() >= closed_until


def test_refusals_of_questions_under_way_together_count_once() -> None:
    """Eight refusals at the same moment are one."""
    clock = VirtualClock(start=0.0)
    one, eight = Pace(clock), Pace(clock)
    one.refused(None)
    for _ in range(8):
        eight.refused(None)
    assert [next(one.turn()), next(one.turn())] == [next(eight.turn()), next(eight.turn())]


def test_a_refusal_without_a_time_waits_longer_each_time() -> None:
    """Doubling, up to a minute."""
    clock = VirtualClock(start=0.0)
    pace = Pace(clock)
    pauses = list[float]()
    for _ in range(9):
        before = clock.now()
        pace.refused(None)
        drive(pace.turn(), clock)
        pauses.append(clock.now() - before)
    assert pauses[0] == 1
    assert all(later >= earlier for earlier, later in pairwise(pauses))
    assert 30 <= pauses[-1] <= 60


def test_a_question_that_is_held_waits_again_after_its_turn_was_closed() -> None:
    """A turn that was reserved before a refusal is no right to ask."""
    clock = VirtualClock(start=0.0)
    pace = Pace(clock)
    pace.refused(10)
    turn = pace.turn()
    assert next(turn) == 10
    clock.sleep(9)
    pace.refused(100)
    clock.sleep(1)
    assert next(turn) >= 98


def test_a_refusal_without_end_is_raised_at_last() -> None:
    """Nobody gets an answer, so it is no question of patience."""
    backend = MockBackend(faults=[Fault("chat", "http", status=429, retry_after=9, times=10**6)])
    asked, _ = questions(backend, 1)
    with pytest.raises(ServiceError, match="429"):
        in_threads(asked, 1)
    assert backend.calls["chat"] == 6


def test_trouble_that_passes_is_tried_again() -> None:
    """A 503 without a word about time."""
    backend = MockBackend(faults=[Fault("chat", "http", status=503, times=4)])
    asked, answers = questions(backend, 2)
    in_threads(asked, 1)
    assert len(answers) == 2


@pytest.mark.parametrize("ask", [in_threads, in_the_loop])
def test_a_model_that_nothing_serves_is_said_at_once(ask: Asker) -> None:
    """Waiting deploys nothing."""
    backend = MockBackend(require_deployments=True)
    asked, _ = questions(backend, 5)
    before = backend.clock.now()
    with pytest.raises(NotDeployed):
        ask(asked, 1)
    assert backend.clock.now() == before
    assert backend.calls["chat"] < len(asked)


def test_a_backend_has_one_pace() -> None:
    """Shared by everything that asks it, and by no other."""
    backend, other = MockBackend(), MockBackend()
    paces = paces_of([backend, other])
    assert paces_of([backend])[id(backend)] is paces[id(backend)]
    assert paces[id(backend)] is not paces[id(other)]


def test_a_backend_that_cannot_be_remembered_has_one_pace_for_a_call() -> None:
    """Classes of others need not be hashable."""

    class Odd(MockBackend):
        __hash__ = None  # type: ignore[assignment]

    asked, answers = questions(Odd(), 3)
    in_threads(asked, 2)
    assert len(answers) == 3


def test_an_unpaced_call_costs_no_time() -> None:
    """Without refusals nothing waits."""
    clock = VirtualClock(start=5.0)
    pace = Pace(clock)
    assert [drive(paced(lambda: 1, pace), clock) for _ in range(100)] == [1] * 100
    assert clock.now() == 5.0


def test_a_failure_ends_the_patience_of_the_others() -> None:
    """Nobody sits out an hour for a comparison that has failed."""

    def patient() -> Waiting[None]:
        yield 3600

    stop = threading.Event()
    course = stoppable(patient(), stop)
    assert next(course) <= 1
    stop.set()
    assert list(course) == []


def test_a_quota_that_is_used_up_for_a_day_is_said_at_once() -> None:
    """Nobody sits through it; the answers so far are kept, and asking again goes on."""
    backend = MockBackend(faults=[Fault("chat", "http", status=429, retry_after=86_400, at=2)])
    asked, answers = questions(backend, 5)
    before = backend.clock.now()
    with pytest.raises(ServiceError, match="429") as caught:
        in_threads(asked, 1)
    assert caught.value.retry_after == 86_400
    assert (len(answers), backend.clock.now()) == (2, before)


@pytest.mark.parametrize("told", [float("nan"), float("inf"), -1.0, 1e300])
def test_a_pause_nobody_can_mean_closes_the_gate_for_a_while_only(told: float) -> None:
    """What a service says is not always a number of seconds."""
    clock = VirtualClock()
    pace = Pace(clock)
    pace.refused(told)
    assert drive(paced(lambda: 7, pace), clock) == 7
    assert clock.now() - VirtualClock().now() <= 600
