"""What the rows of a file have in common: who is a copy of whom, who contradicts whom, and which answers come often."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from typing import Any, Final, TypeAlias

from typing_extensions import override

from ..checks._rule import Spot, Spots
from ..rows._canonical import canonical_json
from ..rows._example import answer_of
from ..rows._text import normalise
from ..shortcuts._tool_rows import Flat, Given, Said
from ._marks import Mark, RowMarks, bytes_of_calls, marks_of
from ._noted import Noted, Twice, packed

__all__ = ["ENOUGH_PHRASINGS", "Pairs", "Repeats"]

ENOUGH_PHRASINGS: Final = 4
_NORMALISED: Final = 4096
_SPELLINGS: Final = 16_384
"""Characters of differently spelt answers that are compared by what they say before a difference is one."""
_OF_A_FACT: Final = 256
"""Characters of an answer up to which spelling is left out of account; no fact takes more to tell."""
_SPELT: Final = 16_384
"""Answers of which is remembered what they say: rows of one fact mostly have one."""
_LINE_BITS: Final = 40
_LINE: Final = (1 << _LINE_BITS) - 1


Pairs: TypeAlias = list[tuple[int, int]]
"""Numbers of rows, each with that of an earlier row."""


class Repeats:
    """What the rows of one pass, or of one part of a file, have in common with one another.

    A place is a number for file and line. A row is noted as its prompt (all before the answer), its answer, what
    it asks and its place.

    Attributes:
        said: what is said of a row that contradicts, with the place of the other one for `{}`.
    """

    said = "{} gives another answer to the same messages"

    def __init__(self, *, mark: Mark = hash, part: int | None = None) -> None:
        self._mark = mark
        self._sources: list[str | None] = [None] * (part or 0)
        self._shifts = [0] * (part or 0)
        self._marks = Noted()
        self._answer, self._varied = "", False
        self._same: set[str] = set()
        self._spelt: dict[int, int] = {}
        self._left = _SPELLINGS
        self._twice: tuple[Twice, Twice] | None = None

    def start(self, source: str | None) -> int:
        """The place before the first line of a file. Add a line number to it."""
        if source not in self._sources[-1:]:
            self._start_part(source, 0)
        return (len(self._sources) - 1) << _LINE_BITS

    def _start_part(self, source: str | None, shift: int) -> None:
        self._sources.append(source)
        self._shifts.append(shift)

    def _line(self, place: int) -> int:
        """The line number in the file."""
        return (place & _LINE) + self._shifts[place >> _LINE_BITS]

    def note_plain(self, texts: list[str], place: int, fact: str | None = None) -> None:
        """Note a plain row, given by its texts (`_plain.plain_texts`; the list is taken apart)."""
        mark, answer = self._mark, texts.pop()
        if fact is not None:
            self._note_fact(fact, answer)
        asked = texts[-2] if texts[-3] == "user" else _last_asked(texts)
        # `Noted.add`, without a call for each row.
        self._marks.rows.frombytes(packed(mark(tuple(texts)), mark(answer), mark(asked), place))
        if not self._varied:
            self._add_answer(answer)

    def note_glanced(self, said: Said, place: int, fact: str | None = None) -> None:
        """Note any row known at a glance; a list is taken apart."""
        if isinstance(said, Given):
            said, fact = said
        if isinstance(said, list):
            self.note_plain(said, place, fact)
        else:
            self._note_flat(said, place, fact)

    def note(self, row: Mapping[str, Any], fact: str | None, place: int, *, in_order: bool = False) -> None:
        """Note any other sound row; `in_order` says that its keys are (`_marks.settled`)."""
        found = marks_of(row, self._mark, in_order=in_order)
        self._note(found, place, fact)
        if not self._varied:
            self._add_answer(found[2] if isinstance(found[2], str) else answer_of(row))

    def _note_flat(self, flat: Flat, place: int, fact: str | None) -> None:
        mark, (items, last, asked) = self._mark, flat
        text = items[last + 1]
        calls = None if text else _calls(items[last:])
        answer: str | bytes = text if calls is None else bytes_of_calls(calls)
        self._note((mark((*items[1:last], "assistant")), mark(items), answer, asked), place, fact)
        if not self._varied:
            self._add_answer(text or canonical_json(calls).decode())

    def _note(self, found: RowMarks, place: int, fact: str | None) -> None:
        mark, marks, (prompt, whole, answer, asked) = self._mark, self._marks, found
        if fact is not None:
            self._note_fact(fact, "" if prompt is None else answer)
        if prompt is None:
            # A row without an answer at its end contradicts none: its prompt is all of it.
            prompt = mark(("whole", whole))
        else:
            marks.odd.append(len(marks))
            marks.wholes.append(whole)
        marks.add(prompt, mark(answer), mark(asked), place)

    def _note_fact(self, fact: str, answer: str | bytes) -> None:
        marks = self._marks
        marks.given.append(len(marks))
        marks.facts.append(self._mark(("fact", fact)))
        # Calls have ids, which differ where nothing else does.
        marks.said.append(self._mark_said(answer) if isinstance(answer, str) else 0)

    def _mark_said(self, answer: str) -> int:
        written = self._mark(answer)
        if len(answer) > _OF_A_FACT:
            return written
        known = self._spelt.get(written)
        if known is None:
            said = normalise(answer)
            known = self._mark(said) if said else 0
            if len(self._spelt) >= _SPELT:
                self._spelt.clear()
            self._spelt[written] = known
        return known

    def _add_answer(self, answer: str) -> None:
        """Compare the answer of the row noted last with that of the first one."""
        if len(self._marks) == 1:
            self._answer = answer
        else:
            self._compare(answer)

    def _compare(self, answer: str) -> None:
        if answer != self._answer and answer not in self._same:
            self._left -= len(answer)
            self._varied = self._left < 0 or _said(answer) != _said(self._answer)
            if not self._varied:
                self._same.add(answer)

    def settle(self) -> None:
        """Find out what comes twice among the rows of this part: each process does so with its own."""
        self._twice = Twice(self._marks.prompts()), Twice(self._keys())

    def absorb(self, later: Repeats, source: str | None, shift: int) -> None:
        """Go on as if the rows of a later part had been noted here; its lines are counted from after `shift`."""
        self._start_part(source, shift)
        if self._twice and later._twice:
            self._twice[0].join(later._twice[0], later._marks.prompts())
            self._twice[1].join(later._twice[1], later._keys())
        if not len(self._marks):
            self._answer = later._answer
        self._marks.extend(later._marks)
        self._varied = self._varied or later._varied
        for answer in (later._answer, *later._same) if len(later._marks) else ():
            if not self._varied:
                self._compare(answer)

    def one_answer(self) -> int:
        """How many rows there are if all of them have the same answer, else 0."""
        rows = len(self._marks)
        return rows if rows > 1 and not self._varied and _said(self._answer) else 0

    def few_phrasings(self) -> tuple[int, int]:
        """How many facts have fewer than four phrasings, and how many facts there are."""
        keys = self._keys()
        twice = self._twice[1] if self._twice else Twice(keys)
        facts, again = twice.different, twice.again
        phrasings: dict[int, tuple[int, ...]] = dict.fromkeys(again, ())
        for key, asked in zip(keys, self._marks.asked(), strict=True) if again else ():
            known = phrasings.get(key)
            if known is not None and len(known) < ENOUGH_PHRASINGS and asked not in known:
                phrasings[key] = (*known, asked)
        enough = sum(len(known) == ENOUGH_PHRASINGS for known in phrasings.values())
        return facts - enough, facts

    def _keys(self) -> array[int]:
        """What each row is about: the mark of the fact that it was given, or else of its answer."""
        marks = self._marks
        keys = marks.answers()
        for row, fact in zip(marks.given, marks.facts, strict=True):
            keys[row] = fact
        return keys

    def copies(self) -> Iterable[Spot]:
        """One spot for each row that was there before."""
        return Spots(self._compared[0], partial(self._spot, "the same row as {}"))

    def contradictions(self) -> Iterable[Spot]:
        """One spot for each row whose prompt had another answer when it was first met."""
        return Spots(self._compared[1], partial(self._spot, self.said))

    def fact_answers(self) -> Iterable[Spot]:
        """One spot for each given fact that is answered in two ways, at the first row with the second of them."""
        marks = self._marks
        again = Twice(marks.facts).again
        first: dict[int, tuple[int, int]] = {}
        others: dict[int, tuple[int, int]] = {}
        for row, fact, said in zip(marks.given, marks.facts, marks.said, strict=True) if again else ():
            if said and fact in again:
                start, before = first.setdefault(fact, (row, said))
                if said != before:
                    others.setdefault(fact, (row, start))
        return Spots([*others.values()], partial(self._spot, "{} has the same fact and another answer"))

    def _spot(self, said: str, row: int, first: int) -> Spot:
        here, there = map(self._marks.place, (row, first))
        name, other = (self._sources[place >> _LINE_BITS] for place in (here, there))
        where = f" of {other}" if other is not None and other != name else ""
        return Spot(said.format(f"line {self._line(there)}{where}"), self._line(here), name)

    def _prompts_again(self) -> set[int]:
        """The marks of the prompts that come more than once."""
        return (self._twice[0] if self._twice else Twice(self._marks.prompts())).again

    @cached_property
    def _compared(self) -> tuple[Pairs, Pairs]:
        """Numbers of the rows that are copies, and of those that contradict, each with that of the earlier row."""
        return self._compare_rows()

    def _compare_rows(self) -> tuple[Pairs, Pairs]:
        marks = self._marks
        asking, answers = marks.prompts(), marks.answers()
        again = self._prompts_again()
        wholes = dict(zip(marks.odd, marks.wholes, strict=True)) if again else {}
        prompts: dict[int, int] = {}
        rows: dict[object, int] = {}
        copies: Pairs = []
        others: Pairs = []
        for row, prompt in enumerate(asking) if again else ():
            if prompt in again:
                answer = answers[row]
                first = prompts.setdefault(prompt, row)
                if answers[first] != answer:
                    others.append((row, first))
                same = rows.setdefault(wholes.get(row, (prompt, answer)), row)
                if same != row:
                    copies.append((row, same))
        return copies, others

    @override
    def __getstate__(self) -> dict[str, Any]:
        """What another process has to know: not how marks are made."""
        return {name: value for name, value in vars(self).items() if name not in {"_mark", "_spelt"}}


def _last_asked(texts: list[str]) -> str:
    """The last question of a row that does not end with it: roles and texts in turn, without the last text."""
    roles = texts[-1::-2]
    return texts[-2 * roles.index("user")]


def _calls(turn: tuple[Any, ...]) -> list[Any]:
    """The calls of such a message of a flat row, as they stood in it."""
    return [
        {"id": turn[at], "type": "function", "function": {"name": turn[at + 1], "arguments": turn[at + 2]}}
        for at in range(3, len(turn), 4)
    ]


def _said(answer: str) -> str:
    """What an answer says; of a long one its very letters: two that long never differ in spelling alone."""
    return normalise(answer) if len(answer) <= _NORMALISED else answer
