"""Lineages for this room's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aoai_finetune import MockBackend, ModelLineage


@pytest.fixture
def lineage(tmp_path: Path) -> Iterator[ModelLineage]:
    """An empty lineage on a mock in memory."""
    with ModelLineage(tmp_path / "lineage.db", backend=MockBackend()) as opened:
        yield opened
