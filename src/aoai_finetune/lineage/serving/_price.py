"""What a deployment costs for every hour it exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from ...errors import NotFound

if TYPE_CHECKING:
    from ...backends import Capabilities

__all__ = ["HostingPrice", "hosting_price"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingPrice:
    """What deployments cost for every hour they exist, used or not. Questions are billed by the token, apart.

    Attributes:
        deployments: how many.
        tier: as asked for, such as `developer`.
        usd_per_hour: the lowest and the highest it can be, for all of them together (they differ by region); None
            where no price is known.
        note: the date of the price list, or why there is no price.
    """

    deployments: int
    tier: str
    usd_per_hour: tuple[float, float] | None
    note: str

    @override
    def __str__(self) -> str:
        what = f"{self.deployments} {self.tier} deployment{'s' if self.deployments != 1 else ''}"
        if self.usd_per_hour is None:
            return f"{what}: the price of an hour is not known ({self.note})"
        low, high = self.usd_per_hour
        span = f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"
        return f"{what}: {span} USD an hour until removed ({self.note})"


def hosting_price(models: Sequence[str], tier: str, capabilities: Capabilities) -> HostingPrice:
    """The list price of serving models, by the names of their catalogue models, at a tier."""
    from ...dataset import PRICES

    def priced(span: tuple[float, float] | None, note: str) -> HostingPrice:
        return HostingPrice(deployments=len(models), tier=tier, usd_per_hour=span, note=note)

    if capabilities.free:
        return priced((0.0, 0.0), "simulated service")
    try:
        spans = [PRICES.find(model, tier).hosting.span() for model in models]
    except (NotFound, ValueError) as why:
        return priced(None, why.message if isinstance(why, NotFound) else str(why))
    note = f"list price of {PRICES.date}; questions are billed by the token"
    if "developer" in tier.lower():
        note += "; the service removes developer deployments after 24 hours"
    return priced((sum(low for low, _ in spans), sum(high for _, high in spans)), note)
