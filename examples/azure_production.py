"""Azure in production: teach the news to the champion, serve old and new side by side, judge, and clean up.

    python examples/azure_production.py --emulator             # rehearsal: no account, nothing to pay, seconds
    python examples/azure_production.py --news news.jsonl --probes probes.jsonl --budget 5 --report report.html

With an account it reads AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY (or signs in through Entra), and
AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP and AZURE_OPENAI_ACCOUNT (else the account of the endpoint) for deployments.
The lineage must have a champion; `--facts` trains the first one. Run it again after anything that went wrong: it goes on where it stopped, and buys
nothing twice.

Exit codes: 0 promoted (or nothing to do), 1 rejected, 2 inconclusive, 3 not finished.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from aoai_finetune import (
    AzureOpenAIBackend,
    AzureRules,
    Dataset,
    FineTuneError,
    Gate,
    ModelLineage,
    ModelVersion,
    ProbeSet,
    Replay,
    Supervised,
    Verdict,
)
from aoai_finetune.backends import ArmConfig
from aoai_finetune.lineage import DeployedVersion

DATA = Path(__file__).parent / "data"
EXIT_CODES = {Verdict.PROMOTE: 0, Verdict.REJECT: 1, Verdict.INCONCLUSIVE: 2}
NOT_FINISHED = 3


def main(argv: list[str] | None = None) -> int:
    """Run one step of the chain and return an exit code."""
    options = parse(argv)
    try:
        with backend_for(options) as backend, ModelLineage(options.lineage, backend=backend) as lineage:
            return next_step(lineage, options)
    except (FineTuneError, OSError, ValueError) as trouble:
        print(f"{type(trouble).__name__}: {trouble}", file=sys.stderr)
        return NOT_FINISHED


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Teach news to the champion, compare, promote or not.")
    parser.add_argument("--lineage", default="assistant.db", help="default: %(default)s")
    parser.add_argument("--facts", default=str(DATA / "company_facts.jsonl"), help="rows of the first model")
    parser.add_argument("--news", default=str(DATA / "new_product.jsonl"), help="rows to be learned now")
    parser.add_argument("--probes", default=str(DATA / "probes.jsonl"), help="questions never trained on")
    parser.add_argument("--base", default="gpt-4.1-mini-2025-04-14", help="default: %(default)s")
    parser.add_argument("--training-type", default="global", help="standard, global or developer")
    parser.add_argument("--tier", default="developer", help="of the two deployments; default: %(default)s")
    parser.add_argument("--budget", type=float, help="USD that one training may cost")
    parser.add_argument("--margin", type=float, default=0.10, help="default: %(default)s")
    parser.add_argument("--report", metavar="FILE", help="write a page with both models' answers")
    parser.add_argument("--emulator", action="store_true", help="rehearse against the emulator")
    return parser.parse_args(argv)


@contextmanager
def backend_for(options: argparse.Namespace) -> Generator[AzureOpenAIBackend]:
    """The resource: the one the environment names, or an emulated one that keeps its models beside the lineage."""
    if options.emulator:
        from aoai_finetune.testing import Emulator

        with Emulator(f"{options.lineage}.emulator") as emulator:
            yield emulator.backend(training_type=options.training_type)
        return
    with AzureOpenAIBackend.from_env(
        training_type=options.training_type, arm=ArmConfig.from_env()
    ) as backend:
        yield backend


def next_step(lineage: ModelLineage, options: argparse.Namespace) -> int:
    """Settle what an earlier run left, train, compare, decide; the exit code."""
    # What can be found out for nothing comes before anything is bought.
    news = Dataset.from_jsonl(options.news)
    news.validate(AzureRules(min_examples=1)).raise_for_errors()
    probes = ProbeSet.from_jsonl(options.probes)
    lineage.sync()
    for forgotten in lineage.remove_deployments():
        print(f"removed {forgotten}, which an earlier run had left behind")
    for kept in lineage.deployments():
        print(f"still there, and not removed: {kept.name} ({kept.status}, {cost(kept)})", file=sys.stderr)

    champion = lineage.champion or first_model(lineage, options)
    if learned(lineage, champion, news):
        print("the champion was trained on these rows already: nothing to do")
        return 0
    plan = lineage.plan(champion, news, strategy=Replay(fraction=0.25), suffix="news")
    print(plan)
    job = lineage.train(plan, budget=options.budget).wait().raise_for_status()

    # Answers that an earlier run got are stored: a model that has given them all need not be served again.
    asked = lineage.unasked(champion, job, probes)
    with lineage.deployed(*asked, tier=options.tier) if asked else nullcontext():
        comparison = lineage.compare(champion, job, probes, gate=Gate(margin=options.margin))
    print(comparison)
    if options.report:
        print(comparison.to_html(options.report))
    if comparison.verdict is Verdict.PROMOTE:
        lineage.promote(job)
        print(f"champion: {job.fine_tuned_model}")
    return EXIT_CODES[comparison.verdict]


def cost(deployment: DeployedVersion) -> str:
    """What it costs, in words."""
    if deployment.usd_per_hour is None:
        return "at an unknown price"
    return f"{deployment.usd_per_hour[1]:.2f} USD an hour since {datetime.fromtimestamp(deployment.created_at, UTC):%c} UTC"


def learned(lineage: ModelLineage, champion: ModelVersion, news: Dataset) -> bool:
    """Every one of these rows is in the champion's history."""
    known = {row.digest for row in lineage.history(champion).rows}
    return all(row.digest in known for row in news)


def first_model(lineage: ModelLineage, options: argparse.Namespace) -> ModelVersion:
    """The beginning of the chain, where there is no champion yet."""
    facts = Dataset.from_jsonl(options.facts)
    facts.validate(AzureRules(model=options.base)).raise_for_errors()
    # A budget needs the number of epochs: where it is left to the service, nobody knows the bill beforehand.
    method = Supervised(n_epochs=10)
    first = lineage.fine_tune(options.base, facts, method=method, suffix="facts", budget=options.budget)
    return lineage.promote(first.wait().raise_for_status())


if __name__ == "__main__":
    sys.exit(main())
