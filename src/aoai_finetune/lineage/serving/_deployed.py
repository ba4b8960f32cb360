"""Versions that are served for as long as a block lasts."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from types import TracebackType
from typing import Self

from typing_extensions import override

from ...backends import Backend, DeploymentRecord
from ...display import Progress
from ...errors import FineTuneError, LineageError, ServiceError, WaitTimeout
from ...jobs import (
    Waiting,
    account_of,
    create_deployment,
    drive,
    drive_async,
    existing_deployment,
    new_owner,
    remove_deployment,
    until_answering,
    within,
)
from ..store._records import ModelVersion
from ._book import DeploymentBook, Renewing
from ._price import HostingPrice

__all__ = ["Deployed", "Target"]

_LOG = logging.getLogger("aoai_finetune")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A version to be served, where, and under which name; `own` is a name that nobody else can have."""

    version: ModelVersion
    backend: Backend
    name: str
    own: bool

    def removal(self) -> Waiting[bool]:
        """How its deployment is taken away; the result says whether it was seen to be gone."""
        return remove_deployment(self.backend, self.name, self.version.model)


class Deployed:
    """Deployments that exist for as long as a `with` block (or `async with`) lasts.

    On the way in it states the price, creates them, and waits until they answer; on the way out, whatever the way
    out is, it removes those it created, and insists for twenty minutes where the service puts that off (a second
    Ctrl-C ends it, and says what to type). A deployment that was there before is used and left alone. Inside the block
    `names` maps each model to its deployment, for other clients; this library finds them by the model.

    Made by `ModelLineage.deployed`. One object is good for one block at a time.

    Attributes:
        price: what they cost for every hour, known before the block begins.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        book: DeploymentBook,
        *,
        tier: str,
        price: HostingPrice,
        timeout: float,
        progress: bool,
        file: str,
    ) -> None:
        self.price = price
        self._targets, self._book = tuple(targets), book
        self._tier, self._timeout = tier, timeout
        self._progress, self._file = progress, file
        self._mine: dict[int, Target] = {}
        self._owner = ""
        self._renewing: Renewing | None = None
        self._records: tuple[DeploymentRecord, ...] = ()

    @property
    def names(self) -> Mapping[str, str]:
        """Model to deployment."""
        return {target.version.model: target.name for target in self._targets}

    @property
    def records(self) -> tuple[DeploymentRecord, ...]:
        """The deployments as they were when they answered; empty outside the block."""
        return self._records

    def __enter__(self) -> Self:
        self._begin_block()
        try:
            for backend, course in self._courses():
                drive(course, backend.clock)
        except BaseException as error:
            self._finish(self._remove(), error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(self._remove(), error)

    async def __aenter__(self) -> Self:
        self._begin_block()
        try:
            for backend, course in self._courses():
                await drive_async(course, backend.clock)
        except BaseException as error:
            await self._finish_async(error)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._finish_async(error)

    # -- in ------------------------------------------------------------------------------------------------

    def _begin_block(self) -> None:
        self._say_price()
        self._owner = new_owner()
        self._renewing = Renewing(partial(self._book.renew, self._owner))

    def _say_price(self) -> None:
        _LOG.info("%s", self.price)
        if self._progress:
            sys.stderr.write(f"{self.price}\n")

    def _courses(self) -> list[tuple[Backend, Waiting[None]]]:
        """What is to be done on each resource."""
        by_resource = sorted(self._targets, key=lambda target: target.backend.resource)
        groups = [
            list(group) for _, group in groupby(by_resource, key=lambda target: target.backend.resource)
        ]
        return [(group[0].backend, self._bringing_up(group[0].backend, group)) for group in groups]

    def _bringing_up(self, backend: Backend, targets: Sequence[Target]) -> Waiting[None]:
        return within(
            self._bring_up(backend, targets),
            backend.clock,
            self._timeout,
            lambda: _late(targets, self._timeout),
        )

    def _bring_up(self, backend: Backend, targets: Sequence[Target]) -> Waiting[None]:
        """Create all, then wait for all: the service works on them at the same time."""
        with Progress("deploying", total=len(targets), enabled=None if self._progress else False) as line:
            begun = list[DeploymentRecord]()
            for target in targets:
                begun.append((yield from self._begin(backend, target)))
            for done, record in enumerate(begun):
                line.update(done=done, note=record.name)
                ready = yield from until_answering(backend, record)
                self._records = (*self._records, ready)
            line.update(done=len(begun))

    def _begin(self, backend: Backend, target: Target) -> Waiting[DeploymentRecord]:
        model = target.version.model
        if not target.own:
            found = yield from existing_deployment(backend, target.name, model)
            if found is not None:
                return found
        number = self._book.ask(
            resource=backend.resource,
            account=account_of(backend),
            name=target.name,
            version=target.version.id,
            tier=self._tier,
            owner=self._owner,
            now=backend.clock.now(),
        )
        self._mine[number] = target
        doubts = set[int]()
        record = yield from create_deployment(
            backend, target.name, model, self._tier, unclear=lambda: doubts.add(number)
        )
        if not doubts:
            self._book.made(number)
        return record

    # -- out -----------------------------------------------------------------------------------------------

    def _remove(self) -> dict[str, str]:
        """Remove what was created, one after the other; deployments that may still be there, and why."""
        left = dict[str, str]()
        with self._leaving() as line:
            for number, target in list(self._mine.items()):
                line.update(note=target.name)
                with _kept_trouble(left, target.name):
                    gone = drive(target.removal(), target.backend.clock)
                    self._removed(number, gone=gone)
        return left

    async def _remove_async(self) -> dict[str, str]:
        left = dict[str, str]()
        with self._leaving() as line:
            for number, target in list(self._mine.items()):
                line.update(note=target.name)
                with _kept_trouble(left, target.name):
                    gone = await drive_async(target.removal(), target.backend.clock)
                    self._removed(number, gone=gone)
        return left

    async def _finish_async(self, error: BaseException | None) -> None:
        """Remove what was created, to the end; a cancellation that comes meanwhile is raised after it."""
        import asyncio

        running, stop = asyncio.ensure_future(self._remove_async()), None
        while not running.done():
            try:
                await asyncio.wait([running])
            except asyncio.CancelledError as cancelled:
                stop = cancelled
        self._finish(running.result(), error or stop)
        if stop is not None and error is None:
            raise stop

    def _removed(self, number: int, *, gone: bool) -> None:
        # One that is going, or whose creation stayed unclear and that may still appear, is looked for again later.
        with suppress(LineageError):  # closed meanwhile: the service knows better anyway
            if not gone or any(entry.id == number and not entry.made for entry in self._book.present()):
                return
            self._book.removed(number)
        del self._mine[number]

    @contextmanager
    def _leaving(self) -> Generator[Progress]:
        """Whatever happens, what may still be there is known to be in nobody's use."""
        quiet = not self._progress or not self._mine
        try:
            with Progress("removing deployments", enabled=False if quiet else None) as line:
                yield line
        except BaseException as stop:
            advice = self._advice([target.name for target in self._mine.values()])
            _LOG.error("deployments that cost by the hour may be left. %s", advice)
            stop.add_note(advice)
            raise
        finally:
            self._end_block()

    def _end_block(self) -> None:
        with suppress(LineageError):
            for number in self._mine:
                self._book.left(number)
        self._mine.clear()
        self._records = ()
        if self._renewing is not None:
            self._renewing.close()

    def _finish(self, left: Mapping[str, str], error: BaseException | None) -> None:
        if not left:
            return
        why = "; ".join(f"{name} ({reason})" for name, reason in left.items())
        trouble = ServiceError(
            f"deployments that cost by the hour may be left: {why}", hint=self._advice(list(left))
        )
        _LOG.error("%s", trouble)
        if error is None:
            raise trouble
        error.add_note(str(trouble))

    def _advice(self, names: Sequence[str]) -> str:
        """The line to type."""
        listed = ", ".join(repr(name) for name in names)
        return f"Remove them: ModelLineage({self._file!r}, backend=...).remove_deployments({listed})"

    @override
    def __repr__(self) -> str:
        return f"<Deployed {', '.join(target.name for target in self._targets)}>"


@contextmanager
def _kept_trouble(left: dict[str, str], name: str) -> Generator[None]:
    try:
        yield
    except FineTuneError as trouble:
        left[name] = str(trouble)


def _late(targets: Sequence[Target], timeout: float) -> WaitTimeout:
    names = ", ".join(target.name for target in targets)
    return WaitTimeout(
        f"not all of {names} answer after {timeout:.0f} s; they are being removed",
        hint="Try again in five minutes, or give it longer with timeout=...",
    )
