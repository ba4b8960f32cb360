"""The totals of the matrix, printed at the end of a run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Cells, and what went wrong in them."""
    found: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            given: dict[str, Any] = dict(report.user_properties)
            if "fault" in given:
                found["cells"] += 1
                found.update({key: given.get(key, 0) for key in ("duplicates", "lost", "untyped")})
                found["failed"] += outcome == "failed"
    if found["cells"]:
        terminalreporter.write_line(
            f"fault matrix: {found['cells']} cells, {found['failed']} failed; duplicates {found['duplicates']},"
            f" lost jobs {found['lost']}, untyped exceptions {found['untyped']}"
        )
