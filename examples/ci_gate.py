"""A gate for continuous integration: may the challenger replace the champion? The exit code says so.

    python examples/ci_gate.py assistant.db probes.jsonl --challenger 4f1c --report gate.html --keep gate.json
    python examples/ci_gate.py --replay gate.json --margin 0.10

Exit codes: 0 promote, 1 reject, 2 inconclusive, 3 no verdict (the question could not be put).

The first form asks both models what is not stored yet. Here that means the simulated ones of a MockBackend folder
(`--mock`); put your own backend into `open_backend`. The second form asks nobody: it judges a kept comparison again,
on any machine, without a model or an account.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from aoai_finetune import (
    Backend,
    Comparison,
    FineTuneError,
    Gate,
    MockBackend,
    ModelLineage,
    ProbeSet,
    Verdict,
)

EXIT_CODES = {Verdict.PROMOTE: 0, Verdict.REJECT: 1, Verdict.INCONCLUSIVE: 2}
NO_VERDICT = 3


def main(argv: list[str] | None = None) -> int:
    """Judge, print, and return an exit code."""
    options = parse(argv)
    try:
        comparison = judge(options)
        if options.report:
            comparison.to_html(options.report)
        if options.keep:
            Path(options.keep).write_text(comparison.to_json(), encoding="utf-8")
    except (FineTuneError, OSError, ValueError) as trouble:
        print(f"no verdict: {type(trouble).__name__}: {trouble}", file=sys.stderr)
        return NO_VERDICT
    try:
        print(comparison, flush=True)
    except BrokenPipeError:  # `| head`: nobody reads on, and the verdict still counts
        sys.stdout = None
    return EXIT_CODES[comparison.verdict]


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Exit 0: promote, 1: reject, 2: inconclusive, 3: no verdict."
    )
    parser.add_argument("lineage", nargs="?", help="the lineage file")
    parser.add_argument("probes", nargs="?", help="questions that were never trained on (JSONL)")
    parser.add_argument("--champion", default="champion", help="alias, version or job (default: %(default)s)")
    parser.add_argument("--challenger", help="version, job or model")
    parser.add_argument("--mock", metavar="FOLDER", help="folder of the MockBackend that answers")
    parser.add_argument("--replay", metavar="FILE", help="judge this kept comparison again; ask nobody")
    parser.add_argument("--margin", type=float, default=Gate().margin, help="default: %(default)s")
    parser.add_argument("--report", metavar="FILE", help="write the page with both models' answers")
    parser.add_argument("--keep", metavar="FILE", help="write the comparison, for --replay")
    options = parser.parse_args(argv)
    if not options.replay and not (options.lineage and options.probes and options.challenger):
        parser.error("give a lineage, probes and --challenger, or --replay")
    return options


def judge(options: argparse.Namespace) -> Comparison:
    """The comparison under the gate that was asked for."""
    gate = Gate(margin=options.margin)
    if options.replay:
        return Comparison.from_json(Path(options.replay).read_bytes()).judged_by(gate)
    if not Path(options.lineage).is_file():
        raise FileNotFoundError(f"there is no lineage file {options.lineage}")
    with ModelLineage(options.lineage, backend=open_backend(options.mock)) as lineage:
        return lineage.compare(
            options.champion,
            options.challenger,
            ProbeSet.from_jsonl(options.probes),
            gate=gate,
            progress=False,
        )


def open_backend(mock: str | None) -> Backend | None:
    """Where the models answer; None where all answers are stored. Your own: AzureOpenAIBackend.from_env(...)."""
    return MockBackend(mock) if mock else None


if __name__ == "__main__":
    sys.exit(main())
