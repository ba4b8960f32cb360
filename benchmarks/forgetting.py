"""What forgetting costs, and what remedies cost: chains of fine-tunes, accuracy against billed tokens.

    make bench-forgetting                                                     # two seeds of everything: 20 minutes
    make bench-forgetting ARGS="--engine softmax --seeds 0-39 --cache runs"   # what the documents report
    make bench-forgetting ARGS="--engine softmax --seeds 0-3 --controls --add .28,.09,pack=1,rates=3/3/1.5"

Every chain teaches fictional facts in stages, and changes a tenth of them on the way. After each stage the model is
asked questions that were never trained. Joint retraining at the same passes is 100 %; ratios are paired by seed.
With --cache, runs are kept in a file and never repeated, so that an interrupted call goes on where it stopped. Any
schedule can be added: --add takes shares of visits (new, old) and settings of ScheduledReplay. Data:
_forgetting_data.py; schedules were tuned on family `en`, the harder one, and confirmed on `ja`.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small: threads only wait for each other

from _forgetting_data import chain
from _forgetting_softmax import FastSoftmax
from _forgetting_variants import controls, scheduled, variants
from _forgetting_walk import walk
from aoai_finetune.backends.mock.engines import BytesEngine
from aoai_finetune.continual import ScheduledReplay, Strategy
from aoai_finetune.display import table

Record = dict[str, Any]
Point = tuple[str, float, float]
STALE = ", stale rows kept"
ENGINES = {"softmax": FastSoftmax, "bytes": BytesEngine}


def main() -> None:
    """Run what is missing, then print the tables and the plot."""
    options = parse()
    cache = Cache(Path(options.cache) if options.cache else None)
    for engine in options.engine:
        for family in options.family:
            for seed in span(options.seeds):
                for name, strategy in chosen(options).items():
                    cache.run(
                        engine, family, options.stages, options.share, seed, options.passes, name, strategy
                    )
    for engine in options.engine:
        for family in options.family:
            title = f"{engine}, {family}, {options.stages} stages, {options.passes} passes"
            show(
                cache.found(engine, family, options.stages, options.share, options.passes),
                title,
                options.plot,
            )


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Accuracy against billed tokens over chains of fine-tunes.")
    parser.add_argument("--engine", nargs="+", default=["softmax", "bytes"])
    parser.add_argument("--family", nargs="+", default=["ja", "en"])
    parser.add_argument("--stages", type=int, default=10)
    parser.add_argument("--seeds", default="0-1", help="such as 0-39 (default: %(default)s)")
    parser.add_argument(
        "--share", type=float, help="share of the system prompt; the native one when left out"
    )
    parser.add_argument("--passes", type=int, default=10, help="of joint, which all others relate to")
    parser.add_argument("--only", nargs="+", help="names of variants")
    parser.add_argument("--controls", action="store_true", help="also packed, cheaper and faster joint")
    parser.add_argument(
        "--add", nargs="+", default=[], metavar="NEW,OLD[,KEY=VALUE...]", help="own schedules"
    )
    parser.add_argument("--cache", metavar="FILE", help="keep finished runs there")
    parser.add_argument("--plot", metavar="FILE", help="draw accuracy against tokens, with matplotlib")
    return parser.parse_args()


def span(text: str) -> range:
    """`3-5` is 3, 4, 5."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def chosen(options: argparse.Namespace) -> dict[str, Strategy]:
    """The strategies to run, by name; joint always first."""
    found = {name: make() for name, make in variants(options.passes).items()}
    if options.only is not None:
        found = {name: found[name] for name in dict.fromkeys(["joint", *options.only]) if name in found}
    if options.controls:
        found |= {name: make() for name, make in controls(options.passes).items()}
    return found | {f"s {text}": own(text, options.passes) for text in options.add}


def own(text: str, passes: int) -> ScheduledReplay:
    """A schedule from `.35,.07,pack=1,rates=3/3/2`."""
    new, old, *more = text.split(",")
    settings: dict[str, Any] = {}
    for pair in more:
        key, value = pair.split("=")
        settings[key] = (
            tuple(float(each) for each in value.split("/"))
            if key == "rates"
            else int(value)
            if key in {"pack", "parts"}
            else float(value)
        )
    return scheduled(float(new), float(old), passes=passes, **settings)


