"""Plain rows and rows with tools at a glance: straight from their line, if it is laid out like one that was checked.

A line that differs from a sound one in nothing but its texts is sound as far as its texts are, and takes less time
to look at than to parse. What is left to ask is that no text is blank, hides something or is too long, that calls
fit the tools, and that answers to calls have their ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final, NamedTuple

from jiter import from_json

from ..rows._branches import Branch, Branches
from ..rows._facts import FACT_KEY
from ..rows._skeleton import TEXT, Skeleton
from ._plain import DIRECTION, DIRECTIONS, hides, plain_texts, shows
from ._tool_rows import Declared, Flat, Given, Said, ToolRows, flat_message

__all__ = ["Glances"]

_EVERY: Final = 64
_FREE: Final = 64
_EARNED: Final = 32
"""Glances that pay for the work of making the pattern of one more gap."""
_ENOUGH: Final = 1024
"""Lines without a known layout, after which one in five has to have one, or nobody looks for a while."""
_PAUSE: Final = 4096
"""Lines of which nobody asks for a layout then; twice as many each time."""
_TAILS: Final = 16
_LAYOUTS: Final = 32
"""Ends of one kind that are tried, and layouts of one end."""
_END: Final = 5
"""Bytes behind the last text of a row that ends with its messages, at least, with its line feed."""
_SHORTEST: Final = 3
"""The same of a row that ends with its fact."""
_BACKSLASH: Final = ord("\\")
_CLOSING_BRACE: Final = ord("}")
_NO_CONTROLS: Final = bytes(range(ord(" "), 256))


_SOUND: Final = Flat((), 0, "")
"""What is said of a row with tools where nobody asks for texts."""


def _text(written: str) -> str:
    """The text in a gap that has escapes. Raises ValueError where it is none, or hides something behind one."""
    text: str = from_json(f'"{written}"'.encode(), allow_inf_nan=False)
    if "\\u" in written and hides([text]):
        raise ValueError
    return text


class _Plain(NamedTuple):
    """Rows of these roles: `plain_texts` of one with the numbers of its gaps for texts."""

    texts: list[str]

    def gaps(self) -> list[int]:
        return [*map(int, self.texts[1::2])]

    def said(self, texts: Sequence[str]) -> list[str]:
        said = self.texts[:]
        said[1::2] = texts
        return said


class _WithTools(NamedTuple):
    """Rows with these tools.

    Attributes:
        order: the gaps in the order in which the row has its texts; the others are counted in this order, from 0.
        answered: for each answer to a call the gaps of the two ids that have to be the same.
        called: the gaps of the name and the arguments of each call.
        ids: the gaps of the ids of calls.
        asked: the gap of the last question.
        last: where the last message starts in the flat row.
        others: what the flat row holds beside its texts.
        flat: puts texts and others into the order of the flat row.
        declared: the tools.
    """

    order: list[int]
    answered: list[tuple[int, int]]
    called: list[tuple[int, int]]
    ids: list[int]
    asked: int
    last: int
    others: list[Any]
    flat: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    declared: Declared

    def gaps(self) -> list[int]:
        return self.order

    def fits(self, texts: Sequence[str]) -> bool:
        """What stands in the gaps is sound: ids match, and calls fit the tools."""
        for one, other in self.answered:
            if texts[one] != texts[other]:
                return False
        if len(self.ids) > 1 and len({texts[gap] for gap in self.ids}) < len(self.ids):
            return False
        try:
            for name, arguments in self.called:
                self.declared.check(texts[name], texts[arguments])
        except (LookupError, ValueError):
            return False
        return True

    def said(self, texts: Sequence[str]) -> Flat:
        return Flat(self.flat((*texts, *self.others)), self.last, texts[self.asked])


class _Layout(NamedTuple):
    """What rows of one layout are, and which gap is their fact, 0 for none."""

    kind: _Plain | _WithTools
    fact: int


class _Placed(NamedTuple):
    """What rows are, and which groups hold their texts, in the order of the row, and after them their fact, if any."""

    kind: _Plain | _WithTools
    groups: tuple[int, ...]
    given: bool


class _End:
    """Layouts of lines that end in the same way behind their last text."""

    def __init__(self, tail: bytes) -> None:
        self.tail, self.size = tail, -len(tail)
        self.met = 0
        self.layouts: dict[tuple[str, ...], _Layout] = {}
        self.branches: dict[int, _Placed] = {}
        self.forget()

    def forget(self) -> None:
        """Look at other lines from here on."""
        self.places: list[int] = []
        self.heads: list[bytes] = []

    def add(self, literals: tuple[str, ...], layout: _Layout) -> None:
        self.layouts[literals] = layout
        made = Branches([*self.layouts])
        self.match = made.match
        layouts = [*self.layouts.values()]
        self.branches = {
            last: _placed(layouts[branch.number], branch) for last, branch in made.branches.items()
        }


def _placed(layout: _Layout, branch: Branch) -> _Placed:
    gaps = [*layout.kind.gaps(), layout.fact] if layout.fact else layout.kind.gaps()
    return _Placed(layout.kind, tuple(branch.groups[gap - 1] for gap in gaps), bool(layout.fact))


def _decoded(heads: Sequence[bytes]) -> str | None:
    """Starts of lines as lines of one text; None where they hold controls, hide something or are not UTF-8."""
    joined = b"\n".join([*heads, b""])
    if len(joined.translate(None, _NO_CONTROLS)) != len(heads):
        return None
    if DIRECTIONS in joined and DIRECTION.search(joined):
        return None
    try:
        return joined.decode()
    except UnicodeDecodeError:
        return None


class Glances:
    """What lines say that are laid out like others before them.

    Every 64th line of which nothing is known teaches its layout, as long as this is worth it.
    """

    def __init__(self, tools: ToolRows, *, texts: bool = True, every: int = _EVERY) -> None:
        self._tools, self._texts, self._every = tools, texts, every
        self._ends: dict[bytes, list[_End]] = {}
        self._known: list[_End] = []
        self._missed = self._gaps = 0
        self._pause = _PAUSE

    def said(self, lines: Sequence[bytes | None]) -> list[Said | None]:
        """What rows say, as `plain_texts` or `ToolRows.flat` has it; None where nothing can be promised of one.

        Where texts were not asked for, nothing counts but that something is said. A line that is None says nothing.
        """
        saids: list[Said | None] = [None] * len(lines)
        self._sort(lines)
        for end in self._known:
            if end.places:
                for at, said in zip(end.places, self._look(end, end.heads), strict=True):
                    saids[at] = said
                end.forget()
        return [
            self._parse(raw) if said is None and raw is not None else said
            for raw, said in zip(lines, saids, strict=True)
        ]

    def _sort(self, lines: Sequence[bytes | None]) -> None:
        """Hand lines to their ends."""
        ends = self._ends
        for at, raw in enumerate(lines):
            if raw is not None:
                for end in ends.get(raw[-_END:]) or ends.get(raw[-_SHORTEST:]) or ():
                    if raw.endswith(end.tail):
                        end.places.append(at)
                        end.heads.append(raw[: end.size])
                        break

    def _look(self, end: _End, heads: Sequence[bytes]) -> list[Said | None]:
        """What lines say that end alike behind their last text, by what stands before: all of them at once."""
        text = _decoded(heads)
        if text is None:
            return [None] if len(heads) == 1 else [self._look(end, [head])[0] for head in heads]
        saids: list[Said | None] = []
        escaped, start, find = "\\" in text, 0, text.find
        for _ in heads:
            stop = find("\n", start)
            found = end.match(text, start, stop)
            saids.append(None if found is None else self._said(end, found, escaped))
            start = stop + 1
        end.met += len(saids) - saids.count(None)
        return saids

    def _said(self, end: _End, found: re.Match[str], escaped: bool) -> Said | None:
        """What stands in the gaps of a line, if it is sound."""
        kind, groups, given = end.branches[found.lastindex or 0]
        if isinstance(kind, _Plain) and not (self._texts or escaped):
            return kind.texts
        texts: Sequence[str] = found.group(*groups)
        try:
            if escaped:
                texts = [_text(each) if "\\" in each else each for each in texts]
        except ValueError:
            return None
        fact = texts[-1]
        if given:
            texts = texts[:-1]
        if isinstance(kind, _WithTools) and not kind.fits(texts):
            return None
        if not self._texts:
            return kind.texts if isinstance(kind, _Plain) else _SOUND
        said = kind.said(texts)
        return Given(said, fact) if given else said

    def _parse(self, raw: bytes) -> Said | None:
        """What a line says of which nothing is known at a glance."""
        self._missed += 1
        if self._missed % self._every == 0:
            self._learn(raw)
        flat = self._tools.flat_line(raw) if raw[-_END] == _CLOSING_BRACE else None
        return flat if flat is not None and shows(raw, len(raw)) else None

    def _learn(self, raw: bytes) -> None:
        """Learn the layout of a line, if it is worth it and the line is sound."""
        met = sum(end.met for end in self._known)
        if self._missed > _ENOUGH and met < self._missed // 4:
            self._rest()
        if self._missed < 0 or self._gaps > _FREE + met // _EARNED:
            return
        skeleton = self._sound(raw)
        layout = None if skeleton is None else self._layout(skeleton)
        if skeleton is None or layout is None:
            return
        *before, tail = skeleton.literals
        end = self._end(tail)
        if len(end.layouts) < _LAYOUTS:
            end.add(tuple(literal.decode() for literal in before), layout)
            self._gaps += sum(map(len, end.layouts))

    def _rest(self) -> None:
        """Forget all layouts, and learn no others for a while: the lines that follow may be of other kinds."""
        self._ends.clear()
        self._known.clear()
        self._missed, self._gaps = -self._pause, 0
        self._pause *= 2

    def _sound(self, raw: bytes) -> Skeleton | None:
        """A line with nothing but texts in its gaps, taken apart; None unless no rule has anything to say about it."""
        if not shows(raw, len(raw)):
            return None
        try:
            row: Any = from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False)
        except ValueError:
            return None
        fact: object = row.pop(FACT_KEY, None) if row.__class__ is dict else None
        sound = (fact is None or fact.__class__ is str) and (plain_texts(row) or self._tools.flat(row))
        skeleton = Skeleton.of(raw) if sound else None
        if skeleton is None or len(skeleton.literals[-1]) < _SHORTEST:
            return None
        return skeleton if all(gap == TEXT for gap in skeleton.gaps) else None

    def _end(self, tail: bytes) -> _End:
        ends = self._ends.setdefault(tail[-_END:] if len(tail) >= _END else tail[-_SHORTEST:], [])
        for end in ends:
            if end.tail == tail:
                return end
        if len(ends) == _TAILS:
            gone = min(ends, key=lambda end: end.met)
            ends.remove(gone)
            self._known.remove(gone)
        ends.append(_End(tail))
        self._known.append(ends[-1])
        return ends[-1]

    def _layout(self, skeleton: Skeleton) -> _Layout | None:
        """What rows with these gaps are like, which shows in one that has their numbers for texts."""
        numbers = [str(number).encode() for number in range(1, len(skeleton.literals))]
        line = b"".join(chain.from_iterable(zip(skeleton.literals, [*numbers, b""], strict=True)))
        row: Any = from_json(line)
        fact = int(row.pop(FACT_KEY, None) or 0)
        texts = plain_texts(row)
        kind = self._with_tools(row) if texts is None else _Plain(texts)
        if kind is None:
            return None
        gaps = [*kind.gaps(), fact] if fact else kind.gaps()
        return _Layout(kind, fact) if sorted(gaps) == [*range(1, len(numbers) + 1)] else None

    def _with_tools(self, row: dict[str, Any]) -> _WithTools | None:
        """Rows like this one, in which answers come in the order of the calls."""
        declared = self._tools.declared(row["tools"]) if row.keys() == {"messages", "tools"} else None
        if declared is None:
            return None
        flat: list[Any] = [declared.canonical]
        texts: list[int] = []
        calls: list[int] = []
        answered: list[tuple[int, int]] = []
        start = asked = 0
        for message in row["messages"]:
            start, turn = len(flat), flat_message(message)
            if turn is None:
                return None
            flat += turn
            calls += range(start + 3, start + len(turn), 4)
            texts += [start + at for at, item in enumerate(turn) if at and item.__class__ is str]
            if turn[0] == "tool":
                answered.append((calls[len(answered)], start + 1))
            elif turn[0] == "user":
                asked = start + 1
        gap = {place: number for number, place in enumerate(texts)}
        others = [place for place in range(len(flat)) if place not in gap]
        pool = {place: number for number, place in enumerate([*texts, *others])}
        return _WithTools(
            order=[int(flat[place]) for place in texts],
            answered=[(gap[one], gap[other]) for one, other in answered],
            called=[(gap[call + 1], gap[call + 2]) for call in calls],
            ids=[gap[call] for call in calls],
            asked=gap[asked],
            last=start,
            others=[flat[place] for place in others],
            flat=itemgetter(*(pool[place] for place in range(len(flat)))),
            declared=declared,
        )
