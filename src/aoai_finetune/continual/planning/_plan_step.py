"""From new rows, history and a strategy to a plan. Pure: nothing is sent, nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...backends import Auto, Capabilities, Method, Supervised
from ...dataset import (
    AzureRules,
    Dataset,
    Finding,
    Supersession,
    TokenCount,
    counter_for,
)
from ...errors import DatasetError
from ...jobs import Part, Step
from .._history import History, Parent
from ..strategies._passes import Joint, Naive, Replay
from ..strategies._protocol import Recalling, Remembering, Schedule, ScheduledPart, Strategy
from ._billed_files import Bills, PlannedFile
from ._cost import price_step
from ._covered import Covered
from ._learning_rates import method_of, rates_notes
from ._risks import find_risks
from ._training_plan import TrainingPlan

__all__ = ["StepOptions", "plan_first", "plan_next"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions:
    """What a step is trained with besides its rows; the names are the wire's."""

    validation: Dataset | None = None
    method: Method = field(default_factory=Supervised)
    seed: int | None = None
    suffix: str | None = None
    training_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstStep:
    """Train a catalogue model on the rows as they are."""

    n_epochs: int | Auto

    @property
    def name(self) -> str:
        """`first fine-tune`."""
        return "first fine-tune"

    @property
    def passes(self) -> int | Auto:
        """The epochs that the method names."""
        return self.n_epochs

    def schedule(self, new: Dataset, _old: Dataset, /) -> Schedule:
        """One job from the base model."""
        return Schedule(start="base", parts=(ScheduledPart(rows=range(len(new)), n_epochs=self.n_epochs),))


