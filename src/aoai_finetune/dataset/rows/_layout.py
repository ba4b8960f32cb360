"""Canonical bytes straight from a line, without parsing it, where it is laid out like a line that was parsed before.

Programs write thousands of rows with the same keys in the same order and the same spaces between them; only texts
and whole numbers differ. What is learned from one such row is a pattern that finds these in the next line, and the
canonical row with gaps for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from jiter import from_json

from ._canonical import canonical_json

__all__ = ["Layout", "Layouts"]

_MOST: Final = 255
"""Layouts that are learned of one file, so that a byte has room for their numbers."""

_Piece: TypeAlias = bytes | int
"""Bytes as they are, or the number of a gap."""

_TOKEN: Final = re.compile(rb'"(?:[^"\\]+|\\.)*"|\s+|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_TEXT: Final = rb'([^"]*+(?:(?<=\\)"[^"]*+)*+)(?<!\\)'
"""The pattern of a gap for a text. It never goes back: a text ends at one place only."""

_WHOLE: Final = re.compile(rb"(?:0|-?[1-9][0-9]{0,14})")
_NUMBER: Final = rb"(%b)" % _WHOLE.pattern
_OTHER: Final = re.compile(rb'\\(?:[^nrtbf"\\]|\\")')
"""An escape that is not, or may not be, the canonical one, or a quote of which two backslashes leave open what it is."""

_FIXED: Final = frozenset({"role", "type", "tools", "functions"})
"""Keys whose values are few, and part of the layout."""
_EVERY: Final = 64
_TRIED: Final = 8
_GAPS: Final = 64
_BEFORE: Final = 4096
_BEHIND: Final = 16_384


class Layout(NamedTuple):
    """How a program writes rows of one kind: a pattern up to the last gap, what follows it, and the canonical form."""

    gaps: Callable[[bytes, int, int], re.Match[bytes] | None]
    tail: bytes
    form: bytes
    order: tuple[int, ...]
    """The gaps as they stand in the form; empty where that is the order of the line."""
    number: int

    def canonical(self, data: bytes, start: int, end: int) -> bytes | None:
        """The canonical bytes of the line between two places; None where it is laid out otherwise.

        The line has to hold JSON in UTF-8, and not what `_OTHER` finds. Then a quote ends a text unless a backslash
        stands before it: so the gaps are whole texts, and their escapes are canonical.
        """
        gaps, tail, form, order, _ = self
        if not data.endswith(tail, start, end):
            return None
        found = gaps(data, start, end - len(tail))
        if found is None:
            return None
        return form % (found.group(*order) if order else found.groups())

    @classmethod
    def of(cls, raw: bytes, without: Collection[str] = (), number: int = 0) -> Layout | None:
        """The layout of a line that holds a JSON object; None where it is too large to be worth it.

        Keys in `without` are no part of the canonical row.
        """
        if _OTHER.search(raw):
            return None
        skeleton = _Skeleton(raw, without)
        form = skeleton.value()
        order = tuple(piece for piece in form if isinstance(piece, int))
        *before, tail = skeleton.literals
        if not order or len(before) > _GAPS or sum(map(len, before)) > _BEFORE or len(tail) > _BEHIND:
            return None
        pattern = b"".join(
            re.escape(literal) + gap for literal, gap in zip(before, skeleton.gaps, strict=True)
        )
        in_order = order == tuple(range(1, len(before) + 1))
        gaps = re.compile(pattern).fullmatch
        return cls(gaps, tail, _template(form), () if in_order else order, number)


def _template(form: Iterable[_Piece]) -> bytes:
    return b"".join(b"%b" if isinstance(piece, int) else piece.replace(b"%", b"%%") for piece in form)


class _Skeleton:
    """A row taken apart.

    Attributes:
        gaps: the pattern of each gap, in the order of the line.
        literals: what stands before the first gap, between each two, and after the last.
    """

    def __init__(self, raw: bytes, without: Collection[str]) -> None:
        self._tokens: Iterator[bytes] = iter(_TOKEN.findall(raw))
        self._without = without
        self.gaps: list[bytes] = []
        self.literals: list[bytes] = [b""]

    def value(self) -> list[_Piece]:
        """The canonical form of the whole row."""
        form = self._value(self._next(), fixed=False, without=self._without)
        self.literals[-1] += b"".join(self._tokens)
        return form

    def _next(self) -> bytes:
        """The next token, which is left out of the literals; white space before it is not."""
        for token in self._tokens:
            if not token.isspace():
                return token
            self.literals[-1] += token
        raise ValueError("the row ends too soon")

    def _value(self, token: bytes, *, fixed: bool, without: Collection[str] = ()) -> list[_Piece]:
        if token == b"{":
            return self._object(fixed=fixed, without=without)
        if token == b"[":
            return self._list(fixed=fixed)
        if fixed or not (token.startswith(b'"') or _WHOLE.fullmatch(token)):
            self.literals[-1] += token
            return [canonical_json(from_json(token))]
        return self._gap(token)

    def _gap(self, token: bytes) -> list[_Piece]:
        quote = b'"' if token.startswith(b'"') else b""
        self.literals[-1] += quote
        self.gaps.append(_TEXT if quote else _NUMBER)
        self.literals.append(quote)
        return [quote, len(self.gaps), quote]

    def _object(self, *, fixed: bool, without: Collection[str]) -> list[_Piece]:
        self.literals[-1] += b"{"
        members: dict[str, list[_Piece]] = {}
        while (token := self._next()) != b"}":
            self.literals[-1] += token
            if token != b",":
                key: Any = from_json(token)
                self.literals[-1] += self._next()
                members[key] = self._value(self._next(), fixed=fixed or key in _FIXED)
        self.literals[-1] += b"}"
        kept = sorted(members.keys() - without)
        return _joined(b"{", ([canonical_json(key), b":", *members[key]] for key in kept), b"}")

    def _list(self, *, fixed: bool) -> list[_Piece]:
        self.literals[-1] += b"["
        items: list[list[_Piece]] = []
        while (token := self._next()) != b"]":
            if token == b",":
                self.literals[-1] += token
            else:
                items.append(self._value(token, fixed=fixed))
        self.literals[-1] += b"]"
        return _joined(b"[", items, b"]")


def _joined(start: bytes, items: Iterable[list[_Piece]], end: bytes) -> list[_Piece]:
    form: list[_Piece] = [start]
    for number, item in enumerate(items):
        form += [b",", *item] if number else item
    return [*form, end]


class _Tried:
    """The layouts that lines with one note had, the last one first, and how often one or none of them was it."""

    __slots__ = ("hits", "layouts", "misses")

    def __init__(self) -> None:
        self.layouts: list[Layout] = []
        self.hits = self.misses = 0


class Layouts:
    """The layouts of the lines of one file, as far as they were learned.

    Every 64th line that has none teaches one: what comes often is soon known, and what comes once is not worth it.

    Attributes:
        known: the layouts in the order in which they were learned; their numbers count from 1.
        last: the number of the one that the last line had; 0 for none.
    """

    def __init__(self, without: Collection[str] = (), *, every: int = _EVERY) -> None:
        self.known: list[Layout] = []
        self.last = 0
        self._without = without
        self._every = every
        self._of: dict[int, _Tried] = {}

    def canonical(self, raw: bytes, note: int) -> bytes | None:
        """The canonical bytes of a line that holds a usable row; None where they have to be made.

        Only layouts of lines with the same note are tried.
        """
        self.last = 0
        tried = self._of.get(note)
        escape = raw.find(b"\\")
        if tried is None or (escape >= 0 and _OTHER.search(raw, escape)):
            return None
        for layout in tried.layouts:
            form = layout.canonical(raw, 0, len(raw))
            if form is not None:
                self._hit(tried, layout)
                return form
        return None

    def _hit(self, tried: _Tried, layout: Layout) -> None:
        tried.hits += 1
        self.last = layout.number
        if layout is not tried.layouts[0]:
            tried.layouts.remove(layout)
            tried.layouts.insert(0, layout)

    def missed(self, raw: bytes, note: int, form: bytes) -> None:
        """Learn, if it is time to, from a line whose canonical bytes had to be made."""
        tried = self._of.setdefault(note, _Tried())
        tried.misses += 1
        if tried.misses % self._every or len(self.known) >= _MOST:
            return
        if len(tried.layouts) < _TRIED:
            layout = Layout.of(raw, self._without, len(self.known) + 1)
            if layout is not None and layout.canonical(raw, 0, len(raw)) == form:
                self.known.append(layout)
                tried.layouts.insert(0, layout)
        elif (
            tried.hits < tried.misses
        ):  # where all lines are laid out in other ways, looking is a waste of time
            tried.layouts.clear()
