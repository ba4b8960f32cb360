"""Numbers as the sentences of a verdict write them."""

from __future__ import annotations

__all__ = ["change", "count", "p_value", "percent", "points", "rounded"]


def rounded(number: int) -> int:
    """Two leading digits, rounded up: an estimate should look like one."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // step) * step


def count(number: int, noun: str) -> str:
    """A number and its noun: `1 probe`, `2 probes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def percent(share: float) -> str:
    """A share as per cent with at most one decimal: `98.3%`."""
    return f"{round(100 * share, 1):g}%"


def points(share: float) -> str:
    """A difference of two shares without sign: `5 points`."""
    number = f"{round(100 * share, 1):g}"
    return f"{number} point" if number == "1" else f"{number} points"


def change(share: float) -> str:
    """A difference of two shares with its sign: `-1.7 points`, `+0 points`."""
    return f"{round(100 * share, 1) + 0.0:+g} points"


def p_value(p: float) -> str:
    """A p-value as it is written: `p = 0.032`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
