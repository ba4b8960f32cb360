"""Validation of one file by several processes, each of which reads a part of its bytes.

This process takes the first part. The others are forked where that is safe (Linux, one thread), else started
afresh; they send back what they have found and the marks of their rows, 16 bytes per distinct thing.
"""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing import current_process, get_context
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Final, Protocol

from ...errors import DatasetError
from ..checks._rule import PartCheck, Settings
from ..rows._files import FileOnDisk, Span, spans
from ..rows._findings import Fault, Finding
from ..rows._sources import LineRows
from ..whole._marks import stable_mark
from ..whole._repeats import Repeats
from ..whole._repeats_methods import new_repeats

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext, SpawnContext

    from ..rows._facts import FactSource
    from ..rules._azure import AzureRules
    from ._pass import Pass

__all__ = ["read_in_parts"]

_GUARD: Final = "In a script, call it under `if __name__ == '__main__':`; or validate with workers=1"
_WORTH: Final = 1 << 20
"""Bytes of a part from which on another process is worth its start."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What another process has to know."""

    span: Span
    fact: FactSource
    rules: AzureRules
    level: str
    settings: Settings
    part: int
    stable: bool


@dataclass(frozen=True, slots=True)
class _Result:
    """What another process has found."""

    rows: int
    lines: int
    counts: dict[str, int]
    kept: list[Finding]
    repeats: Repeats
    parts: list[object]


class _Pipe(Protocol):
    """One end of a pipe, whatever it is called on this system."""

    def send(self, value: object, /) -> None: ...
    def recv(self) -> object: ...
    def close(self) -> None: ...


def read_in_parts(
    rows: LineRows, rules: AzureRules, level: str, settings: Settings, workers: int
) -> Pass | None:
    """The finished pass over a file; None where it is better, or only possible, in one process."""
    content = rows.content
    if not isinstance(content, FileOnDisk) or current_process().daemon:
        return None
    parts = spans(content, min(workers, content.size // _WORTH))
    forked = sys.platform == "linux" and threading.active_count() == 1
    tasks = [
        _Task(span, rows.fact, rules, level, settings, part, stable=not forked)
        for part, span in enumerate(parts)
    ]
    if len(tasks) < 2 or not (forked or _can_travel(tasks[1])):
        return None
    check = _pass_of(tasks[0], part=False)
    fed = [each for _, each in check.checks if not getattr(each, "blind", False)]
    if fed and not (forked and all(isinstance(each, PartCheck) for each in fed)):
        return None
    with ExitStack() as stack:
        context = get_context("fork") if forked else get_context("spawn")
        pipes = [_start(context, task, stack) for task in tasks[1:]]
        check.read(LineRows(tasks[0].span, rows.fact))
        check.repeats.settle()
        for task, pipe in zip(tasks[1:], pipes, strict=True):
            _absorb(check, _received(pipe), task.span.name)
    return check


def _can_travel(task: _Task) -> bool:
    try:
        ForkingPickler.dumps(task)
    except Exception:  # noqa: BLE001 - whatever hinders a user's function from being pickled
        return False
    return True


def _pass_of(task: _Task, *, part: bool) -> Pass:
    from ._validate import pass_over

    mark = stable_mark if task.stable else hash
    repeats = new_repeats(task.rules.method, mark=mark, part=task.part if part else None)
    return pass_over(task.rules, task.level, replace(task.settings, part=part, shared={"repeats": repeats}))


def _start(context: ForkContext | SpawnContext, task: _Task, stack: ExitStack) -> _Pipe:
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, task), daemon=True)
    process.start()
    theirs.close()
    stack.callback(mine.close)
    stack.callback(process.join)
    stack.callback(process.terminate)
    return mine


def _work(pipe: _Pipe, task: _Task) -> None:
    """Runs in another process."""
    try:
        check = _pass_of(task, part=True)
        check.read(LineRows(task.span, task.fact), watched=False)
        check.count_known()
        check.repeats.settle()
        found = check.found
        parts = [each.part() for _, each in _fed(check)]
        pipe.send(_Result(check.rows, check.lines, found.counts, found.kept, check.repeats, parts))
    except DatasetError as why:
        pipe.send(why)


def _fed(check: Pass) -> list[tuple[str, PartCheck]]:
    """The checkers that were fed, each with its code."""
    return [
        (code, each)
        for code, each in check.checks
        if isinstance(each, PartCheck) and not getattr(each, "blind", False)
    ]


def _received(pipe: _Pipe) -> _Result:
    try:
        result = pipe.recv()
    except EOFError:
        result = DatasetError("a worker process ended before it was done", hint=_GUARD)
    if isinstance(result, _Result):
        return result
    raise result if isinstance(result, DatasetError) else DatasetError("a worker sent something else")


def _absorb(check: Pass, result: _Result, source: str | None) -> None:
    """Go on as if this process had read the part itself."""
    known = {"line-end"} if check.found.counts.get("line-end") else set[str]()
    check.found.absorb(result.counts, result.kept, check.lines, known)
    check.repeats.absorb(result.repeats, source, check.lines)
    for (code, each), part in zip(_fed(check), result.parts, strict=True):
        for line, said in each.absorb(part, check.lines, source):
            check.found.add(Fault(code, "", said), source, line)
    check.rows += result.rows
    check.lines += result.lines
