"""Lineages for this room's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aoai_finetune import MockBackend, ModelLineage


@pytest.fixture
def backend() -> MockBackend:
    """A mock in memory with a fixed name."""
    return MockBackend(name="here")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A lineage file that does not exist yet."""
    return tmp_path / "assistant.db"


@pytest.fixture
def lineage(path: Path, backend: MockBackend) -> Iterator[ModelLineage]:
    """An empty lineage on the mock."""
    with ModelLineage(path, backend=backend) as opened:
        yield opened
