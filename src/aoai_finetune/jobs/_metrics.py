"""Training curves: what the results file of a job says, parsed leniently."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import math
from contextlib import suppress

__all__ = ["parse_results"]


def parse_results(content: bytes) -> tuple[dict[str, float], ...]:
    """The rows of a `results.csv`, one per step; cells that are empty or not numbers are left out.

    Unknown columns are kept: their names differ between methods and API versions. OpenAI sends the file
    base64-encoded, Azure as it is; both are read. What no CSV reader can read ends the table.
    """
    rows = csv.DictReader(io.StringIO(_text(content)))
    parsed = list[dict[str, float]]()
    with suppress(csv.Error):
        for row in rows:
            parsed.append(
                {name: value for name, cell in row.items() if (value := _number(name, cell)) is not None}
            )
    return tuple(row for row in parsed if row)


def _text(content: bytes) -> str:
    with suppress(binascii.Error, ValueError):  # a comma is not base64, so a plain file stays as it is
        content = base64.b64decode(content, validate=True)
    return content.decode("utf-8-sig", errors="replace")


def _number(column: str | None, cell: object) -> float | None:
    try:
        value = float(str(cell))
    except ValueError:
        return None
    # Azure writes -1 or NaN where a step has no such measurement; a reward may really be -1.
    measured = value != -1 or "reward" in (column or "")
    return value if math.isfinite(value) and measured else None
