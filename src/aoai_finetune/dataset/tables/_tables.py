"""Rows as lines of a table and back: one column per key of a row, or columns for question, answer, system, fact."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from operator import ne
from typing import Any, Final, TypeAlias

from ...errors import DatasetError
from ..rows._arguments import of_kind
from ..rows._example import Example
from ..rows._facts import FACT_KEY, FactSource, check_fact_source
from ..rows._findings import key_path
from ..rows._shape import is_list, is_object, kind_of
from ._pairs import pair_row

__all__ = ["WHOLE", "Columns", "Record", "record_of", "rows_of_records", "whole_columns"]

Record: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Names of the columns that hold a question, its answer, a system text and a fact."""

    question: str = "question"
    answer: str = "answer"
    system: str | None = None
    fact: str | None = None
    given: Callable[[Example], str] | None = None

    def __post_init__(self) -> None:
        for name in ("question", "answer"):
            of_kind(getattr(self, name), str, name, wanted="the name of a column")
        for name in ("system", "fact"):
            of_kind(getattr(self, name), str | None, name, wanted="the name of a column")

    @classmethod
    def named(cls, question: str, answer: str, system: str | None, fact: FactSource) -> Columns:
        """The columns that a caller named; a fact may also be given by a function."""
        check_fact_source(fact)
        if callable(fact):
            return cls(question=question, answer=answer, system=system, given=fact)
        return cls(question=question, answer=answer, system=system, fact=fact)

    def present(self, names: Collection[str]) -> Columns:
        """The columns that a table has; DatasetError when one that was asked for is missing."""
        question, answer = self.question, self.answer
        if (question, answer) == ("question", "answer") and {"prompt", "completion"} <= set(names):
            question, answer = "prompt", "completion"
        if self.system and self.system not in names:
            raise _no_system(self.system, names)
        for name in filter(None, [question, answer, self.system, self.fact]):
            if name not in names:
                raise _missing(name, names)
            if sum(name == each for each in names) > 1:
                raise DatasetError(f"there are two columns {name!r}", hint="Rename one of them")
        system = self.system or ("system" if "system" in names else None)
        fact = self.fact or (FACT_KEY if FACT_KEY in names else None)
        return Columns(question=question, answer=answer, system=system, fact=fact)


def _missing(name: str, names: Collection[str]) -> DatasetError:
    return DatasetError(
        f"there is no column {name!r} among {len(names)}",
        hint=_near(name, names) or "Name the columns with question=, answer=, system= and fact=",
    )


def _no_system(name: str, names: Collection[str]) -> DatasetError:
    """What was given may be a system text itself, and is not repeated."""
    return DatasetError(
        f"system= names a column, and none of the {len(names)} has this name",
        hint=_near(name, names)
        or "To give all rows one text: Dataset.from_pairs(dataset.to_pairs(), system=...) of the dataset read without it",
    )


def _near(name: str, names: Collection[str]) -> str:
    # Only near names are repeated: in a file without a header the names are texts of its first row.
    some = [each for each in islice(names, 200) if len(each) <= 40]
    near = ", ".join(map(repr, get_close_matches(name, some)))
    return near and f"Near names: {near}"


def whole_columns(examples: Iterable[Example]) -> list[str]:
    """The keys of the rows in order of first appearance, and `fact` when any row was given one; never nothing."""
    names: dict[str, None] = {}
    given = False
    for example in examples:
        names |= dict.fromkeys(example.row)
        given = given or example.given_fact is not None
    return [*(names or ["messages"]), *([FACT_KEY] if given else [])]


def record_of(example: Example, names: Iterable[str]) -> dict[str, Any]:
    """One line of a table with these columns; None where the row has nothing."""
    cells = {**json.loads(example.canonical), FACT_KEY: example.given_fact}
    return {name: cells.get(name) for name in names}


_AS_TEXT: Final = "frame[name] = frame[name].astype(str) of a data frame"
WHOLE: Final = ("messages", "input", "conversations")
"""Columns that make each record of a table a row as it is."""


