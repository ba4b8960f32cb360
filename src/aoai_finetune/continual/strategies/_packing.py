"""Several exchanges in one training row, so that the system prompt they share is sent, and billed, once.

The service trains on every assistant message of a row unless its `weight` is 0 (OpenAI fine-tuning guide, and the
schema FineTuneChatRequestAssistantMessage of its API). Nothing says so for Azure in particular, so a packed row
gives every answer `weight: 1`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ...dataset import Example, TokenCounter, canonical_json, row_tokens

__all__ = ["Frames", "Turn", "pack_rows", "pack_turns"]

_SYSTEM: Final = frozenset({"system", "developer"})
_ASKED: Final = frozenset({"role", "content", "name"})
_ANSWERED: Final = _ASKED | {"weight"}
_OPEN: Final = 8
"""So many lines wait for more exchanges at one time; a wider window was not tried."""

_LONGEST: Final = 4_096
"""Estimated tokens of a packed row: half of the shortest training context that a model of the catalogue has."""

_Row = Mapping[str, Any]


class Turn(NamedTuple):
    """One visit of a fact: a row of the pool, and what it teaches."""

    row: int
    fact: str


def _split(row: _Row) -> tuple[list[_Row], _Row, _Row] | None:
    """The system messages, the question and the answer of a row that has just one of each; None for any other."""
    messages: Sequence[_Row] = row.get("messages") or ()
    if len(messages) < 2:
        return None
    *opening, asked, answered = messages
    plain = all(isinstance(turn.get("content"), str) for turn in (asked, answered))
    if (
        plain
        and all(turn.get("role") in _SYSTEM for turn in opening)
        and (asked.get("role"), answered.get("role")) == ("user", "assistant")
        and _ASKED.issuperset(asked)
        and _ANSWERED.issuperset(answered)
        and answered.get("weight") != 0
    ):
        return opening, asked, answered
    return None


def _around(row: _Row, opening: list[_Row]) -> dict[str, Any]:
    """All of a row but its exchange: the system messages, the tools and other settings."""
    return {**row, "messages": opening}


def pack_rows(rows: Sequence[Example]) -> Example:
    """One row that holds the exchanges of all these, in order, under what they share; a single row stays as it is.

    Raises:
        ValueError: a row of several turns, with tool calls, images or an untrained answer, or with another system
            prompt or other tools than the first.
    """
    if len(rows) == 1:
        return rows[0]
    found = [_split(row.row) for row in rows]
    frames = {
        canonical_json(_around(row.row, split[0])) for row, split in zip(rows, found, strict=True) if split
    }
    if None in found or len(frames) != 1:
        raise ValueError(
            "only single exchanges under one system prompt and the same tools share a training row"
        )
    exchanges = [split for split in found if split]
    turns = [turn for _, asked, answered in exchanges for turn in (asked, {**answered, "weight": 1})]
    opening = exchanges[0][0]
    return Example.from_row({**rows[0].row, "messages": [*opening, *turns]})


@dataclass(frozen=True, slots=True)
class Frames:
    """What the rows of a pool share with each other.

    Attributes:
        names: for each row the number of what can share a line with it, None for a row that has to stand alone.
        tokens: of each row alone.
        shared: of each row, those that packing sends once for several rows.
    """

    names: tuple[int | None, ...] = field(repr=False)
    tokens: tuple[int, ...] = field(repr=False)
    shared: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, pool: Sequence[Example], counter: TokenCounter) -> Frames:
        """Look at every row."""
        numbers: dict[bytes, int] = {}
        tokens: list[int] = []
        names = [cls._name(example.row, numbers, tokens, counter) for example in pool]
        return cls(
            names=tuple(names),
            tokens=tuple(row_tokens(example.row, counter) for example in pool),
            shared=tuple(0 if name is None else tokens[name] for name in names),
        )

    @staticmethod
    def _name(row: _Row, numbers: dict[bytes, int], tokens: list[int], counter: TokenCounter) -> int | None:
        split = _split(row)
        if split is None:
            return None
        frame = _around(row, split[0])
        name = canonical_json(frame)
        if name not in numbers:
            numbers[name] = len(numbers)
            tokens.append(row_tokens(frame, counter))
        return numbers[name]

    def share(self, rows: Sequence[int]) -> float:
        """Share of the tokens of these rows that can be sent once for several of them, 0 to 1."""
        total = sum(self.tokens[row] for row in rows)
        return sum(self.shared[row] for row in rows) / total if total else 0.0

    def fits(self, line: Sequence[Turn], turn: Turn) -> bool:
        """The turn may stand in the line: the same frame, another fact, and not too long."""
        first = line[0].row
        return (
            self.names[turn.row] is not None
            and self.names[first] == self.names[turn.row]
            and all(each.fact != turn.fact for each in line)
            and sum(self.tokens[each.row] for each in (*line, turn)) - len(line) * self.shared[first]
            <= _LONGEST
        )


def pack_turns(turns: Sequence[Turn], size: int, frames: Frames, chance: random.Random) -> list[list[int]]:
    """Lines of at most `size` rows each, no fact twice in a line, in about the order of the turns.

    A turn goes into the first of the open lines that has room for it, so partners differ from visit to visit.
    Inside a line the order is by chance, but the row that has opened the fewest lines so far stands first.
    """
    lines: list[list[Turn]] = []
    still_open: list[list[Turn]] = []
    for turn in turns:
        line = next((each for each in still_open if frames.fits(each, turn)), None)
        if line is None:
            line = list[Turn]()
            lines.append(line)
            still_open = [*still_open[-_OPEN + 1 :], line]
        line.append(turn)
        if len(line) >= size:
            still_open.remove(line)
    return _ordered(lines, chance)


def _ordered(lines: Sequence[Sequence[Turn]], chance: random.Random) -> list[list[int]]:
    opened: dict[int, int] = {}
    ordered: list[list[int]] = []
    for line in lines:
        rows = [turn.row for turn in line]
        chance.shuffle(rows)
        first = min(rows, key=lambda row: opened.get(row, 0))
        opened[first] = opened.get(first, 0) + 1
        ordered.append([first, *(row for row in rows if row != first)])
    return ordered
