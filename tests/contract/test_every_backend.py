"""The public contract, held by every backend of this library."""

from __future__ import annotations

import pytest
from typing_extensions import override

from aoai_finetune.backends import Backend
from aoai_finetune.testing import (
    BackendContract,
    ChatContract,
    DeploymentsContract,
    ModelsContract,
    PausableContract,
)
from contract.makers import KEY, TOKEN


class TestBackends(BackendContract, ChatContract, PausableContract, DeploymentsContract, ModelsContract):
    """Each backend of `MAKERS`, on resources that hold more than one page of everything."""

    many = 101
    secrets = (KEY, TOKEN)

    @pytest.fixture
    @override
    def backend(self, empty_backend: Backend) -> Backend:
        """Each backend in turn."""
        return empty_backend
