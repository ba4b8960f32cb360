"""One pass over rows: read, check alone, feed the checkers of the whole, collect what they say."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Final, TypeAlias, cast

from jiter import from_json

from ..rows._files import FileOnDisk, Span, lines_of, opened, whole_line
from ..rows._findings import Fault
from ..rows._json import parse_row
from ..rows._sources import ChainRows, LineRows, Rows, SourceLine
from ..rules._meaning import structural_fault
from ..rules._messages import MOST
from ..rules._plain import plain_texts, shows
from ..rules._repeats import Compared, Repeats
from ..rules._row_checks import RowChecks
from ..rules._rules import FileCheck, Rule, Settings
from ..rules._tool_rows import ToolRows
from ._found import Found
from ._reading import TOO_LONG
from ._report import ValidationReport

__all__ = ["Pass"]

Row: TypeAlias = dict[str, Any]

_SHORT: Final = 64
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
        self._crlf = False
        self._short: dict[bytes, int] = {}
        self._short_faults: dict[bytes, list[Fault]] = {}

    def read(self, rows: Rows, *, watched: bool = True) -> None:
        """Check all rows, and show how far it is where that takes long and somebody looks (unless not `watched`)."""
        for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
            with _watched(part) if watched else nullcontext(part) as seen:
                if self._fast and isinstance(seen, LineRows) and seen.fact is None:
                    self._read_lines(seen)
                else:
                    self._read_any(seen)

    def _read_any(self, rows: Rows) -> None:
        for line in rows.scan():
            self.lines = line[1]
            self._line(line, self.repeats.start(line[0].source) + line[1])

    def _read_lines(self, leaf: LineRows) -> None:
        """What `_read_any` does, with a short way for plain rows and for short lines that come again and again."""
        start, source = self.repeats.start(leaf.source), leaf.source
        short, longest = self._short, self._longest
        note = self.repeats.note_plain if self._comparing else None
        more = bool(self._always or self._seers)
        plain = number = 0
        with opened(leaf.content) as handle:
            for number, raw in lines_of(handle):
                size = len(raw)
                if size < _SHORT and raw in short:
                    short[raw] += 1
                    continue
                try:
                    row = from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
                except ValueError:
                    row = texts = None
                else:
                    texts = plain_texts(row)
                # The second line is the first look of `shows`, which most rows need no more than.
                seen = texts is not None and raw[-2] == _CLOSING_BRACE and size <= longest
                if not seen or ((_BACKSLASH in raw or _E2 in raw) and not shows(raw, longest, texts)):
                    self._line((leaf, number, whole_line(handle, raw)), start + number, row)
                    continue
                plain += 1
                if note is not None and texts is not None:
                    for code, said in note(texts, start + number):
                        self.found.add(Fault(code, "", said), source, number)
                if more and row is not None:
                    self._more(row, None, number, source)
        self.rows += plain
        self.lines = number

    def _line(self, line: SourceLine, place: int, row: object = None) -> None:
        """Check one physical line, which may have been parsed."""
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
            parsed = cast("Row", row) if row.__class__ is dict else parse_row(raw)
            if isinstance(parsed, Fault):
                self._unusable(line, [parsed])
            else:
                self._row(parsed, line, place)

    def _unusable(self, line: SourceLine, faults: list[Fault]) -> None:
        """Note what is wrong with a line that goes no further, and remember it if it is short."""
        raw = line[2]
        self._add(faults, line)
        if raw is not None and len(raw) < _SHORT and self.found.full(faults):
            self._short[raw] = 0
            self._short_faults[raw] = faults

    def _row(self, row: Row, line: SourceLine, place: int) -> None:
        """Check a row that could be parsed."""
        leaf, number, raw = line
        fact = leaf.take_fact(row, number)
        faults = self._fact_faults(fact, line)
        given = fact if isinstance(fact, str) else None
        flat = self._tools.flat(row, raw) if len(row) == 2 else None
        fine = flat is not None or plain_texts(row) is not None
        if not (fine and self._fast and raw is not None and shows(raw, self._longest)):
            faults += self._checks.faults(row)
            if structural_fault(row) is not None:
                self._unusable(line, faults)
                return
            self._add(faults, line)
            self._see(row, given, number, leaf.source)
        else:
            self._add(faults, line)
            self._more(row, given, number, leaf.source)
        if self._comparing:
            for code, said in self.repeats.note(row, given, place, flat):
                self.found.add(Fault(code, "", said), leaf.source, number)

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
        for code, check in self.checks:
            for spot in check.end(self.rows):
                source = whole if spot.line is None else spot.source
                self.found.add(Fault(code, spot.path, spot.message), source, spot.line)
        return self.found.report(self.rows)
