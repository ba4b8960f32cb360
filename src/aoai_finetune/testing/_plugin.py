"""A pytest plugin: the fixture `aoai_emulator`. It is loaded in every pytest run, so it only names things.

Turn it off with `-p no:aoai_finetune`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .emulator import Emulator

__all__ = ["aoai_emulator"]


@pytest.fixture
def aoai_emulator() -> Iterator[Emulator]:
    """A fresh `Emulator` in memory, on a port of its own, with virtual time; closed after the test."""
    from .emulator import Emulator

    with Emulator() as emulator:
        yield emulator