def plan_first(
    new: Dataset,
    parent: Parent,
    options: StepOptions,
    *,
    capabilities: Capabilities,
    strategy: Strategy | None = None,
) -> TrainingPlan:
    """The plan that trains a catalogue model on `new`: as it is, or as a strategy trains what is new.

    Raises:
        DatasetError: the rows are wrong, or too few.
        ValueError: `n_epochs` is set where the strategy's `passes` decides.
    """
    if strategy is None:
        strategy = _FirstStep(n_epochs=options.method.n_epochs)
    else:
        _check_epochs(strategy, options)
    plan = _plan(new, History(), parent, strategy, options, capabilities=capabilities)
    return replace(plan, from_base=True)


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
    _check_epochs(strategy, options)
    return _plan(new, history, parent, strategy, options, capabilities=capabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What a strategy made of new rows and history: the schedule, and the files as they are sent.

    `recalled` are the positions in `old` of rows that the strategy brought.
    """

    new: Dataset
    old: Dataset
    recalled: frozenset[int]
    change: Supersession
    left_out: int
    schedule: Schedule
    bills: Bills
    files: tuple[PlannedFile, ...]


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
    draft = _draft(new, history, parent, strategy, capabilities)
    others = (
        _alternatives(strategy, draft, capabilities.min_examples)
        if draft.old and options.method.type != "reinforcement"
        else {}
    )
    plan = replace(
        _described(draft, parent, strategy, options, capabilities),
        alternatives=others,
        findings=(*findings, *draft.change.near_misses),
    )
    known = {row.digest for row in history.rows}
    relearned = sum(row.digest in known for row in new)
    unsent = len(draft.recalled) - len(plan.recalled)
    risks = find_risks(plan, left_out=draft.left_out, relearned=relearned, unsent=unsent)
    return replace(plan, risks=risks)


def _draft(
    new: Dataset, history: History, parent: Parent, strategy: Strategy, capabilities: Capabilities
) -> _Draft:
    change = history.superseded(by=new)
    brought = _brought(strategy, new, change.kept, parent.base_model)
    old, left_out = _rehearsable(brought + change.kept, new)
    said = {row.digest for row in brought}
    knowing = strategy.knowing(history) if isinstance(strategy, Remembering) else strategy
    schedule = knowing.schedule(new, old)
    counter = counter_for(parent.base_model if capabilities.counter == "model" else None)
    bills = Bills.of(new + old, counter)
    _check_minimum(bills.fewest_distinct(schedule), capabilities.min_examples, has_history=bool(len(old)))
    return _Draft(
        new=new,
        old=old,
        recalled=frozenset(place for place, row in enumerate(old) if row.digest in said),
        change=change,
        left_out=left_out,
        schedule=schedule,
        bills=bills,
        files=bills.files(schedule),
    )


def _brought(strategy: Strategy, new: Dataset, old: Dataset, model: str) -> Dataset:
    """The old rows that a strategy brings, as sound as new ones."""
    if not isinstance(strategy, Recalling):
        return Dataset.from_examples(())
    rows = strategy.recalled(new, old)
    if rows:
        rows.validate(AzureRules(model=model, min_examples=1)).raise_for_errors()
    return rows


def _described(
    draft: _Draft, parent: Parent, strategy: Strategy, options: StepOptions, capabilities: Capabilities
) -> TrainingPlan:
    """The plan without its alternatives, risks and findings."""
    schedule, per_epoch = draft.schedule, draft.bills.per_epoch(draft.files)
    tokens = draft.bills.billed(draft.files) if options.method.type != "reinforcement" else None
    cost, unknown = price_step(tokens, per_epoch, parent.base_model, options, capabilities)
    covered = Covered.of(schedule, draft.new, draft.old)
    return TrainingPlan(
        strategy=strategy.name,
        detail=repr(strategy),
        passes=strategy.passes,
        parent=parent,
        step=_step(draft, parent, options, capabilities),
        from_base=schedule.start == "base",
        new=draft.new,
        recalled=draft.old.select(sorted(draft.recalled & covered.places)),
        old_rows=len(draft.old),
        old_facts=len(draft.old.facts),
        rehearsed_rows=covered.rows,
        rehearsed_facts=covered.facts,
        superseded=draft.change.dropped,
        visits=covered.visits,
        counts=schedule.counts,
        notes=(*schedule.notes, *rates_notes(schedule, options.method, capabilities)),
        tokens_per_epoch=per_epoch,
        tokens=tokens,
        cost=cost,
        cost_unknown=unknown,
        alternatives={},
        risks=(),
    )


def _check_epochs(strategy: Strategy, options: StepOptions) -> None:
    if options.method.n_epochs != "auto":
        raise ValueError(
            f"n_epochs={options.method.n_epochs} is set, but a strategy decides it: pass "
            f"{type(strategy).__name__}(passes=...) instead"
        )


def _check_types(new: object, strategy: object) -> None:
    """Notebooks are not type-checked; say what is meant before something deep inside does."""
    if not isinstance(new, Dataset):
        way = (
            "from_jsonl(path)"
            if isinstance(new, str) or hasattr(new, "__fspath__")
            else "from_examples(rows)"
        )
        raise TypeError(f"the rows must be a Dataset, not {type(new).__name__}: Dataset.{way}")
    if isinstance(strategy, type) or not callable(getattr(strategy, "schedule", None)):
        raise TypeError(f"the strategy must be one such as Replay(), not {strategy!r}")


def _step(draft: _Draft, parent: Parent, options: StepOptions, capabilities: Capabilities) -> Step:
    parts = tuple(
        Part(
            training=file.rows,
            validation=options.validation,
            method=method_of(file.part, options.method, capabilities),
        )
        for file in draft.files
    )
    return Step(
        model=parent.base_model if draft.schedule.start == "base" else parent.model,
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
    elif options.method.type == "reinforcement":
        raise DatasetError(
            "reinforcement fine-tuning needs validation rows too", hint="Give them: validation=dataset"
        )
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


def _check_minimum(distinct: int, minimum: int, *, has_history: bool) -> None:
    if distinct < minimum:
        mix = ", or mix old ones in: Replay(fraction=...), Cumulative() or Joint()" if has_history else ""
        raise DatasetError(
            f"the planned file has {distinct} distinct rows; the service needs at least {minimum}",
            hint=f"Add rows{mix}",
        )


def _alternatives(chosen: Strategy, draft: _Draft, minimum: int) -> dict[str, TokenCount]:
    """What other strategies would bill, those left out that the service would refuse."""
    passes, bills = chosen.passes, draft.bills
    if not isinstance(passes, int):
        return {}
    found: dict[str, TokenCount] = {}
    for other in (Naive(passes=passes), Replay(passes=passes), Joint(passes=passes)):
        schedule = other.schedule(draft.new, draft.old)
        bill = bills.billed(bills.files(schedule))
        if other.name != chosen.name and bill and bills.fewest_distinct(schedule) >= minimum:
            found[other.name] = bill
    return found
