"""Checks of a whole file that compare rows: what is there twice, and what should be there more often.

All of them share one table of marks, which is filled once per row. A mark is an integer that is equal for equal
things. `hash` makes marks fast, but only for one process and those forked from it; `stable_mark` makes them for
any process, at several times the cost. Two tables of two integers each make about 260 bytes per row with a prompt
and an answer of its own; rows that repeat either cost less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple, Self, TypeAlias

from typing_extensions import override

from ..rows._canonical import canonical_json, canonical_row
from ..rows._example import answer_of, question_of
from ..rows._shape import is_list, is_object
from ..rows._text import normalise
from ._plain import plain_texts
from ._rules import Settings, Spot
from ._tool_rows import Flat, flat_message

__all__ = ["Compared", "Contradictions", "Duplicates", "FewPhrasings", "OneAnswer", "Repeats", "stable_mark"]

Mark: TypeAlias = Callable[[Any], int]

_ENOUGH_PHRASINGS: Final = 4
_ANSWER_BITS: Final = 32
_ANSWER: Final = (1 << _ANSWER_BITS) - 1
_PLAIN: Final = 1 << _ANSWER_BITS
_LINE_BITS: Final = 40
_LINE: Final = (1 << _LINE_BITS) - 1


def stable_mark(value: object) -> int:
    """A mark that means the same in every process."""
    return int.from_bytes(sha256(repr(value).encode(errors="surrogatepass")).digest()[:8])


class _Odd(NamedTuple):
    """A row that has to be compared once more by whoever knows the parts before it."""

    here: int
    prompt: int | None
    whole: int | None


class Repeats:
    """What the rows of one pass, or of one part of a file, have in common with one another.

    A place is a number for file and line. A row is noted as its prompt (all before the answer), its answer and its
    place, packed into two integers: a tuple per row would cost more than the rest of the table.
    """

    def __init__(self, *, mark: Mark = hash, part: int | None = None) -> None:
        self._mark = mark
        self._part = part is not None
        self._sources: list[str | None] = [None] * (part or 0)
        self._shifts = [0] * (part or 0)
        self._first: dict[int, int] = {}
        self._wholes: dict[int, int] = {}
        self._odd: list[_Odd] = []
        self._asked: dict[int, int] = {}
        self._more: dict[int, tuple[int, ...]] = {}  # of the facts that have more than one phrasing
        self._answer, self._rows, self._varied = "", 0, False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The one of this pass."""
        shared: dict[str, Any] = settings.shared
        if "repeats" not in shared:
            shared["repeats"] = cls()
        known: Self = shared["repeats"]
        return known

    def start(self, source: str | None) -> int:
        """The place before the first line of a file. Add a line number to it."""
        if source not in self._sources[-1:]:
            self.start_part(source, 0)
        return (len(self._sources) - 1) << _LINE_BITS

    def start_part(self, source: str | None, shift: int) -> None:
        """Go on with a part whose lines are counted from after `shift` lines of its file."""
        self._sources.append(source)
        self._shifts.append(shift)

    def line(self, place: int) -> int:
        """The line number in the file."""
        return (place & _LINE) + self._shifts[place >> _LINE_BITS]

    def _say(self, place: int, seen_from: int) -> str:
        name = self._sources[place >> _LINE_BITS]
        other = name is not None and name != self._sources[seen_from >> _LINE_BITS]
        return f"line {self.line(place)}{f' of {name}' if other else ''}"

    def note_plain(self, texts: list[str], place: int, fact: str | None = None) -> Iterable[tuple[str, str]]:
        """Compare a plain row, given by its texts (`_plain.plain_texts`; the list is taken apart)."""
        mark = self._mark
        answer = texts.pop()
        prompt, given = mark(tuple(texts)), mark(answer)
        asked = mark(texts[-2] if texts[-3] == "user" else _last_asked(texts))
        key = given if fact is None else mark(("fact", fact))
        if self._asked.setdefault(key, asked) != asked:
            self._add_question(key, asked)
        if not self._varied:
            self._add_answer(normalise(answer), 1)
        here = place << 33 | _PLAIN | given & _ANSWER
        if self._first.setdefault(prompt, here) is here:
            return ()
        return self._again(here, prompt, None)

    def note(
        self, row: Mapping[str, Any], fact: str | None, place: int, flat: Flat | None = None
    ) -> Iterable[tuple[str, str]]:
        """Compare any sound row; `flat` is what `ToolRows` made of it."""
        texts = plain_texts(row)
        if texts is not None:
            return self.note_plain(texts, place, fact)
        mark = self._mark
        if flat is None or len(flat.items) - flat.last > 2:
            answer, asked = answer_of(row), mark(question_of(row))
            prompt = _prompt(row.get("messages"), mark)
        else:
            answer, asked = flat.items[-1], mark(flat.asked)
            prompt = mark((*flat.items[1 : flat.last], "assistant"))
        given = mark(answer)
        key = given if fact is None else mark(("fact", fact))
        if self._asked.setdefault(key, asked) != asked:
            self._add_question(key, asked)
        if not self._varied:
            self._add_answer(normalise(answer), 1)
        whole = mark(canonical_row(row) if flat is None else tuple(flat.items))
        return self._again(place << 33 | given & _ANSWER, prompt, whole)

    def _again(self, here: int, prompt: int | None, whole: int | None) -> Iterable[tuple[str, str]]:
        """Compare a row that may be there already: its prompt is, or it is not plain."""
        if self._part:
            self._odd.append(_Odd(here, prompt, whole))
            return ()
        return list(self._compared(here, prompt, whole))

    def _compared(self, here: int, prompt: int | None, whole: int | None) -> Iterator[tuple[str, str]]:
        place = here >> 33
        first = here if prompt is None else self._first.setdefault(prompt, here)
        same = (first ^ here) & _ANSWER == 0
        if first is not here and same and first & here & _PLAIN:
            yield "duplicate-row", f"the same row as {self._say(first >> 33, place)}"
            return
        if whole is None and prompt is not None and first is not here:
            whole = prompt << _ANSWER_BITS | here & _ANSWER
        known = place if whole is None else self._wholes.setdefault(whole, place)
        if known is not place:
            yield "duplicate-row", f"the same row as {self._say(known, place)}"
        if not same:
            said = f"{self._say(first >> 33, place)} gives another answer to the same messages"
            yield "contradiction", said

    def _add_question(self, fact: int, asked: int) -> None:
        known = self._more.get(fact, (self._asked[fact],))
        if len(known) < _ENOUGH_PHRASINGS and asked not in known:
            self._more[fact] = (*known, asked)

    def _add_answer(self, answer: str, rows: int) -> None:
        self._varied = self._rows > 0 and answer != self._answer
        self._answer = answer
        self._rows += rows

    def absorb(self, later: Repeats, source: str | None, shift: int) -> Iterator[tuple[int, str, str]]:
        """Go on as if the rows of a later part had been noted here: place, code and message of what is to be said."""
        self.start_part(source, shift)
        self._absorb_questions(later)
        odd = {each.prompt for each in later._odd if each.prompt is not None}
        known = later._first.keys() & (self._first.keys() | odd)
        pending = [*later._odd, *(_Odd(later._first.pop(prompt), prompt, None) for prompt in known)]
        self._first = {**later._first, **self._first}
        for here, prompt, whole in sorted(pending, key=_by_place):
            for code, said in self._compared(here, prompt, whole):
                yield here >> 33, code, said

    def _absorb_questions(self, later: Repeats) -> None:
        both = self._asked.keys() & later._asked.keys()
        self._asked = {**later._asked, **self._asked}
        for fact in both:
            self._add_question(fact, later._asked[fact])
        for fact, known in later._more.items():
            for asked in known:
                self._add_question(fact, asked)
        if later._varied:
            self._varied = True
        elif later._rows and not self._varied:
            self._add_answer(later._answer, later._rows)

    def one_answer(self) -> int:
        """How many rows there are if all of them have the same answer, else 0."""
        return self._rows if self._rows > 1 and not self._varied and self._answer else 0

    def few_phrasings(self) -> tuple[int, int]:
        """How many facts have fewer than four phrasings, and how many facts there are."""
        enough = sum(len(known) == _ENOUGH_PHRASINGS for known in self._more.values())
        return len(self._asked) - enough, len(self._asked)

    @override
    def __getstate__(self) -> dict[str, Any]:
        """What another process has to know: not how marks are made."""
        return {name: value for name, value in vars(self).items() if name != "_mark"}


