"""What rows cost, by a table with a date."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from aoai_finetune.dataset import PRICES, Cost, Dataset, PriceTable, Rate, TokenCount, TrainingPrice, cost_of
from aoai_finetune.errors import NotFound

MODEL = "gpt-4.1-mini-2025-04-14"
MILLION = TokenCount(1_000_000, exact=True, counter="o200k_base")


@pytest.mark.parametrize(
    ("model", "tier", "region", "low", "high"),
    [
        ("gpt-4.1-2025-04-14", "global", None, 25, 25),
        ("gpt-4.1-2025-04-14", "datazone", None, 27.5, 27.5),
        ("gpt-4.1-2025-04-14", "regional", None, 27.5, 33),
        ("gpt-4.1-2025-04-14", "regional", "swedencentral", 30.25, 30.25),
        ("gpt-4.1-2025-04-14", "developer", None, 12.5, 12.5),
        (MODEL, "global", None, 5, 5),
        (MODEL, "GlobalStandard", None, 5, 5),
        (MODEL, "Standard", "northcentralus", 5.5, 5.5),
        (MODEL, "developerTier", None, 2.5, 2.5),
        (f"{MODEL}.ft-0123456789abcdef0123456789abcdef-news", "global", None, 5, 5),
        ("gpt-4.1-mini", "global", None, 5, 5),
        ("gpt-4.1-nano-2025-04-14", "regional", "northeurope", 1.98, 1.98),
        ("gpt-4o-2024-08-06", "regional", "southeastasia", 33, 33),
        ("gpt-4o-mini-2024-07-18", "datazone", None, 3.3, 3.3),
        ("gpt-oss-20b", "global", None, 3.6, 3.6),
        ("Llama-3.3-70B", "global", None, 4.5, 5.6),
        ("ministral-3b", "datazone", None, 1.1, 1.1),
    ],
)
def test_a_million_tokens_cost_the_list_price(
    model: str, tier: str, region: str | None, low: float, high: float
) -> None:
    """Catalogue names and fine-tuned ones, our names of tiers and the service's."""
    cost = cost_of(MILLION, model, tier=tier, region=region)
    assert [cost.low, cost.high] == pytest.approx([low, high])
    assert (cost.amount is None) == (low != high)
    assert cost.exact == (low == high)


def test_rows_cost_tokens_times_epochs() -> None:
    """The dataset's own tokens, and a deployment's hour beside it."""
    rows = Dataset.from_pairs([("a question", "an answer")] * 50)
    cost = rows.estimate_cost(MODEL, n_epochs=4, tier="developer")
    assert cost.tokens == rows.tokens(MODEL) * 4
    assert cost.amount == pytest.approx(cost.tokens.tokens * 2.5 / 1e6)
    assert max(cost.hosting) == 0
    assert min(rows.estimate_cost(MODEL, n_epochs=4, tier="global").hosting) == pytest.approx(1.7)
    with pytest.raises(ValueError, match="n_epochs is 0"):
        rows.estimate_cost(MODEL, n_epochs=0, tier="global")


@pytest.mark.parametrize("tier", [None, 5])
def test_a_tier_is_named_by_a_text(tier: Any) -> None:
    """None is no tier: the price depends on it."""
    rows = Dataset.from_pairs([("a question", "an answer")])
    with pytest.raises(ValueError, match=r"tier is .*, not the name of a tier\. Use one of global, regional"):
        rows.estimate_cost(MODEL, n_epochs=1, tier=tier)


@pytest.mark.parametrize(
    ("model", "tier", "region", "known"),
    [
        ("gpt-9", "global", None, "gpt-4.1-2025-04-14"),
        ("ft:gpt-4o-2024-08-06:org::id", "global", None, "gpt-4.1-2025-04-14"),
        ("gpt-4o-2024-05-13", "global", None, "gpt-4o-2024-08-06"),
        ("ftchkpt-0123", "global", None, MODEL),
        ("gpt-oss-20b", "developer", None, "datazone"),
        (MODEL, "regional", "marsnorth", "swedencentral"),
    ],
)
def test_an_unknown_price_is_an_error_that_names_what_is_known(
    model: str, tier: str, region: str | None, known: str
) -> None:
    """Rather than the price of something else: no other version, no other provider."""
    with pytest.raises(NotFound, match=re.escape(known)):
        cost_of(MILLION, model, tier=tier, region=region)