def rows_of_records(
    records: Iterable[tuple[int, Record]], names: Collection[str], columns: Columns, *, sparse: bool = False
) -> Iterator[tuple[int, dict[str, Any], str | None]]:
    """Numbers, rows and facts: rows as they are where there is a column of messages, else made of questions and answers.

    Empty cells are left out; with `sparse` also empty values inside, which tables of typed columns put everywhere.
    """
    if any(name in names for name in WHOLE):
        fact = columns.fact or FACT_KEY
        if columns.fact is not None and columns.fact not in names:
            raise _missing(columns.fact, names)
        for number, record in records:
            row = _whole_row(record, number, sparse=sparse)
            yield number, _tools_read(row), _fact(row.pop(fact, None), number)
        return
    present = columns.present(names)
    for number, record in records:
        yield number, _of_pair(record, present, number), _fact(_cell(record, present.fact, number), number)


def _whole_row(record: Record, number: int, *, sparse: bool) -> dict[str, Any]:
    cells = ((str(key), _read(value, number, str(key), sparse=sparse)) for key, value in record.items())
    return {key: value for key, value in cells if value is not None}


def _tools_read(row: dict[str, Any]) -> dict[str, Any]:
    """Tools travel as JSON in a text, because the schemas of two tools seldom fit into one typed column."""
    for holder in (row, row.get("input")):
        if is_object(holder) and isinstance(holder.get("tools"), str):
            try:
                holder["tools"] = json.loads(holder["tools"])
            except (ValueError, RecursionError):
                continue
    return row


def _of_pair(record: Record, columns: Columns, number: int) -> dict[str, Any]:
    question, answer = (_cell(record, name, number) for name in (columns.question, columns.answer))
    if is_list(question) and is_list(answer):
        return {"messages": [*question, *answer]}
    system = _cell(record, columns.system, number)
    if system is not None and not isinstance(system, str):
        raise _no_text(system, columns.system or "", number)
    asked, answered = _text(question, columns.question, number), _text(answer, columns.answer, number)
    return pair_row(asked, answered, system or None)


def _text(cell: object, name: str, number: int) -> str:
    if isinstance(cell, str):
        return cell
    raise _no_text(cell, name, number)


def _no_text(cell: object, name: str, number: int) -> DatasetError:
    """What a cell holds in place of a text, in words without its value."""
    if cell is None:
        said, hint = "the cell is empty", "Fill it, or take the row out"
    elif is_list(cell) or is_object(cell):
        said, hint = (
            f"the cell holds {kind_of(cell)}, not a text",
            "Make a text of it, or a column `messages`",
        )
    else:
        kind = kind_of(cell) if isinstance(cell, (bool, int, float)) else type(cell).__name__
        said, hint = f"the cell holds {kind}, not a text", f"Make the column texts: {_AS_TEXT}"
    return DatasetError(said, line=number, path=name, hint=hint)


def _cell(record: Record, name: str | None, number: int) -> object:
    return None if name is None else _read(record.get(name), number, name, sparse=True)


def _read(value: object, number: int, name: str, *, sparse: bool) -> object:
    """What a cell holds as JSON has it, None for nothing. DatasetError, without the value, for what cannot be read."""
    try:
        plain = _plain(value, sparse=sparse)
        return None if _empty(plain) else plain
    except RecursionError:
        raise DatasetError("the cell is nested too deeply", line=number, path=key_path("", name)) from None
    except Exception as why:  # noqa: BLE001 - objects of any library, which may repeat themselves in their errors
        said = f"the cell cannot be read ({type(why).__name__})"
        raise DatasetError(said, line=number, path=key_path("", name)) from None


def _fact(value: object, number: int) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    said = f"a fact is a text, not {type(value).__name__}"
    raise DatasetError(said, line=number, path=FACT_KEY, hint=f"Make the column texts: {_AS_TEXT}")


def _empty(value: object) -> bool:
    """None, and the values that tables write for it (NaN, NaT, NA): none of them equals itself."""
    if value is None:
        return True
    differs: object = ne(value, value)
    return type(value).__name__ in {"NAType", "NaTType"} or differs is True


def _plain(value: object, *, sparse: bool) -> object:
    """JSON from the types of a table library: arrays are lists, numbers of theirs are numbers."""
    to_list = getattr(value, "tolist", None)
    value = to_list() if callable(to_list) else value
    if is_object(value):
        items = ((key, _plain(each, sparse=sparse)) for key, each in value.items())
        return {key: each for key, each in items if not (sparse and each is None)}
    return [_plain(each, sparse=sparse) for each in value] if is_list(value) else value
