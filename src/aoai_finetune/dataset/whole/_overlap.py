"""What two datasets have in common: rows, questions and, on request, facts."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from ..reading._digests import Digests
from ..reading._examples import rows_of
from ..rows._example import derived_fact, text_of, turns
from ..rows._findings import Finding, Severity
from ..rows._sources import Rows, SourceLine
from ..rows._text import normalise

__all__ = ["asked_texts", "joined", "leaks", "question_key"]

_HINT: Final = "Take the row out of one of the two; a result on rows that were trained on says nothing"


def question_key(row: Mapping[str, Any]) -> str:
    """What a row asks: its user texts, normalised; empty without any.

    All of them and not the last one alone, because "and the other one?" is another question in each conversation.
    """
    return joined([*map(normalise, asked_texts(row))])


def joined(texts: Sequence[str]) -> str:
    """The question that normalised texts come to."""
    return "\n".join(texts) if any(texts) else ""


def asked_texts(row: Mapping[str, Any]) -> list[str]:
    """The texts of all user messages of a row."""
    return [text_of(turn.get("content")) for turn in turns(row) if turn.get("role") == "user"]


class _Known:
    """Where the rows, questions and facts of a dataset stand first, by their digests."""

    def __init__(self, rows: Rows, *, facts: bool) -> None:
        self._first: dict[bytes, int] = {}
        self._lines, self._files = array("Q"), array("L")
        self._names: dict[str | None, int] = {}
        self._digests = Digests()
        self._facts = facts
        for line, row, fact in rows_of(rows, "reading what is known"):
            self._add(line, row, fact)

    def _add(self, line: SourceLine, row: dict[str, Any], fact: str | None) -> None:
        number = len(self._lines)
        self._lines.append(line[1])
        self._files.append(self._names.setdefault(line[0].source, len(self._names)))
        first = self._first.setdefault
        first(self._digests.of(line, row), number)
        asked = asked_texts(row)
        if any(asked):
            first(_key("exact", "\n".join(asked)), number)
            question = joined([*map(normalise, asked)])
            if question:
                first(_key("question", question), number)
        if self._facts:
            first(_key("fact", fact or derived_fact(row)), number)

    def shared(self, line: SourceLine, row: dict[str, Any], fact: str | None) -> tuple[str, str] | None:
        """The weightiest thing the row shares, and where that stands."""
        for kind, key in self._keys(line, row, fact):
            found = self._first.get(key)
            if found is not None:
                return kind, self._place(found)
        return None

    def _keys(self, line: SourceLine, row: dict[str, Any], fact: str | None) -> Iterator[tuple[str, bytes]]:
        """What a row can share, what weighs most first. Only rows with the same texts can be the same."""
        asked = asked_texts(row)
        exact = _key("exact", "\n".join(asked)) if any(asked) else None
        if exact is None or exact in self._first:
            yield "row", self._digests.of(line, row)
        if exact is not None:
            yield "exact", exact
            question = joined([*map(normalise, asked)])
            if question:
                yield "question", _key("question", question)
        if self._facts:
            yield "fact", _key("fact", fact or derived_fact(row))

    def _place(self, number: int) -> str:
        source = list(self._names)[self._files[number]]
        return f"line {self._lines[number]}" + (f" of {source}" if source else "")


def _key(kind: str, text: str) -> bytes:
    return sha256(f"{kind} {text}".encode(errors="surrogatepass")).digest()[:16]


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
    for line, row, fact in rows_of(rows, "comparing"):
        shared = known.shared(line, row, fact)
        if shared is not None:
            code, message = _SHARED[shared[0]]
            found.append(
                Finding(
                    code=code,
                    severity=Severity.WARNING,
                    message=message.format(shared[1]),
                    hint=_HINT if code != "shared-fact" else 'Use split(by="fact") to keep facts on one side',
                    line=line[1],
                    source=line[0].source,
                )
            )
    return tuple(found)
