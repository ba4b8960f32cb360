"""How often a schedule visits facts, and at which rates: measured settings, as data.

Rows that stand alone make more training steps of the same visits than packed ones, so they need fewer visits and
lower rates. Where each row of the table was measured: docs/explanation/forgetting.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

__all__ = ["BUDGETS", "BudgetName", "Preset", "Shares", "preset"]

BudgetName: TypeAlias = Literal["standard", "low", "lowest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Visits of a fact in one step, as shares of what `passes` epochs over its phrasings would be.

    Attributes:
        first: of a new fact when nothing is known yet.
        new: of a new or updated fact later on.
        old: of every known fact.
    """

    first: float = 0.80
    new: float = 0.55
    old: float = 0.20

    def __post_init__(self) -> None:
        if not all(0 < share <= 10 for share in (self.first, self.new, self.old)):
            raise ValueError("shares of visits must be above 0, and at most 10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """What a schedule is made with.

    Attributes:
        shares: of visits.
        rates: factors on the learning rate, of the consecutive jobs.
        age: known facts get visits in proportion to their earlier visits to the power of minus this.
    """

    shares: Shares
    rates: tuple[float, ...] = (5.0, 5.0, 3.0)
    age: float = 0.0


_PACKED: Final[Mapping[BudgetName, Preset]] = MappingProxyType(
    {
        "standard": Preset(shares=Shares()),
        "low": Preset(shares=Shares(new=0.45, old=0.16)),
        "lowest": Preset(shares=Shares(new=0.40, old=0.12), rates=(8.0, 8.0, 4.0)),
    }
)
_SINGLE: Final[Mapping[BudgetName, Preset]] = MappingProxyType(
    {
        "standard": Preset(shares=Shares(new=0.28, old=0.10), rates=(3.0, 3.0, 1.5), age=0.5),
        "low": Preset(shares=Shares(new=0.23, old=0.08), rates=(3.0, 3.0, 1.5), age=0.5),
        "lowest": Preset(shares=Shares(new=0.18, old=0.065), rates=(3.0, 3.0, 1.5), age=0.5),
    }
)
BUDGETS: Final = tuple(_PACKED)
"""The names that a budget may have."""


def preset(budget: BudgetName | Shares, *, packed: bool) -> Preset:
    """The settings of a budget; shares of one's own come with the rates of the standard one."""
    table = _PACKED if packed else _SINGLE
    return replace(table["standard"], shares=budget) if isinstance(budget, Shares) else table[budget]
