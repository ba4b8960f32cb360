"""Azure in production, rehearsed against the emulator: two deployments, old against new, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aoai_finetune import MockBackend, ModelLineage

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "azure_production.py"


def rehearse(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script against the emulator, in a folder of its own."""
    command = [sys.executable, str(SCRIPT), "--emulator", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder, and what the first run in it said."""
    folder = tmp_path_factory.mktemp("production")
    return folder, rehearse(folder, "--report", "report.html")


def test_the_news_are_taught_judged_and_promoted(
    first_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    """The exit code says promoted, and the page with both models' answers is there."""
    folder, done = first_run
    assert (done.returncode, "PROMOTE" in done.stdout) == (0, True), done.stderr
    assert (folder / "report.html").exists()


def test_the_price_of_serving_is_said_and_nothing_stays_deployed(
    first_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    """Two deployments for as long as the comparison takes."""
    folder, done = first_run
    assert "2 developer deployments" in done.stderr
    with MockBackend(folder / "assistant.db.emulator") as resource:
        assert list(resource.list_deployments()) == []


def test_a_second_run_buys_nothing(first_run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The champion knows the rows already; there are the two versions of the first run."""
    folder, _ = first_run
    assert "nothing to do" in rehearse(folder).stdout
    with ModelLineage(folder / "assistant.db") as lineage:
        assert len(lineage.versions) == 2


def test_a_budget_that_is_too_small_stops_before_anything_is_bought(tmp_path: Path) -> None:
    """The exit code of a run that was not finished, one line, and no job."""
    done = rehearse(tmp_path, "--budget", "0.001")
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    with MockBackend(tmp_path / "assistant.db.emulator") as resource:
        assert list(resource.list_jobs()) == []
