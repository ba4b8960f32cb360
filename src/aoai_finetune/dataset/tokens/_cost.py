"""From billed tokens to money: an estimate by a dated price table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from ..rows._arguments import of_kind
from ._tokens import TokenCount

if TYPE_CHECKING:
    from ._prices import PriceTable

__all__ = ["Cost", "cost_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a training is expected to cost: billed tokens times a list price of a certain day.

    Always an estimate: your contract, taxes and exchange rates are not in it, and prices change.

    Attributes:
        low, high: the amount, or its limits where the price depends on a region that was not named.
        currency: of the amount.
        tokens: what is billed.
        price_date: day of the prices; empty where nothing is charged.
        source: where the prices come from.
        note: what the price is for, such as `global`; where nothing is charged, why.
        hosting: lowest and highest price of an hour that a deployment of the result exists. Not in the amount.
    """

    low: float
    high: float
    tokens: TokenCount
    currency: str = "USD"
    price_date: str = ""
    source: str = ""
    note: str = ""
    hosting: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def nothing(cls, tokens: TokenCount, because: str) -> Cost:
        """No charge at all."""
        return cls(low=0.0, high=0.0, tokens=tokens, note=because)

    @property
    def amount(self) -> float | None:
        """The amount where it is one number, None between `low` and `high`."""
        return self.low if self.low == self.high else None

    @property
    def exact(self) -> bool:
        """The tokens are exact and the price is one number; it stays a list price."""
        return self.tokens.exact and self.low == self.high

    @override
    def __str__(self) -> str:
        if not self.price_date and not self.high:
            return f"nothing ({self.note})"
        counted = "counted" if self.tokens.exact else "estimated"
        return f"{self._amount()} (estimate: {self.note} list price of {self.price_date}, tokens {counted})"

    def _amount(self) -> str:
        low, high = f"{self.low:,.2f}", f"{self.high:,.2f}"
        if high == "0.00":
            return f"less than {self.currency} 0.01"
        return f"about {self.currency} {low if low == high else f'{low} to {high}'}"


def cost_of(
    tokens: TokenCount,
    model: str,
    *,
    tier: str,
    region: str | None = None,
    prices: PriceTable | None = None,
) -> Cost:
    """What billed tokens cost. Raises NotFound and DatasetError as `PriceTable.find` does."""
    from ._prices import PRICES, PriceTable, tier_of

    of_kind(tokens, TokenCount, "tokens", hint="Count them with dataset.tokens(model)")
    of_kind(prices, PriceTable | None, "prices", wanted="PriceTable")
    table = PRICES if prices is None else prices
    price = table.find(model, tier, region)
    low, high = (usd * tokens.tokens / 1_000_000 for usd in price.training.span(region))
    return Cost(
        low=low,
        high=high,
        tokens=tokens,
        price_date=table.date,
        source=table.source,
        note=f"{tier_of(tier)} ({region})" if region else tier_of(tier),
        hosting=price.hosting.span(region),
    )
