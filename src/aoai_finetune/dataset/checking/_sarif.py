"""A report as SARIF 2.1.0, with what GitHub code scanning asks for.

Source: OASIS SARIF 2.1.0, 2020-03; GitHub, "SARIF support for code scanning", 2026-10: every rule needs its id,
descriptions and help, every result a message and a location; at most 25,000 results in a run.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ..checks._rule import Rule
from ..rows._findings import Finding, Severity
from ._report import ValidationReport

__all__ = ["report_to_sarif"]

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
_PROBLEM: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "recommendation",
}
_MOST_RESULTS: Final = 25_000
_NO_FILE: Final = "rows-in-memory"


def report_to_sarif(report: ValidationReport, rules: Iterable[Rule], root: str | os.PathLike[str]) -> str:
    """The report as one run. `rules` describe the codes; files below `root` get paths relative to it."""
    known = {rule.code: rule for rule in rules}
    codes = sorted(report.counts)
    first = {finding.code: finding for finding in reversed(report.findings)}
    numbers = {code: number for number, code in enumerate(codes)}
    # Errors first, so that a file with more findings than GitHub takes loses the least important ones.
    order = sorted(report.findings, key=lambda finding: list(Severity).index(finding.severity))
    results = [_result(finding, numbers[finding.code], root) for finding in order[:_MOST_RESULTS]]
    run = {
        "tool": {
            "driver": _driver([_rule(code, report, known.get(code), first.get(code)) for code in codes])
        },
        "automationDetails": {"id": "aoai-finetune/dataset/"},
        "invocations": [{"executionSuccessful": True}],
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the checkout"}}},
        "results": results,
        "properties": {"examples": report.examples, "counts": dict(report.counts), "kept": len(results)},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


def _driver(rules: list[dict[str, Any]]) -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("aoai-finetune")
    except PackageNotFoundError:  # used from a checkout that is not installed
        found = "0"
    return {"name": "aoai-finetune", "version": found, "rules": rules}


def _rule(code: str, report: ValidationReport, rule: Rule | None, found: Finding | None) -> dict[str, Any]:
    severity = report.severities[code]
    summary = rule.summary if rule else code.replace("-", " ")
    remedy = (rule.hint if rule else found.hint if found else "") or "Look at the row"
    source = f"Source: {rule.source}" if rule and rule.source else ""
    return {
        "id": code,
        "name": "".join(part.capitalize() for part in code.split("-")),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": f"{summary}. {source}".rstrip()},
        "help": {
            "text": "\n".join(filter(None, [f"{remedy}.", source])),
            "markdown": "\n\n".join(filter(None, [f"**{summary}.** {remedy}.", source])),
        },
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {
            "problem.severity": _PROBLEM[severity],
            "precision": "high" if severity is Severity.ERROR else "medium",
            "tags": ["dataset", "fine-tuning"],
        },
    }


def _result(finding: Finding, number: int, root: str | os.PathLike[str]) -> dict[str, Any]:
    # Code scanning asks for a line; the first stands for what is about the whole file, and `scope` says so.
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": _artifact(finding.source, root),
            "region": {"startLine": max(1, finding.line or 1)},
        }
    }
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path, "kind": "member"}]
    where = f"{finding.path}: " if finding.path else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{where}{finding.message}{f'. {finding.hint}' if finding.hint else ''}"},
        "locations": [location],
        "partialFingerprints": {"findingHash/v1": _fingerprint(finding, location)},
    }
    said = {"fix": finding.fix, "scope": "file" if finding.line is None else ""}
    properties = {name: value for name, value in said.items() if value}
    return result | ({"properties": properties} if properties else {})


def _artifact(source: str | None, root: str | os.PathLike[str]) -> dict[str, str]:
    if source is None:
        return {"uri": _NO_FILE}
    base, path = Path(root).absolute(), Path(source)
    # Not resolved: a link inside the checkout is a file of the checkout, wherever it leads.
    inside = Path(os.path.normpath(path if path.is_absolute() else Path.cwd() / path))
    if inside.is_relative_to(base):
        return {"uri": quote(inside.relative_to(base).as_posix()), "uriBaseId": "%SRCROOT%"}
    return {"uri": inside.as_uri()}


def _fingerprint(finding: Finding, location: Mapping[str, Any]) -> str:
    uri = location["physicalLocation"]["artifactLocation"]["uri"]
    place = "\0".join([finding.code, uri, str(finding.line), finding.path, finding.message])
    return hashlib.sha256(place.encode()).hexdigest()[:32]
