"""Checks of a whole file: small checkers that are fed row by row and keep hashes, not rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..rows._example import digest_of
from ._claims import Claim, KnownAnswers, near_misses
from ._overlap import question_key
from ._rules import Settings, Spot

__all__ = [
    "HistoryConflicts",
    "NearMisses",
    "SharedQuestions",
    "SharedRows",
    "TooFew",
]


class TooFew:
    """The service's minimum of rows."""

    blind = True

    def __init__(self, settings: Settings) -> None:
        self._least = settings.min_examples

    def see(self, _row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /) -> None:
        """Rows are counted by the reader."""

    def end(self, rows: int, /) -> Iterable[Spot]:
        """One spot when there are too few."""
        if rows < self._least:
            found = "the file is empty" if not rows else f"only {rows} example{'s' * (rows > 1)}"
            yield Spot(f"{found}, and the service asks for at least {self._least}")


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


class SharedRows:
    """Rows that are among the validation rows too."""

    def __init__(self, settings: Settings) -> None:
        self._rows = settings.validation.rows if settings.validation else ()

    def see(
        self, row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /
    ) -> str | None:
        """One message per shared row."""
        return "the row is among the validation rows too" if digest_of(row) in self._rows else None

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Nothing more."""
        return ()


class SharedQuestions:
    """Rows that ask what a validation row asks, and are not that row."""

    def __init__(self, settings: Settings) -> None:
        self._rows = settings.validation.rows if settings.validation else ()
        self._questions = settings.validation.questions if settings.validation else ()

    def see(
        self, row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /
    ) -> str | None:
        """One message per row."""
        if question_key(row) not in self._questions or digest_of(row) in self._rows:
            return None
        return "a validation row asks the same question"

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Nothing more."""
        return ()
