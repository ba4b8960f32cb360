"""From new rows, history and a strategy to a plan. Pure: nothing is sent, nothing is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from ..backends import Auto, Capabilities, Supervised
from ..dataset import (
    AzureRules,
    Dataset,
    Finding,
    TokenCount,
    counter_for,
)
from ..errors import DatasetError
from ..jobs import Part, Step
from ._bills import Bills
from ._costing import price_step
from ._history import History, Parent
from ._plan import TrainingPlan
from ._risks import find_risks
from ._strategies import Joint, Naive, Replay, Schedule, ScheduledPart, Strategy

__all__ = ["StepOptions", "plan_first", "plan_next"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions:
    """What a step is trained with besides its rows; the names are the wire's."""

    validation: Dataset | None = None
    method: Supervised = field(default_factory=Supervised)
    seed: int | None = None
    suffix: str | None = None
    training_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstStep:
    """Train a catalogue model on the rows as they are."""

    n_epochs: int | Auto

    @property
    def name(self) -> str:
        return "first fine-tune"

    @property
    def passes(self) -> int | Auto:
        return self.n_epochs

    def schedule(self, new: Dataset, _old: Dataset, /) -> Schedule:
        return Schedule(start="base", parts=(ScheduledPart(rows=range(len(new)), n_epochs=self.n_epochs),))


def plan_first(
    new: Dataset, parent: Parent, options: StepOptions, *, capabilities: Capabilities
) -> TrainingPlan:
    """The plan that trains a catalogue model on `new` as it is. Raises `DatasetError`."""
    strategy = _FirstStep(n_epochs=options.method.n_epochs)
    return _plan(new, History(), parent, strategy, options, capabilities=capabilities)


def plan_next(
    new: Dataset,
    history: History,
    parent: Parent,
    strategy: Strategy,
    options: StepOptions,
    *,
    capabilities: Capabilities,
) -> TrainingPlan:
    """The plan that teaches `new` to `parent`, which has learned `history`.

    Raises:
        DatasetError: the new rows are wrong, or the planned file has too few distinct rows for the service.
        ValueError: `n_epochs` is set where the strategy's `passes` decides.
    """
    if options.method.n_epochs != "auto":
        raise ValueError(
            f"n_epochs={options.method.n_epochs} is set, but a strategy decides it: pass "
            f"{type(strategy).__name__}(passes=...) instead"
        )
    return _plan(new, history, parent, strategy, options, capabilities=capabilities)


def _plan(
    new: Dataset,
    history: History,
    parent: Parent,
    strategy: Strategy,
    options: StepOptions,
    *,
    capabilities: Capabilities,
) -> TrainingPlan:
    _check_types(new, strategy)
    findings = _validate(new, options, parent.base_model)
    change = history.rows.supersede(by=new)
    old, left_out = _rehearsable(change.kept, new)
    schedule = strategy.schedule(new, old)
    _check_minimum(schedule, new, old, capabilities.min_examples)
    counter = counter_for(parent.base_model if capabilities.counter == "model" else None)
    bills = Bills.of(new + old, counter)
    coverage = _Coverage.of(schedule, new, old)
    tokens, per_epoch = bills.billed(schedule), bills.per_epoch(schedule)
    cost, unknown = price_step(tokens, per_epoch, parent.base_model, options, capabilities)
    plan = TrainingPlan(
        strategy=strategy.name,
        detail=repr(strategy),
        passes=strategy.passes,
        parent=parent,
        step=_step(schedule, new + old, parent, options),
        from_base=schedule.start == "base",
        new=new,
        old_rows=len(old),
        old_facts=len(old.facts),
        rehearsed_rows=coverage.rows,
        rehearsed_facts=coverage.facts,
        superseded=change.dropped,
        visits=coverage.visits,
        tokens_per_epoch=per_epoch,
        tokens=tokens,
        cost=cost,
        cost_unknown=unknown,
        alternatives=(
            _alternatives(strategy, new, old, bills, capabilities.min_examples) if history.rows else {}
        ),
        risks=(),
        findings=(*findings, *change.near_misses),
    )
    known = {row.digest for row in history.rows}
    relearned = sum(row.digest in known for row in new)
    return replace(plan, risks=find_risks(plan, left_out=left_out, relearned=relearned))


