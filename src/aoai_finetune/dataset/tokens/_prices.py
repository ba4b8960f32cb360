"""List prices of fine-tuning, as data with a date. Replace what your contract says differs.

Source: Azure Retail Prices API, USD, snapshot of 2026-08-11: the training and hosting meters of Azure OpenAI and of
the open-weight models. Inference and reinforcement fine-tuning (billed by the hour) are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self, get_args

from typing_extensions import override

from ...errors import DatasetError, NotFound
from ..rows._arguments import each_of_kind, of_kind
from ._exact import base_of

__all__ = ["PRICES", "PriceTable", "Rate", "Tier", "TrainingPrice", "tier_of"]

Tier = Literal["global", "regional", "datazone", "developer"]

_TIERS: Final[dict[str, Tier]] = {
    "global": "global",
    "globalstandard": "global",
    "regional": "regional",
    "standard": "regional",
    "datazone": "datazone",
    "datazonestandard": "datazone",
    "developer": "developer",
    "developertier": "developer",
}


def tier_of(name: str) -> Tier:
    """The tier that a name means, in our words or in the service's (`Standard`, `GlobalStandard`, `developerTier`).

    Raises DatasetError for any other.
    """
    known = ", ".join(get_args(Tier))
    of_kind(name, str, "tier", wanted="the name of a tier", hint=f"Use one of {known}")
    tier = _TIERS.get(re.sub(r"[^a-z]", "", name.lower()))
    if tier is None:
        raise DatasetError(f"there is no tier {name!r}", hint=f"Use one of {known}")
    return tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """An amount of USD that may depend on the region.

    Attributes:
        usd: what it is in regions that `regions` does not name; None where there are no others.
        regions: what it is in some regions, by their short names such as `swedencentral`.
    """

    usd: float | None = None
    regions: Mapping[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self) -> None:
        of_kind(self.regions, Mapping, "regions", hint='For example regions={"swedencentral": 27.5}')
        amounts = self._amounts()
        for amount in amounts:
            of_kind(amount, int | float, "an amount of a rate", wanted="a number")
        if not amounts or not all(0 <= amount < float("inf") for amount in amounts):
            raise DatasetError("a rate needs an amount, and amounts are 0 or more")

    def span(self, region: str | None = None) -> tuple[float, float]:
        """The lowest and the highest it can be, equal where it is known. LookupError for a region without a price."""
        if region is None:
            amounts = self._amounts()
            return min(amounts), max(amounts)
        amount = self.regions.get(region, self.usd)
        if amount is None:
            raise LookupError(region)
        return amount, amount

    def _amounts(self) -> list[float]:
        return [*self.regions.values(), *([] if self.usd is None else [self.usd])]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPrice:
    """What supervised and preference fine-tuning of one model costs at one tier.

    Attributes:
        model: catalogue name.
        tier: where it is trained.
        training: USD per million billed tokens.
        hosting: USD per hour that a deployment of the result exists, whether it is used or not.
    """

    model: str
    tier: Tier
    training: Rate
    hosting: Rate = field(default_factory=lambda: Rate(usd=_HOSTING))

    def __post_init__(self) -> None:
        of_kind(self.model, str, "model", wanted="the name of a model")
        of_kind(self.training, Rate, "training", hint="For example Rate(usd=25.0)")
        of_kind(self.hosting, Rate, "hosting", hint="For example Rate(usd=1.7)")
        if self.tier not in get_args(Tier):  # none that `find` could ask for
            hint = f"Use one of {', '.join(get_args(Tier))}"
            raise DatasetError(f"there is no tier {self.tier!r} of a price", hint=hint)


_VERSION = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices, with the day they were right and where they come from."""

    prices: tuple[TrainingPrice, ...] = field(repr=False)
    date: str
    source: str

    def find(self, model: str, tier: str, region: str | None = None) -> TrainingPrice:
        """The price of a catalogue or fine-tuned model.

        A name without a version means the version that has a price.

        Raises:
            NotFound: no price for this model, this tier or this region; the message names those there are.
            DatasetError: no such tier, or an argument of another kind.
        """
        of_kind(model, str, "model", wanted="the name of a model")
        of_kind(region, str | None, "region", wanted="the name of a region")
        wanted = tier_of(tier)
        tiers = {price.tier: price for price in self._of(model)}
        if not tiers:
            known = ", ".join(dict.fromkeys(price.model for price in self.prices))
            raise NotFound(f"no price is known for {model!r}", hint=f"Known ({self.date}): {known}")
        price = tiers.get(wanted)
        if price is None:
            raise NotFound(
                f"no {wanted} price is known for {model!r}", hint=f"Known ({self.date}): {', '.join(tiers)}"
            )
        _check_region(price, region, self.date)
        return price

    def with_prices(self, *prices: TrainingPrice, date: str, source: str) -> Self:
        """The table with some prices replaced or added, under a date and a source of your own.

        A price for a name without a version is the price of all its versions.
        """
        each_of_kind(prices, TrainingPrice, "prices", wanted="prices", hint="Write TrainingPrice(...)")
        kept = tuple(price for price in self.prices if not any(_replaces(mine, price) for mine in prices))
        return replace(self, prices=(*prices, *kept), date=date, source=source)

    def _of(self, model: str) -> list[TrainingPrice]:
        if model.startswith("ft:"):  # a fine-tuned model of OpenAI, which has prices of its own
            return []
        name = base_of(model)
        return [price for price in self.prices if _fits(name, price.model)]

    @override
    def __str__(self) -> str:
        from ...display import table

        rows = [
            (price.model, price.tier, _span(price.training), _span(price.hosting)) for price in self.prices
        ]
        header = ("model", "tier", "USD per 1M training tokens", "USD per hour of hosting")
        return f"{table(header, rows, align='ll>>')}\n{self.source}, {self.date}"


