"""How fast rows are read and checked, beside the parser underneath and what others offer.

    make bench-dataset                      # 200,000 rows; minutes
    make bench-dataset ARGS="--quick"       # 20,000 rows, one round
    make bench-dataset ARGS="--size 512"    # also a file of 512 MB

Input is generated, seeded, and the same everywhere. All measurements of a round run one after the other, each in a
process of its own; what is printed are medians of CPU time (for several processes of wall time), peak memory, and
ratios. Ratios carry over to other machines, seconds do not. Peers that are not installed are skipped with a line:
`pip install --group bench` installs them.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from _dataset_rows import BROKEN, FORMS, near_duplicates, write_rows
from _dataset_tasks import TASKS, Missing


class Ratio(NamedTuple):
    """Two tasks whose cost is compared: CPU time, or the time on the wall where several processes share the work."""

    name: str
    above: str
    below: str
    goal: str = ""
    wall: bool = False

    def of(self, runs: dict[str, list[Run]]) -> str:
        """The median over the rounds beside the goal; which peer is missing where one is."""
        missing = [task for task in (self.above, self.below) if not runs.get(task)]
        if missing:
            return f"{'-':>7}   {self.goal:8}  not measured: no {missing[0]}"
        pairs = zip(runs[self.above], runs[self.below], strict=True)
        value = median(one[self.wall] / two[self.wall] for one, two in pairs)
        return f"{value:7.2f}   {self.goal:8}  {verdict(value, self.goal)}"


def verdict(value: float, goal: str) -> str:
    """Whether a value is within a goal such as `>= 1.5`."""
    sign, _, limit = goal.partition(" ")
    if not goal:
        return "no goal"
    return "reached" if (value <= float(limit) if sign == "<=" else value >= float(limit)) else "missed"


RATIOS = (
    Ratio("rows / jiter", "ours, rows", "jiter parse", "<= 1.45"),
    Ratio("together / rows", "together check", "ours, rows", ">= 1.5"),
    Ratio("file / jiter", "ours, file", "jiter parse", "<= 1.9"),
    Ratio("together / file", "together check", "ours, file", ">= 1.2"),
    Ratio("cookbook / file", "cookbook checks", "ours, file", ">= 2.5"),
    Ratio("msgspec / jiter", "msgspec decode", "jiter parse"),
    Ratio("file, 1 / 2 workers (wall)", "ours, file", "ours, file, 2 workers", ">= 1.9", wall=True),
    Ratio("  bare parse, 1 / 2 processes (wall)", "jiter parse", "jiter parse, 2 processes", wall=True),
)
PREPARED = (
    Ratio("stdlib pipeline / ours, level rows", "stdlib pipeline", "our pipeline, rows", ">= 1.6"),
    Ratio("strict stdlib pipeline / ours, level rows", "stdlib pipeline, strict", "our pipeline, rows"),
    Ratio("stdlib pipeline / ours, level file", "stdlib pipeline", "our pipeline, file"),
)
COUNTED = (
    Ratio("tiktoken loop / our tokens", "tiktoken loop", "our tokens", ">= 1.0"),
    Ratio("tokens, 1 / 2 workers (wall)", "our tokens", "our tokens, 2 workers", ">= 1.7", wall=True),
    Ratio("  bare loop, 1 / 2 processes (wall)", "tiktoken loop", "tiktoken loop, 2 processes", wall=True),
)
CHECKS = ("jiter parse", "msgspec decode", "together check", "cookbook checks", "ours, rows", "ours, file",
          "ours, file, 2 workers", "jiter parse, 2 processes")  # fmt: skip
PIPELINES = ("stdlib pipeline", "stdlib pipeline, strict", "our pipeline, rows", "our pipeline, file")
TOKENS = ("tiktoken loop", "our tokens", "our tokens, 2 workers", "tiktoken loop, 2 processes")
STATED = {"ours, rows": 16, "ours, file": 210}
"""Bytes per row that validation needs at its peak, at most."""


class Run(NamedTuple):
    """One measurement: seconds of CPU and of wall time, peak memory of the process in MB, and what it came to."""

    cpu: float
    wall: float
    peak: float
    result: object


def child(task: str, path: Path) -> int:
    """Run one task here and print what it took. Imports of the task are paid for before the clock starts."""
    run = TASKS[task]
    tiny = path.with_suffix(".tiny")
    with path.open("rb") as file:
        tiny.write_bytes(b"".join(file.readline() for _ in range(20)))
    cpu = wall = 0.0
    try:
        run(tiny)
        cpu, wall = time.process_time(), time.perf_counter()
        result = run(path)
    except Missing as missing:
        print(json.dumps({"missing": str(missing)}))
        return 0
    except Exception as why:  # noqa: BLE001 - a peer may stop at the first broken line: that is its result
        result = f"{type(why).__name__}"
    spent = time.process_time() - cpu, time.perf_counter() - wall
    print(json.dumps([*spent, peak(), result]))
    return 0


def peak() -> float:
    """The most memory this process has had, in MB. Where Linux tells it, without what the parent had when it forked."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(task: str, path: Path) -> Run | str:
    """One measurement in a fresh process, or the name of what is not installed."""
    command = [sys.executable, __file__, "--task", task, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["missing"] if isinstance(answer, dict) else Run(*answer)


def rounds(tasks: Sequence[str], path: Path, times: int) -> dict[str, list[Run]]:
    """Several rounds, each of all tasks in turn."""
    runs: dict[str, list[Run]] = {task: [] for task in tasks}
    for _ in range(times):
        for task in [task for task in tasks if task in runs]:
            run = measure(task, path)
            if isinstance(run, str):
                print(f"skipped: {task} ({run} is not installed)")
                del runs[task]
            else:
                runs[task].append(run)
    return runs


def show(title: str, runs: dict[str, list[Run]], rows: int, size: int) -> None:
    """The table of one file."""
    print(f"\n{title}: {rows:,} rows, {size / 1e6:,.1f} MB")
    print(f"  {'':26}{'cpu s':>9}{'wall s':>9}{'us/row':>9}{'peak MB':>9}  result")
    for task, each in runs.items():
        cpu, wall, peak = (median(run[at] for run in each) for at in (0, 1, 2))
        print(f"  {task:26}{cpu:9.3f}{wall:9.3f}{wall / rows * 1e6:9.2f}{peak:9.1f}  {each[-1].result}")


def ratios(runs: dict[str, list[Run]], wanted: Sequence[Ratio]) -> None:
    """Ratios of the table with their goals."""
    for ratio in wanted:
        print(f"  {ratio.name:44}{ratio.of(runs)}")


def forms(folder: Path, rows: int, times: int) -> None:
    """Rows of other forms, which the main file has none of."""
    for form, make in FORMS.items():
        path = folder / "form.jsonl"
        write_rows(path, rows=rows, tools=False, form=make)
        ours = f"ours, {form}" if f"ours, {form}" in TASKS else "ours, file"
        runs = rounds(("jiter parse", ours), path, times)
        show(f"texts alone, {form}", runs, rows, path.stat().st_size)
        ratios(runs, [Ratio(f"file / jiter, {form}", ours, "jiter parse")])


def near(folder: Path, rows: int) -> None:
    """How many of the generator's near duplicates level `deep` finds, and how many it finds that are none."""
    from aoai_finetune.dataset import AzureRules, Dataset

    path = folder / "near.jsonl"
    truth = {second for _, second in near_duplicates(path, rows=rows)}
    report = Dataset.from_jsonl(path).validate(AzureRules(keep=rows), level="deep")
    found = {finding.line for finding in report if finding.code == "near-duplicate" and finding.line}
    false = len(found - truth)
    recall = len(found & truth) / len(truth)
    print(f"\nnear duplicates in {rows:,} rows, {len(truth)} of them true")
    print(f"  {'recall':44}{recall:7.3f}   {'>= 0.95':8}  {verdict(recall, '>= 0.95')}")
    print(f"  {'false pairs':44}{false:7}   {'<= 0':8}  {verdict(false, '<= 0')}")


def main() -> int:
    """Read the options, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000, help="rows of the main file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=0, metavar="MB", help="also a file of so many megabytes")
    parser.add_argument("--quick", action="store_true", help="20,000 rows, one round")
    parser.add_argument("--task", nargs=2, metavar=("TASK", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        return child(options.task[0], Path(options.task[1]))
    rows, times = (20_000, 1) if options.quick else (options.rows, options.rounds)
    with tempfile.TemporaryDirectory() as name:
        report(Path(name), rows, times, options.size)
    return 0


def report(folder: Path, rows: int, times: int, size: int) -> None:
    """Measure and print everything."""
    small, clean, broken = folder / "small.jsonl", folder / "clean.jsonl", folder / "broken.jsonl"
    few = min(10_000, rows)
    write_rows(small, rows=few)
    write_rows(clean, rows=rows)
    write_rows(broken, rows=rows, broken=True)
    on_small = rounds((*CHECKS, "ours, deep"), small, times)
    show("small, clean", on_small, few, small.stat().st_size)
    ratios(on_small, (*RATIOS, Ratio("deep / jiter", "ours, deep", "jiter parse")))
    texts = folder / "texts.jsonl"
    write_rows(texts, rows=few, tools=False)
    on_texts = rounds(TOKENS, texts, times)
    show("texts alone, tokens", on_texts, few, texts.stat().st_size)
    ratios(on_texts, COUNTED)
    on_clean = rounds((*CHECKS, *PIPELINES), clean, times)
    show("clean", on_clean, rows, clean.stat().st_size)
    ratios(on_clean, (*RATIOS, *PREPARED))
    scaling(on_small, few, on_clean, rows)
    on_broken = rounds(CHECKS, broken, times)
    show(f"1 % broken in {len(BROKEN)} ways", on_broken, rows, broken.stat().st_size)
    forms(folder, min(50_000, rows), times)
    near(folder, few)
    if size:
        large = folder / "large.jsonl"
        count = write_rows(large, size=size * 1_000_000, broken=True)
        on_large = rounds(CHECKS, large, times)
        show("large, 1 % broken", on_large, count, large.stat().st_size)
        ratios(on_large, RATIOS)
        scaling(on_small, few, on_large, count)


def scaling(small: dict[str, list[Run]], few: int, large: dict[str, list[Run]], many: int) -> None:
    """Time and memory per row against the small file."""
    for task, stated in STATED.items():
        one, two = small[task], large[task]
        slower = median(run.cpu for run in two) / many * few / median(run.cpu for run in one)
        low, high = median(run.peak for run in one), median(run.peak for run in two)
        grown = (high - low) * 2**20 / (many - few) if many > few else 0
        apart = (high - stated * (many - few) / 2**20) / low
        print(
            f"  {f'{task}: time per row, against {few:,} rows':44}{slower:7.2f}   {'<= 1.25':8}  {verdict(slower, '<= 1.25')}"
        )
        print(
            f"  {f'{task}: bytes per row more at the peak':44}{grown:7.0f}   <= {stated:<5}  {verdict(grown, f'<= {stated}')}"
        )
        print(
            f"  {f'{task}: peak apart from {stated} bytes per row':44}{apart:7.2f}   {'<= 1.1':8}  {verdict(apart, '<= 1.1')}"
        )


if __name__ == "__main__":
    sys.exit(main())
