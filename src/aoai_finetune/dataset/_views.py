"""How a dataset and a report look in a notebook, and the one place that shows rows, because it was asked to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ..display import Html, Tone, badge, banner, facts, fold, fragment, html_table, join, prose, table
from ..errors import DatasetError
from .checking._report import ValidationReport, shared_hint
from .rows._example import Example
from .rows._findings import Finding, Severity

if TYPE_CHECKING:
    from ._dataset import Dataset
    from .editing._repaired import Repaired

__all__ = [
    "dataset_html",
    "repaired_html",
    "report_banner",
    "report_findings",
    "report_html",
    "report_rules",
    "rows_html",
    "rows_text",
]

_TONES: Final[dict[Severity, Tone]] = {
    Severity.ERROR: "bad",
    Severity.WARNING: "unsure",
    Severity.INFO: "plain",
}
_CHECKED_AT_MOST: Final = 5_000
_FINDINGS_SHOWN: Final = 50
_COLUMNS: Final = ("line", "fact", "question", "answer")


def dataset_html(dataset: Dataset) -> str:
    """Counts and, unless the dataset is large, its findings. Nothing of any row."""
    try:
        size = len(dataset)
        report = dataset.validate() if size <= _CHECKED_AT_MOST else None
    except DatasetError as why:
        return fragment(prose(str(why)))
    pairs = [("examples", f"{size:,}"), ("read from", ", ".join(dataset.sources) or "memory")]
    if report is None:
        return fragment(join(facts(pairs), prose("Not checked yet: call validate().")))
    if report.ok:
        pairs.append(("facts", f"{len(dataset.facts):,}"))
        pairs.append(("fingerprint", dataset.fingerprint[:12]))
    return fragment(join(facts(pairs), _findings(report)))


def report_html(report: ValidationReport) -> str:
    """The summary and the findings as a table."""
    return fragment(_findings(report))


def _findings(report: ValidationReport) -> Html:
    verdict = badge("ok" if report.ok else "not ok", "good" if report.ok else "bad")
    head = prose(join(verdict, f" {report.summary}"))
    if not report.findings:
        return head
    shown = report.findings[:_FINDINGS_SHOWN]
    rest = sum(report.counts.values()) - len(shown)
    rows = [_finding(finding) for finding in shown]
    listed = html_table(("severity", "code", "where", "what", "what to do"), rows)
    return join(head, listed, prose(f"and {rest:,} more") if rest else "")


def report_banner(report: ValidationReport) -> Html:
    """The verdict in words."""
    if not report.ok:
        return banner("Not ready", f"{report.summary}. The service would refuse this.", "bad")
    tone: Tone = "unsure" if report.count(Severity.WARNING) else "good"
    return banner("Ready", f"{report.summary}.", tone)


def report_rules(report: ValidationReport) -> Html:
    """One line per rule that found something: how often, and what to do."""
    order = list(Severity)
    codes = sorted(report.counts, key=lambda code: (order.index(report.severities[code]), code))
    found = {code: [finding for finding in report.findings if finding.code == code] for code in codes}
    rows = [
        (_badge(report.severities[code]), code, f"{report.counts[code]:,}", shared_hint(found[code]))
        for code in codes
    ]
    return html_table(("severity", "code", "findings", "what to do"), rows, align="ll>l")


def report_findings(report: ValidationReport, severity: Severity) -> Html:
    """Every finding of this severity that was kept, and how many were not."""
    kept = [finding for finding in report.findings if finding.severity is severity]
    rows = [(finding.code, finding.where or "file", finding.message, finding.fix) for finding in kept]
    rest = report.count(severity) - len(kept)
    listed = html_table(("code", "where", "what", "fixed by repair()"), rows)
    return join(listed, prose(f"and {rest:,} more, which were counted and not kept") if rest else "")


def _badge(severity: Severity) -> Html:
    return badge(severity.value, _TONES[severity])


def _finding(finding: Finding) -> tuple[str, ...]:
    return _badge(finding.severity), finding.code, finding.where or "file", finding.message, finding.hint


def repaired_html(repaired: Repaired) -> str:
    """The fixes as a table."""
    shown = repaired.fixes[:_FINDINGS_SHOWN]
    head = prose(f"{len(repaired.fixes):,} fix{'es' * (len(repaired.fixes) != 1)}")
    if not shown:
        return fragment(head)
    listed = html_table(
        ("fix", "where", "was", "is"), [(fix.code, fix.where, fix.was, fix.now) for fix in shown]
    )
    rest = len(repaired.fixes) - len(shown)
    return fragment(join(head, listed, prose(f"and {rest:,} more") if rest else ""))


def rows_text(examples: Iterable[Example], width: int) -> str:
    """The rows as a table for a terminal, each text on one line of at most `width` columns."""
    cells = [[fold(cell, width) for cell in _cells(example)] for example in examples]
    return table(_COLUMNS, cells, align=">lll")


def rows_html(examples: Iterable[Example]) -> str:
    """The rows as an escaped table for a notebook."""
    return fragment(html_table(_COLUMNS, [_cells(example) for example in examples], align=">lll"))


def _cells(example: Example) -> tuple[str, str, str, str]:
    line = "" if example.line is None else str(example.line)
    return line, example.fact, example.question, example.answer
