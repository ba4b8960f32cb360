"""A limit that is checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from ...errors import BudgetExceeded, NotFound
from ._training_plan import TrainingPlan

if TYPE_CHECKING:
    from ...dataset import Cost, PriceTable

__all__ = ["Budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that one training may cost. Where a plain number is taken for a budget, it is USD.

    Args:
        usd: limit of the estimated cost. Where the price depends on a region, the highest price counts.
        tokens: limit of the billed tokens.
        region: narrows the price, such as `swedencentral`.
        prices: your own prices instead of the dated list prices.

    Raises:
        ValueError: no limit at all, or one that is below 0 or not finite.
        TypeError: a limit is no number.
    """

    usd: float | None = None
    tokens: int | None = None
    region: str | None = None
    prices: PriceTable | None = None

    def __post_init__(self) -> None:
        given = {"usd": self.usd, "tokens": self.tokens}
        for name, value in given.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise TypeError(
                    f"{name} of a budget is {type(value).__name__}, not a number: write Budget(usd=5.0)"
                )
        limits = [limit for limit in given.values() if limit is not None]
        if not limits or not all(limit >= 0 and isfinite(limit) for limit in limits):
            raise ValueError("a budget needs usd=... or tokens=..., a number of 0 or more")

    @classmethod
    def of(cls, limit: Budget | float) -> Budget:
        """The budget itself, or a budget of so many USD. Raises `TypeError` for anything else."""
        given: object = limit  # notebooks are not type-checked
        if isinstance(given, Budget):
            return given
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise TypeError(
                f"budget= takes a number of USD, or Budget(tokens=...), not {type(given).__name__}"
            )
        return cls(usd=given)

    def check(self, plan: TrainingPlan) -> None:
        """Raise `BudgetExceeded` unless the plan is known to stay within every limit."""
        if self.tokens is not None:
            self._check_tokens(plan, self.tokens)
        if self.usd is not None:
            cost = self._cost(plan, self.usd)
            if cost.high > self.usd:
                raise BudgetExceeded(
                    f"the plan costs {cost}, and the budget is USD {_amount(self.usd)}", hint=_REMEDY
                )

    def _check_tokens(self, plan: TrainingPlan, limit: int) -> None:
        if plan.tokens is None and plan.step.parts[0].method.type == "reinforcement":
            raise BudgetExceeded(
                "reinforcement fine-tuning is billed by the hour, so a limit of tokens cannot be checked",
                hint="Leave it out, and limit what the service may spend there",
            )
        if plan.tokens is None:
            raise BudgetExceeded(
                f"nobody knows whether the plan stays within {limit:,} tokens: the service decides the number of "
                "epochs",
                hint="Set it: method=Supervised(n_epochs=...)",
            )
        if plan.tokens.tokens > limit:
            raise BudgetExceeded(
                f"the plan is billed {plan.tokens}, and the budget is {limit:,} tokens", hint=_REMEDY
            )

    def _cost(self, plan: TrainingPlan, limit: float) -> Cost:
        if plan.cost is not None and not plan.cost.high:
            return plan.cost
        unknown = plan.cost_unknown
        if plan.cost is not None or self.prices is not None:
            try:
                return plan.estimate_cost(region=self.region, prices=self.prices)
            except (NotFound, ValueError) as why:
                unknown = str(why)
        raise BudgetExceeded(f"nobody knows whether the plan stays within USD {limit:,.2f}: {unknown}")


_REMEDY = "Fewer passes, less replay or fewer rows cost less; plan.alternatives lists other strategies"


def _amount(usd: float) -> str:
    """Cents are enough, but for less than one."""
    return f"{usd:,.2f}" if usd >= 0.01 or not usd else f"{usd:g}"
