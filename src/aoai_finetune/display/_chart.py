"""Bar charts without scripts or pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ._escape import Html, element
from ._parts import Tone

__all__ = ["Bar", "bars"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar from zero to `value`, with the interval from `low` to `high` drawn over it when both are given.

    `text` is the figure as the reader sees it; by default `value` with up to three significant digits. A value
    that is not finite is shown as its text without a bar.

    Raises:
        ValueError: a negative value, for which a bar from zero has no room.
    """

    label: str
    value: float
    text: str = ""
    tone: Tone = "plain"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"a bar starts at zero; {self.label!r} is {self.value}")


def bars(
    items: Iterable[Bar], *, top: float | None = None, threshold: float | None = None, caption: str = ""
) -> Html:
    """Horizontal bars with a common scale from 0 to `top`.

    Args:
        items: from top to bottom.
        top: the value of a full bar, such as 1.0 for shares; by default the largest value shown.
        threshold: drawn as a dashed line through every bar.
        caption: shown below.
    """
    listed = list(items)
    scale = top or _largest(listed, threshold)
    rows = [part for bar in listed for part in _bar(bar, scale, threshold)]
    note = element("figcaption", caption) if caption else ""
    return element("figure", element("div", *rows, class_="ft-bars"), note, class_="ft-figure")


def _largest(items: Sequence[Bar], threshold: float | None) -> float:
    known = [value for bar in items for value in (bar.value, bar.high or 0.0) if math.isfinite(value)]
    return max([*known, threshold or 0.0]) or 1.0


def _bar(bar: Bar, scale: float, threshold: float | None) -> tuple[Html, Html, Html]:
    track = element("span", *_drawn(bar, scale, threshold), class_="ft-track", aria_hidden="true")
    return (
        element("span", bar.label, class_="ft-name"),
        track,
        element("span", bar.text or f"{bar.value:.3g}", class_="ft-figure-text"),
    )


def _drawn(bar: Bar, scale: float, threshold: float | None) -> Iterable[Html]:
    if math.isfinite(bar.value):
        yield element(
            "span", class_=f"ft-bar ft-fill-{bar.tone}", style=f"width:{_percent(bar.value, scale)}%"
        )
    if bar.low is not None and bar.high is not None:
        left, right = _percent(bar.low, scale), _percent(bar.high, scale)
        yield element("span", class_="ft-whisker", style=f"left:{left}%;width:{max(0.0, right - left):.4g}%")
    if threshold is not None:
        yield element("span", class_="ft-threshold", style=f"left:{_percent(threshold, scale)}%")


def _percent(value: float, scale: float) -> float:
    return round(100 * min(1.0, max(0.0, value / scale)), 2)
