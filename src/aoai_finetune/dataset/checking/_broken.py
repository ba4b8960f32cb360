"""Lines that hold no row. Why is found out anew for each, until the answer would only be counted."""

from __future__ import annotations

import re
from typing import Any, Final, cast

from jiter import from_json

from ..rows._findings import Fault
from ..rows._json import BOM, parse_row
from ._found import Found

__all__ = ["BrokenLines"]

_DOUBTFUL: Final = re.compile(rb"[NI]|inf|nan")
"""What makes one reason of the parser mean several things: NaN and infinities."""
_KEPT: Final = 256


class BrokenLines:
    """Parses lines, and remembers which fault each reason of the parser stands for."""

    def __init__(self) -> None:
        self._reasons: dict[object, Fault] = {}

    def parsed(self, raw: bytes, found: Found) -> dict[str, Any] | Fault:
        """The row, or its fault; of a fault that `found` would only count, the code alone is sure to be right."""
        bare = raw.rstrip(b"\r\n")
        try:
            value: object = from_json(bare, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
        except ValueError as why:
            return self._known(_reason(bare, str(why)), raw, found)
        if value.__class__ is dict:
            return cast("dict[str, Any]", value)
        return self._known(value.__class__, raw, found)

    def _known(self, reason: object, raw: bytes, found: Found) -> dict[str, Any] | Fault:
        known = self._reasons.get(reason)
        if known is not None and found.full((known,)):
            return known
        fault = parse_row(raw)
        if reason is not None and isinstance(fault, Fault) and len(self._reasons) < _KEPT:
            self._reasons[reason] = fault
        return fault


def _reason(bare: bytes, why: str) -> str | None:
    """What decides the code of the fault; None where it takes a closer look."""
    if not bare.isascii():
        if bare.startswith(BOM):
            return "mark"
        try:
            bare.decode()
        except UnicodeDecodeError:
            return "encoding"
    reason, _, _ = why.partition(" at line ")
    return None if "escape" in reason or _DOUBTFUL.search(bare) else reason.partition('"')[0]
