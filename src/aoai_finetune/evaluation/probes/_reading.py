"""A probe file, read with suspicion: every problem is kept with its place and its remedy, and raised once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from ...dataset import Finding, Severity, ValidationReport
from ...dataset.rows._json import BOM, parse_row
from ...errors import DatasetError
from ._probes import Probe
from ._rows import Problem, check_row
from ._twins import TWIN_HINT, prompt_key

__all__ = ["read_probes"]

_ROW_HINT: Final = 'Every line is one JSON object in UTF-8: {"fact": ..., "question": ..., "expected": ...}'
_SHOWN: Final = 20
"""So many problems are spelled out in one error; the others are counted."""


def read_probes(
    source: str | os.PathLike[str] | bytes | BinaryIO, own_graders: Collection[str]
) -> list[Probe]:
    """The probes of a file. See `ProbeSet.from_jsonl`."""
    name, data = _content(source)
    probes: list[Probe] = []
    findings: list[Finding] = []
    first: dict[object, int] = {}
    rows = list(_rows(data))
    for line, row in rows:
        problems = [row] if isinstance(row, Problem) else list(check_row(row, own_graders))
        if not isinstance(row, Problem) and not problems:
            probe = Probe.from_row(row, line=line)
            probes.append(probe)
            problems = _twin(first.setdefault(prompt_key(probe), line), line)
        findings += [_finding(problem, name, line) for problem in problems]
    if findings:
        raise _refusal(name, findings, len(rows))
    if not probes:
        raise DatasetError("holds no probes", source=name, hint=_ROW_HINT)
    return probes


def _content(source: str | os.PathLike[str] | bytes | BinaryIO) -> tuple[str | None, bytes]:
    """The name (None without one) and the whole content."""
    if isinstance(source, bytes):
        return None, source
    if isinstance(source, str | os.PathLike):
        return _file(source)
    name: Any = getattr(source, "name", None)
    data: Any = source.read()
    if not isinstance(data, bytes):
        raise DatasetError("a text file object cannot be read", hint='Open the file with mode "rb"')
    return (name if isinstance(name, str) else None), data


def _file(path: str | os.PathLike[str]) -> tuple[str, bytes]:
    try:
        return os.fspath(path), Path(path).read_bytes()
    except OSError as why:
        raise DatasetError(
            f"cannot be read ({why.strerror or type(why).__name__})",
            source=os.fspath(path),
            hint="Check the path",
        ) from None


def _rows(data: bytes) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """Each line that is not blank with its number: the row, or what keeps it from being one."""
    for number, raw in enumerate(data.removeprefix(BOM).split(b"\n"), start=1):
        if raw.strip():
            row = parse_row(raw)
            yield (
                number,
                row if isinstance(row, dict) else Problem(row.path, row.message, row.hint or _ROW_HINT),
            )


def _twin(first: int, line: int) -> list[Problem]:
    if first == line:
        return []
    return [Problem("", f"asks the same as line {first}", TWIN_HINT)]


def _finding(problem: Problem, source: str | None, line: int) -> Finding:
    part = problem.path.partition("[")[0].partition(".")[0] or "row"
    return Finding(
        code=f"probe-{part}",
        severity=Severity.ERROR,
        message=problem.message,
        hint=problem.hint,
        line=line,
        path=problem.path,
        source=source,
    )


def _refusal(name: str | None, findings: Sequence[Finding], rows: int) -> DatasetError:
    report = ValidationReport(
        findings=tuple(findings),
        examples=rows,
        counts=Counter(finding.code for finding in findings),
        severities={finding.code: finding.severity for finding in findings},
    )
    first = findings[0]
    if len(findings) == 1:
        return DatasetError(
            first.message, source=name, line=first.line, path=first.path, hint=first.hint, report=report
        )
    told = [f"- {_told(finding)}" for finding in findings[:_SHOWN]]
    more = [f"- and {len(findings) - _SHOWN} more"] if len(findings) > _SHOWN else []
    lines = [f"{len(findings)} problems in the probes", *told, *more]
    return DatasetError("\n".join(lines), source=name, report=report)


def _told(finding: Finding) -> str:
    path = f", {finding.path}" if finding.path else ""
    return f"line {finding.line}{path}: {finding.message}. {finding.hint}"
