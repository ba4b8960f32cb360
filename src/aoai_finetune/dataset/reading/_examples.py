"""Lines to examples, or the error that says why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import DatasetError
from ..checks._meaning import structural_fault
from ..rows._example import Example
from ..rows._files import Span
from ..rows._findings import Fault
from ..rows._json import MAX_ROW, parse_row
from ..rows._sources import ChainRows, Leaf, LineRows, Rows, SourceLine
from ._foreign import foreign
from ._watching import watched_lines

__all__ = [
    "TOO_LONG",
    "example_at",
    "placed_examples",
    "refusal",
    "refuse_foreign",
    "row_at",
    "rows_of",
    "usable_row",
]

TOO_LONG = Fault("row-too-long", "", f"the row is longer than {MAX_ROW // 2**20} MiB and was not read")


def usable_row(line: SourceLine) -> dict[str, Any] | None:
    """The row on a line without its fact, None where there is no row that can be used."""
    leaf, number, raw = line
    row = parse_row(raw) if raw is not None and not raw.isspace() else None
    if row is None or isinstance(row, Fault) or isinstance(leaf.take_fact(row, number), Fault):
        return None
    return None if structural_fault(row, raw or b"") else row


def example_at(line: SourceLine) -> Example | None:
    """The example on a line, None for a blank line. Raises DatasetError when the line holds no usable row."""
    found = row_at(line)
    return None if found is None else Example(*found, line[1])


def row_at(line: SourceLine) -> tuple[dict[str, Any], str | None] | None:
    """What `example_at` makes an example of: the row, and the fact it was given."""
    leaf, number, raw = line
    if raw is None:
        raise _error(TOO_LONG, line)
    if raw.isspace():
        return None
    row = parse_row(raw)
    if isinstance(row, Fault):
        raise _error(row, line)
    fact = leaf.take_fact(row, number)
    if isinstance(fact, Fault):
        raise _error(fact, line)
    fault = structural_fault(row, raw)
    if fault is not None:
        raise _error(fault, line)
    return row, fact


def placed_examples(rows: Rows) -> Iterator[tuple[str | None, Example]]:
    """The examples in order, each with the name of its file."""
    for line in rows.scan():
        example = example_at(line)
        if example is not None:
            yield line[0].source, example


def rows_of(rows: Rows, doing: str) -> Iterator[tuple[SourceLine, dict[str, Any], str | None]]:
    """The usable rows in order with their lines and the facts they were given; long files under a bar."""
    for line in watched_lines(rows, doing):
        found = row_at(line)
        if found is not None:
            yield line, *found


def refuse_foreign(rows: Rows) -> None:
    """Raises DatasetError for a file that is no JSONL; each is looked at once."""
    for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
        if isinstance(part, LineRows) and not part.is_jsonl:
            fault = _foreign(part)
            if fault is not None:
                raise refusal(fault, part.source)
            part.is_jsonl = True


def _foreign(leaf: Leaf) -> Fault | None:
    """What is to be said of the whole file that a leaf reads, if that is no JSONL."""
    if not isinstance(leaf, LineRows):
        return None
    return foreign(leaf.content.file if isinstance(leaf.content, Span) else leaf.content)


def _error(fault: Fault, line: SourceLine) -> DatasetError:
    leaf, number, _ = line
    whole = _foreign(leaf)
    return refusal(fault, leaf.source, number) if whole is None else refusal(whole, leaf.source)


def refusal(fault: Fault, source: str | None, line: int | None = None) -> DatasetError:
    """A fault as an error, with the hint of its rule."""
    from ..rules._catalogue import all_rules

    hint = fault.hint or next((rule.hint for rule in all_rules() if rule.code == fault.code), "")
    return DatasetError(fault.message, source=source, line=line, path=fault.path, hint=hint)
