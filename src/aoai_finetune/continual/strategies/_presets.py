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
        early: while little is known, a step is short and teaches little: `new` grows by the factor
            1 + `early` / known facts, up to `first`.

    Raises:
        ValueError: a share outside 0 to 10, or a negative `early`.
    """

    first: float = 0.80
    new: float = 0.55
    old: float = 0.20
    early: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 < share <= 10 for share in (self.first, self.new, self.old)):
            raise ValueError("shares of visits must be above 0, and at most 10")
        if not 0 <= self.early <= 100:
            raise ValueError("early must be 0 to 100")

    def of_new(self, known: int) -> float:
        """The share of a new fact beside so many known ones."""
        if not known:
            return self.first
        return max(self.new, min(self.first, self.new * (1 + self.early / known)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """What a schedule is made with.

    Attributes:
        shares: of visits.
        rates: factors on the learning rate, of the consecutive jobs.
        age: known facts get visits in proportion to their earlier visits to the power of minus this.
        front: the part of a step, from its beginning, that holds the new facts.
    """

    shares: Shares
    rates: tuple[float, ...] = (5.0, 5.0, 3.0)
    age: float = 0.0
    front: float = 2 / 3


_PACKED: Final[Mapping[BudgetName, Preset]] = MappingProxyType(
    {
        "standard": Preset(shares=Shares()),
        "low": Preset(shares=Shares(new=0.45, old=0.16)),
        "lowest": Preset(shares=Shares(new=0.40, old=0.13), rates=(8.0, 7.0, 3.0), age=0.3),
    }
)


def _alone(shares: Shares) -> Preset:
    """Settings of rows that are not packed, on a small bill."""
    return Preset(shares=shares, rates=(3.0, 2.5, 1.2), age=0.4, front=0.75)


_SINGLE: Final[Mapping[BudgetName, Preset]] = MappingProxyType(
    {
        "standard": Preset(shares=Shares(new=0.28, old=0.10), rates=(3.0, 3.0, 1.5), age=0.5),
        "low": _alone(Shares(first=0.60, new=0.19, old=0.088, early=4.0)),
        "lowest": _alone(Shares(first=0.50, new=0.16, old=0.070, early=4.0)),
    }
)
BUDGETS: Final = tuple(_PACKED)
"""The names that a budget may have."""


def preset(budget: BudgetName | Shares, *, packed: bool) -> Preset:
    """The settings of a budget; shares of one's own come with the rates of the standard one."""
    table = _PACKED if packed else _SINGLE
    return replace(table["standard"], shares=budget) if isinstance(budget, Shares) else table[budget]
