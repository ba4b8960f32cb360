"""A line of JSON taken apart: what programs write again in every row, and the texts and numbers between.

Programs write thousands of rows with the same keys in the same order and the same spaces between them. What is
learned from one of them tells where the texts of the next one are, without parsing it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final, Self, TypeAlias

from jiter import from_json

from ._canonical import canonical_json

__all__ = ["OTHER", "TEXT", "Piece", "Skeleton"]

Piece: TypeAlias = bytes | int
"""Bytes as they are, or the number of a gap; the first is 1."""

_TOKEN: Final = re.compile(rb'"(?:[^"\\]+|\\.)*"|\s+|[{}\[\]:,]|[^\s{}\[\]:,"]+')
TEXT: Final = rb'([^"]*+(?:(?<=\\)"[^"]*+)*+)(?<!\\)'
"""The pattern of a gap for a text. It never goes back: a text ends at one place only."""

_WHOLE: Final = re.compile(rb"(?:0|-?[1-9][0-9]{0,14})")
_NUMBER: Final = rb"(%b)" % _WHOLE.pattern
OTHER: Final = re.compile(rb'\\(?:[^nrtbf"\\]|\\")')
"""An escape that is not, or may not be, the canonical one, or a quote of which two backslashes leave open what it is.

In JSON without it a quote ends a text unless a backslash stands before it.
"""

_FIXED: Final = frozenset({"role", "type", "tools", "functions"})
"""Keys whose values are few, and are no gaps."""
_GAPS: Final = 64
_BEFORE: Final = 4096
_BEHIND: Final = 16_384


class Skeleton:
    """A row taken apart.

    Attributes:
        gaps: the pattern of each gap, in the order of the line.
        literals: what stands before the first gap, between each two, and after the last.
        form: the canonical row with gaps.
    """

    def __init__(self, raw: bytes, without: Collection[str] = ()) -> None:
        self._tokens: Iterator[bytes] = iter(_TOKEN.findall(raw))
        self.gaps: list[bytes] = []
        self.literals: list[bytes] = [b""]
        self.form: list[Piece] = self._value(self._next(), fixed=False, without=without)
        self.literals[-1] += b"".join(self._tokens)

    @classmethod
    def of(cls, raw: bytes, without: Collection[str] = ()) -> Self | None:
        """A line that holds a JSON object, taken apart; None where it is too large to be worth it, or holds `OTHER`.

        Keys in `without` are no part of the form.
        """
        if OTHER.search(raw):
            return None
        skeleton = cls(raw, without)
        *before, behind = skeleton.literals
        if not before or len(before) > _GAPS or sum(map(len, before)) > _BEFORE or len(behind) > _BEHIND:
            return None
        return skeleton

    def _next(self) -> bytes:
        """The next token, which is left out of the literals; white space before it is not."""
        for token in self._tokens:
            if not token.isspace():
                return token
            self.literals[-1] += token
        raise ValueError("the row ends too soon")

    def _value(self, token: bytes, *, fixed: bool, without: Collection[str] = ()) -> list[Piece]:
        if token == b"{":
            return self._object(fixed=fixed, without=without)
        if token == b"[":
            return self._list(fixed=fixed)
        if fixed or not (token.startswith(b'"') or _WHOLE.fullmatch(token)):
            self.literals[-1] += token
            return [canonical_json(from_json(token))]
        return self._gap(token)

    def _gap(self, token: bytes) -> list[Piece]:
        quote = b'"' if token.startswith(b'"') else b""
        self.literals[-1] += quote
        self.gaps.append(TEXT if quote else _NUMBER)
        self.literals.append(quote)
        return [quote, len(self.gaps), quote]

    def _object(self, *, fixed: bool, without: Collection[str]) -> list[Piece]:
        self.literals[-1] += b"{"
        members: dict[str, list[Piece]] = {}
        while (token := self._next()) != b"}":
            self.literals[-1] += token
            if token != b",":
                key: Any = from_json(token)
                self.literals[-1] += self._next()
                members[key] = self._value(self._next(), fixed=fixed or key in _FIXED)
        self.literals[-1] += b"}"
        kept = sorted(members.keys() - without)
        return _joined(b"{", ([canonical_json(key), b":", *members[key]] for key in kept), b"}")

    def _list(self, *, fixed: bool) -> list[Piece]:
        self.literals[-1] += b"["
        items: list[list[Piece]] = []
        while (token := self._next()) != b"]":
            if token == b",":
                self.literals[-1] += token
            else:
                items.append(self._value(token, fixed=fixed))
        self.literals[-1] += b"]"
        return _joined(b"[", items, b"]")


def _joined(start: bytes, items: Iterable[list[Piece]], end: bytes) -> list[Piece]:
    form: list[Piece] = [start]
    for number, item in enumerate(items):
        form += [b",", *item] if number else item
    return [*form, end]
