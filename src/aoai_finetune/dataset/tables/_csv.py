"""Questions and answers as CSV and back, with a guard against cells that a spreadsheet would run as formulas."""

from __future__ import annotations

import csv
import io
import os
import re
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, Protocol

from ...errors import DatasetError
from ..rows._arguments import of_kind, truth
from ..rows._example import Example
from ..rows._open import remember_lines
from ..rows._sources import MemoryRows
from ._pairs import pair_of
from ._read import check_encoding, text_of_table
from ._tables import WHOLE, Columns, rows_of_records

__all__ = ["guarded", "rows_from_csv", "table_as_csv", "unguarded"]

_FORMULA = re.compile("'*[=+\\-@\\t\\r\\n\\0＝＋－＠]")
"""What makes a spreadsheet take a cell for a formula (CWE-1236; OWASP, CSV injection, 2026), quotes before it or not."""

_NO_HEADER: Final[list[str]] = []
_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LONGEST_CELL: Final = 64 * 1024 * 1024


def guarded(cell: str) -> str:
    """The cell with a quote before it if a spreadsheet could run it; `unguarded` gives the cell back."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell without the quote that `guarded` put there."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def table_as_csv(examples: Iterable[Example], columns: Columns, encoding: str, *, guard: bool) -> bytes:
    """The rows as a table with a header line; lines end as RFC 4180 has it."""
    truth(guard, "guard")
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    names = [columns.question, columns.answer, columns.system or "system", columns.fact or "fact"]
    _encodable(names, encoding, None)
    sheet.writerow(names)
    for number, example in enumerate(examples, 1):
        question, answer, system = pair_of(example)
        if system is not None and not system:
            raise DatasetError("an empty system text cannot be told from none in a table", line=example.line)
        cells = [question, answer, system or "", example.given_fact or ""]
        _encodable(cells, encoding, example.line or number)
        sheet.writerow([guarded(cell) for cell in cells] if guard else cells)
    return text.getvalue().encode(encoding)


def _encodable(cells: Iterable[str], encoding: str, line: int | None) -> None:
    check_encoding(encoding)
    try:
        "".join(cells).encode(encoding)
    except UnicodeError:
        hint = "Use utf-8-sig, which Excel reads"
        raise DatasetError(f"a text cannot be written in {encoding}", line=line, hint=hint) from None


def _check_delimiter(delimiter: str) -> None:
    of_kind(delimiter, str, "delimiter", wanted="one character", hint='For example delimiter=";"')
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise DatasetError(
            f"the delimiter is one character, and no quote or line end; not {delimiter[:40]!r}",
            hint='Mostly it is ",", ";" or a tab: delimiter="\\t"',
        )


def rows_from_csv(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    columns: Columns,
    encoding: str,
    delimiter: str,
    *,
    guard: bool,
) -> MemoryRows:
    """One row per record of the table, with its line and fact. DatasetError for a table that cannot be read as one."""
    _check_delimiter(delimiter)
    truth(guard, "guard")
    text, name = text_of_table(source, encoding)
    _check_names(text, delimiter, columns.question, name)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        with _long_cells():
            header = [cell.strip() for cell in next(lines, _NO_HEADER)]
            records = list(_records(lines, header, name, guard=guard))
        found = rows_of_records(records, header, columns)
        examples = (Example.from_row(row, fact=fact, line=number) for number, row, fact in found)
        return remember_lines(examples, columns.given, name)
    except csv.Error as why:
        raise DatasetError(
            f"this is not CSV: {why}",
            source=name,
            line=lines.line_num,
            hint="Check delimiter= and the quotes",
        ) from None
    except DatasetError as why:
        why.source = why.source or name
        raise


def _check_names(text: str, delimiter: str, wanted: str, source: str | None) -> None:
    """DatasetError for a table without a line of column names, or whose names are separated by something else."""
    if not text.strip():
        raise DatasetError("the table is empty: it has no line of column names", source=source)
    line = io.StringIO(text, newline="").readline()
    if not line.strip():
        raise DatasetError("the line of column names is blank", source=source, line=1, hint="Remove it")
    other = _other_delimiter(line, delimiter, {wanted, "prompt", *WHOLE})
    if other is not None:
        written = other.replace("\t", "\\t")
        raise DatasetError(
            f"the columns seem to be separated by {_DELIMITERS[other]}",
            source=source,
            hint=f'Pass delimiter="{written}"',
        )


def _other_delimiter(line: str, given: str, wanted: set[str]) -> str | None:
    """What else separates the names: into some where there was one, or so that those wanted are among them."""
    names = _names(line, given)
    if not wanted.isdisjoint(names):
        return None
    for other in _DELIMITERS:
        found = _names(line, other)
        if len(found) > 1 and (len(names) == 1 or not wanted.isdisjoint(found)):
            return other
    return None


def _names(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), _NO_HEADER)]
    except csv.Error:
        return []


class _Lines(Protocol):
    """What `csv.reader` makes, which has no public type."""

    @property
    def line_num(self) -> int:
        """Lines read so far."""
        ...

    def __iter__(self) -> Iterator[list[str]]: ...


def _records(
    lines: _Lines, header: list[str], name: str | None, *, guard: bool
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each record with the line on which it begins; a cell may have line ends in it."""
    read = lines.line_num
    for cells in lines:
        line, read = read + 1, lines.line_num
        if not cells:
            continue
        if len(cells) != len(header):
            raise DatasetError(
                f"the line has {len(cells)} cells and the header {len(header)}",
                source=name,
                line=line,
                hint="Check delimiter= and the quotes",
            )
        yield line, dict(zip(header, map(unguarded, cells) if guard else cells, strict=True))


@contextmanager
def _long_cells() -> Generator[None, None, None]:
    """The module refuses cells of more than 128 KiB by default; a message may have a million characters."""
    before = csv.field_size_limit(min(_LONGEST_CELL, sys.maxsize))
    try:
        yield
    finally:
        csv.field_size_limit(before)
