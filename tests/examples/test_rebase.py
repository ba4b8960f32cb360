"""The rebase, run as it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "rebase.py"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script in a folder of its own."""
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_the_champion_moves_to_another_base(tmp_path: Path) -> None:
    """The retirement date is told, the new version is promoted, and nothing is left in the folder."""
    done = run(tmp_path)
    assert (done.returncode, "retires 2027-10-01" in done.stdout) == (0, True), done.stderr
    assert "PROMOTE" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_base_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """Before anything is bought."""
    done = run(tmp_path, "--to", "gpt-4.1-mimi")
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
