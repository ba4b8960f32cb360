"""Checks of a whole file: small checkers that are fed row by row and keep hashes, not rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ._claims import Claim, KnownAnswers, near_misses
from ._example import answer_of, digest_of, question_of
from ._rules import Settings, Spot
from ._text import normalise

__all__ = ["Duplicates", "FewPhrasings", "HistoryConflicts", "NearMisses", "OneAnswer", "TooFew"]

_ENOUGH_PHRASINGS: Final = 4
_LINE_BITS: Final = 40


class TooFew:
    """The service's minimum of rows."""

    def __init__(self, settings: Settings) -> None:
        self._least = settings.min_examples

    def see(self, _row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /) -> None:
        """Rows are counted by the reader."""

    def end(self, rows: int, /) -> Iterable[Spot]:
        """One spot when there are too few."""
        if rows < self._least:
            found = "the file is empty" if not rows else f"only {rows} example{'s' * (rows > 1)}"
            yield Spot(f"{found}, and the service asks for at least {self._least}")


class Duplicates:
    """Rows whose canonical form was there before."""

    def __init__(self, _settings: Settings) -> None:
        self._first: dict[int, int] = {}
        self._sources: list[str | None] = []

    def see(self, row: Mapping[str, Any], _fact: str | None, line: int, source: str | None, /) -> str | None:
        """Names the first line with the same row."""
        if source not in self._sources[-1:]:
            self._sources.append(source)
        # One integer holds file and line: a tuple per row would cost more than the rest of the table.
        here = (len(self._sources) - 1) << _LINE_BITS | line
        key = int.from_bytes(digest_of(row)[:8])
        first = self._first.setdefault(key, here)
        return None if first is here else self._same_as(first, source)

    def _same_as(self, first: int, source: str | None) -> str:
        name = self._sources[first >> _LINE_BITS]
        where = f" of {name}" if name is not None and name != source else ""
        return f"the same row as line {first & ((1 << _LINE_BITS) - 1)}{where}"

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Nothing more."""
        return ()


class OneAnswer:
    """Files that teach a single reply."""

    def __init__(self, _settings: Settings) -> None:
        self._answer = ""
        self._rows, self._varied = 0, False

    def see(self, row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /) -> None:
        """Compare with the answer before until one differs."""
        if self._varied:
            return
        answer = normalise(answer_of(row))
        self._varied = self._rows > 0 and answer != self._answer
        self._answer = answer
        self._rows += 1

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot when no answer differed."""
        if self._rows > 1 and not self._varied and self._answer:
            yield Spot(
                f"all {self._rows:,} rows have the same answer: the model learns to say it to everything"
            )


class FewPhrasings:
    """Facts with fewer than four phrasings. Where no fact is given, rows with the same answer count as one fact."""

    def __init__(self, _settings: Settings) -> None:
        self._phrasings: dict[int, tuple[int, ...]] = {}

    def see(self, row: Mapping[str, Any], fact: str | None, _line: int, _source: str | None, /) -> None:
        """Collect questions per fact until there are four."""
        key = hash(("answer", answer_of(row)) if fact is None else ("fact", fact))
        known = self._phrasings.get(key, ())
        asked = hash(question_of(row))
        if len(known) < _ENOUGH_PHRASINGS and asked not in known:
            self._phrasings[key] = (*known, asked)

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot for the whole file."""
        few = sum(len(known) < _ENOUGH_PHRASINGS for known in self._phrasings.values())
        if few:
            yield Spot(
                f"{few:,} of {len(self._phrasings):,} facts have fewer than {_ENOUGH_PHRASINGS} phrasings"
                " of their question"
            )


class HistoryConflicts:
    """Facts that the history answers differently."""

    def __init__(self, settings: Settings) -> None:
        self._history = settings.history

    def see(self, row: Mapping[str, Any], fact: str | None, line: int, source: str | None, /) -> str | None:
        """One message per row in conflict."""
        claim = Claim.of(row, fact, source, line)
        if self._history is not None and self._history.contradict(claim):
            return "the history answers this fact differently"
        return None

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Nothing more."""
        return ()


class NearMisses:
    """Questions of the history that look like new ones, under another fact and with another answer."""

    def __init__(self, settings: Settings) -> None:
        self._history = settings.history
        self._new: list[Claim] = []

    def see(self, row: Mapping[str, Any], fact: str | None, line: int, source: str | None, /) -> None:
        """Remember what the row claims."""
        self._new.append(Claim.of(row, fact, source, line))

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Compare with the history; the lines are those of the history."""
        if self._history is not None:
            for miss in near_misses(self._history, KnownAnswers(self._new)):
                yield Spot(f"in the history: {miss.message}", miss.line, miss.source)
