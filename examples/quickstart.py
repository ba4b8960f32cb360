"""The whole story, offline: fine-tune, continue four ways, compare old and new, and see who forgot.

    python examples/quickstart.py
    python examples/quickstart.py --facts facts.jsonl --news news.jsonl --probes probes.jsonl
    python examples/quickstart.py --backend azure-emulator      # the same through the openai client, over HTTP
    python examples/quickstart.py --engine bytes                # a learner that writes its answers, byte by byte

No account and no network: the models are trained by a small learner on this machine (see the end of the output).
The same calls run against Azure OpenAI with another backend.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import textwrap
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from aoai_finetune import (
    AzureRules,
    Backend,
    Comparison,
    Dataset,
    DatasetError,
    FineTuneError,
    FineTuneJob,
    Gate,
    Joint,
    MockBackend,
    ModelLineage,
    Naive,
    ProbeSet,
    Replay,
)
from aoai_finetune.continual import Strategy
from aoai_finetune.dataset import by_answer
from aoai_finetune.display import fold, table

DATA = Path(__file__).parent / "data"
BASE = "gpt-4.1-mini-2025-04-14"
PASSES = 10
STRATEGIES: tuple[Strategy, ...] = (Naive(), Replay(), Replay(fraction=0.25), Joint())

# 60 probes cannot tell a loss of 5 points from none: when 2 % of the probes flip either way, an unchanged model needs
# about 110 of them at a margin of 5 points and about 50 at 10 (probes_to_show_kept in aoai_finetune.evaluation).
GATE = Gate(margin=0.10)


@dataclass(frozen=True)
class Inputs:
    """What the story is told with, and what had to be done to it first."""

    facts: Dataset
    news: Dataset
    probes: ProbeSet
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ending:
    """One way to continue, and what came of it."""

    strategy: Strategy
    job: FineTuneJob
    comparison: Comparison

    @property
    def name(self) -> str:
        """The strategy, with its passes where they are not the usual ten."""
        name, passes = self.strategy.name, self.strategy.passes
        return name if passes == PASSES else f"{name}, {passes} passes"

    @property
    def billed(self) -> int:
        """Tokens billed."""
        return self.job.trained_tokens or 0


def main(argv: list[str] | None = None) -> int:
    """Run the story and return an exit code."""
    options = parse(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # small arrays: more threads would only wait for each other
    try:
        inputs = read_inputs(options.facts, options.news, options.probes)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(options.keep or scratch)
            with open_backend(options.backend, options.engine, folder) as backend:
                tell(inputs, backend, folder, Path(options.report))
    except FineTuneError as trouble:
        print(f"{type(trouble).__name__}: {trouble}", file=sys.stderr)
        if isinstance(trouble, DatasetError) and trouble.report is not None:
            print(trouble.report, file=sys.stderr)  # every finding, with line, path and remedy
        return 1
    except OSError as trouble:
        print(f"cannot write: {trouble}", file=sys.stderr)
        return 1
    except ImportError as missing:
        print(missing, file=sys.stderr)  # names the extra
        return 1
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Fine-tune twice, offline, and see what was forgotten.")
    parser.add_argument(
        "--facts", metavar="FILE", help="rows of the first fine-tune (default: a fictional company)"
    )
    parser.add_argument("--news", metavar="FILE", help="rows of the second one (default: its new product)")
    parser.add_argument("--probes", metavar="FILE", help="questions never trained on (default: held out)")
    parser.add_argument(
        "--report", metavar="FILE", default="quickstart_report.html", help="default: %(default)s"
    )
    parser.add_argument("--keep", metavar="FOLDER", help="keep the lineage and the models there")
    parser.add_argument("--backend", choices=("mock", "azure-emulator"), default="mock")
    parser.add_argument("--engine", choices=("softmax", "bytes"), default="softmax", help="what learns")
    return parser.parse_args(argv)


@contextmanager
def open_backend(kind: str, engine: str, folder: Path) -> Generator[Backend]:
    """A simulated resource: in this process, or behind HTTP. Your own: AzureOpenAIBackend.from_env(...)."""
    if kind == "mock":
        with MockBackend(folder / "mock", engine=engine, name="quickstart") as backend:
            yield backend
        return
    from aoai_finetune.testing import Emulator

    with Emulator(folder / "azure", engine=engine, name="quickstart") as emulator:
        yield emulator.backend()


# -- the story -------------------------------------------------------------------------------------------------


def tell(inputs: Inputs, backend: Backend, folder: Path, report: Path) -> None:
    """Train, continue four ways, compare, report."""
    for remark in inputs.remarks:
        print(f"note: {remark}")
    print(
        f"{len(inputs.facts)} rows to learn first, {len(inputs.news)} rows of news, {len(inputs.probes)} probes\n"
    )

    with ModelLineage(folder / "assistant.db", backend=backend) as lineage:
        first = lineage.fine_tune(BASE, inputs.facts, suffix="facts").wait(progress=False).raise_for_status()
        print(f"first fine-tune: {first.fine_tuned_model}, {first.trained_tokens:,} tokens billed\n")
        print(f"{lineage.plan(first, inputs.news)}\n")

        strategies = (Naive(passes=3), *STRATEGIES) if writes(backend) else STRATEGIES
        endings = [ending for each in strategies if (ending := continue_with(each, lineage, first, inputs))]
        print_table(endings)
        print_side_by_side(endings[0], endings[-1])
        promote_cheapest(lineage, first, endings)
        worst = min(endings, key=lambda ending: ending.comparison.retention or 0.0)
        worst.comparison.to_html(report)
        print(f"\n{report}: {worst.name}, all probes, both models' answers side by side")
    print(WHAT_WRITES if writes(backend) else WHAT_THIS_IS)


def continue_with(
    strategy: Strategy, lineage: ModelLineage, first: FineTuneJob, inputs: Inputs
) -> Ending | None:
    """Teach the news to the first model in one way, and compare; None where the service would refuse the file."""
    try:
        job = lineage.continue_from(first, inputs.news, strategy=strategy, suffix="news")
    except DatasetError as refusal:
        print(f"{strategy.name}: {refusal}\n")
        return None
    job.wait(progress=False).raise_for_status()
    with served(lineage, first, job):
        comparison = lineage.compare(first, job, inputs.probes, gate=GATE, concurrency=1, progress=False)
    return Ending(strategy=strategy, job=job, comparison=comparison)


def served(lineage: ModelLineage, *jobs: FineTuneJob) -> AbstractContextManager[object]:
    """On Azure a model answers only while it is deployed; the mock's answer under their own names."""
    on_azure = any(job.backend.capabilities.provider.startswith("azure") for job in jobs)
    return lineage.deployed(*jobs, progress=False) if on_azure else nullcontext()


