"""The models a simulated resource starts with, and what may be done with them until when."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["CATALOGUE", "CatalogueModel", "catalogue", "near_names"]

_APRIL_1, _APRIL_14, _MAY_19 = 1_806_537_600, 1_807_660_800, 1_810_684_800
_OCTOBER_1, _OCTOBER_14, _NOVEMBER_19 = 1_822_348_800, 1_823_472_000, 1_826_582_400
_PAST_OCTOBER_14, _PAST_NOVEMBER_19 = 1_791_936_000, 1_795_046_400


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueModel:
    """One catalogue model. Dates are Unix seconds at 00:00 UTC, None where the service names none.

    Attributes:
        id: the name on the wire.
        methods: fine-tuning methods the service accepts for it.
        continues: a fine-tuned model of it may be trained further ("continuous fine-tuning").
        base_until: retirement of the base model.
        training_until: last day of training, for subscriptions that already used the model.
        tuned_until: retirement of deployments of its fine-tuned models.
    """

    id: str
    methods: frozenset[str] = frozenset({"supervised"})
    continues: bool = True
    base_until: int | None = None
    training_until: int | None = None
    tuned_until: int | None = None


_SUPERVISED_DPO = frozenset({"supervised", "dpo"})

CATALOGUE = (
    CatalogueModel(
        id="gpt-4.1-2025-04-14",
        methods=_SUPERVISED_DPO,
        base_until=_APRIL_14,
        training_until=_APRIL_14,
        tuned_until=_OCTOBER_14,
    ),
    CatalogueModel(
        id="gpt-4.1-mini-2025-04-14",
        methods=_SUPERVISED_DPO,
        base_until=_APRIL_14,
        training_until=_APRIL_14,
        tuned_until=_OCTOBER_14,
    ),
    CatalogueModel(
        id="gpt-4.1-nano-2025-04-14",
        methods=_SUPERVISED_DPO,
        base_until=_PAST_OCTOBER_14,
        training_until=_APRIL_14,
        tuned_until=_OCTOBER_14,
    ),
    CatalogueModel(
        id="gpt-4o-2024-08-06",
        methods=_SUPERVISED_DPO,
        base_until=_APRIL_14,
        training_until=_APRIL_1,
        tuned_until=_OCTOBER_1,
    ),
    CatalogueModel(
        id="gpt-4o-mini-2024-07-18", base_until=_APRIL_14, training_until=_APRIL_1, tuned_until=_OCTOBER_1
    ),
    CatalogueModel(
        id="o4-mini-2025-04-16",
        methods=frozenset({"reinforcement"}),
        base_until=_PAST_NOVEMBER_19,
        training_until=_MAY_19,
        tuned_until=_NOVEMBER_19,
    ),
    CatalogueModel(id="gpt-oss-20b", continues=False),
    CatalogueModel(id="Ministral-3B", continues=False),
)
"""The fine-tunable models and dates of the Azure retirement table of 2026-10-05, and two open-weight ones.

Dates move; a real backend must ask the service. Sources: Azure docs, model retirement schedule (2026-10-05) and
fine-tuning models (2026-10-06); continuing is documented for the OpenAI models only.
"""


def catalogue(names: Iterable[str] | None) -> dict[str, CatalogueModel]:
    """The catalogue, or the named models of it (unknown names are plain models without dates)."""
    known = {model.id: model for model in CATALOGUE}
    return known if names is None else {name: known.get(name, CatalogueModel(id=name)) for name in names}


def near_names(name: str, known: Sequence[str]) -> list[str]:
    """Up to three known names that look like `name`, the most alike first."""
    folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.5)
    return [folded[candidate] for candidate in found]
