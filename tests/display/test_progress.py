"""Progress tells, and never disturbs."""

from __future__ import annotations

import io
import re
import sys
import types
from typing import Any

import pytest
from typing_extensions import override

from aoai_finetune.display import Progress, display_width


class _Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def _open_terminal(monkeypatch: pytest.MonkeyPatch) -> _Terminal:
    """Make stderr a terminal of 40 columns; not a fixture, because pytest puts its own stderr back before the test."""
    stream = _Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "40")
    return stream


def _screen(stream: io.StringIO) -> str:
    """What stands on the line after everything was written."""
    return re.split(r"\r", stream.getvalue())[-1].replace("\x1b[K", "")


def test_the_last_state_stays_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is rewritten in place and ended once."""
    terminal = _open_terminal(monkeypatch)
    with Progress("training", total=4) as progress:
        progress.update(1, "queued")
        progress.update(4, "succeeded")
    assert _screen(terminal) == "training · 4 of 4 (100%) · succeeded · 0 s\n"[:38] + "…\n"
    assert terminal.getvalue().count("\n") == 1


def test_the_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrapped line could not be rewritten."""
    terminal = _open_terminal(monkeypatch)
    with Progress("学習" * 40) as progress:
        progress.update(1, "\x1b[31m long \n note")
    assert display_width(_screen(terminal).rstrip("\n")) <= 39


def test_a_quick_loop_draws_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand updates in a moment are a handful of drawings."""
    terminal = _open_terminal(monkeypatch)
    with Progress("rows") as progress:
        for done in range(10_000):
            progress.update(done)
    assert terminal.getvalue().count("\r") < 200
    assert "9999" in _screen(terminal)


def test_without_a_terminal_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Logs and CI runs stay clean."""
    with Progress("training") as progress:
        progress.update(1)
    assert capsys.readouterr() == ("", "")


def test_it_can_be_silenced_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """`enabled=False` is silent everywhere."""
    terminal = _open_terminal(monkeypatch)
    with Progress("training", enabled=False) as progress:
        progress.update(1)
    assert terminal.getvalue() == ""


def test_it_can_be_asked_for_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """`enabled=True` draws the line."""
    with Progress("training", enabled=True) as progress:
        progress.update(1)
    assert "training · 1" in capsys.readouterr().err


def test_a_closed_stream_does_not_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A paid training must not fail because its progress could not be shown."""
    terminal = _open_terminal(monkeypatch)
    progress = Progress("training")
    terminal.close()
    progress.update(1)
    progress.close()


def test_an_error_inside_passes_through_and_ends_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next output starts on its own line."""
    terminal = _open_terminal(monkeypatch)
    with pytest.raises(KeyboardInterrupt), Progress("training"):
        raise KeyboardInterrupt
    assert terminal.getvalue().endswith("\n")


class ZMQInteractiveShell:
    """The class name by which a notebook's shell is known."""


class _FakeBar:
    made: list[_FakeBar]

    def __init__(self, desc: str, total: float | None) -> None:
        self.desc, self.total, self.n, self.note, self.closed = desc, total, 0.0, "", False
        self.made.append(self)

    def update(self, by: float) -> None:
        self.n += by

    def set_postfix_str(self, note: str) -> None:
        self.note = note

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that looks like a notebook kernel."""
    ipython: Any = types.ModuleType("IPython")
    ipython.get_ipython = ZMQInteractiveShell
    monkeypatch.setitem(sys.modules, "IPython", ipython)


@pytest.mark.usefixtures("notebook")
def test_a_notebook_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """`done` is the whole amount, as in a terminal."""
    _FakeBar.made = []
    tqdm: Any = types.ModuleType("tqdm.auto")
    tqdm.tqdm = _FakeBar
    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", tqdm)
    with Progress("training", total=4) as progress:
        progress.update(1, "queued")
        progress.update(3, "running")
    (bar,) = _FakeBar.made
    assert (bar.desc, bar.total, bar.n, bar.note, bar.closed) == ("training", 4, 3, "running", True)


@pytest.mark.usefixtures("notebook")
def test_a_notebook_without_tqdm_gets_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is an extra, and its absence is no error."""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with Progress("training") as progress:
        progress.update(1)
    assert capsys.readouterr() == ("", "")
