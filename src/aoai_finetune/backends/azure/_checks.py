"""What can be known to be refused before anything is sent."""

from __future__ import annotations

import re
from typing import Any, Final

from .. import _wire
from .._records import JobRequest
from ._errors import InvalidRequest
from ._surface import Surface
from ._uploads import EXPIRY

__all__ = ["check_expiry", "checked_body"]

_SUFFIX: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LARGEST_SEED: Final = 2**31 - 1
_TRAINING_TYPES: Final = {
    "standard": "Standard",
    "regional": "Standard",
    "global": "GlobalStandard",
    "developer": "developerTier",
}
"""Our words for where a job is trained, and the service's; any other word is sent as it is."""


def check_expiry(seconds: int | None, surface: Surface) -> None:
    """Raises ValueError for an expiry that the service refuses."""
    low, high = EXPIRY if surface.azure else (3_600, EXPIRY[1])
    if seconds is not None and not low <= seconds <= high:
        raise ValueError(f"expires_after is {seconds}; it must be {low:,} to {high:,} seconds, or None")


def checked_body(request: JobRequest, surface: Surface, training_type: str | None) -> dict[str, Any]:
    """The body of a create request. Raises `InvalidRequest` for what the service would refuse."""
    if request.suffix is not None and not _SUFFIX.fullmatch(request.suffix):
        raise InvalidRequest(
            f"the suffix {request.suffix[:80]!r} must be 1 to 40 of A-Z, a-z, 0-9, '_' and '-'; a dot is refused"
        )
    if request.seed is not None and not 0 <= request.seed <= _LARGEST_SEED:
        raise InvalidRequest(f"the seed is {request.seed}; it must be 0 to {_LARGEST_SEED}")
    body = _wire.create_body(request)
    body.pop("trainingType", None)
    return body | _training_type(request.training_type or training_type, surface)


def _training_type(given: str | None, surface: Surface) -> dict[str, str]:
    if not surface.azure:
        if given:
            raise InvalidRequest("OpenAI has no training types", hint="Leave training_type out")
        return {}
    if not given:
        raise InvalidRequest(
            "no training type is given, and it decides where the rows go: 'standard' (trained in the resource's "
            "region), 'global' (in any region, cheaper) or 'developer' (in any region, cheapest, may be interrupted)",
            hint="Pass training_type=... to the backend, or with the job",
        )
    return {"trainingType": _TRAINING_TYPES.get(given.lower(), given)}