def _check_types(new: object, strategy: object) -> None:
    """Notebooks are not type-checked; say what is meant before something deep inside does."""
    if not isinstance(new, Dataset):
        raise TypeError(f"the rows must be a Dataset, not {type(new).__name__}: Dataset.from_examples(rows)")
    if isinstance(strategy, type) or not callable(getattr(strategy, "schedule", None)):
        raise TypeError(f"the strategy must be one such as Replay(), not {strategy!r}")


def _step(schedule: Schedule, pool: Dataset, parent: Parent, options: StepOptions) -> Step:
    parts = tuple(
        Part(
            training=pool.select(part.rows),
            validation=options.validation,
            method=replace(options.method, n_epochs=part.n_epochs),
        )
        for part in schedule.parts
    )
    return Step(
        model=parent.base_model if schedule.start == "base" else parent.model,
        parts=parts,
        suffix=options.suffix,
        seed=options.seed,
        training_type=options.training_type,
        scope=f"{parent.resource} {parent.version or ''}",
    )


def _validate(new: Dataset, options: StepOptions, model: str) -> tuple[Finding, ...]:
    # The minimum of ten counts the planned file, not the new rows, so one row is enough here.
    rules = AzureRules(model=model, method=options.method.type, min_examples=1)
    if options.validation is not None:
        options.validation.validate(rules).raise_for_errors()
    report = new.validate(rules)
    report.raise_for_errors()
    return report.findings


def _rehearsable(old: Dataset, new: Dataset) -> tuple[Dataset, int]:
    """Old rows that may be replayed: of the same kind, and not among the new ones; and how many are of another."""
    known = {row.digest for row in new}
    kinds = {row.kind for row in new}
    examples = list(old)
    keep = [index for index, row in enumerate(examples) if row.kind in kinds and row.digest not in known]
    return old.select(keep), sum(row.kind not in kinds for row in examples)


def _check_minimum(schedule: Schedule, new: Dataset, old: Dataset, minimum: int) -> None:
    distinct = _fewest_distinct(schedule, new, old)
    if distinct < minimum:
        mix = ", or mix old ones in: Replay(fraction=...), Cumulative() or Joint()" if len(old) else ""
        raise DatasetError(
            f"the planned file has {distinct} distinct rows; the service needs at least {minimum}",
            hint=f"Add rows{mix}",
        )


def _fewest_distinct(schedule: Schedule, new: Dataset, old: Dataset) -> int:
    """Distinct rows of the smallest file; repeats inside a planned file are intended, and count once."""
    digests = [row.digest for row in new] + [row.digest for row in old]
    return min(len({digests[row] for row in part.rows}) for part in schedule.parts)


@dataclass(frozen=True, slots=True)
class _Coverage:
    """How much of the history a schedule rehearses (counted once), and how often it trains each fact."""

    rows: int
    facts: int
    visits: dict[str, int]

    @classmethod
    def of(cls, schedule: Schedule, new: Dataset, old: Dataset) -> _Coverage:
        facts = [row.fact for row in new] + [row.fact for row in old]
        visits: Counter[str] = Counter()
        rehearsed: set[int] = set()
        for part in schedule.parts:
            epochs = part.n_epochs if part.n_epochs != "auto" else 1
            for row in part.rows:
                visits[facts[row]] += epochs
            rehearsed.update(row for row in part.rows if row >= len(new))
        return cls(len(rehearsed), len({facts[row] for row in rehearsed}), dict(visits))


def _alternatives(
    chosen: Strategy, new: Dataset, old: Dataset, bills: Bills, minimum: int
) -> dict[str, TokenCount]:
    """What other strategies would bill, those left out that the service would refuse."""
    passes = chosen.passes
    if not isinstance(passes, int):
        return {}
    found: dict[str, TokenCount] = {}
    for other in (Naive(passes=passes), Replay(passes=passes), Joint(passes=passes)):
        schedule = other.schedule(new, old)
        bill = bills.billed(schedule)
        if other.name != chosen.name and bill and _fewest_distinct(schedule, new, old) >= minimum:
            found[other.name] = bill
    return found