def _family(model: str) -> str:
    return _VERSION.sub("", model).lower()


def _fits(name: str, priced: str) -> bool:
    """A price belongs to a name that is the same, or the same but for a version that one of them leaves out."""
    priced = priced.lower()
    return name in {priced, _family(priced)} or _family(name) == priced


def _replaces(mine: TrainingPrice, listed: TrainingPrice) -> bool:
    return mine.tier == listed.tier and _fits(listed.model.lower(), mine.model)


def _span(rate: Rate) -> str:
    low, high = rate.span()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _check_region(price: TrainingPrice, region: str | None, date: str) -> None:
    try:
        price.training.span(region)
        price.hosting.span(region)
    except LookupError:
        known = ", ".join(sorted(price.training.regions))
        raise NotFound(
            f"no {price.tier} price of {price.model} is known in {region!r}", hint=f"Known ({date}): {known}"
        ) from None


_HOSTING: Final = 1.70
_US: Final = ("eastus", "eastus2", "northcentralus", "southcentralus", "westus", "westus3")
_GOVERNMENT: Final = ("usgovarizona", "usgovvirginia")


def _rate(usd: float, *, government: float | None = None) -> Rate:
    return Rate(usd=usd, regions={} if government is None else dict.fromkeys(_GOVERNMENT, government))


def _gpt41(model: str, base: float) -> tuple[TrainingPrice, ...]:
    """Regional training is 10 % dearer than global in the US, 21 % in Sweden, 32 % in North Europe."""
    regional = {
        **dict.fromkeys(_US, round(base * 1.10, 6)),
        "swedencentral": round(base * 1.21, 6),
        "northeurope": round(base * 1.32, 6),
    }
    return _openai(model, base, Rate(regions=regional), Rate(usd=_HOSTING))


def _gpt4o(model: str, base: float, regions: tuple[str, ...]) -> tuple[TrainingPrice, ...]:
    """Regional training is 10 % dearer than global, 32 % in Southeast Asia, where hosting is dearer too."""
    regional = {**dict.fromkeys(regions, round(base * 1.10, 6)), "southeastasia": round(base * 1.32, 6)}
    return _openai(model, base, Rate(regions=regional), Rate(usd=_HOSTING, regions={"southeastasia": 2.04}))


def _openai(model: str, base: float, regional: Rate, hosting: Rate) -> tuple[TrainingPrice, ...]:
    """Data zone is 10 % dearer than global; developer is half of global, and its hosting is free (for 24 hours)."""
    return (
        TrainingPrice(model=model, tier="global", training=Rate(usd=base)),
        TrainingPrice(model=model, tier="datazone", training=Rate(usd=round(base * 1.10, 6))),
        TrainingPrice(model=model, tier="regional", training=regional, hosting=hosting),
        TrainingPrice(model=model, tier="developer", training=Rate(usd=base / 2), hosting=Rate(usd=0.0)),
    )


PRICES: Final = PriceTable(
    prices=(
        *_gpt41("gpt-4.1-2025-04-14", 25.0),
        *_gpt41("gpt-4.1-mini-2025-04-14", 5.0),
        *_gpt41("gpt-4.1-nano-2025-04-14", 1.5),
        *_gpt4o("gpt-4o-2024-08-06", 25.0, ("eastus2", "northcentralus", "swedencentral")),
        *_gpt4o("gpt-4o-mini-2024-07-18", 3.0, ("northcentralus", "swedencentral")),
        TrainingPrice(model="gpt-oss-20b", tier="global", training=_rate(3.6), hosting=_rate(0.30)),
        TrainingPrice(model="gpt-oss-20b", tier="datazone", training=_rate(4.0), hosting=_rate(0.33)),
        TrainingPrice(
            model="gpt-oss-20b", tier="regional", training=Rate(regions={"eastus2": 4.0}), hosting=_rate(0.33)
        ),
        TrainingPrice(
            model="Llama-3.3-70B",
            tier="global",
            training=_rate(4.5, government=5.6),
            hosting=_rate(0.30, government=0.36),
        ),
        TrainingPrice(model="Llama-3.3-70B", tier="datazone", training=_rate(4.95), hosting=_rate(0.33)),
        TrainingPrice(
            model="Llama-3.3-70B",
            tier="regional",
            training=Rate(regions={"eastus2": 4.95}),
            hosting=_rate(0.33),
        ),
        TrainingPrice(
            model="Ministral-3B",
            tier="global",
            training=_rate(1.0, government=1.25),
            hosting=_rate(0.65, government=0.81),
        ),
        TrainingPrice(model="Ministral-3B", tier="datazone", training=_rate(1.1), hosting=_rate(0.715)),
    ),
    date="2026-08-11",
    source="Azure Retail Prices, USD list prices",
)
"""The prices that are used unless you give others."""
