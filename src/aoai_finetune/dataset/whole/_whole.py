"""Checks of a whole file: small checkers that are fed row by row and keep hashes, not rows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from ..checks._rule import Settings, Spot
from ..rows._example import digest_of
from ..rows._findings import Finding
from ..rows._sources import Rows
from ._claims import KnownAnswers
from ._older import Older
from ._overlap import question_key

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


class _WithHistory:
    """New rows beside the history, which is read once at the end, for all checks that ask about it."""

    def __init__(self, history: Rows) -> None:
        self._history = history
        self._new = KnownAnswers()
        self._claims, self._lines, self._files = array("L"), array("Q"), array("L")
        self._names: dict[str | None, int] = {}

    def note(self, row: Mapping[str, Any], fact: str | None, line: int, source: str | None) -> None:
        """Remember what a new row claims, and where it stands."""
        self._claims.append(self._new.add(row, fact, source, line))
        self._lines.append(line)
        self._files.append(self._names.setdefault(source, len(self._names)))

    @cached_property
    def _read(self) -> tuple[Older, dict[str, set[str]]]:
        """The rows of the history that new ones do not answer, and what the others answer to each topic."""
        older, said = Older(self._history, self._new), dict[str, set[str]]()
        for found in older.answered("reading the history"):
            said.setdefault(found.topic, set()).add(found.answer)
        return older, said

    def conflicts(self) -> Iterator[tuple[int, str | None]]:
        """Line and file of each new row whose topic the history answers, and never as the row does."""
        said, names = self._read[1], list(self._names)
        for number, line, file in zip(self._claims, self._lines, self._files, strict=True):
            claim = self._new.claims[number]
            known = said.get(claim.topic)
            if known is not None and claim.answer not in known:
                yield line, names[file]

    def near_misses(self) -> Iterable[Finding]:
        """Rows of the history that look like a new one."""
        return self._read[0].near_misses()


class _AskingHistory:
    """A check that asks about the history; the first of a pass is fed for all of them."""

    def __init__(self, settings: Settings) -> None:
        self.blind = "history" in settings.shared
        if settings.history is not None and not self.blind:
            settings.shared["history"] = _WithHistory(settings.history)
        self._beside: _WithHistory | None = settings.shared.get("history")

    def see(self, row: Mapping[str, Any], fact: str | None, line: int, source: str | None, /) -> None:
        """Remember what the row claims."""
        if self._beside is not None:
            self._beside.note(row, fact, line, source)


class HistoryConflicts(_AskingHistory):
    """Facts that the history answers differently."""

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot per row in conflict."""
        if self._beside is not None:
            for line, source in self._beside.conflicts():
                yield Spot("the history answers this fact differently", line, source)


class NearMisses(_AskingHistory):
    """Questions of the history that look like new ones, under another fact and with another answer."""

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """The lines are those of the history."""
        for miss in self._beside.near_misses() if self._beside is not None else ():
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
