"""A report as JSON, as a text and as a page. None of them holds text of a row, because no finding does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from ...errors import DatasetError
from ..rows._files import open_file
from ..rows._findings import Finding, Severity
from ..rows._shape import is_list, is_object
from ..rows._write import place_of, unwritten, write_lines
from ._report import ValidationReport

__all__ = ["FORMAT", "VERSION", "report_from_json", "report_page", "report_text", "report_to_json", "save"]

FORMAT: Final = "aoai_finetune validation report"
VERSION: Final = 1

_STORED: Final = tuple(field.name for field in fields(Finding))


def save(text: str, path: str | os.PathLike[str] | None) -> str | Path:
    """The text itself without a path; else the path of the file that holds it, written whole or not at all."""
    if path is None:
        return text
    return write_lines(path, [text.encode()])


def report_to_json(report: ValidationReport) -> str:
    """The report as a JSON object with a version; keys are only ever added within a version."""
    whole = {
        "format": FORMAT,
        "version": VERSION,
        "ok": report.ok,
        "examples": report.examples,
        "counts": dict(report.counts),
        "severities": {code: severity.value for code, severity in report.severities.items()},
        "findings": [_finding(finding) for finding in report.findings],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in _STORED} | {"fix": finding.fix}


def report_from_json(text: str | bytes | os.PathLike[str]) -> ValidationReport:
    """The report that `report_to_json` wrote. Raises DatasetError for anything else."""
    if isinstance(text, os.PathLike):
        text = _content(text)
    try:
        whole: object = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        whole = None
    if not is_object(whole) or whole.get("format") != FORMAT:
        raise DatasetError(
            "this is not a validation report",
            hint="Pass what report.to_json() returned, or the Path of such a file",
        )
    if whole.get("version") != VERSION:
        raise DatasetError(
            f"the report has version {whole.get('version')!r} of its format, and this library reads {VERSION}",
            hint="Read it with the release that wrote it, or validate again",
        )
    try:
        return _restored(whole)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        raise DatasetError("the validation report is damaged", hint="Validate again") from None


def _content(path: os.PathLike[str]) -> bytes:
    with open_file(os.fspath(path)) as handle:
        return handle.read()


def _restored(whole: Mapping[str, Any]) -> ValidationReport:
    severities = {str(code): Severity(name) for code, name in whole["severities"].items()}
    counts = {str(code): int(number) for code, number in whole["counts"].items()}
    if severities.keys() != counts.keys() or not is_list(whole["findings"]):
        raise ValueError("counts and severities name different rules")
    return ValidationReport(
        findings=tuple(_restored_finding(stored) for stored in whole["findings"]),
        examples=int(whole["examples"]),
        counts=counts,
        severities=severities,
    )


def _restored_finding(stored: Mapping[str, Any]) -> Finding:
    line, source = stored["line"], stored["source"]
    return Finding(
        code=str(stored["code"]),
        severity=Severity(stored["severity"]),
        message=str(stored["message"]),
        hint=str(stored["hint"]),
        line=None if line is None else int(line),
        path=str(stored["path"]),
        source=None if source is None else str(source),
    )


def report_text(report: ValidationReport) -> str:
    """The summary, then every finding kept on a line of its own in the shape editors and CI logs understand.

    What is about a whole file has no line there: none of its lines is wrong.
    """
    lines = [report.summary, *map(_line, report.findings)]
    rest = sum(report.counts.values()) - len(report.findings)
    return (
        "\n".join([*lines, f"and {rest:,} more, which were counted and not kept"] if rest else lines) + "\n"
    )


def _line(finding: Finding) -> str:
    place = (finding.source or "rows") + ("" if finding.line is None else f":{finding.line}")
    path = f" {finding.path}:" if finding.path else ""
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{place}: {finding.severity} {finding.code}:{path} {finding.message}{hint}"


def report_page(report: ValidationReport, path: str | os.PathLike[str]) -> Path:
    """One self-contained page: the verdict, the rules that found something, and every finding kept."""
    from ...display import Page, Section
    from .._views import report_banner, report_findings, report_rules

    sections = [Section("", report_banner(report))]
    if report.findings:
        sections.append(Section("Rules", report_rules(report), "rules"))
        sections += [
            Section(
                severity.value.capitalize() + _plural(severity), report_findings(report, severity), severity
            )
            for severity in Severity
            if report.count(severity)
        ]
    sources = _sources(report.findings)
    place = place_of(path)
    try:
        return Page("Validation report", sections, subtitle=sources).write(place)
    except OSError as why:
        raise unwritten(place, why) from None


def _plural(severity: Severity) -> str:
    return "rmation" if severity is Severity.INFO else "s"


def _sources(findings: Iterable[Finding]) -> str:
    return ", ".join(dict.fromkeys(finding.source for finding in findings if finding.source))
