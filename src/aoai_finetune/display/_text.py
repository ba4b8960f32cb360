"""Plain text for terminals, measured in columns rather than characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from ._escape import visible

__all__ = ["display_width", "fold", "sides", "table"]

_SIDES: Final = {"l": "left", "<": "left", "r": "right", ">": "right", "c": "center", "^": "center"}
_GAP: Final = "  "


def display_width(text: str) -> int:
    """Columns that a terminal gives the text: 2 for East Asian wide and full-width, 0 for combining marks.

    Ambiguous width counts as 1, as terminals outside East Asian locales do (Unicode UAX #11).
    """
    return sum(map(_columns, text)) if not text.isascii() else len(text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fold(text: str, width: int) -> str:
    """The text on one line of at most `width` columns, cut with an ellipsis.

    Runs of white space become one space, and unseen characters are spelled out. A width below 1 gives "".
    """
    line = _line(text)
    if display_width(line) <= width:
        return line
    return _cut(line, width - 1) + "…" if width > 0 else ""


def _line(text: str) -> str:
    return visible(" ".join(text.split()))


def _cut(line: str, width: int) -> str:
    used = 0
    for at, character in enumerate(line):
        used += _columns(character)
        if used > width:
            return line[:at]
    return line


def sides(align: str, columns: int) -> list[str]:
    """Per column "left", "right" or "center": `l` or `<`, `r` or `>`, `c` or `^`; what is not said is left.

    Raises:
        ValueError: another character, or more of them than columns.
    """
    if len(align) > columns or not set(align) <= set(_SIDES):
        raise ValueError(f"align must be at most {columns} of {''.join(_SIDES)!r}, not {align!r}")
    return [_SIDES[letter] for letter in align.ljust(columns, "l")]


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, align: str = "") -> str:
    """A plain table with a rule under the header; columns line up for East Asian text too.

    Args:
        header: one title per column.
        rows: one cell per column; line breaks inside a cell become spaces.
        align: one letter per column as in `sides`, such as `"l>>"`.

    Raises:
        ValueError: a row with more or fewer cells than the header, or a bad `align`.
    """
    lines = [[_line(cell) for cell in line] for line in (header, *rows)]
    if any(len(line) != len(header) for line in lines):
        raise ValueError(f"every row needs {len(header)} cells")
    widths = [max(map(display_width, column)) for column in zip(*lines, strict=True)]
    places = sides(align, len(header))
    rule = ["─" * width for width in widths]
    return "\n".join(_row(line, widths, places) for line in (lines[0], rule, *lines[1:]))


def _row(cells: Sequence[str], widths: Sequence[int], places: Sequence[str]) -> str:
    padded = (_pad(*column) for column in zip(cells, widths, places, strict=True))
    return _GAP.join(padded).rstrip()


def _pad(cell: str, width: int, place: str) -> str:
    room = width - display_width(cell)
    before = {"left": 0, "right": room, "center": room // 2}[place]
    return " " * before + cell + " " * (room - before)
