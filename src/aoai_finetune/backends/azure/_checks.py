"""What can be known to be refused before anything is sent."""

from __future__ import annotations

import re
from typing import Any, Final

from .. import _wire
from .._methods import Supervised
from .._records import JobRecord, JobRequest
from ._errors import InvalidRequest
from ._surface import Surface
from ._uploads import EXPIRY

__all__ = ["check_expiry", "checked_body", "contradictions"]

_SUFFIX: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LARGEST_SEED: Final = 2**31 - 1
_TRAINING_TYPES: Final = {
    "standard": "Standard",
    "regional": "Standard",
    "global": "GlobalStandard",
    "developer": "developerTier",
}
"""Our words for where a job is trained, and the service's; any other word is sent as it is."""

_DATA_ZONE: Final = frozenset({"datazone", "data-zone", "data_zone"})
_ANSWERED: Final = {
    "standard": "standard",
    "globalstandard": "global",
    "developertier": "developer",
    "developer": "developer",
}
"""What the service's words for a training type mean, in lower case."""

_DIRECTED: Final = "Use openai.OpenAI(base_url='https://<resource>.openai.azure.com/openai/v1/'), or api_version='2025-04-01-preview'"


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
    named = _training_type(request.training_type or training_type, surface)
    body = _wire.create_body(request)
    body.pop("trainingType", None)
    numbers = request.method.hyperparameters() if isinstance(request.method, Supervised) else {}
    if surface.azure and numbers:
        # Deprecated, accepted on every surface of Azure's, and all that a stable api-version reads.
        body["hyperparameters"] = numbers
    if surface.directs:
        return body | named
    return _undirected(body, request, surface, named)


def _undirected(
    body: dict[str, Any], request: JobRequest, surface: Surface, named: dict[str, str]
) -> dict[str, Any]:
    """The body for an api-version that knows supervised training in the resource's region only."""
    wanted = named["trainingType"]
    if wanted != "Standard":
        raise InvalidRequest(
            f"{surface.named} does not know training types: {wanted} could be ignored, and the rows trained elsewhere",
            hint=_DIRECTED,
        )
    if not isinstance(request.method, Supervised):
        raise InvalidRequest(
            f"{surface.named} does not know the method {request.method.type}", hint=_DIRECTED
        )
    del body["method"]
    return body


def contradictions(request: JobRequest, training_type: str | None, job: JobRecord) -> list[str]:
    """What a service says it does otherwise than it was asked to; what it does not say contradicts nothing."""
    found: list[str] = []
    asked, told = request.method.n_epochs, job.hyperparameters.get("n_epochs")
    if asked not in ("auto", told) and (told == "auto" or isinstance(told, int | float)):
        found.append(f"n_epochs is {told}, not {asked}")
    wanted = request.training_type or training_type or ""
    place = _ANSWERED.get(_TRAINING_TYPES.get(wanted.lower(), wanted).lower())
    answered = _ANSWERED.get((job.training_type or "").lower())
    if place and answered and place != answered:
        found.append(f"it trains as {job.training_type}, not as {wanted}")
    return found


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
    if given.lower() in _DATA_ZONE:
        raise InvalidRequest(
            "data-zone training is documented, but not the word with which the service is asked for it",
            hint="Where you know that word, give it as training_type: words that are not ours are sent as they are",
        )
    return {"trainingType": _TRAINING_TYPES.get(given.lower(), given)}
