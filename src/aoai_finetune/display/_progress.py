"""Progress on one line of a terminal, or as a bar in a notebook."""

from __future__ import annotations

import contextlib
import importlib
import math
import shutil
import sys
import time
from types import TracebackType
from typing import Any, Final, Protocol, Self, TextIO

from ._text import fold

__all__ = ["Progress"]

_REDRAW: Final = 0.1
"""Seconds between two drawings: a faster one costs time and nobody can read it."""


class Progress:
    """Tells on stderr how far something has come. It never raises, and prints nothing where nobody looks.

    In a terminal it is one line rewritten in place; in a notebook a bar of `tqdm`, when that is installed;
    elsewhere (a pipe, a log file, a CI run) nothing.

    Args:
        title: what is under way.
        total: what `done` reaches at the end; None when that is not known.
        enabled: False is silent; True draws the line even where stderr is no terminal; None decides by the
            place.
    """

    def __init__(self, title: str, total: float | None = None, enabled: bool | None = None) -> None:
        self._sink: _Sink = _Silent()
        with contextlib.suppress(Exception):
            self._sink = _choose(title, total, enabled)

    def update(self, done: float | None = None, note: str = "") -> None:
        """Show how much is done so far (a total, not a difference), and a short remark such as a status."""
        with contextlib.suppress(Exception):
            self._sink.update(done, note)

    def close(self) -> None:
        """Leave the last state standing and end the line. Further calls do nothing."""
        sink, self._sink = self._sink, _Silent()
        with contextlib.suppress(Exception):
            sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Sink(Protocol):
    def update(self, done: float | None, note: str) -> None: ...
    def close(self) -> None: ...


def _choose(title: str, total: float | None, enabled: bool | None) -> _Sink:
    if enabled is False:
        return _Silent()
    if enabled or sys.stderr.isatty():
        return _Line(sys.stderr, title, total)
    return _Bar(title, total) if _in_notebook() else _Silent()


def _in_notebook() -> bool:
    """Whether a kernel runs this code. Looks only at what is loaded: IPython takes 300 ms to import."""
    ipython = sys.modules.get("IPython")
    shell: object = ipython.get_ipython() if ipython else None
    return type(shell).__name__ == "ZMQInteractiveShell"


class _Silent:
    def update(self, done: float | None, note: str) -> None:
        """Nobody looks."""

    def close(self) -> None:
        """Nothing was drawn."""


class _Line:
    def __init__(self, stream: TextIO, title: str, total: float | None) -> None:
        self._stream, self._title, self._total = stream, title, total
        self._began = time.monotonic()
        self._next = -math.inf
        self._done: float | None = None
        self._note = ""

    def update(self, done: float | None, note: str) -> None:
        self._done, self._note = self._done if done is None else done, note
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _REDRAW
            self._draw(now)

    def close(self) -> None:
        self._draw(time.monotonic(), end="\n")

    def _draw(self, now: float, end: str = "") -> None:
        # One column stays free: a line that fills the terminal wraps, and could not be rewritten.
        room = shutil.get_terminal_size().columns - 1
        self._stream.write(f"\r{fold(self._text(now - self._began), room)}\x1b[K{end}")
        self._stream.flush()

    def _text(self, seconds: float) -> str:
        parts = [self._title, _amount(self._done, self._total), self._note, f"{seconds:.0f} s"]
        return " · ".join(part for part in parts if part)


def _amount(done: float | None, total: float | None) -> str:
    if done is None:
        return ""
    return f"{done:g} of {total:g} ({min(1.0, done / total):.0%})" if total else f"{done:g}"


class _Bar:
    """A bar of `tqdm.auto`; constructing it fails where tqdm is not installed."""

    def __init__(self, title: str, total: float | None) -> None:
        self._bar: Any = importlib.import_module("tqdm.auto").tqdm(desc=title, total=total)

    def update(self, done: float | None, note: str) -> None:
        if done is not None:
            self._bar.update(done - self._bar.n)
        if note:
            self._bar.set_postfix_str(note)

    def close(self) -> None:
        self._bar.close()
