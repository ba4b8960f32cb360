"""A small part of JSON Schema, enough to tell whether a call fits its tool.

Looked at are `type`, `required`, `properties`, `additionalProperties`, `items` and `enum`. Every other keyword
(`anyOf`, `$ref`, `format`, `pattern`, bounds, ...), and every schema that is not well formed, allows everything:
what is not understood is never called wrong. Neither is what follows the first 1,000 items of a list, keys of an
object or required keys, nor a value that has more than 256 choices, nor what is left of the calls of a row when
4,000 misfits were found or a `Patience` is at its end: an answer within a moment, whatever stands in the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from itertools import islice
from typing import Any, Final

from ..rows._findings import key_path
from ..rows._shape import is_list, is_object, kind_of

__all__ = ["Patience", "misfits"]

_MOST_CHOICES: Final = 256
_MOST_ITEMS: Final = 1000
_MOST_STEPS: Final = 200_000


class Patience:
    """How much is looked at in all calls of one row: values, the keys that are required of them, and their choices.

    Attributes:
        left: steps that are left.
        cut: something was not looked at.
    """

    __slots__ = ("cut", "left")

    def __init__(self) -> None:
        self.left, self.cut = _MOST_STEPS, False

    def ends(self, steps: int) -> bool:
        """After so many steps more there is no patience left."""
        self.left -= steps
        self.cut = self.cut or self.left < 0
        return self.left < 0

    def first(self, items: Sized) -> int:
        """How many of some items are looked at."""
        self.cut = self.cut or len(items) > _MOST_ITEMS
        return _MOST_ITEMS


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return _is_number(value) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


_TYPES: Final[dict[str, Callable[[object], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "object": is_object,
    "array": is_list,
}


def misfits(
    value: object, schema: object, path: str, patience: Patience | None = None
) -> Iterator[tuple[str, str]]:
    """Where and how a JSON value does not fit a schema. Neither holds text of the value, nor keys that are no names."""
    patience = patience or Patience()
    if not is_object(schema) or patience.ends(_steps(schema)):
        return
    if not _has_type(value, schema.get("type")):
        yield path, f"it is {kind_of(value)}, which the tool's schema does not allow here"
    elif not _is_choice(value, schema.get("enum")):
        yield path, "it is none of the values that the tool's schema lists"
    elif is_object(value):
        yield from _object(value, schema, path, patience)
    elif is_list(value) and "items" in schema:
        for index, item in enumerate(value[: patience.first(value)]):
            yield from misfits(item, schema["items"], f"{path}[{index}]", patience)


def _steps(schema: dict[str, Any]) -> int:
    """What it takes to look at one value."""
    lists = (schema.get(key) for key in ("type", "enum", "required"))
    return 10 + sum(min(len(found), _MOST_ITEMS) for found in lists if is_list(found))


def _has_type(value: object, wanted: object) -> bool:
    if is_list(wanted) and len(wanted) > _MOST_ITEMS:
        return True
    names: list[Any] = wanted if is_list(wanted) else [wanted]
    checks = [_TYPES.get(name) if isinstance(name, str) else None for name in names]
    return any(check is None or check(value) for check in checks)


def _is_choice(value: object, choices: object) -> bool:
    if not is_list(choices) or not 0 < len(choices) <= _MOST_CHOICES:
        return True
    return any(choice == value and isinstance(choice, bool) is isinstance(value, bool) for choice in choices)


def _object(
    value: dict[str, Any], schema: dict[str, Any], path: str, patience: Patience
) -> Iterator[tuple[str, str]]:
    required: object = schema.get("required")
    for key in required[: patience.first(required)] if is_list(required) else ():
        if isinstance(key, str) and key not in value:
            yield key_path(path, key), "the tool's schema requires it"
    known: object = schema.get("properties")
    properties = known if is_object(known) else {}
    others: object = schema.get("additionalProperties")
    closed = others is False and "patternProperties" not in schema
    for key, item in islice(value.items(), patience.first(value)):
        if key in properties:
            yield from misfits(item, properties[key], key_path(path, key), patience)
        elif closed:
            yield key_path(path, key), "the tool's schema has no such property"
        else:
            yield from misfits(item, others, key_path(path, key), patience)
