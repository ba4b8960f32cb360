"""Asking a model many questions: concurrently, patiently, and never twice for the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..backends import Backend, Chat, Completion
from ..display import Progress
from ..errors import NotSupported, ServiceError
from ..jobs import Waiting, delays, drive, drive_async

__all__ = ["Question", "ask_all", "ask_all_async"]

_TRIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One prompt for one model, and where its answer goes. `keep` is called on the asking thread."""

    backend: Backend
    model: str
    messages: Sequence[Mapping[str, Any]]
    keep: Callable[[Completion], None]


def ask_all(questions: Sequence[Question], *, concurrency: int, progress: bool) -> None:
    """Ask everything, `concurrency` at a time. Answers that came before an interruption are kept.

    Raises:
        NotSupported: a backend without chat.
        ServiceError, NotFound, NotDeployed: a question that could not be answered, after patient retries.
    """
    with Progress("asking", total=len(questions), enabled=None if progress else False) as line:
        if concurrency == 1:
            for done, question in enumerate(questions, start=1):
                question.keep(drive(_ask(question), question.backend.clock))
                line.update(done=done)
            return
        from concurrent.futures import ThreadPoolExecutor, as_completed

        pool = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="aoai-finetune-ask")
        try:
            running = {pool.submit(drive, _ask(each), each.backend.clock): each for each in questions}
            for done, answered in enumerate(as_completed(running), start=1):
                running[answered].keep(answered.result())
                line.update(done=done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


async def ask_all_async(questions: Sequence[Question], *, concurrency: int, progress: bool) -> None:
    """`ask_all` without blocking the event loop."""
    import asyncio

    turn = asyncio.Semaphore(concurrency)
    with Progress("asking", total=len(questions), enabled=None if progress else False) as line:

        async def ask_one(question: Question) -> None:
            async with turn:
                answer = await drive_async(_ask(question), question.backend.clock)
            await asyncio.to_thread(question.keep, answer)
            line.update(note=question.model)

        async with asyncio.TaskGroup() as group:
            for question in questions:
                group.create_task(ask_one(question))


def _ask(question: Question) -> Waiting[Completion]:
    """Ask once, and again where the service says that asking again can help."""
    backend = question.backend
    if not backend.capabilities.chat or not isinstance(backend, Chat):
        raise NotSupported(f"{backend.capabilities.provider} cannot chat, so its models cannot be asked")
    for tries, delay in enumerate(delays(first=1.0), start=1):
        try:
            return backend.chat(question.model, question.messages, temperature=0)
        except ServiceError as trouble:
            if not trouble.retryable or tries == _TRIES:
                raise
            pause = max(delay, trouble.retry_after or 0.0)
        yield pause
    raise AssertionError("delays never ends")
