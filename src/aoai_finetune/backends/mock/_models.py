"""Models of the simulated resource: the catalogue, what jobs made, and their checkpoints."""

from __future__ import annotations

from typing import Any, NamedTuple

from ._catalogue import CatalogueModel
from ._refusal import ServiceFault, missing
from ._world import Moment

__all__ = [
    "Start",
    "add_model",
    "find_start",
    "get_model",
    "known_models",
    "list_models",
    "refuse_retired",
    "remove_model",
    "weights_of",
]

_CACHED_WEIGHTS = 32


class Start(NamedTuple):
    """A model as something to train further or to ask: its catalogue root, and where its weights are."""

    name: str
    base: CatalogueModel
    tuned: bool


def find_start(moment: Moment, name: str) -> Start | None:
    """A catalogue model, fine-tuned model or checkpoint by name."""
    base = moment.world.catalogue.get(name)
    if base is not None:
        return Start(name, base, tuned=False)
    body = moment.records.get("model", name)
    if body is None:
        return None
    root = moment.world.catalogue.get(body["model"])
    return Start(name, root or CatalogueModel(id=body["model"]), tuned=True)


def weights_of(moment: Moment, start: Start) -> bytes | None:
    """The weights of a model; None for a catalogue model. They never change, so a few are kept in memory."""
    if not start.tuned:
        return None
    kept = moment.world.weights
    found = kept.get(start.name)
    if found is None:
        found = moment.records.blob(f"weights:{start.name}")
        if len(kept) >= _CACHED_WEIGHTS:
            kept.clear()
        kept[start.name] = found
    return found


def add_model(
    moment: Moment, name: str, *, base: str, job: str, weights: bytes, checkpoint: bool = False
) -> None:
    """A model that a job made; checkpoints can be used like models, but are not listed among them."""
    body: dict[str, Any] = {"id": name, "model": base, "fine_tune": job, "created_at": int(moment.now)}
    moment.records.add("model", name, body, state="checkpoint" if checkpoint else "tuned")
    moment.records.put_blob(f"weights:{name}", weights)


def remove_model(moment: Moment, name: str) -> None:
    """Forget a model that a job made."""
    moment.records.remove("model", name)
    moment.records.remove_blob(f"weights:{name}")
    moment.world.weights.pop(name, None)


def get_model(moment: Moment, *, model: str) -> dict[str, Any]:
    """One model, with its lifecycle dates."""
    start = find_start(moment, model)
    if start is None:
        raise missing("model", model)
    if start.tuned:
        return _tuned(moment, moment.records.get("model", model) or {})
    return _catalogue(start.base)


def list_models(moment: Moment) -> dict[str, Any]:
    """All fine-tuned models, newest first, and the catalogue."""
    tuned = [_tuned(moment, body) for body in moment.records.newest("model", state="tuned")]
    known = [_catalogue(model) for model in moment.world.catalogue.values()]
    return {"object": "list", "data": tuned + known, "has_more": False}


def known_models(moment: Moment) -> list[str]:
    """The names that may stand in a request's `model`."""
    return [*moment.world.catalogue, *(body["id"] for body in moment.records.newest("model"))]


def refuse_retired(moment: Moment, until: int | None, name: str) -> None:
    """Raise `ServiceFault` 410 when the model's date has passed and the resource was told to look at dates."""
    if moment.world.limits.retirements and until is not None and moment.now >= until:
        raise ServiceFault(410, "gone", f"The model '{name}' is retired.", "model")


def _catalogue(model: CatalogueModel) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "created_at": 0,
        "status": "succeeded",
        "capabilities": {
            "fine_tune": True,
            "inference": True,
            "completion": False,
            "chat_completion": True,
            "embeddings": False,
        },
        "lifecycle_status": "generally-available",
        "deprecation": _dates(fine_tune=model.training_until, inference=model.base_until),
    }


def _tuned(moment: Moment, body: dict[str, Any]) -> dict[str, Any]:
    base = moment.world.catalogue.get(body["model"]) or CatalogueModel(id=body["model"])
    return {
        **_catalogue(base),
        **body,
        "deprecation": _dates(fine_tune=base.training_until, inference=base.tuned_until),
    }


def _dates(**dates: int | None) -> dict[str, int]:
    return {name: date for name, date in dates.items() if date is not None}