def writes(backend: Backend) -> bool:
    """The learner writes its answers, instead of choosing among those it was taught."""
    return backend.capabilities.engine == "bytes"


def promote_cheapest(lineage: ModelLineage, first: FineTuneJob, endings: list[Ending]) -> None:
    """Let the alias `champion` follow the cheapest continuation that the gate lets through."""
    if lineage.champion is None:
        lineage.promote(first)
    passed = [ending for ending in endings if ending.comparison.verdict == "promote"]
    if not passed:
        print("\nno continuation passed the gate: the first model stays champion")
        return
    best = min(passed, key=lambda ending: ending.billed)
    lineage.promote(best.job)
    print(f"\nchampion: {best.name}, the cheapest continuation that passed the gate\n")
    print(lineage)


# -- what is printed -------------------------------------------------------------------------------------------


def print_table(endings: list[Ending]) -> None:
    """One line per strategy."""
    rows = [
        (
            ending.name,
            f"{ending.billed:,}",
            f"{ending.billed / endings[-1].billed:.0%}",
            share(ending.comparison.table.kept, ending.comparison.table.before),
            share(ending.comparison.evidence.acquired.after, ending.comparison.evidence.acquired.n),
            str(ending.comparison.verdict).upper(),
        )
        for ending in endings
    ]
    header = ("strategy", "tokens billed", "of joint", "old facts kept", "new fact learned", "verdict")
    print(table(header, rows, align="l>>>>l"))
    print(
        f"verdict: may it replace the first model? margin {GATE.margin:.0%} on old facts, alpha {GATE.alpha}\n"
    )
    for ending in endings:
        decision = ending.comparison.decision
        why = f"{ending.name}: {decision.reasons[0]} {decision.would_decide}".strip()
        print(textwrap.fill(why, 110, initial_indent="- ", subsequent_indent="  "))
    print()


