"""Backends for the contract tests. A new backend joins by one entry in `BACKENDS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from aoai_finetune.backends import Backend, MockBackend
from contract.service import Service


def in_memory(_path: Path) -> Backend:
    """A mock that is gone with the test."""
    return MockBackend()


def on_disk(path: Path) -> Backend:
    """A mock that could be opened again."""
    return MockBackend(path / "mock")


BACKENDS: Sequence[Callable[[Path], Backend]] = (in_memory, on_disk)


@pytest.fixture(params=BACKENDS, ids=lambda make: make.__name__)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Service:
    """Each backend in turn, with nothing in it."""
    return Service(request.param(tmp_path))
