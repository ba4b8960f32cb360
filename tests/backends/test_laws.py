"""What holds for a simulated resource whatever is done to it, and whenever it is killed."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aoai_finetune.backends import JobRequest, Limits, MockBackend, ScriptedEngine, Supervised
from aoai_finetune.errors import ServiceError

BASE = "gpt-4.1-mini-2025-04-14"
ORDER = {"pending": 0, "running": 1, "paused": 1, "succeeded": 2, "failed": 2, "cancelled": 2}
ROWS = b"".join(
    json.dumps(
        {"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": "a"}]}
    ).encode()
    + b"\n"
    for n in range(10)
)


class Resource(RuleBasedStateMachine):
    """Jobs are created, cancelled, paused and resumed while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.backend = MockBackend(engine=ScriptedEngine({}), limits=Limits(running=2, queued=3))
        self.made: list[str] = []
        self.seen: dict[str, str] = {}

    @rule()
    def create(self) -> None:
        """A new job, if the queue is not full."""
        file = self.backend.upload_file(io.BytesIO(ROWS), filename="rows.jsonl")
        self.backend.clock.sleep(5)
        with suppress(ServiceError):
            request = JobRequest(model=BASE, training_file=file.id, method=Supervised(n_epochs=1))
            self.made.append(self.backend.create_job(request).id)

    @precondition(lambda self: self.made)
    @rule(data=st.data(), operation=st.sampled_from(["cancel_job", "pause_job", "resume_job"]))
    def meddle(self, data: st.DataObject, operation: str) -> None:
        """Something is asked of a job that may not allow it."""
        with suppress(ServiceError):
            getattr(self.backend, operation)(data.draw(st.sampled_from(self.made)))

    @rule(seconds=st.sampled_from([0, 1, 30, 200]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.backend.clock.sleep(seconds)

    @invariant()
    def no_job_is_lost_or_doubled(self) -> None:
        """The list holds exactly what was created, newest first."""
        assert [job.id for job in self.backend.list_jobs()] == self.made[::-1]

    @invariant()
    def statuses_only_go_forward(self) -> None:
        """And only a job that succeeded has a model, a bill and a result file."""
        for job in self.backend.list_jobs():
            before = self.seen.setdefault(job.id, job.status)
            assert ORDER[job.status] >= ORDER[before]
            assert ORDER[before] < 2 or job.status == before
            self.seen[job.id] = job.status
            assert (job.fine_tuned_model is not None) == job.succeeded == bool(job.result_files)
            assert (job.trained_tokens is not None) == job.succeeded

    @invariant()
    def events_are_in_order(self) -> None:
        """Newest first, none from the future."""
        for made in self.made:
            times = [event.created_at for event in self.backend.list_events(made)]
            assert times == sorted(times, reverse=True)
            assert times[0] <= self.backend.clock.now()


TestResource = Resource.TestCase
TestResource.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


@pytest.mark.slow
@pytest.mark.parametrize("lines", range(1, 9))
def test_a_killed_process_leaves_a_sound_resource(tmp_path: Path, lines: int) -> None:
    """Killed anywhere: the file is intact, jobs that were reported are there, and time goes on."""
    code = """
import io, sys
from aoai_finetune.backends import JobRequest, MockBackend
backend = MockBackend(sys.argv[1])
while True:
    file = backend.upload_file(io.BytesIO(sys.argv[2].encode()), filename="r")
    backend.clock.sleep(10)
    print(backend.create_job(JobRequest(model="gpt-4.1-mini-2025-04-14", training_file=file.id)).id, flush=True)
    backend.clock.sleep(500)
"""
    command = [sys.executable, "-c", code, str(tmp_path), ROWS.decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        told: Any = running.stdout
        made = [told.readline().strip() for _ in range(lines)]
        running.kill()
    with sqlite3.connect(tmp_path / "resource.db") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()
    backend = MockBackend(tmp_path)
    backend.clock.sleep(10_000)
    assert set(made) <= {job.id for job in backend.list_jobs() if job.succeeded}