def _by_place(odd: _Odd) -> int:
    return odd.here


def _last_asked(texts: list[str]) -> str:
    return texts[len(texts) - texts[::-1].index("user")]


def _prompt(messages: object, mark: Mark) -> int | None:
    """The mark of what comes before the last message: the same for a plain row and for one that is not."""
    if not is_list(messages) or not is_object(messages[-1]) or messages[-1].get("role") != "assistant":
        return None
    parts: list[object] = []
    for message in messages[:-1]:
        parts += _flat_message(message) or (canonical_json(message),)
    return mark((*parts, "assistant"))


def _flat_message(message: Mapping[str, Any]) -> tuple[Any, ...] | None:
    try:
        flat = flat_message(message)
        hash(flat)
    except (LookupError, TypeError):
        return None
    return flat


class Compared:
    """A check whose rows the reader notes in `Repeats`, once for all of them."""

    blind = True

    def __init__(self, settings: Settings) -> None:
        self._repeats = Repeats.of(settings)

    def see(self, _row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /) -> None:
        """Nothing: the row is noted already."""

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Nothing more."""
        return ()


class Duplicates(Compared):
    """Rows whose canonical form was there before."""


class Contradictions(Compared):
    """Rows with one prompt (all messages before the answer) and different answers."""


class OneAnswer(Compared):
    """Files that teach a single reply."""

    @override
    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot when no answer differed."""
        rows = self._repeats.one_answer()
        if rows:
            yield Spot(f"all {rows:,} rows have the same answer: the model learns to say it to everything")


class FewPhrasings(Compared):
    """Facts with fewer than four phrasings. Where no fact is given, rows with the same answer count as one fact."""

    @override
    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot for the whole file."""
        few, facts = self._repeats.few_phrasings()
        if few:
            yield Spot(
                f"{few:,} of {facts:,} facts have fewer than {_ENOUGH_PHRASINGS} phrasings of their question"
            )
