"""Azure in production, rehearsed against the emulator: two deployments, old against new, and nothing left behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune import MockBackend, ModelLineage, ProbeSet

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "azure_production.py"
PROBES = SCRIPT.parent / "data" / "probes.jsonl"


def chat(question: str, answer: str) -> dict[str, Any]:
    """A row."""
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


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


def test_more_news_are_taught_by_another_run(
    tmp_path: Path, first_run: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    """The emulator listens on another port, and is the same resource."""
    folder = shutil.copytree(first_run[0], tmp_path / "again")
    rows = [
        chat(f"Who looks after site {number}?", f"Team {number} looks after site {number}.")
        for number in range(12)
    ]
    (folder / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = rehearse(folder, "--news", "more.jsonl")
    assert done.returncode in {0, 1, 2}, done.stderr
    with ModelLineage(folder / "assistant.db") as lineage:
        assert {version.resource.partition(":")[0] for version in lineage.versions} == {"emulator"}
        assert len(lineage.versions) == 3


def test_models_whose_answers_are_stored_are_not_served_again(
    first_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    """Asked for once, kept for good."""
    folder, _ = first_run
    with (
        MockBackend(folder / "assistant.db.emulator") as resource,
        ModelLineage(folder / "assistant.db", backend=resource) as lineage,
    ):
        first, second = lineage.versions[:2]
        assert lineage.unasked(first, second, ProbeSet.from_jsonl(PROBES)) == ()
        other = ProbeSet.from_examples([chat("Who?", "Nobody.")])
        assert lineage.unasked(first, second, other) == (first.model, second.model)
