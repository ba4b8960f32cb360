"""How a row is given its fact: a column, a callable, or our own `fact` key. All of them leave the row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ._arguments import function
from ._example import Example
from ._findings import Fault

__all__ = ["FACT_KEY", "FactSource", "asked", "check_fact_source", "take_fact"]

FACT_KEY = "fact"
FactSource: TypeAlias = Callable[[Example], str] | str | None


def check_fact_source(source: object) -> None:
    """DatasetError for a `fact=` that is none."""
    if source is not None and not isinstance(source, str):
        hint = 'For example fact="topic", or fact=lambda example: example.question'
        function(source, "fact", wanted="the name of a column or a function", hint=hint)


def take_fact(row: dict[str, Any], source: FactSource, line: int) -> str | Fault | None:
    """Take the given fact out of a freshly parsed row: the fact, None when the row has none, or what is wrong."""
    own = row.pop(FACT_KEY, None)
    if source is None:
        return _checked(own, FACT_KEY)
    if isinstance(source, str):
        return _checked(row.pop(source, own), source)
    return _called(row, source, line)


def _called(row: dict[str, Any], function: Callable[[Example], str], line: int) -> str | Fault | None:
    found = asked(function, Example(row, None, line), "fact")
    return found if isinstance(found, Fault) else _checked(found, "")


def asked(function: Callable[[Example], str], example: Example, name: str) -> object:
    """What a user's function says; when it raises, a fault that names the kind of error, but not the row text in it."""
    try:
        return function(example)
    except Exception as why:  # noqa: BLE001 - code of the user's, run once per row
        return Fault("fact-type", "", f"the {name}= function raised {type(why).__name__}")


def _checked(value: object, path: str) -> str | Fault | None:
    if value is None or isinstance(value, str):
        return value or None
    return Fault("fact-type", path, f"a fact is a text, not {type(value).__name__}")
