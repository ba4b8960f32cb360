"""One pass over rows: read, check alone, feed the checkers of the whole, collect what they say."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Final, TypeAlias, cast

from jiter import from_json

from ..rows._files import FileOnDisk, Span, lines_of, opened, whole_line
from ..rows._findings import Fault
from ..rows._rewrite import USABLE
from ..rows._sources import ChainRows, LineRows, Rows, SourceLine
from ..rules._meaning import structural_fault
from ..rules._messages import MOST
from ..rules._plain import plain_texts, shows
from ..rules._repeats import Compared, Repeats
from ..rules._row_checks import RowChecks
from ..rules._rules import FileCheck, Rule, Settings
from ..rules._shapes import LONGEST_NAME, shape_of
from ..rules._tool_rows import Flat, ToolRows
from ._broken import BrokenLines
from ._foreign import foreign
from ._found import Found
from ._reading import TOO_LONG
from ._report import ValidationReport

__all__ = ["Pass"]

Row: TypeAlias = dict[str, Any]

_SHORT: Final = 64
_SMALL: Final = 512
"""Bytes of a row up to which finding its shape takes less time than checking it may take."""
_SHAPES: Final = 4096
_LONG: Final = 64 << 20
"""Bytes that take more than a moment."""
_BLANK: Final = Fault("blank-line", "", "the line is blank")
_CLOSING_BRACE: Final = ord("}")
_BACKSLASH: Final = ord("\\")
_E2: Final = 0xE2


@contextmanager
def _watched(rows: Rows) -> Generator[Rows, None, None]:
    """The rows; of a long file with a bar that moves on while they are read, where somebody looks."""
    content = rows.content if isinstance(rows, LineRows) else None
    span = Span(content, 0, content.size) if isinstance(content, FileOnDisk) else content
    if not isinstance(rows, LineRows) or not isinstance(span, Span) or span.end - span.start < _LONG:
        yield rows
        return
    from ...display import Progress

    with Progress("validating (MB)", (span.end - span.start) // 1_000_000) as bar:

        def moved(done: int) -> None:
            bar.update(done // 1_000_000)

        yield LineRows(replace(span, watch=moved), rows.fact)


def _foreign(rows: Rows) -> Fault | None:
    """What is to be said of a whole file that is no JSONL."""
    content = rows.content if isinstance(rows, LineRows) else None
    if content is None or (isinstance(content, Span) and content.start):
        return None
    return foreign(content)


class Pass:
    """The state of one pass over some rows, or over a part of a file.

    Attributes:
        found: what was found so far.
        rows: rows seen, broken ones included.
        lines: the number of the last line read.
        repeats: what the rows have in common; empty when no rule asks for it.
        checks: the checkers of the whole, each with its code.
    """

    def __init__(
        self, rules: Sequence[Rule], always: Sequence[Rule], settings: Settings, keep: int, *, fast: bool
    ) -> None:
        self.found = Found(rules, keep)
        self.rows, self.lines = 0, 0
        self.repeats = Repeats.of(settings)
        self.checks: list[tuple[str, FileCheck]] = [
            (rule.code, rule.file(settings)) for rule in rules if rule.file
        ]
        self._always = always
        self._full = [*(rule for rule in rules if rule.row and rule not in always), *always]
        self._checks = RowChecks(self._full)
        self._fast = fast
        # No plain row below the second number has more messages than the rules look at.
        self._longest = min(settings.limits["message-characters"], MOST * 30)
        self._tools = ToolRows(self._full)
        self._comparing = any(isinstance(check, Compared) for _, check in self.checks)
        self._seers = [(code, check.see) for code, check in self.checks if not getattr(check, "blind", False)]
        # Limits so low that a name or a text in a small row could be too long, and rules that look into texts.
        low = settings.limits["tool-name-characters"] < LONGEST_NAME or self._longest < _SMALL
        self._shaped = fast and not always and not low
        self._known: dict[tuple[object, ...] | None, tuple[list[Fault], bool]] = {}
        self._broken = BrokenLines()
        self._crlf = False
        self._short: dict[bytes, int] = {}
        self._short_faults: dict[bytes, list[Fault]] = {}

    def read(self, rows: Rows, *, watched: bool = True) -> None:
        """Check all rows, and show how far it is where that takes long and somebody looks (unless not `watched`)."""
        for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
            fault = _foreign(part)
            if fault is not None:
                self.found.add(fault, part.leaves()[0].source, 1)
                continue
            with _watched(part) if watched else nullcontext(part) as seen:
                if self._fast and isinstance(seen, LineRows) and seen.fact is None:
                    notes = self._read_lines(seen)
                    if isinstance(part, LineRows):
                        part.notes = notes
                else:
                    self._read_any(seen)

    def _read_any(self, rows: Rows) -> None:
        for line in rows.scan():
            leaf, self.lines, _ = line
            self.found.name(leaf.source)
            self._line(line, self.repeats.start(leaf.source) + self.lines)

    def _read_lines(self, leaf: LineRows) -> bytes:
        """What `_read_any` does, with a short way for plain rows and for short lines that come again and again.

        Returns what is to be remembered of the lines (`LineRows.notes`).

        One loop on purpose: each of its lines runs once per row, and a call for one of them would cost more than it.
        """
        start, source = self.repeats.start(leaf.source), leaf.source
        short, longest = self._short, self._longest
        note = self.repeats.note_glanced if self._comparing else None
        more = bool(self._always or self._seers)
        flat_line = None if more else self._tools.flat_line
        number = others = 0
        notes = bytearray()
        noted = notes.append
        self.found.name(source)
        with opened(leaf.content) as handle:
            for number, raw in lines_of(handle):
                row: Any = None
                said: list[str] | Flat | None = None
                if _SHORT <= len(raw) <= longest and raw[-2] == _CLOSING_BRACE:
                    try:
                        if raw[-5] == _CLOSING_BRACE and flat_line is not None:  # where plain rows end a text
                            said = flat_line(raw)
                        if said is None:
                            row = from_json(
                                raw, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys"
                            )
                            said = plain_texts(row)
                    except ValueError:
                        said = None
                elif raw in short:
                    short[raw] += 1
                    others += 1
                    noted(0)
                    continue
                # The backslash and the byte are the first look of `shows`, which most rows need no more than.
                if said is None or ((_BACKSLASH in raw or _E2 in raw) and not shows(raw, longest, said)):
                    usable = self._line((leaf, number, whole_line(handle, raw)), start + number, row)
                    noted(USABLE if usable else 0)
                    others += 1
                    continue
                noted(len(said) >> 1 if row is not None and len(said) >> 1 < USABLE else USABLE)
                if note is not None:
                    note(said, start + number)
                if more and row is not None:
                    self._more(row, None, number, source)
        self.rows += number - others
        self.lines = number
        return bytes(notes)

    def _line(self, line: SourceLine, place: int, row: object = None) -> bool:
        """Check one physical line, which may have been parsed: does it hold a row that can be used?"""
        leaf, number, raw = line
        if raw is None:
            self.rows += 1
            self.found.add(TOO_LONG, leaf.source, number)
        elif raw.isspace():
            self._unusable(line, [_BLANK])
        else:
            self.rows += 1
            if not self._crlf and raw.endswith(b"\r\n"):
                self._crlf = True
                self.found.add(
                    Fault("line-end", "", "lines end with CR LF from here on"), leaf.source, number
                )
            parsed = cast("Row", row) if row.__class__ is dict else self._broken.parsed(raw, self.found)
            if not isinstance(parsed, Fault):
                return self._row(parsed, line, place)
            self._unusable(line, [parsed])
        return False

    def _unusable(self, line: SourceLine, faults: list[Fault]) -> None:
        """Note what is wrong with a line that goes no further, and remember it if it is short."""
        raw = line[2]
        self._add(faults, line)
        if raw is not None and len(raw) < _SHORT and len(self._short) < _SHAPES and self.found.full(faults):
            self._short[raw] = 0
            self._short_faults[raw] = faults

    def _row(self, row: Row, line: SourceLine, place: int) -> bool:
        """Check a row that could be parsed: can it be used?"""
        leaf, number, raw = line
        fact = leaf.take_fact(row, number)
        faults = self._fact_faults(fact, line)
        given = fact if isinstance(fact, str) else None
        flat = self._tools.flat(row, raw) if len(row) == 2 else None
        fine = flat is not None or plain_texts(row) is not None
        if fine and self._fast and raw is not None and shows(raw, self._longest):
            self._add(faults, line)
            self._more(row, given, number, leaf.source)
        elif not self._check(row, faults, line):
            return False
        else:
            self._see(row, given, number, leaf.source)
        if self._comparing:
            self.repeats.note(row, given, place, flat)
        return not isinstance(fact, Fault)

    def _check(self, row: Row, faults: list[Fault], line: SourceLine) -> bool:
        """Ask all rules, or remember what they said of rows of this shape: can the row be used?"""
        raw = line[2]
        shape = shape_of(row) if self._shaped and raw is not None and len(raw) <= _SMALL else None
        known = self._known.get(shape)
        if known is not None:
            self._add(faults, line)
            self.found.add_again(known[0], 1)
            return known[1]
        found = self._checks.faults(row)
        usable = structural_fault(row) is None
        if usable:
            self._add([*faults, *found], line)
        else:
            self._unusable(line, [*faults, *found])
        if shape is not None and len(self._known) < _SHAPES and self.found.full(found):
            self._known[shape] = found, usable
        return usable

    @staticmethod
    def _fact_faults(fact: str | Fault | None, line: SourceLine) -> list[Fault]:
        if isinstance(fact, Fault):
            return [fact]
        column = line[0].fact_column
        if fact is not None or column is None:
            return []
        return [Fault("fact-missing", column, "the row has no fact where one was expected")]

    def _add(self, faults: Iterable[Fault], line: SourceLine) -> None:
        for fault in faults:
            self.found.add(fault, line[0].source, line[1])

    def _more(self, row: Mapping[str, Any], fact: str | None, number: int, source: str | None) -> None:
        """What has to be asked of a row even if the other rules have nothing to say about it."""
        for rule in self._always:
            for path, said in rule.row(row) if rule.row else ():
                self.found.add(Fault(rule.code, path, said), source, number)
        self._see(row, fact, number, source)

    def _see(self, row: Mapping[str, Any], fact: str | None, number: int, source: str | None) -> None:
        for code, see in self._seers:
            said = see(row, fact, number, source)
            if said is not None:
                self.found.add(Fault(code, "", said), source, number)

    def count_short(self) -> None:
        """Count the short lines that came again after enough of their kind had been kept."""
        for raw, times in self._short.items():
            self.found.add_again(self._short_faults[raw], times)
            self.rows += 0 if raw.isspace() else times
        self._short.clear()

    def report(self, whole: str | None) -> ValidationReport:
        """Ask the checkers of the whole for their conclusions and put everything into order."""
        self.count_short()
        if self.found.foreign and (self.found.alone or not self.rows):
            return self.found.report(0)
        for code, check in self.checks:
            for spot in check.end(self.rows):
                source = whole if spot.line is None else spot.source
                self.found.add(Fault(code, spot.path, spot.message), source, spot.line)
        return self.found.report(self.rows)
