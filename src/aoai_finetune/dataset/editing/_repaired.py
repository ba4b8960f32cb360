"""What a repair did, as records that never hold text of a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ..rows._arguments import of_kind
from ..rows._findings import Finding, Severity
from ..rows._sources import Rows

if TYPE_CHECKING:
    from .._dataset import Dataset
    from ..rules._azure import AzureRules

__all__ = ["Fix", "Repaired", "Suggestion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One safe change that `Dataset.repair` made.

    Attributes:
        code: name of the fix, as in `Finding.fix`.
        was: what stood there, in words.
        now: what stands there instead, in words.
        line: 1-based line (row number for rows that never were in a file).
        path: JSON path inside the row; empty for the whole row.
        source: file name, None for rows that never were in a file.
        row: index of the row in the original dataset; None where the fix is not about one row.
    """

    code: str
    was: str
    now: str
    line: int | None = None
    path: str = ""
    source: str | None = None
    row: int | None = None

    @property
    def where(self) -> str:
        """The place in words, such as `facts.jsonl, line 3, messages[2].content`."""
        parts = [self.source or "", f"line {self.line}" if self.line is not None else "", self.path]
        return ", ".join(part for part in parts if part)

    @override
    def __str__(self) -> str:
        return f"{self.code}: {self.where}: {self.was} -> {self.now}"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that may need a change which only you can decide on.

    Attributes:
        finding: what is wrong, and where.
        text: what could be done about it.
    """

    finding: Finding
    text: str

    @override
    def __str__(self) -> str:
        said = self.finding.message
        ended = said if said.endswith("?") else f"{said}."
        return f"{self.finding.code}: {self.finding.where}: {ended} {self.text}"


_NOT_CONVERTED: Final = "It was not converted, because its roles, texts or keys leave open what is meant. Write `messages` yourself"
_TEXTS: Final = {
    "messages-missing": _NOT_CONVERTED,
    "json-truncated": "If a line feed stands inside the row, join it with the line after; else take the row out",
    "json-duplicate-key": "Take one of the two out; which one is meant cannot be told from the row",
    "last-message": "Take out what follows the last answer, or add the answer that is missing",
    "content-empty": "Take the message out, or the row, or write the text that is missing",
    "functions-older": "It was not converted, because a call and its answer do not match one to one",
    "duplicate-row": "The same row teaches two facts: give both the same fact, or take one out",
}


def _text(finding: Finding, hints: Mapping[str, str]) -> str:
    """What could be done: what a finding says that is nearer to the case than its rule, else what is said here."""
    near = finding.hint != hints.get(finding.code)
    return finding.hint if near else _TEXTS.get(finding.code, finding.hint)


@dataclass(frozen=True, kw_only=True, eq=False)
class Repaired:
    """What `Dataset.repair` made of a dataset.

    Attributes:
        dataset: the rows with every fix applied; equal to `original` when there was nothing to fix in any row.
        original: the rows as they were. Nothing on any disk was changed.
        fixes: what was changed, in the order of the rows.
    """

    dataset: Dataset = field(repr=False)
    original: Dataset = field(repr=False)
    fixes: tuple[Fix, ...] = field(repr=False)
    lines: Rows = field(repr=False)
    rules: AzureRules | None = field(default=None, repr=False)
    off: Collection[str] = field(default=(), repr=False)

    @cached_property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """What validation still finds in the repaired rows, with what could be done about it.

        Findings about the file as a whole need other data, not a repair, and are left to `validate`.
        """
        from ..rules._azure import AzureRules

        rules = self.rules or AzureRules()
        hints = {rule.code: rule.hint for rule in rules.describe()}
        report = self.dataset.validate(rules)
        return tuple(
            Suggestion(finding, _text(finding, hints))
            for finding in report.findings
            if finding.line is not None
            and (finding.fix or finding.severity is not Severity.INFO)
            and finding.fix not in self.off
        )

    @property
    def counts(self) -> dict[str, int]:
        """How many fixes of each name there are."""
        return dict(sorted(Counter(fix.code for fix in self.fixes).items()))

    def before(self, fix: Fix) -> bytes | None:
        """The line a fix is about as it was, row text included; None for fixes that are not about one row."""
        of_kind(fix, Fix, "fix", hint="Take one of repaired.fixes")
        if fix.row is None:
            return None
        leaf, place = self.lines.locate(fix.row)
        return next(leaf.pick((place,)))[2]

    @override
    def __str__(self) -> str:
        lines = [f"{len(self.fixes):,} fix{'es' * (len(self.fixes) != 1)}"]
        for code, number in self.counts.items():
            found = [fix for fix in self.fixes if fix.code == code]
            lines.append(f"{code} ({number:,})")
            lines += [f"  {fix.where}: {fix.was} -> {fix.now}" for fix in found[:3]]
            lines += [f"  and {number - 3:,} more"] if number > 3 else []
        return "\n".join(lines)

    @override
    def __repr__(self) -> str:
        return f"<Repaired: {len(self.fixes):,} fix{'es' * (len(self.fixes) != 1)}, {self.dataset!r}>"

    def _repr_html_(self) -> str:
        from .._views import repaired_html

        return repaired_html(self)
