"""What a planned step costs in money, or why nobody can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...backends import Capabilities
from ...dataset import TokenCount
from ...errors import NotFound

if TYPE_CHECKING:
    from ...dataset import Cost, PriceTable
    from ._plan_step import StepOptions

__all__ = ["estimate", "price_step"]

_SIMULATED = "simulated service"
_TRAINING_TYPE = "Name it: training_type='standard', 'global', 'datazone' or 'developer'"
_TIER = (
    "Name it: tier='regional', 'global', 'datazone' or 'developer', or training_type= when the plan is made"
)


def price_step(
    tokens: TokenCount | None,
    per_epoch: TokenCount,
    model: str,
    options: StepOptions,
    capabilities: Capabilities,
) -> tuple[Cost | None, str]:
    """The cost of a step; where it cannot be told, None and what is missing."""
    from ...dataset import Cost

    if capabilities.free:
        return Cost.nothing(tokens or per_epoch, _SIMULATED), ""
    if not capabilities.provider.startswith("azure"):
        return None, f"no prices are known for the provider {capabilities.provider!r}"
    try:
        return estimate(
            tokens, model, method=options.method.type, tier=options.training_type, missing=_TRAINING_TYPE
        ), ""
    except (NotFound, ValueError) as why:
        return None, str(why)


def estimate(
    tokens: TokenCount | None,
    model: str,
    *,
    method: str,
    tier: str | None,
    region: str | None = None,
    prices: PriceTable | None = None,
    missing: str = _TIER,
) -> Cost:
    """The cost of billed tokens by a price table; `missing` says what to do where no tier is given.

    Raises:
        NotFound: the bill or its price is not known; the message names what is missing.
        ValueError: no such tier.
    """
    from ...dataset import cost_of

    if method == "reinforcement":
        raise NotFound("reinforcement fine-tuning is billed by the hour, and no price of an hour is known")
    if tier is None:
        raise NotFound(
            "the price depends on the training type, which is not given",
            hint=missing,
        )
    if tokens is None:
        raise NotFound(
            "the service decides the number of epochs",
            hint="Set it: method=Supervised(n_epochs=...)",
        )
    return cost_of(tokens, model, tier=tier, region=region, prices=prices)
