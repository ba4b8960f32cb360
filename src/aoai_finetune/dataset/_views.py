"""How a dataset and a report look in a notebook, and the one place that shows rows, because it was asked to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ..display import Html, Tone, badge, facts, fold, fragment, html_table, join, prose, table
from ..errors import DatasetError
from ._example import Example
from ._findings import Finding, Severity
from ._report import ValidationReport

if TYPE_CHECKING:
    from ._dataset import Dataset

__all__ = ["dataset_html", "report_html", "rows_html", "rows_text"]

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


def _finding(finding: Finding) -> tuple[str, ...]:
    tone = badge(finding.severity.value, _TONES[finding.severity])
    return tone, finding.code, finding.where or "file", finding.message, finding.hint


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
