"""What two datasets have in common: rows, questions and, on request, facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..checking._reading import placed_examples
from ..rows._example import Example, question_of, turns
from ..rows._findings import Finding, Severity
from ..rows._sources import Rows
from ..rows._text import normalise

__all__ = ["leaks", "question_key"]

_HINT: Final = "Take the row out of one of the two; a result on rows that were trained on says nothing"


def question_key(row: Mapping[str, Any]) -> str:
    """What a row asks: its user texts, normalised; empty without any.

    All of them and not the last one alone, because "and the other one?" is another question in each conversation.
    """
    asked = [normalise(text) for text in _user_texts(row)]
    return "\n".join(asked) if any(asked) else ""


def _user_texts(row: Mapping[str, Any]) -> list[str]:
    return [question_of({"messages": [turn]}) for turn in turns(row) if turn.get("role") == "user"]


class _Known:
    """Where the rows, questions and facts of a dataset stand first."""

    def __init__(self, rows: Rows, *, facts: bool) -> None:
        self._places: dict[tuple[str, str], str] = {}
        self._facts = facts
        for source, example in placed_examples(rows):
            place = f"line {example.line}" + (f" of {source}" if source else "")
            for kind, key in self.keys(example):
                self._places.setdefault((kind, key), place)

    def keys(self, example: Example) -> Iterator[tuple[str, str]]:
        """What a row can share, what weighs most first."""
        yield "row", example.digest
        asked = _user_texts(example.row)
        if any(asked):
            yield "exact", "\n".join(asked)
            key = question_key(example.row)
            if key:
                yield "question", key
        if self._facts:
            yield "fact", example.fact

    def shared(self, example: Example) -> tuple[str, str] | None:
        """The weightiest thing the row shares, and where that stands."""
        found = ((kind, self._places.get((kind, key))) for kind, key in self.keys(example))
        return next(((kind, place) for kind, place in found if place is not None), None)


_SHARED: Final = {
    "row": ("shared-row", "the same row stands in {}"),
    "exact": ("shared-question", "the same question stands in {}"),
    "question": ("shared-question", "the same question, spelt a little differently, stands in {}"),
    "fact": ("shared-fact", "the same fact stands in {}"),
}


def leaks(rows: Rows, other: Rows, *, facts: bool) -> tuple[Finding, ...]:
    """One finding for each row that shares something with the other rows."""
    known = _Known(other, facts=facts)
    found: list[Finding] = []
    for source, example in placed_examples(rows):
        shared = known.shared(example)
        if shared is not None:
            code, message = _SHARED[shared[0]]
            found.append(
                Finding(
                    code=code,
                    severity=Severity.WARNING,
                    message=message.format(shared[1]),
                    hint=_HINT if code != "shared-fact" else 'Use split(by="fact") to keep facts on one side',
                    line=example.line,
                    source=source,
                )
            )
    return tuple(found)
