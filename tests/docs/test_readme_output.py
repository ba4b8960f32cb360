"""The README shows what the quickstart prints: the same characters, from a run in an empty directory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOWN = re.compile(r"<!-- quickstart: begin -->\n```text\n(.*?)```\n<!-- quickstart: end -->", re.DOTALL)


def _print_quickstart(directory: Path) -> str:
    run = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "quickstart.py")],
        cwd=directory,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return run.stdout


def test_the_readme_shows_what_the_quickstart_prints(tmp_path: Path) -> None:
    """Nothing in it may depend on the day, the machine or the run.

    When the quickstart has changed: `.venv/bin/python examples/quickstart.py`, and copy its output between the markers.
    """
    shown = SHOWN.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown == [_without_trailing_space(_print_quickstart(tmp_path))]


def _without_trailing_space(text: str) -> str:
    """Spaces at the ends of lines, and blank lines at the end: nobody sees them, and editors remove them."""
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines()) + "\n"
