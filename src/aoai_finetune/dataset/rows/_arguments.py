"""Arguments of another kind than the one expected are refused where they are given, not where they are missed later.

The errors name the kind of what was given and never its value, which could be anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import index
from types import UnionType
from typing import SupportsIndex

from ...errors import DatasetError

__all__ = ["each_of_kind", "function", "of_kind", "places", "truth", "whole_number", "whole_numbers"]


def of_kind(value: object, kind: type | UnionType, name: str, *, wanted: str = "", hint: str = "") -> None:
    """DatasetError unless the argument is of a kind, which is called `wanted` if that says more than its name."""
    if not isinstance(value, kind):
        raise DatasetError(
            f"{name} is {type(value).__name__}, not {wanted or getattr(kind, '__name__', kind)}", hint=hint
        )


def function(value: object, name: str, *, wanted: str, hint: str = "") -> None:
    """DatasetError unless the argument can be called."""
    if not callable(value):
        raise DatasetError(f"{name} is {type(value).__name__}, not {wanted}", hint=hint)


def truth(value: object, name: str) -> None:
    """DatasetError for what is neither True nor False: a text such as "no" would count as true."""
    of_kind(value, bool, name, wanted="True or False", hint=f"Write {name}=True or {name}=False")


def each_of_kind(values: Collection[object], kind: type, name: str, *, wanted: str, hint: str = "") -> None:
    """DatasetError unless the argument is a collection, and each item of it of a kind; a single text is none."""
    if isinstance(values, (str, bytes)):
        raise DatasetError(f"{name} is one text, not {wanted}", hint=hint)
    of_kind(values, Collection, name, wanted=wanted, hint=hint)
    for number, value in enumerate(values):
        of_kind(value, kind, f"{name}[{number}]", hint=hint)


def whole_number(value: object, name: str, *, least: int | None = None, hint: str = "") -> int:
    """The argument as a number. DatasetError for what is none (True and 2.0 are not), and for less than the least."""
    hint = hint or ("" if least is None else f"Give a whole number of at least {least}")
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise DatasetError(f"{name} is {type(value).__name__}, not a whole number", hint=hint)
    number = index(value)
    if least is not None and number < least:
        raise DatasetError(f"{name} is {number}", hint=hint)
    return number


def places(index: int | slice, length: int) -> int | range:
    """What an index or a slice means in a sequence of rows.

    DatasetError for what is neither, IndexError for a number beyond the last row (or, from the end, the first).
    """
    hint = "Write dataset[0], dataset[-1] or dataset[:10]; the rows of a fact are dataset.by_fact()[fact]"
    if not isinstance(index, slice):
        number = whole_number(index, "the index", hint=hint)
        if not -length <= number < length:
            raise IndexError(f"row {number} of a dataset of {length}")
        return number % length
    try:
        return range(length)[index]
    except (TypeError, ValueError):
        raise DatasetError("the slice is not one of whole numbers", hint=hint) from None


def whole_numbers(values: Iterable[SupportsIndex], name: str) -> tuple[int, ...]:
    """The argument as numbers. DatasetError for what is none, or holds something else."""
    of_kind(values, Iterable, name, wanted="a list of whole numbers")
    try:
        return tuple(map(index, values))
    except TypeError:
        raise DatasetError(
            f"{name} are not all whole numbers", hint="Name rows by their 0-based numbers"
        ) from None
