"""A rebase before a base model retires: everything learned, onto another base, compared and promoted.

    python examples/rebase.py                                   # offline: builds a small chain first
    python examples/rebase.py --lineage assistant.db --mock mock --to gpt-4.1-mini-2025-04-14

It asks the service when the champion's base retires, prints what moving would cost, moves it, and lets the new version
take over only if it answers what the old one answered. Exit codes: 0 moved, 1 not good enough, 3 not finished.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from aoai_finetune import (
    Dataset,
    FineTuneError,
    Gate,
    MockBackend,
    ModelLineage,
    ProbeSet,
    Replay,
    Verdict,
)

DATA = Path(__file__).parent / "data"
OLD_BASE, NEW_BASE = "gpt-4o-mini-2024-07-18", "gpt-4.1-mini-2025-04-14"


def main(argv: list[str] | None = None) -> int:
    """Move the champion and return an exit code."""
    options = parse(argv)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            # Your own: AzureOpenAIBackend.from_env(training_type=...), and lineage.deployed(...) around compare.
            backend = MockBackend(options.mock or folder / "mock")
            with ModelLineage(options.lineage or folder / "assistant.db", backend=backend) as lineage:
                if options.lineage is None:
                    build_chain(lineage)
                moved = move(lineage, backend, options.to, ProbeSet.from_jsonl(options.probes))
            backend.close()
    except (FineTuneError, OSError, ValueError) as trouble:
        print(f"{type(trouble).__name__}: {trouble}", file=sys.stderr)
        return 3
    return 0 if moved else 1


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Move everything the champion knows to another base model.")
    parser.add_argument("--lineage", help="the lineage file (default: a small chain made for the occasion)")
    parser.add_argument("--mock", metavar="FOLDER", help="folder of the MockBackend")
    parser.add_argument("--to", metavar="MODEL", default=NEW_BASE, help="default: %(default)s")
    parser.add_argument("--probes", metavar="FILE", default=str(DATA / "probes.jsonl"))
    return parser.parse_args(argv)


def build_chain(lineage: ModelLineage) -> None:
    """Two steps on the old base."""
    facts, news = (Dataset.from_jsonl(DATA / name) for name in ("company_facts.jsonl", "new_product.jsonl"))
    first = lineage.fine_tune(OLD_BASE, facts, suffix="facts").wait(progress=False)
    second = lineage.continue_from(first, news, strategy=Replay(fraction=0.25), suffix="news")
    lineage.promote(second.wait(progress=False))


def move(lineage: ModelLineage, backend: MockBackend, base: str, probes: ProbeSet) -> bool:
    """Rebase the champion, compare, promote; whether the new version took over."""
    champion = lineage.version("champion")
    until = backend.get_model(champion.model).inference_until
    retires = datetime.fromtimestamp(until, UTC).date() if until else "at a date nobody has told"
    print(f"{champion.model} retires {retires}\n")

    plan = lineage.plan_rebase(champion, model=base, suffix="moved")
    print(f"{plan}\n")
    job = lineage.train(plan).wait(progress=False).raise_for_status()
    comparison = lineage.compare(champion, job, probes, gate=Gate(margin=0.10), progress=False)
    print(comparison)
    if comparison.verdict is not Verdict.PROMOTE:
        return False
    lineage.promote(job)
    print(f"\n{lineage}")
    return True


if __name__ == "__main__":
    sys.exit(main())
