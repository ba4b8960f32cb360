"""What the simulated service looks at in a create request, and its quotas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from ._refusal import invalid

__all__ = ["Limits", "Plan", "job_plan"]

_SUFFIX = re.compile(r"[A-Za-z0-9_-]{1,40}")
_TRAINING_TYPES = {
    "standard": "standard",
    "1": "standard",
    "globalstandard": "globalStandard",
    "developer": "developerTier",
    "developertier": "developerTier",
}
_AUTO = (None, "auto", -1)
_METHODS = ("supervised", "dpo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Quotas of one resource, as of 2026-02-17 (Azure OpenAI quotas and limits); change what a test needs.

    Attributes:
        files: training files at one time.
        bytes: size of all files together.
        jobs: jobs in total.
        running: jobs that train at one time.
        queued: jobs that wait for a place.
        min_examples: rows below which a job is not accepted.
        retirements: refuse training and chat after the catalogue's dates, on the backend's clock.
        deployments: deployments at one time.
        ready_after: seconds a deployment that is `Succeeded` still needs before it answers.
        rates: refuse chat beyond a deployment's capacity: that many requests a minute (429, with Retry-After).
        conflicts: refuse to delete a deployment while it is being created (409, `RequestConflict`).
        training_types: the types of training the region has; a request that names none means `standard`.
    """

    files: int = 100
    bytes: int = 1024**3
    jobs: int = 100
    running: int = 3
    queued: int = 20
    min_examples: int = 10
    retirements: bool = False
    deployments: int = 10
    ready_after: float = 30.0
    rates: bool = False
    conflicts: bool = False
    training_types: tuple[str, ...] = ("standard", "globalStandard", "developerTier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A create request after the checks: hyperparameters are None where the service decides.

    `kind` is `supervised` or `dpo`; `named` says that the request named it; `more` are hyperparameters that are
    checked, shown, and have no effect on a simulated learner.
    """

    model: str
    training_file: str
    validation_file: str | None
    suffix: str | None
    seed: int | None
    kind: str
    named: bool
    more: Mapping[str, float]
    n_epochs: int | None
    batch_size: int | None
    learning_rate_multiplier: float | None
    training_type: str | None


def job_plan(body: Mapping[str, Any]) -> Plan:
    """Read a create request, refusing what the service refuses. Raises `ServiceFault`."""
    method = _object(body, "method")
    kind = method.get("type", "supervised")
    if kind not in _METHODS:
        raise invalid(f"This simulated resource trains with {' and '.join(_METHODS)} only.", "method")
    given = _object(_object(method, kind), "hyperparameters") or _object(body, "hyperparameters")
    return Plan(
        model=_text(body, "model"),
        training_file=_text(body, "training_file"),
        validation_file=_text(body, "validation_file") if body.get("validation_file") else None,
        suffix=_suffix(body.get("suffix")),
        seed=_seed(body.get("seed")),
        kind=kind,
        named=bool(method),
        more=_more(given),
        n_epochs=_whole(given, "n_epochs", 50),
        batch_size=_whole(given, "batch_size", 256),
        learning_rate_multiplier=_number(given, "learning_rate_multiplier"),
        training_type=_training_type(body.get("trainingType")),
    )


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"The field '{name}' must be an object.", name)
    return cast("dict[str, Any]", value)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"The field '{name}' is required.", name)
    return value


def _suffix(value: object) -> str | None:
    if value is None or (isinstance(value, str) and _SUFFIX.fullmatch(value)):
        return value
    raise invalid("The suffix must be 1 to 40 characters from A-Z, a-z, 0-9, '_' and '-'.", "suffix")


def _seed(value: object) -> int | None:
    if value is None or (isinstance(value, int) and 0 <= value <= 2147483647):
        return value
    raise invalid("The seed must be an integer from 0 to 2147483647.", "seed")


def _whole(given: Mapping[str, Any], name: str, most: int) -> int | None:
    value = given.get(name)
    if value in _AUTO:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    raise invalid(f"The hyperparameter '{name}' must be an integer from 1 to {most}, or 'auto'.", name)


def _more(given: Mapping[str, Any]) -> dict[str, float]:
    asked = (
        (name, _number(given, name, most))
        for name, most in (("beta", 2.0), ("l2_multiplier", None), ("prompt_loss_weight", 1.0))
    )
    return {name: value for name, value in asked if value is not None}


def _number(given: Mapping[str, Any], name: str, most: float | None = None) -> float | None:
    value = given.get(name)
    if value in _AUTO:
        return None
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
    if fits and (most is None or value <= most):
        return float(value)
    limit = "" if most is None else f" and at most {most}"
    raise invalid(f"The hyperparameter '{name}' must be greater than 0{limit}.", name)


def _training_type(value: object) -> str | None:
    if value is None:
        return None
    known = _TRAINING_TYPES.get(str(value).casefold())
    if known is None:
        raise invalid("The trainingType must be Standard, GlobalStandard or developerTier.", "trainingType")
    return known
