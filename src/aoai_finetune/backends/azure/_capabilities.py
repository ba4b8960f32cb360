"""What each surface can do, and its limits as documented."""

from __future__ import annotations

from typing import Final

from .._methods import METHODS
from .._records import Capabilities
from ._surface import Surface
from ._uploads import FORM_LIMIT

__all__ = ["capabilities_of"]

_QUOTAS: Final = {
    "files": 100,
    "file_bytes": 1_000_000_000,
    "jobs": 100,
    "running_jobs": 3,
    "queued_jobs": 20,
    "deployments": 10,
}
"""Azure's quotas of a resource, as documented on 2026-02-17."""


def capabilities_of(surface: Surface, *, deployments: bool) -> Capabilities:
    """What a backend on this surface can do."""
    return Capabilities(
        provider="azure-openai" if surface.azure else "openai",
        chat=True,
        pause=surface.pauses,
        deployments=deployments,
        models=True,
        methods=frozenset(METHODS) if surface.directs else frozenset({"supervised"}),
        max_file_bytes=512 * 1024 * 1024 if surface.large_uploads else FORM_LIMIT,
        quotas=dict(_QUOTAS) if surface.azure else {},
    )
