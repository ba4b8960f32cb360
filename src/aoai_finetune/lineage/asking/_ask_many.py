"""Asking a model many questions: concurrently, patiently, and never twice for the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...backends import Backend, Chat, Completion
from ...display import Progress
from ...errors import NotSupported
from ...jobs import Waiting, drive, drive_async
from ._pace import Pace, paced, paces_of

if TYPE_CHECKING:
    from threading import Event

__all__ = ["Question", "ask_all", "ask_all_async", "stoppable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One prompt for one model, and where its answer goes; `keep` is called where the answer came in."""

    backend: Backend
    model: str
    messages: Sequence[Mapping[str, Any]] = field(repr=False)
    keep: Callable[[Completion], None] = field(repr=False)


def ask_all(questions: Sequence[Question], *, concurrency: int, progress: bool) -> None:
    """Ask everything, `concurrency` at a time, at one pace for each backend.

    Answers that came before a failure or an interruption are kept.

    Raises:
        NotSupported: a backend without chat.
        ServiceError, NotFound, NotDeployed: a question that could not be answered, after patient retries.
    """
    paces = paces_of(question.backend for question in questions)
    with Progress("asking", total=len(questions), enabled=None if progress else False) as line:
        if concurrency == 1:
            for done, question in enumerate(questions, start=1):
                drive(_ask(question, paces), question.backend.clock)
                line.update(done=done)
            return
        from concurrent.futures import ThreadPoolExecutor, as_completed
        from threading import Event

        stop = Event()
        pool = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="aoai-finetune-ask")
        try:
            running = [
                pool.submit(drive, stoppable(_ask(each, paces), stop), each.backend.clock)
                for each in questions
            ]
            for done, answered in enumerate(as_completed(running), start=1):
                answered.result()
                line.update(done=done)
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


async def ask_all_async(questions: Sequence[Question], *, concurrency: int, progress: bool) -> None:
    """`ask_all` without blocking the event loop."""
    import asyncio

    paces = paces_of(question.backend for question in questions)
    turn = asyncio.Semaphore(concurrency)

    async def ask_one(question: Question) -> None:
        async with turn:
            await drive_async(_ask(question, paces), question.backend.clock)

    tasks = [asyncio.ensure_future(ask_one(question)) for question in questions]
    with Progress("asking", total=len(questions), enabled=None if progress else False) as line:
        try:
            # Not a TaskGroup: it would wrap the one error a caller expects into a group.
            for done, answered in enumerate(asyncio.as_completed(tasks), start=1):
                await answered
                line.update(done=done)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def stoppable(course: Waiting[None], stop: Event) -> Waiting[None]:
    """The same course in short waits, so that Ctrl-C need not wait for what the service has asked for."""
    for wait in course:
        left = wait
        while left > 0 and not stop.is_set():
            piece = min(left, 1.0)
            yield piece
            left -= piece
        if stop.is_set():
            return


def _ask(question: Question, paces: Mapping[int, Pace]) -> Waiting[None]:
    """Ask when it is its turn, again where that can help, and keep the answer."""
    backend = question.backend
    if not backend.capabilities.chat or not isinstance(backend, Chat):
        raise NotSupported(f"{backend.capabilities.provider} cannot chat, so its models cannot be asked")

    def ask() -> None:
        question.keep(backend.chat(question.model, question.messages, temperature=0))

    yield from paced(ask, paces[id(backend)])
