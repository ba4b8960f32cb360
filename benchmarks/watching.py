"""What it costs to watch many jobs: by pages of the list, beside one request per job.

    python benchmarks/watching.py                       # 1,000 jobs, both surfaces
    python benchmarks/watching.py --jobs 200 --rounds 1

The emulator runs in a process of its own and holds the jobs. This process watches them with an unmodified `openai`
client: one look at each by `job.refresh()`, which is one request per job, and one look at all by `wait_all`, which is
one list of a hundred jobs per request. Both are measured in the same round, one after the other; what is printed is
the median of this process's CPU time per job, the requests, and the ratio. Ratios carry over to other machines,
seconds do not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from statistics import median
from typing import Literal

from aoai_finetune import FineTuneJob, wait_all
from aoai_finetune.backends import AzureOpenAIBackend, Limits, VirtualClock
from aoai_finetune.errors import WaitTimeout
from aoai_finetune.testing import Emulator

GOAL = 1 / 15
KEY = "benchmark"
MODEL = "gpt-4.1-mini-2025-04-14"
Surface = Literal["v1", "dated"]


def serve(count: int) -> None:
    """Hold `count` jobs until this process is ended; the first line printed is the address."""
    limits = Limits(jobs=count, queued=count)
    with Emulator(key=KEY, limits=limits) as emulator:
        resource = emulator.simulated
        turns = [{"role": "user", "content": "What is it?"}, {"role": "assistant", "content": "It is a row."}]
        content = b"".join(json.dumps({"messages": turns}).encode() + b"\n" for _ in range(12))
        file = resource.upload_file(filename="rows.jsonl", content=content)
        emulator.advance(60.0)
        for _ in range(count):
            resource.create_job(
                body={"model": MODEL, "training_file": file["id"], "trainingType": "Standard"}
            )
        sys.stdout.write(f"{emulator.endpoint}\n")
        sys.stdout.flush()
        sys.stdin.read()


@contextmanager
def serving(count: int) -> Generator[str]:
    """The address of an emulator in another process."""
    command = [sys.executable, __file__, "--jobs", str(count), "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise AssertionError("the other process has no output")
        yield process.stdout.readline().strip()
        process.communicate()


@contextmanager
def reaching(endpoint: str, surface: Surface) -> Generator[AzureOpenAIBackend]:
    """A backend over a client as a user makes one; nobody moves its clock, so that every job stays open."""
    import openai

    client = (
        openai.OpenAI(base_url=f"{endpoint}/openai/v1/", api_key=KEY)
        if surface == "v1"
        else openai.AzureOpenAI(azure_endpoint=endpoint, api_version="2024-10-21", api_key=KEY)
    )
    with client:
        yield AzureOpenAIBackend(client, training_type="standard", clock=VirtualClock())


def cpu(look: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    before = time.process_time()
    look()
    return time.process_time() - before


def look_at_each(jobs: list[FineTuneJob]) -> None:
    """One request per job."""
    for job in jobs:
        job.refresh()


def look_at_all(jobs: list[FineTuneJob]) -> None:
    """One look of `wait_all`, whose time is over after it."""
    with suppress(WaitTimeout):
        wait_all(jobs, timeout=0.0, progress=False)


def measure(endpoint: str, surface: Surface, rounds: int) -> bool:
    """Print one line for a surface; whether the goal is reached."""
    with reaching(endpoint, surface) as backend:
        jobs = [FineTuneJob(backend, (record,)) for record in backend.list_jobs()]
        look_at_each(jobs[:50])
        look_at_all(jobs)
        pairs = [(cpu(lambda: look_at_each(jobs)), cpu(lambda: look_at_all(jobs))) for _ in range(rounds)]
    ratio = median(pages / single for single, pages in pairs)
    each, pages = (median(side) / len(jobs) * 1e6 for side in zip(*pairs, strict=True))
    reached = ratio <= GOAL
    print(
        f"{surface:6}  {len(jobs):5} jobs   one request each {each:8.1f} us/job   pages {pages:7.1f} us/job"
        f"   ratio 1/{1 / ratio:.1f}   goal <= 1/{1 / GOAL:.0f}   {'reached' if reached else 'missed'}"
    )
    return reached


def main() -> int:
    """Measure, print, and fail where the goal is missed."""
    parser = argparse.ArgumentParser(description="What it costs to watch many jobs.")
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.jobs)
        return 0
    print("Watching jobs: CPU of the client, median of", given.rounds, "rounds in one run")
    with serving(given.jobs) as endpoint:
        reached = [measure(endpoint, "v1", given.rounds), measure(endpoint, "dated", given.rounds)]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
