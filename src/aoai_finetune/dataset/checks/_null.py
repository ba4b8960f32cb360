"""Keys that are null where they should be absent: dumps of typed messages, and tables, write all keys they know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from ..rows._findings import key_path
from ..rows._shape import is_list, is_object
from ._roles import role_of

__all__ = [
    "BESIDE_MESSAGES",
    "LEFT_OVER",
    "OF_A_FUNCTION",
    "OF_A_MESSAGE",
    "null_beside",
    "null_in_schema",
    "should_be_absent",
]

OF_A_MESSAGE: Final = ("name", "weight", "tool_calls", "tool_call_id", "function_call", "annotations")
BESIDE_MESSAGES: Final = ("tools", "functions", "function_call", "parallel_tool_calls")
"""Keys that may be absent, and may not be null (`content`, `refusal` and `audio` may).

Training messages have no `annotations` at all, but answers of the service do.
"""
OF_A_FUNCTION: Final = ("description", "parameters")
LEFT_OVER: Final = ("metadata", "store")
"""Keys of requests that a training row does not have; those without a value are left over from a dump."""
_OF_A_SCHEMA: Final = frozenset({
    "title", "description", "type", "format", "pattern", "enum", "items", "prefixItems", "properties", "required",
    "additionalProperties", "patternProperties", "anyOf", "oneOf", "allOf", "not", "$ref", "$defs", "definitions",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
})  # fmt: skip
"""Keywords of JSON Schema that null is no value of; it is one of `default`, `const` and what is not known here."""
_NAMED: Final = ("properties", "patternProperties", "$defs", "definitions")
_ONE: Final = ("items", "additionalProperties", "not")
_SEVERAL: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMAS: Final = 4_000
"""Schemas inside of one another that are looked at; a function of more is none."""
_NEEDED: Final = (("function", "name"), ("tool", "tool_call_id"))


def should_be_absent(message: Mapping[str, Any], key: str) -> bool:
    """The key of the message is null, or an empty list of annotations, and says nothing; nobody misses it."""
    value = message.get(key, "")
    nothing = value is None or (key == "annotations" and value == [])
    return nothing and key in OF_A_MESSAGE and (message.get("role"), key) not in _NEEDED


def null_beside(owner: Mapping[str, Any]) -> list[str]:
    """The keys beside messages that are null and should be absent; in a row that is graded some are fields of its own."""
    keys = BESIDE_MESSAGES if _is_graded(owner) else (*BESIDE_MESSAGES, *LEFT_OVER)
    return [key for key in keys if owner.get(key, "") is None]


def _is_graded(owner: Mapping[str, Any]) -> bool:
    """Its messages end with a question: a reinforcement row, whose other keys the grader reads."""
    messages: object = owner.get("messages")
    last: object = messages[-1] if is_list(messages) and messages else None
    return "messages" in owner and not (is_object(last) and role_of(last) == "assistant")


class SchemaNull(NamedTuple):
    """A key of a schema that is null: where its owner stands, the owner itself, the key, and the finding in words."""

    place: str
    owner: dict[str, Any]
    key: str
    said: str

    @property
    def path(self) -> str:
        """Where it stands."""
        return key_path(self.place, self.key)


def null_in_schema(path: str, schema: object) -> list[SchemaNull]:
    """Keywords that are null anywhere in a schema, and properties that are and that nothing requires."""
    found: list[SchemaNull] = []
    waiting = [(path, schema)]
    for place, owner in waiting:
        if is_object(owner) and len(waiting) <= _SCHEMAS:
            null = [key for key, value in owner.items() if value is None and key in _OF_A_SCHEMA]
            found += [SchemaNull(place, owner, key, f"`{key}` is null") for key in null]
            found += _null_properties(place, owner)
            waiting += _inside(place, owner)
    return found


def _null_properties(path: str, schema: dict[str, Any]) -> list[SchemaNull]:
    properties: object = schema.get("properties")
    required: object = schema.get("required")
    if not is_object(properties):
        return []
    null = [name for name, value in islice(properties.items(), _SCHEMAS) if value is None]
    listed: list[Any] = required if null and is_list(required) else []
    needed = {name for name in listed if isinstance(name, str)}
    said = "the property is null"
    return [SchemaNull(f"{path}.properties", properties, name, said) for name in null if name not in needed]


def _inside(path: str, schema: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """The schemas that a schema is made of."""
    for key in _NAMED:
        named: object = schema.get(key)
        for name, value in named.items() if is_object(named) else ():
            yield key_path(f"{path}.{key}", name), value
    for key in _ONE:
        if is_object(schema.get(key)):
            yield f"{path}.{key}", schema[key]
    for key in _SEVERAL:
        several: object = schema.get(key)
        for at, value in enumerate(several if is_list(several) else ()):
            yield f"{path}.{key}[{at}]", value