class Cache:
    """Finished runs, one JSON line each."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
        self.records: list[Record] = [json.loads(line) for line in lines]

    def run(
        self, engine: str, family: str, stages: int, share: float | None, seed: int, passes: int, name: str,
        strategy: Strategy,
    ) -> None:  # fmt: skip
        """Walk one chain unless that was done."""
        key: Record = {
            "engine": engine, "family": family, "stages": stages, "share": share, "seed": seed, "passes": passes,
            "variant": name,
        }  # fmt: skip
        if any(all(each[field] == value for field, value in key.items()) for each in self.records):
            return
        facts = chain(family, stages, seed, share, keep_stale=name.endswith(STALE))
        record = key | walk(facts, strategy, ENGINES[engine](), seed).record()
        self.records.append(record)
        if self.path:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")

    def found(self, engine: str, family: str, stages: int, share: float | None, passes: int) -> list[Record]:
        """The runs of one table."""
        key = {"engine": engine, "family": family, "stages": stages, "share": share, "passes": passes}
        return [each for each in self.records if all(each[field] == value for field, value in key.items())]


# -- what is printed -------------------------------------------------------------------------------------------


def show(records: Sequence[Record], title: str, picture: str | None = None) -> None:
    """One line per variant: ratios to joint, paired by seed."""
    joint = {each["seed"]: each for each in records if each["variant"] == "joint"}
    lines = [
        line(name, [each for each in records if each["variant"] == name and each["seed"] in joint], joint)
        for name in dict.fromkeys(each["variant"] for each in records)
    ]
    header = (
        "variant",
        "seeds",
        "tokens",
        "final",
        "min",
        "average",
        "LA",
        "BWT",
        "updated",
        "stale",
        "ever",
        "jobs",
    )
    print(f"\n{title}: % of joint (mean and standard error), absolute values of joint\n")
    print(table(header, lines, align="l" + ">" * 11))
    found = list(points(records, joint))
    print(front(found))
    if picture:
        print(draw(found, title, Path(picture)))


def line(name: str, runs: Sequence[Record], joint: Mapping[int, Record]) -> tuple[str, ...]:
    """The cells of one variant."""

    def ratios(key: str) -> list[float]:
        return [100 * each[key] / joint[each["seed"]][key] for each in runs]

    def plain(key: str) -> float:
        return float(mean(each[key] for each in runs))

    relative = name != "joint"
    return (
        name,
        str(len(runs)),
        f"{mean(ratios('tokens')):.1f}",
        spread(ratios("final")) if relative else f"{plain('final'):.3f}",
        f"{min(ratios('final')):.1f}",
        spread(ratios("average")) if relative else f"{plain('average'):.3f}",
        f"{plain('acquired'):.3f}",
        f"{plain('backward'):+.3f}",
        f"{plain('updated'):.3f}",
        f"{plain('stale'):.4f}",
        f"{max(each['ever'] for each in runs):.3f}",
        f"{plain('jobs'):.0f}",
    )


def spread(values: Sequence[float]) -> str:
    """Mean and standard error."""
    error = f" ±{stdev(values) / sqrt(len(values)):.1f}" if len(values) > 1 else ""
    return f"{mean(values):.1f}{error}"


def points(records: Sequence[Record], joint: Mapping[int, Record]) -> Iterator[Point]:
    """Tokens and final accuracy of each variant, relative to joint."""
    for name in dict.fromkeys(each["variant"] for each in records):
        runs = [each for each in records if each["variant"] == name and each["seed"] in joint]
        yield (
            name,
            mean(100 * each["tokens"] / joint[each["seed"]]["tokens"] for each in runs),
            mean(100 * each["final"] / joint[each["seed"]]["final"] for each in runs),
        )


def front(found: Sequence[Point]) -> str:
    """What nothing else beats in both tokens and accuracy, cheapest first."""
    best = [
        (tokens, final, name)
        for name, tokens, final in found
        if not any(other < tokens and better >= final for _, other, better in found)
    ]
    return "\n".join(f"{tokens:6.1f} % tokens {final:6.1f} % {name}" for tokens, final, name in sorted(best))


def draw(found: Sequence[Point], title: str, path: Path) -> str:
    """The picture of all variants; what was written, or what is missing for it."""
    try:
        figures: Any = import_module("matplotlib.figure")
    except ImportError:
        return "no picture: matplotlib is not installed"
    figure = figures.Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot(
        xscale="log", xlabel="billed tokens, % of joint", ylabel="final accuracy, % of joint", title=title
    )
    for name, tokens, final in found:
        axes.plot(tokens, final, "o")
        axes.annotate(name, (tokens, final), xytext=(4, 4), textcoords="offset points", fontsize=8)
    target = path.with_stem(f"{path.stem}-{title.partition(' stages')[0].replace(', ', '-')}")
    figure.savefig(target)
    return f"{target}: all of these"


if __name__ == "__main__":
    main()
