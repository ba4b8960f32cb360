"""Plain rows of preference and reinforcement fine-tuning, known at a glance like those of supervised fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from ..checks._null import LEFT_OVER
from ..checks._rule import Method
from ..rows._canonical import canonical_json
from ..rows._facts import FACT_KEY
from ._plain import plain_texts
from ._shapes import WORDS

__all__ = ["TEXTS", "Texts"]

Texts: TypeAlias = Callable[[Mapping[str, Any]], list[str] | None]
"""What a plain row says: a list of names and texts in turn, equal for equal rows; None for any other value.

No rule for the method has anything to say about such a row, except about what `shows` looks for in its texts.
"""

_ANSWER: Final = {"role": "assistant", "content": "-"}
_NO_FIELDS: Final = (frozenset(WORDS) - {*LEFT_OVER}) | {FACT_KEY}
_EXACT: Final = 2**53


def preference_texts(row: Mapping[str, Any]) -> list[str] | None:
    """Of a preference row: a plain row of the question and the preferred output, and one other output."""
    try:
        (better,), (worse,) = row["preferred_output"], row["non_preferred_output"]
        role, other = worse["role"], worse["content"]
        if len(row) != 3 or len(row["input"]) != 1 or len(worse) != 2 or role != "assistant":
            return None
        texts = plain_texts({"messages": [*row["input"]["messages"], better]})
        if texts is None or not other or other.isspace() or other == texts[-1]:
            return None
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    return [*texts, "rather than", other]


def graded_texts(row: Mapping[str, Any]) -> list[str] | None:
    """Of a reinforcement row: texts that end with a question, perhaps after a developer message, and simple fields."""
    try:
        first, *later = row["messages"]
        leads = first["role"]
        if leads == "developer":
            first = {**first, "role": "system"}
        texts = plain_texts({"messages": [first, *later, _ANSWER]})
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    if texts is None or texts[-4] != "user":
        return None
    fields = {key: value for key, value in row.items() if key != "messages"}
    if (
        not _NO_FIELDS.isdisjoint(fields)
        or not all(map(_simple, fields.values()))
        or any(map(_has_nul, fields))
    ):
        return None
    return [leads, *texts[1:-2], "fields", canonical_json(fields).decode()]


def _simple(value: object) -> bool:
    """A value that no rule has anything to say about."""
    if isinstance(value, str):
        return not _has_nul(value)
    return value is None or (isinstance(value, int) and -_EXACT <= value <= _EXACT)


def _has_nul(text: str) -> bool:
    return "\0" in text


TEXTS: Final[dict[Method, Texts]] = {
    "supervised": plain_texts,
    "dpo": preference_texts,
    "reinforcement": graded_texts,
}
"""What plain rows say, by the training method."""
