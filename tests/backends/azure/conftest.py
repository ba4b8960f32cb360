"""A service made by hand, on each surface, in a process whose environment says nothing."""

from __future__ import annotations

import os

import pytest

from aoai_finetune.backends import AzureOpenAIBackend
from backends.azure.handmade import SURFACES, Service


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service that has not been asked anything, in a process whose environment says nothing."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "OPENAI_")):
            monkeypatch.delenv(name)
    return Service()


@pytest.fixture(params=SURFACES)
def surface(request: pytest.FixtureRequest) -> str:
    """Each surface in turn."""
    return str(request.param)


@pytest.fixture
def backend(service: Service, surface: str) -> AzureOpenAIBackend:
    """A backend over the service."""
    return service.backend(surface)
