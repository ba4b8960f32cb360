"""One pass over rows: read, check alone, feed the checkers of the whole, collect what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from contextlib import nullcontext
from itertools import repeat
from typing import Any, Final, TypeAlias

from jiter import from_json

from ..checks._messages import MOST, CheckedRow, finite
from ..checks._private import quiet
from ..checks._rule import FileCheck, Rule, Settings, Spot
from ..reading._examples import TOO_LONG
from ..reading._foreign import foreign
from ..reading._watching import watched as watched_rows
from ..rows._files import Span, batches_of, opened
from ..rows._findings import Fault
from ..rows._json import code_of, parse_row
from ..rows._rewrite import USABLE
from ..rows._sources import ChainRows, LineRows, Rows, SourceLine
from ..shortcuts._glances import Glances
from ..shortcuts._plain import DIRECTIONS, hides, plain_texts, shows
from ..shortcuts._plain_methods import Texts
from ..shortcuts._shapes import LONGEST_NAME
from ..shortcuts._tool_rows import Said, ToolRows
from ..whole._compared import Compared
from ..whole._marks import settled
from ..whole._repeats_methods import repeats_of
from ._found import Found
from ._kinds import ALIKE, Kind, Kinds
from ._report import ValidationReport
from ._row_checks import RowChecks

__all__ = ["Pass"]

Row: TypeAlias = dict[str, Any]

_SHORT: Final = 64
_SMALL: Final = 2048
"""Bytes of a row up to which finding its shape takes less time than checking it may take."""
_GLANCED: Final = 1 << 15
"""Bytes of a line up to which it is looked at together with others; longer ones would take much memory."""
_MANY: Final = 2 * USABLE
_BLANK: Final = Fault("blank-line", "", "the line is blank")
_CLOSING_BRACE: Final = ord("}")
_BACKSLASH: Final = ord("\\")
_QUOTE: Final = ord('"')
_M: Final = ord("m")


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
        self,
        rules: Sequence[Rule],
        always: Sequence[Rule],
        settings: Settings,
        keep: int,
        *,
        texts: Texts,
        shaped: bool,
    ) -> None:
        self.found = Found(rules, keep)
        self.rows, self.lines = 0, 0
        self.repeats = repeats_of(settings)
        self.checks: list[tuple[str, FileCheck]] = [
            (rule.code, rule.file(settings)) for rule in rules if rule.file
        ]
        self._always = always
        self._checks = RowChecks([rule for rule in rules if rule not in always])
        self._looks = RowChecks(always)
        self._texts = texts
        self._supervised = texts is plain_texts
        # No plain row below the second number has more messages than the rules look at.
        self._longest = min(settings.limits["message-characters"], MOST * 30)
        self._tools = ToolRows([*rules, *always])
        self._comparing = any(isinstance(check, Compared) for _, check in self.checks)
        self._glances = Glances(self._tools, texts=self._comparing)
        self._seers = [(code, check.see) for code, check in self.checks if not getattr(check, "blind", False)]
        # Limits so low that a name, a text or an image in a small row could be too long.
        low = settings.limits["tool-name-characters"] < LONGEST_NAME
        low = low or min(self._longest, settings.limits["image-bytes"]) < _SMALL
        self._small = _SMALL if shaped and not low else 0
        # Of rules of the user nobody knows what they look for.
        self._quick = shaped
        self._kinds = Kinds(self.found)
        self._crlf = False
        # What has to be asked of plain rows, too; who asks nothing more need not parse them.
        self._more = bool(self._always or self._seers)
        self._glancing = self._supervised and not self._more

    def read(self, rows: Rows, *, watched: bool = True) -> None:
        """Check all rows, and show how far it is where that takes long and somebody looks (unless not `watched`)."""
        for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
            fault = _foreign(part)
            if fault is not None:
                self.found.add(fault, part.leaves()[0].source, 1)
                continue
            bar = watched_rows(part, "validating", slow=self._more) if watched else nullcontext(part)
            with bar as seen:
                if isinstance(seen, LineRows) and seen.fact is None:
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

        Lines are gone through some at a time, so that those that are laid out alike can be looked at together.
        """
        start, notes = self.repeats.start(leaf.source), bytearray()
        self.lines = 0
        self.found.name(leaf.source)
        with opened(leaf.content) as handle:
            for batch in batches_of(handle):
                notes += self._known_lines(batch) or self._settled(batch, leaf, start)
                self.lines += len(batch)
        return bytes(notes)

    def _known_lines(self, batch: list[bytes]) -> bytes:
        """The notes of lines that are all the same known one; empty for others."""
        known = self._kinds.lines.get(batch[0])
        if known is None or batch.count(batch[0]) < len(batch):
            return b""
        known.times += len(batch)
        return bytes(len(batch))

    def _settled(self, batch: list[bytes], leaf: LineRows, start: int) -> bytearray:
        """Check some lines; what to note of each. The loop has no call per line of ours that it can do without."""
        saids: Iterable[Said | None] = self._glanced(batch) if self._glancing else repeat(None, len(batch))
        note = self.repeats.note_plain if self._comparing else None
        texts, longest, more, notes = self._texts, self._longest, self._more, bytearray()
        noted, place, others = notes.append, start + self.lines, 0
        for raw, glanced in zip(batch, saids, strict=True):
            said = glanced
            place += 1
            row = None
            if said is None and _SHORT <= len(raw) <= longest and raw[-2] == _CLOSING_BRACE:
                try:
                    found: Row = from_json(
                        raw, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys"
                    )
                except ValueError:
                    pass
                else:
                    row, said = found, texts(found)
                    # The backslash and the byte are a first look: most rows need no more than that.
                    if said and (_BACKSLASH in raw or DIRECTIONS in raw) and hides(said):
                        said = None
            if isinstance(said, list):
                noted(len(said) >> 1 if len(said) < _MANY else USABLE)
                if note is not None:
                    note(said, place)
                if more and row is not None:
                    self._see_more(row, (leaf, place - start, raw))
            else:
                others += 1
                noted(self._other((leaf, place - start, raw), row, said, place))
        self.rows += len(batch) - others
        return notes

    def _glanced(self, batch: list[bytes]) -> list[Said | None]:
        """What is known at a glance of lines that take longer to parse: not of messages alone in ASCII."""
        longest = min(self._longest, _GLANCED)
        return self._glances.said(
            [
                raw
                if _SHORT <= len(raw) <= longest
                and raw[-2] == _CLOSING_BRACE
                and (raw[-5] != _QUOTE or raw[2] != _M or not raw.isascii())
                else None
                for raw in batch
            ]
        )

    def _other(self, line: SourceLine, row: Row | None, said: Said | None, place: int) -> int:
        """Check a line that holds no plain row, sooner if it is small and of a known kind; what to note of it."""
        leaf, number, raw = line
        if said is not None:
            self.rows += 1
            if self._comparing:
                self.repeats.note_glanced(said, place)
            return USABLE
        if not raw:
            return USABLE if self._line((leaf, number, None), place) else 0
        if len(raw) < _SHORT and self._is_known(raw):
            return 0
        kind = None
        if len(raw) <= self._small:
            kind = self._kinds.met(raw, row)
            row = self._kinds.row or row
        if kind is None:
            return USABLE if self._line(line, place, row) else 0
        self.rows += 1
        if not (kind.full and kind.idle):
            return USABLE if self._known_row(kind, row or {}, None, line, place) else 0
        kind.times += 1
        if self._kinds.tries:
            self._kinds.keep_alike(raw, kind.faults)
        return 0

    def _is_known(self, raw: bytes) -> bool:
        """Count a short line that came before, or differs from such a one in digits that do not matter."""
        known = self._kinds.lines.get(raw) or self._kinds.alike.get(raw.translate(ALIKE))
        if known is not None:
            known.times += 1
        return known is not None

    def _line(self, line: SourceLine, place: int, row: Row | None = None) -> bool:
        """Check one physical line, which may have been parsed: does it hold a row that can be used?"""
        leaf, number, raw = line
        if raw is None or raw.isspace():
            return self._no_row(line)
        self.rows += 1
        if not self._crlf and raw.endswith(b"\r\n"):
            self._crlf = True
            self.found.add(Fault("line-end", "", "lines end with CR LF from here on"), leaf.source, number)
        if row is None:
            bare = raw.rstrip(b"\r\n")
            try:
                row = from_json(bare, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
            except ValueError as why:
                return self._broken(line, code_of(bare, str(why)))
        if row is None or row.__class__ is not dict:
            return self._broken(line, row.__class__)
        return self._object(row, line, place, len(raw))

    def _object(self, row: Row, line: SourceLine, place: int, size: int) -> bool:
        """Check a row that could be parsed, of so many bytes: can it be used?"""
        leaf, number, _ = line
        fact = leaf.take_fact(row, number)
        shape: object = None
        # Of plain rows only those with CR LF or a fact come here in numbers, and no rule has much to say about them.
        plain = self._crlf or fact is not None
        if size <= self._small and not (plain and self._texts(row)):
            shape = self._kinds.shape_of(row, size)
            if shape is not None and (fact.__class__ is Fault or leaf.fact_column is not None):
                shape = (fact.__class__, leaf.fact_column, shape)
            known = self._kinds.shapes.get(shape)
            if known is not None:
                return self._known_row(known, row, fact, line, place)
        return self._row(row, fact, shape, line, place)

    def _known_row(
        self, kind: Kind, row: Row, fact: str | Fault | None, line: SourceLine, place: int
    ) -> bool:
        """Count a row of a known kind, and do what is left to do."""
        if kind.full:
            kind.times += 1
        else:
            self._check_again(kind, row, fact, line)
        if kind.read:
            self._look(row, line)
        if kind.usable:
            said = self._texts(row) if kind.plain else None
            self._use(row, fact, line, place, said, in_order=kind.in_order)
        return kind.usable and fact.__class__ is not Fault

    def _no_row(self, line: SourceLine) -> bool:
        if line[2] is None:
            self.rows += 1
            self._add([TOO_LONG], line)
        else:
            self._add([_BLANK], line)
            self._keep_line(line, [_BLANK])
        return False

    def _broken(self, line: SourceLine, kind: object) -> bool:
        """A line that holds no object; its code, or the kind of value that it holds, is known."""
        known = self._kinds.shapes.get(kind)
        if known is not None:
            known.times += 1
            return False
        fault = parse_row(line[2] or b"")
        faults = [fault] if isinstance(fault, Fault) else []
        self._add(faults, line)
        self._keep_line(line, faults)
        if self.found.full(faults):
            self._kinds.keep_shape(kind, Kind(faults, full=True))
        return False

    def _row(self, row: Row, fact: str | Fault | None, shape: object, line: SourceLine, place: int) -> bool:
        """Ask all rules about a row, and remember what they say of its shape."""
        raw = line[2]
        faults = self._fact_faults(fact, line)
        said: Said | None = self._texts(row)
        plain = said is not None
        if said is None and len(row) == 2 and self._supervised:
            said = self._tools.flat(row, raw)
        if said is not None and raw is not None and shows(raw, self._longest):
            self._add(faults, line)
            self._look(row, line)
            self._use(row, fact, line, place, said)
            return not isinstance(fact, Fault)
        checked = CheckedRow(row)
        checked.finite = raw is not None and finite(raw)
        faults += self._checks.faults(checked)
        looked = self._looks.faults(checked)
        self._add([*faults, *looked], line)
        usable = self._checks.usable(checked, faults)
        if usable:
            self._use(row, fact, line, place, said)
        else:
            self._keep_line(line, [*faults, *looked])
        read, full = self._looks.ask(checked), self.found.full(faults)
        order = usable and shape is not None and settled(row)
        kind = Kind(faults, full=full, usable=usable, plain=plain, read=read, in_order=order)
        self._kinds.keep_shape(shape, kind)
        return usable and not isinstance(fact, Fault)

    def _check_again(self, kind: Kind, row: Row, fact: str | Fault | None, line: SourceLine) -> None:
        """Ask those rules about a row of a known kind of which findings are still kept; those of others are counted."""
        given = [fault for fault in self._fact_faults(fact, line) if fault[0] in kind.codes]
        self._add([*given, *self._checks.faults(row, kind.codes)], line)
        self.found.add_again(kind.closed, 1)
        kind.close(self.found)
        if kind.full and not kind.usable and not kind.read:
            self._keep_line(line, kind.faults)

    def _keep_line(self, line: SourceLine, faults: Sequence[Fault]) -> None:
        """Remember a line that holds no usable row, unless somebody named where its fact comes from."""
        leaf, _, raw = line
        if isinstance(leaf, LineRows) and leaf.fact is None:
            self._kinds.keep_line(raw, faults)

    def _use(
        self,
        row: Row,
        fact: str | Fault | None,
        line: SourceLine,
        place: int,
        said: Said | None,
        *,
        in_order: bool = False,
    ) -> None:
        """Let those see a usable row who compare it with others; `said` is what a glance told of it."""
        given = fact if isinstance(fact, str) else None
        if self._seers:
            self._see(row, given, line[1], line[0].source)
        if self._comparing and said is not None:
            self.repeats.note_glanced(said, place, given)
        elif self._comparing:
            self.repeats.note(row, given, place, in_order=in_order)

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

    def _see_more(self, row: Row, line: SourceLine) -> None:
        """What has to be asked of a plain row even if the other rules have nothing to say about it."""
        self._look(row, line)
        self._see(row, None, line[1], line[0].source)

    def _look(self, row: Row, line: SourceLine) -> None:
        """Look into the texts of a row, unless its bytes show that there is nothing to be found."""
        if self._always and not (self._quick and quiet(line[2] or b"")):
            self._add(self._looks.faults(row), line)

    def _see(self, row: Mapping[str, Any], fact: str | None, number: int, source: str | None) -> None:
        for code, see in self._seers:
            said = see(row, fact, number, source)
            if said is not None:
                self.found.add(Fault(code, "", said), source, number)

    def count_known(self) -> None:
        """Count the lines that came after enough of their kind had been kept."""
        self.rows += self._kinds.count()

    def report(self, whole: str | None) -> ValidationReport:
        """Ask the checkers of the whole for their conclusions and put everything into order."""
        self.count_known()
        if self.found.foreign and (self.found.alone or not self.rows):
            return self.found.report(0)
        for code, check in self.checks:
            self._conclude(code, check.end(self.rows), whole)
        return self.found.report(self.rows)

    def _conclude(self, code: str, spots: Iterable[Spot], whole: str | None) -> None:
        """Note what a checker says at the end; of what knows its own number, no more is made than is kept."""
        for number, spot in enumerate(spots, 1):
            source = whole if spot.line is None else spot.source
            fault = Fault(code, spot.path, spot.message)
            self.found.add(fault, source, spot.line)
            if isinstance(spots, Sized) and self.found.full([fault]):
                self.found.add_again([fault], len(spots) - number)
                return
