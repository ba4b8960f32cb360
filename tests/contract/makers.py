"""The backends that the contract tests run on, each by the name it has in a test's id."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from aoai_finetune.backends import Backend, Limits, MockBackend
from aoai_finetune.testing import Emulator

KEY, TOKEN = "the-key-of-the-contract", "the-token-of-the-contract"

ROOMY = Limits(files=1_000, jobs=1_000, queued=1_000)
"""Quotas that leave room for more than one page of everything."""

Maker = Callable[[Path], AbstractContextManager[Backend]]


@contextmanager
def in_memory(_path: Path) -> Generator[Backend]:
    """A mock that is gone with the test."""
    with MockBackend(limits=ROOMY) as backend:
        yield backend


@contextmanager
def on_disk(path: Path) -> Generator[Backend]:
    """A mock that could be opened again."""
    with MockBackend(path / "mock", limits=ROOMY) as backend:
        yield backend


@contextmanager
def emulated(
    surface: Literal["dated", "v1"], auth: Literal["key", "token"], _path: Path
) -> Generator[Backend]:
    """Azure, through a real client and over HTTP."""
    with Emulator(limits=ROOMY, key=KEY, token=TOKEN) as emulator:
        yield emulator.backend(surface, auth)


MAKERS: Mapping[str, Maker] = {
    "mock-in-memory": in_memory,
    "mock-on-disk": on_disk,
    "dated-key": partial(emulated, "dated", "key"),
    "dated-token": partial(emulated, "dated", "token"),
    "v1-key": partial(emulated, "v1", "key"),
    "v1-token": partial(emulated, "v1", "token"),
}
