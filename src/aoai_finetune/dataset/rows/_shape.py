"""What a JSON value is, asked in a way that type checkers follow."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypeIs

__all__ = ["is_list", "is_object", "kind_of"]


def is_object(value: object) -> TypeIs[dict[str, Any]]:
    """A JSON object: parsers make nothing but text keys."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeIs[list[Any]]:
    """A JSON list."""
    return isinstance(value, list)


def kind_of(value: object) -> str:
    """The kind of a JSON value in words, with its article."""
    if value is None:
        return "null"
    names = {"str": "a text", "bool": "a boolean", "list": "a list", "dict": "an object"}
    return names.get(type(value).__name__, "a number")