def test_an_unknown_tier_is_an_error() -> None:
    """The message lists the four there are."""
    with pytest.raises(ValueError, match="global, regional, datazone, developer"):
        cost_of(MILLION, MODEL, tier="cheap")


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (
            cost_of(MILLION, MODEL, tier="global"),
            "about USD 5.00 (estimate: global list price of {}, tokens counted)",
        ),
        (
            cost_of(TokenCount(10**9, exact=False, counter="estimate"), MODEL, tier="regional"),
            "about USD 5,500.00 to 6,600.00 (estimate: regional list price of {}, tokens estimated)",
        ),
        (
            cost_of(MILLION, MODEL, tier="regional", region="westus"),
            "about USD 5.50 (estimate: regional (westus) list price of {}, tokens counted)",
        ),
        (
            cost_of(TokenCount(10, exact=True, counter="x"), MODEL, tier="global"),
            "less than USD 0.01 (estimate: global list price of {}, tokens counted)",
        ),
        (Cost.nothing(MILLION, "simulated service"), "nothing (simulated service)"),
    ],
)
def test_a_cost_prints_its_date_and_that_it_is_an_estimate(cost: Cost, text: str) -> None:
    """It must not look like a bill."""
    assert str(cost) == text.format(PRICES.date)


def test_prices_can_be_your_own() -> None:
    """Under a date and a source of your own; the others stay, the table they came from too."""
    mine = TrainingPrice(model=MODEL, tier="global", training=Rate(usd=4.0))
    other = TrainingPrice(model="my-model", tier="global", training=Rate(usd=1.0))
    table = PRICES.with_prices(mine, other, date="2026-12-01", source="contract 7")
    cost = cost_of(MILLION, MODEL, tier="global", prices=table)
    assert (cost.amount, cost.price_date, cost.source) == (4.0, "2026-12-01", "contract 7")
    assert cost_of(MILLION, "my-model", tier="global", prices=table).amount == 1.0
    assert cost_of(MILLION, MODEL, tier="developer", prices=table).amount == 2.5
    assert cost_of(MILLION, MODEL, tier="global").amount == 5.0


@pytest.mark.parametrize("priced", ["gpt-4.1-mini", MODEL, MODEL.upper()])
@pytest.mark.parametrize("asked", ["gpt-4.1-mini", MODEL, f"{MODEL}.ft-0123"])
def test_your_price_is_used_with_and_without_a_version(priced: str, asked: str) -> None:
    """The listed one must not stay behind it."""
    mine = TrainingPrice(model=priced, tier="global", training=Rate(usd=4.0))
    table = PRICES.with_prices(mine, date="2026-12-01", source="contract 7")
    assert cost_of(MILLION, asked, tier="global", prices=table).amount == 4.0
    assert cost_of(MILLION, "gpt-4.1", tier="global", prices=table).amount == 25.0


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf")])
def test_a_rate_is_an_amount(amount: float) -> None:
    """And there is one."""
    with pytest.raises(ValueError, match="amount"):
        Rate(usd=amount)
    with pytest.raises(ValueError, match="amount"):
        Rate()


def test_the_table_prints_every_price_with_its_date() -> None:
    """And where it comes from."""
    text = str(PRICES)
    assert all(price.model in text for price in PRICES.prices)
    assert PRICES.date in text
    assert PRICES.source in text
    assert date.fromisoformat(PRICES.date) >= date(2026, 8, 11)
    assert len({(price.model, price.tier) for price in PRICES.prices}) == len(PRICES.prices)
    assert isinstance(PRICES, PriceTable)