def print_side_by_side(naive: Ending, joint: Ending, limit: int = 4) -> None:
    """The same questions, asked of the old model and of two new ones."""
    broken = [pair for pair in naive.comparison.pairs if pair.outcome == "broken"]
    other = {pair.probe.asked: pair for pair in joint.comparison.pairs}
    rows = [
        tuple(
            fold(text, 34)
            for text in (
                pair.probe.asked,
                pair.before,
                pair.after,
                other[pair.probe.asked].after,
            )
        )
        for pair in broken[:: max(1, len(broken) // limit)][:limit]
    ]
    if rows:
        print("the same questions, three models:\n")
        print(table(("question", "first model", "after naive", "after joint"), rows))


def share(part: int, whole: int) -> str:
    """A share for a table cell, with the counts behind it."""
    return f"{part / whole:.0%} ({part} of {whole})" if whole else "-"


WHAT_THIS_IS = """
What answered here is not GPT. It is a linear softmax over character n-grams, trained by real gradient descent on
this machine: it forgets because training moves its weights, nothing is scripted. But it can only choose among
answers it was trained on, so it shows old answers being *replaced*. A generative model can also lose both, and
answer neither the old questions nor the new one: --engine bytes shows that.
Use this to see the mechanics and to test your code; measure your real model with the same three lines:
plan, train, compare.
"""

WHAT_WRITES = """
What answered here is not GPT. It is a small neural model that reads character n-grams and writes its answer byte by
byte, trained by real gradient descent on this machine. Nothing is scripted: after three passes over the news alone it
has lost the old answers and not yet found the new one. Its sizes and rates are its own; measure your real model with
the same three lines: plan, train, compare.
"""


# -- the input -------------------------------------------------------------------------------------------------


def read_inputs(facts_file: str | None, news_file: str | None, probes_file: str | None) -> Inputs:
    """The rows and probes to tell the story with; without a probe file, phrasings are held out of the rows."""
    facts = read_rows(facts_file, DATA / "company_facts.jsonl")
    news = read_rows(news_file, DATA / "new_product.jsonl")
    facts.validate().raise_for_errors()
    news.validate(AzureRules(min_examples=1)).raise_for_errors()  # the ten are counted in the planned file
    if probes_file:
        return Inputs(facts, news, ProbeSet.from_jsonl(probes_file), ())
    if not facts_file and not news_file:
        return Inputs(facts, news, ProbeSet.from_jsonl(DATA / "probes.jsonl"))
    return hold_out(facts, news, ours=None if facts_file else DATA / "probes.jsonl")


def read_rows(file: str | None, default: Path) -> Dataset:
    """Rows with facts. Where no row names its fact, rows with one answer are taken to be one fact."""
    path = Path(file) if file else default
    rows = Dataset.from_jsonl(path)
    if rows.validate(AzureRules(min_examples=1)).ok and len(rows.facts) == len(rows):
        return Dataset.from_jsonl(path, fact=by_answer)
    return rows


def hold_out(facts: Dataset, news: Dataset, *, ours: Path | None) -> Inputs:
    """Make probes of rows: held out where enough stay, and otherwise asked as they were trained."""
    remarks: list[str] = []
    if ours is not None:
        old_probes = ProbeSet(probe for probe in ProbeSet.from_jsonl(ours) if probe.fact in facts.facts)
    else:
        facts, old_probes, remark = hold_out_of("facts", facts)
        remarks.append(remark)
    # A fact that the news change is asked anew: what was right before is wrong then.
    old_probes = ProbeSet(probe for probe in old_probes if probe.fact not in news.facts)
    news, new_probes, remark = hold_out_of("news", news)
    return Inputs(facts, news, old_probes + new_probes, (*remarks, remark))


def hold_out_of(name: str, rows: Dataset) -> tuple[Dataset, ProbeSet, str]:
    """Withhold one phrasing of every fact, if at least the service's ten rows stay."""
    try:
        kept, probes = ProbeSet.hold_out(rows, per_fact=1)
    except FineTuneError:
        kept, probes = rows, ProbeSet()
    if len(probes) and len(kept) >= 10:
        return kept, probes, f"{len(probes)} rows of the {name} were held out as probes; they are not trained"
    return (
        rows,
        ProbeSet.from_examples(rows),
        f"the {name} have no row to spare, so their trained questions are asked: that shows memory, not understanding",
    )


if __name__ == "__main__":
    sys.exit(main())
