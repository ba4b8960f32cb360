"""Processes that are killed at any moment: whatever they were doing, one training and one version in the end."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from aoai_finetune import MockBackend, ModelLineage
from aoai_finetune.errors import OutcomeUnknown
from samples import BASE, facts

PROCESS = """
import sys
from samples import BASE, facts
from aoai_finetune import MockBackend, ModelLineage
print("ready", flush=True)
with ModelLineage(sys.argv[1], backend=MockBackend(sys.argv[2])) as lineage:
    lineage.fine_tune(BASE, facts()).wait(progress=False)
"""
MOMENTS = random.Random(20261122)


@pytest.mark.slow
@pytest.mark.parametrize("after", [round(MOMENTS.uniform(0.0, 0.25), 3) for _ in range(40)])
def test_a_killed_process_is_survived(tmp_path: Path, after: float) -> None:
    """SIGKILL `after` seconds into the work; then the same program again, to the end."""
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "l.db"), str(tmp_path / "mock")]
    worker = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1], env={"PYTHONPATH": "."}
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    try:
        worker.wait(timeout=after)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
    worker.stdout.close()

    backend = MockBackend(tmp_path / "mock")
    with ModelLineage(tmp_path / "l.db", backend=backend) as lineage:
        try:
            job = lineage.fine_tune(BASE, facts())
        except OutcomeUnknown:
            # Killed between "sending" and the request: it is given up only after the file is gone.
            backend.clock.sleep(4000)
            assert lineage.sync().lost
            job = lineage.fine_tune(BASE, facts())
        assert job.wait(progress=False).succeeded
        assert len(list(backend.list_jobs())) == 1
        assert len(lineage.versions) == 1
