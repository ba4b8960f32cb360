"""Checks of a file against what the service takes: bytes, tokens of a row, tokens times epochs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..checks._rule import Settings, Spot
from ..reading._examples import usable_row
from ..rows._files import FileOnDisk
from ..rows._sources import ChainRows, LineRows, MemoryRows, Rows
from ..tokens._tokens import counter_for, most_tokens, row_tokens

__all__ = ["ExampleTokens", "FileBytes", "JobTokens", "PortalBytes", "UploadBytes", "size_of"]


def size_of(rows: Rows) -> int | None:
    """Bytes of whole files and of rows in memory; None for a part of a file, whose size nobody knows unread."""
    if isinstance(rows, LineRows):
        content = rows.content
        return content.size if isinstance(content, FileOnDisk) else len(getattr(content, "data", b""))
    if isinstance(rows, MemoryRows):
        return sum(map(len, rows.rows)) + len(rows.rows)
    if isinstance(rows, ChainRows):
        sizes = [size_of(part) for part in rows.parts]
        return None if None in sizes else sum(size or 0 for size in sizes)
    return None


class _Size:
    """A bound of the file's bytes, as it stands; what is uploaded is canonical and seldom larger."""

    blind = True  # it has no use for rows
    _limit = ""
    _said = ""

    def __init__(self, settings: Settings) -> None:
        self._size = settings.size or 0
        self._most = settings.limits[self._limit]

    def see(self, _row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /) -> None:
        """The size is known before the first row is read."""

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot when there are too many bytes."""
        if self._size > self._most:
            yield Spot(f"the file has {self._size:,} bytes; {self._said} {self._most:,}")


class FileBytes(_Size):
    """What the API takes."""

    _limit, _said = "file-bytes", "the API takes files of up to"


class UploadBytes(_Size):
    """What one request is known to carry."""

    _limit, _said = "upload-bytes", "a single request is known to carry up to"


class PortalBytes(_Size):
    """What the portal takes."""

    _limit, _said = "portal-bytes", "the portal takes files of up to"


class _Alone:
    """A check that looks at each row alone: other parts of a file have nothing to tell it."""

    def part(self) -> None:
        """Nothing."""

    def absorb(self, _part: object, _before: int, _source: str | None, /) -> Iterable[tuple[int, str]]:
        """Nothing."""
        return ()


class _Tokens:
    """Tokens of the row seen last, counted once for all checks of one pass."""

    def __init__(self, settings: Settings) -> None:
        self.counter = counter_for(settings.model)
        self._row: object = None
        self._tokens = 0

    @classmethod
    def of(cls, settings: Settings) -> _Tokens:
        """The one of this pass."""
        shared: _Tokens = settings.shared.setdefault("tokens", cls(settings))
        return shared

    def count(self, row: Mapping[str, Any]) -> int:
        """Tokens of one epoch over the row."""
        if row is not self._row:
            self._row, self._tokens = row, row_tokens(row, self.counter)
        return self._tokens

    def say(self, tokens: int) -> str:
        """The number in words, which tell an estimate from a count."""
        return f"{tokens:,} tokens" if self.counter.exact else f"about {tokens:,} tokens (estimate)"


_MOST_TOKENS: Final = 32
"""Tokens of a row for each character of its `repr`: the most are those of an image (85, for at least three)."""
_MOST_TOKENS_OF_A_BYTE: Final = 96
"""The same for each byte of a file."""
_MOST_TOKENS_OF_A_PLAIN_BYTE: Final = 2
"""The same where there are only texts; see `most_tokens`."""


class ExampleTokens(_Alone):
    """Rows longer than the model's context in training. Those that are too short for that are not counted."""

    def __init__(self, settings: Settings) -> None:
        self._tokens = _Tokens.of(settings)
        self._most = settings.limits.get("example-tokens")

    def see(
        self, row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /
    ) -> str | None:
        """One message per row that is too long."""
        if self._most is None:
            return None
        most = most_tokens(row)
        if (len(repr(row)) * _MOST_TOKENS if most is None else most) <= self._most:
            return None
        tokens = self._tokens.count(row)
        if tokens <= self._most:
            return None
        return f"the row has {self._tokens.say(tokens)}; the model takes {self._most:,}"

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Nothing more."""
        return ()


class JobTokens:
    """Files of more tokens, times epochs, than one job may have. Those that are too small for that are not counted.

    Where plain rows alone could not be too many, only an upper bound of theirs is added up, and all are counted in
    the end if that does not tell.
    """

    def __init__(self, settings: Settings) -> None:
        self._tokens = _Tokens.of(settings)
        self._most = settings.limits["job-tokens"]
        self._epochs = settings.n_epochs
        self._total = 0
        self._rows = settings.rows
        size = settings.size
        self.blind = size is not None and size * _MOST_TOKENS_OF_A_BYTE * (self._epochs or 1) <= self._most
        most = _MOST_TOKENS_OF_A_PLAIN_BYTE * (self._epochs or 1) * (size or 0)
        self._bounded = None not in (size, self._rows) and most <= self._most

    def see(self, row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /) -> None:
        """Add the row's tokens, or more than these."""
        most = most_tokens(row) if self._bounded else None
        self._total += self._tokens.count(row) if most is None else most

    def end(self, _rows: int, /) -> Iterator[Spot]:
        """One spot when there are too many; an unknown number of epochs counts as one."""
        epochs = self._epochs or 1
        if self._bounded and self._total * epochs > self._most:
            self._total = self._counted()
        if self._total * epochs > self._most:
            times = f" times {self._epochs} epochs" if self._epochs else " in one epoch"
            yield Spot(f"the file has {self._tokens.say(self._total)}{times}; a job takes {self._most:,}")

    def part(self) -> int:
        """The sum."""
        return self._total

    def absorb(self, part: object, _before: int, _source: str | None, /) -> Iterable[tuple[int, str]]:
        """Add it."""
        self._total += part if isinstance(part, int) else 0
        return ()

    def _counted(self) -> int:
        lines = self._rows.scan() if self._rows is not None else ()
        rows = filter(None, map(usable_row, lines))
        return sum(row_tokens(row, self._tokens.counter) for row in rows)
