"""Each backend in turn, with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aoai_finetune.backends import Backend
from contract.makers import MAKERS


@pytest.fixture(params=MAKERS)
def empty_backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """A backend over a resource of its own."""
    with MAKERS[request.param](tmp_path) as backend:
        yield backend
