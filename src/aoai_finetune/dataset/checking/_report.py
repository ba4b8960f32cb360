"""What validation found, as an object that can be asked, printed and raised."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload

from typing_extensions import override

from ...errors import DatasetError
from ..rows._arguments import of_kind
from ..rows._findings import Finding, Severity, path_parts

if TYPE_CHECKING:
    from ..rules._azure import AzureRules

__all__ = ["ValidationReport", "shared_hint"]

_SHOWN = 3


def shared_hint(findings: Iterable[Finding]) -> str:
    """What all of some findings advise; empty where they do not say the same."""
    hints = {finding.hint for finding in findings}
    return hints.pop() if len(hints) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """Everything validation has to say about some rows.

    Attributes:
        findings: ordered by file, line, code and path; findings about a whole file come first. At most `keep`
            of `AzureRules` per code; `counts` knows how many there were.
        examples: rows checked, broken ones included, blank lines not.
        counts: findings per code, including those that were not kept.
        severities: the severity of each code in `counts`.
    """

    findings: tuple[Finding, ...]
    examples: int
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    severities: Mapping[str, Severity] = field(default_factory=dict[str, Severity])

    @property
    def ok(self) -> bool:
        """No finding of severity error: the service takes the file."""
        return not self.count(Severity.ERROR)

    def count(self, severity: Severity) -> int:
        """How many findings of this severity there were, including those that were not kept."""
        if severity not in list(Severity):
            raise DatasetError("there is no such severity", hint=f"Use one of {', '.join(Severity)}")
        return sum(number for code, number in self.counts.items() if self.severities[code] == severity)

    def errors(self) -> list[dict[str, Any]]:
        """The findings of severity error, shaped like pydantic's: `type`, `loc`, `msg`, and `line`, `source`, `hint`."""
        return [
            {
                "type": finding.code,
                "loc": path_parts(finding.path),
                "msg": finding.message,
                "line": finding.line,
                "source": finding.source,
                "hint": finding.hint,
            }
            for finding in self.findings
            if finding.severity is Severity.ERROR
        ]

    def raise_for_errors(self) -> Self:
        """The report itself when it is ok; otherwise DatasetError with the first error and the whole report."""
        if self.ok:
            return self
        first = next(finding for finding in self.findings if finding.severity is Severity.ERROR)
        more = self.count(Severity.ERROR) - 1
        raise DatasetError(
            first.message + (f" (and {more} more error{'s' * (more > 1)})" if more else ""),
            source=first.source,
            line=first.line,
            path=first.path,
            hint=first.hint,
            report=self,
        )

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __bool__(self) -> bool:
        return True

    @property
    def summary(self) -> str:
        """One line: rows, errors, warnings."""
        parts = [f"{self.examples:,} example{'s' * (self.examples != 1)}"]
        for severity in Severity:
            number = self.count(severity)
            word = severity.value + "s" * (number != 1 and severity is not Severity.INFO)
            parts += [f"{number:,} {word}"] if number or severity is not Severity.INFO else []
        return ", ".join(parts)

    @override
    def __str__(self) -> str:
        lines = [self.summary]
        for severity in Severity:
            for code in sorted(code for code in self.counts if self.severities[code] is severity):
                lines += self._group(code)
        return "\n".join(lines)

    def _group(self, code: str) -> list[str]:
        found = [finding for finding in self.findings if finding.code == code]
        hint = shared_hint(found)
        lines = [f"{self.severities[code]} {code} ({self.counts[code]:,}){f'; {hint}' if hint else ''}"]
        for finding in found[:_SHOWN]:
            own = f" ({finding.hint})" if finding.hint and not hint else ""
            lines.append(f"  {finding.where or 'file'}: {finding.message}{own}")
        rest = self.counts[code] - min(_SHOWN, len(found))
        return [*lines, f"  and {rest:,} more"] if rest else lines

    @overload
    def to_text(self, path: None = None) -> str: ...
    @overload
    def to_text(self, path: str | os.PathLike[str]) -> Path: ...
    def to_text(self, path: str | os.PathLike[str] | None = None) -> str | Path:
        """The summary, and every finding kept as `file:line: severity code: ...`, for editors and logs.

        Without the line where a finding is about the whole file, without the file for rows that never were in one.
        Like the other exports it is returned, or written whole to a path, which is returned then (DatasetError when
        that fails); and like them it holds no text of any row.
        """
        from ._exports import report_text, save

        return save(report_text(self), path)

    @overload
    def to_json(self, path: None = None) -> str: ...
    @overload
    def to_json(self, path: str | os.PathLike[str]) -> Path: ...
    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | Path:
        """The whole report as JSON, stable within its `version`: keys are added, never changed."""
        from ._exports import report_to_json, save

        return save(report_to_json(self), path)

    @classmethod
    def from_json(cls, text: str | bytes | os.PathLike[str]) -> ValidationReport:
        """The report that `to_json` returned, or wrote to a path: `from_json(report.to_json(...))` is the report.

        Raises DatasetError for anything else, and for another version.

        Args:
            text: the JSON, or a `pathlib.Path` of a file of it (the name of a file alone is taken for the JSON).
        """
        from ._exports import report_from_json

        return report_from_json(text)

    @overload
    def to_sarif(
        self, path: None = None, *, rules: AzureRules | None = None, root: str | os.PathLike[str] = "."
    ) -> str: ...
    @overload
    def to_sarif(
        self,
        path: str | os.PathLike[str],
        *,
        rules: AzureRules | None = None,
        root: str | os.PathLike[str] = ".",
    ) -> Path: ...
    def to_sarif(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        rules: AzureRules | None = None,
        root: str | os.PathLike[str] = ".",
    ) -> str | Path:
        """The report as SARIF 2.1.0, as GitHub code scanning and other viewers read it.

        Args:
            path: where to write it; without one the text is returned.
            rules: what was checked, so that rules of your own are described too.
            root: the root of the checkout; files below it get paths relative to it.
        """
        from ..rules._azure import AzureRules
        from ..rules._catalogue import all_rules
        from ._exports import save
        from ._sarif import report_to_sarif

        of_kind(rules, AzureRules | None, "rules", wanted="AzureRules")
        of_kind(root, str | os.PathLike, "root", wanted="the path of a folder")
        known = [*all_rules(), *(rules.describe() if rules else ())]
        return save(report_to_sarif(self, known, root), path)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained page with every finding kept. Raises DatasetError when that fails."""
        from ._exports import report_page

        return report_page(self, path)

    @override
    def __repr__(self) -> str:
        return f"<ValidationReport: {self.summary}>"

    def _repr_html_(self) -> str:
        from .._views import report_html

        return report_html(self)
