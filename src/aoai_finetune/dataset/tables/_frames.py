"""Datasets of pandas and of Hugging Face, in and out. Neither library is needed to read one."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, TypeAlias

from ...errors import DatasetError, NotSupported
from ..rows._example import Example
from ..rows._shape import is_object
from ._tables import Columns, record_of, rows_of_records, whole_columns

__all__ = ["Table", "examples_from_frame", "examples_from_hub", "frame_of", "hub_of"]

Table: TypeAlias = Any
"""A `pandas.DataFrame` or a `datasets.Dataset`; both are optional, so their types cannot be named here."""


def examples_from_frame(frame: Table, columns: Columns) -> Iterator[Example]:
    """One example per line of a data frame."""
    to_dict = getattr(frame, "to_dict", None)
    if to_dict is None or not hasattr(frame, "columns"):
        raise DatasetError(f"this is {type(frame).__name__}, not a data frame")
    names = [str(name) for name in frame.columns]
    twice = len(names) - len(set(names))
    if twice:
        raise DatasetError(f"{twice} columns have the name of another one", hint="Rename them")
    records = (dict(zip(names, record.values(), strict=True)) for record in to_dict("records"))
    return _examples(records, names, columns, sparse=False)


def examples_from_hub(table: Table, columns: Columns) -> Iterator[Example]:
    """One example per line of a dataset of Hugging Face's."""
    if hasattr(table, "keys"):
        raise DatasetError("this has several splits", hint='Choose one, for example dataset["train"]')
    names: Collection[str] | None = getattr(table, "column_names", None)
    if names is None:  # a stream does not know its columns before its first row
        rows = _listed(table)
        names = list(dict.fromkeys(name for row in rows for name in row))
        return _examples(rows, names, columns, sparse=True)
    return _examples(table, names, columns, sparse=True)


def _listed(table: Table) -> list[dict[str, Any]]:
    rows: list[Any] = [*table] if hasattr(table, "__iter__") else [table]
    if not all(isinstance(row, Mapping) for row in rows):
        raise DatasetError(f"this is {type(table).__name__}, not a table whose rows have named cells")
    return [{str(name): cell for name, cell in row.items()} for row in rows]


def _examples(
    records: Iterable[Any], names: Collection[str], columns: Columns, *, sparse: bool
) -> Iterator[Example]:
    rows = rows_of_records(enumerate(records, 1), names, columns, sparse=sparse)
    return (Example.from_row(row, fact=fact, line=number) for number, row, fact in rows)


def frame_of(examples: Sequence[Example]) -> Table:
    """A data frame with one column per key of the rows, and `fact` when any was given."""
    pandas = _library("pandas", "notebook")
    names = whole_columns(examples)
    records = [record_of(example, names) for example in examples]
    cells = {name: [record[name] for record in records] for name in names}
    return pandas.DataFrame({name: pandas.Series(column, dtype=object) for name, column in cells.items()})


def hub_of(examples: Sequence[Example]) -> Table:
    """A dataset of Hugging Face's with one column per key of the rows, and `fact` when any was given."""
    datasets = _library("datasets", "hf")
    names = whole_columns(examples)
    records = [_typed(record_of(example, names)) for example in examples]
    try:
        return datasets.Dataset.from_dict({name: [record[name] for record in records] for name in names})
    except (ArithmeticError, NotImplementedError, TypeError, ValueError) as why:  # they repeat values of rows
        raise DatasetError(
            f"the rows do not fit into typed columns ({type(why).__name__})",
            hint="Content has to be a text in every row or a list in every row; else write to_jsonl",
        ) from None


def _typed(record: dict[str, Any]) -> dict[str, Any]:
    for holder in (record, record.get("input")):
        if is_object(holder) and holder.get("tools") is not None:
            holder["tools"] = json.dumps(holder["tools"], ensure_ascii=False)
    return record


def _library(name: str, extra: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        raise NotSupported(
            f"this needs {name}, which is not installed",
            hint=f"Install the extra `{extra}`: pip install -e '.[{extra}]' in a checkout",
        ) from None
