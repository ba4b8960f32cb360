"""Checks of preference rows (DPO) and of what reinforcement rows give their grader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..rows._findings import key_path
from ..rows._shape import is_list, is_object
from ._keys import is_preference, older_preference
from ._messages import OUTPUTS, Faults, Row
from ._roles import ROLES, are_roles, role_of
from ._rule import Settings, Spot, Spots

__all__ = [
    "GraderFields",
    "chat_row",
    "preference_completions",
    "preference_outputs",
    "preference_row",
    "preference_same",
]

_OPENAI_NAMES: Final = ("preferred_completion", "non_preferred_completion")
_NOT_FIELDS: Final = frozenset({"messages", "tools", "parallel_tool_calls", "functions", "fact"})
_FIRST: Final = 1000
"""Of fields that come up after so many others, the first row without them is not remembered."""


def preference_row(row: Row) -> Faults:
    """Preference rows where chat rows are expected."""
    if is_preference(row):
        yield "", "this is a preference row (DPO), and the training method is another"


def chat_row(row: Row) -> Faults:
    """Chat rows where preference rows are expected."""
    if "messages" in row:
        yield "messages", "this is a chat row, and the training method is DPO"


def preference_outputs(row: Row) -> Faults:
    """Rows that are not one input with two lists of answers."""
    if "messages" in row or older_preference(row):
        return
    asked: object = row.get("input")
    if not is_object(asked) or not is_list(asked.get("messages")):
        yield "input.messages", "a preference row needs an `input` with its `messages`"
    for name in OUTPUTS:
        yield from _output(name, row.get(name))


def _output(name: str, value: object) -> Faults:
    if not is_list(value):
        yield name, f"a preference row needs `{name}` as a list of messages"
        return
    roles = [role_of(message) for message in value if is_object(message)]
    if roles and "assistant" not in roles and are_roles(roles):
        yield name, "no message is from the assistant"
    for index, role in enumerate(roles):
        if role in ROLES and role not in ("assistant", "tool"):
            yield f"{name}[{index}].role", "outputs are messages of assistant and tool only"


def preference_completions(row: Row) -> Faults:
    """Outputs under the names that OpenAI's specification gives them."""
    for name in _OPENAI_NAMES:
        if name in row:
            yield name, "the service calls it `preferred_output` or `non_preferred_output`"


def preference_same(row: Row) -> Faults:
    """Two outputs that are the same: there is nothing to prefer."""
    first, second = (row.get(name) for name in OUTPUTS)
    if is_list(first) and first and first == second:
        yield OUTPUTS[1], "both outputs are the same"


class GraderFields:
    """Fields beside the messages, which a grader reads as `item.*`: some rows have them, and some do not."""

    def __init__(self, _settings: Settings) -> None:
        self._rows = 0
        self._fields: dict[str, int] = {}
        self._missing: dict[str, tuple[int, str | None]] = {}
        self._always: set[str] = set()
        self._first: tuple[int, str | None] = (0, None)

    def see(self, row: Mapping[str, Any], _fact: str | None, line: int, source: str | None, /) -> None:
        """Count each field, and remember the first row without it."""
        # A field leaves at most once, and what stays is in the row: no row takes longer for all those before it.
        for field in self._always - row.keys():
            self._always.remove(field)
            self._missing[field] = (line, source)
        for field in row:
            if field in _NOT_FIELDS:
                continue
            number = self._fields.get(field, 0)
            if not number and self._rows and len(self._fields) < _FIRST:
                self._missing[field] = self._first
            elif not number:
                self._always.add(field)
            self._fields[field] = number + 1
        if not self._rows:
            self._first = (line, source)
        self._rows += 1

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot per field that is not everywhere."""
        return Spots([item for item in self._fields.items() if item[1] < self._rows], self._spot)

    def _spot(self, field: str, number: int) -> Spot:
        line, source = self._missing.get(field, (None, None))
        said = f"{number:,} of {self._rows:,} rows have this field; a grader finds nothing in the others"
        return Spot(said, line, source, key_path("", field))
