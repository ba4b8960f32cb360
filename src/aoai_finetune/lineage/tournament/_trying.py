"""Trying several strategies on the same rows, and choosing by what they kept and cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import Unpack

from ...continual import Budget, Strategy, TrainingPlan
from ...errors import BudgetExceeded, NotDeployed
from ...jobs import FineTuneJob, wait_all, wait_all_async
from ..judging._judging import Judging, check_asking
from ..memory._memory import Reference
from ..serving._serving import Serving
from ..training._training import FineTuneOptions, Training

if TYPE_CHECKING:
    from ...dataset import Dataset
    from ...evaluation import Comparison, Gate, ProbeSet
    from ..judging._comparison_run import ComparisonRun
    from ..serving._deployed import Deployed
    from ._tournament import Tournament

__all__ = ["Trying"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A strategy before it was tried."""

    name: str
    strategy: Strategy
    plan: TrainingPlan


class Trying(Training, Judging, Serving):
    """The part of `ModelLineage` that lets strategies compete."""

    def tournament(
        self,
        parent: Reference,
        new: Dataset,
        strategies: Sequence[Strategy],
        probes: ProbeSet,
        *,
        gate: Gate | None = None,
        budget: Budget | float | None = None,
        serve: str | None = None,
        timeout: float | None = None,
        concurrency: int = 8,
        progress: bool = True,
        **options: Unpack[FineTuneOptions],
    ) -> Tournament:
        """Train the same rows with every strategy, judge each against the parent, and put them into one table.

        Everything is planned first, and nothing is sent when one plan is wrong or all together cost too much. A
        training or an answer that exists is used, so asking again after an interruption goes on where it stopped
        and buys nothing twice. A training that fails stands in the table as failed, and is
        bought again by the next call.

        Args:
            parent: the version to continue, and the champion of every comparison.
            new: the rows to teach.
            strategies: at least one; compare them at equal `passes`. One that is given twice competes once.
            probes: what the parent and every result are asked.
            gate: what decides; `Gate()` by default.
            budget: the most that all trainings together may cost, those bought before included: a number of USD,
                or a `Budget`. Deployments are not in it.
            serve: a tier such as `developer`, to deploy what has to be asked for as long as it is asked, as
                `deployed` does. None deploys nothing: where only deployments answer, `NotDeployed` says after the
                trainings which model needs one, and the same call goes on from there.
            timeout: seconds to wait for the trainings, in the backend's time; None waits.
            concurrency: questions under way at a time.
            progress: show it on stderr.
            options: the keywords of `fine_tune`, for every strategy alike.

        Raises:
            BudgetExceeded: the trainings would cost more together, or nobody knows what one costs; nothing was sent.
            DatasetError, ValueError, NotFound, Ambiguous: what `plan` raises; nothing was sent.
            WaitTimeout: the trainings are not over; they go on.
            OutcomeUnknown, ServiceError, NotDeployed, NotSupported: what `train`, `deployed` and `compare` raise.
        """
        check_asking(probes, concurrency)
        entries = self._entries(parent, new, strategies, budget, options)
        jobs = [self.train(entry.plan) for entry in entries]
        wait_all(jobs, timeout, progress=progress)
        judging = self._judgings(parent, jobs, probes, gate)
        try:
            with self._stage(judging, parent, jobs, serve, progress=progress):
                for each in judging.values():
                    each.ask(concurrency=concurrency, progress=progress)
        except NotDeployed as missing:
            missing.add_note(_GO_ON)
            raise
        return self._result(parent, entries, jobs, {job: each.judge() for job, each in judging.items()})

    async def tournament_async(
        self,
        parent: Reference,
        new: Dataset,
        strategies: Sequence[Strategy],
        probes: ProbeSet,
        *,
        gate: Gate | None = None,
        budget: Budget | float | None = None,
        serve: str | None = None,
        timeout: float | None = None,
        concurrency: int = 8,
        progress: bool = True,
        **options: Unpack[FineTuneOptions],
    ) -> Tournament:
        """`tournament` without blocking the event loop."""
        import asyncio

        check_asking(probes, concurrency)
        entries = await asyncio.to_thread(self._entries, parent, new, strategies, budget, options)
        jobs = [await self.train_async(entry.plan) for entry in entries]
        await wait_all_async(jobs, timeout, progress=progress)
        judging = await asyncio.to_thread(self._judgings, parent, jobs, probes, gate)
        try:
            async with self._stage(judging, parent, jobs, serve, progress=progress):
                for each in judging.values():
                    await each.ask_async(concurrency=concurrency, progress=progress)
        except NotDeployed as missing:
            missing.add_note(_GO_ON)
            raise
        judged = {job: await asyncio.to_thread(each.judge) for job, each in judging.items()}
        return await asyncio.to_thread(self._result, parent, entries, jobs, judged)

    # -- inside --------------------------------------------------------------------------------------------

    def _entries(
        self,
        parent: Reference,
        new: Dataset,
        strategies: Sequence[Strategy],
        budget: Budget | float | None,
        options: FineTuneOptions,
    ) -> list[_Entry]:
        """Every strategy with its plan, all within the budget."""
        if not strategies:
            raise ValueError("a tournament needs at least one strategy, such as Replay()")
        plans = [self.plan(parent, new, strategy=strategy, **options) for strategy in strategies]
        if budget is not None:
            _check_total(plans, Budget.of(budget))
        seen = Counter[str]()
        entries = list[_Entry]()
        different = {
            (plan.step.key, plan.strategy): (strategy, plan)
            for strategy, plan in zip(strategies, plans, strict=True)
        }
        for strategy, plan in different.values():
            seen[strategy.name] += 1
            again = f" ({seen[strategy.name]})" if seen[strategy.name] > 1 else ""
            entries.append(_Entry(name=f"{strategy.name}{again}", strategy=strategy, plan=plan))
        return entries

    def _judgings(
        self, parent: Reference, jobs: Sequence[FineTuneJob], probes: ProbeSet, gate: Gate | None
    ) -> dict[str, ComparisonRun]:
        """A comparison to be made for every job that made a model."""
        made = {job.id: job for job in jobs if job.succeeded}
        return {name: self._comparison_run(parent, job, probes, gate) for name, job in made.items()}

    def _stage(
        self,
        judging: dict[str, ComparisonRun],
        parent: Reference,
        jobs: Sequence[FineTuneJob],
        serve: str | None,
        *,
        progress: bool,
    ) -> Deployed | nullcontext[None]:
        """Deployments of what has to be asked still, where they were asked for."""
        if serve is None:
            return nullcontext()
        wanted = {model for each in judging.values() for model in each.unanswered}
        versions = [self.version(ref) for ref in (parent, *(job for job in jobs if job.id in judging))]
        unserved = [version for version in versions if version.model in wanted]
        return self.deployed(*unserved, tier=serve, progress=progress) if unserved else nullcontext()

    def _result(
        self,
        parent: Reference,
        entries: Sequence[_Entry],
        jobs: Sequence[FineTuneJob],
        judged: dict[str, Comparison],
    ) -> Tournament:
        from ._tournament import Entrant, Tournament

        return Tournament(
            parent=self.version(parent),
            entrants=tuple(
                Entrant(
                    name=entry.name,
                    strategy=entry.strategy,
                    plan=entry.plan,
                    job=job,
                    version=self.version(job) if job.succeeded else None,
                    comparison=judged.get(job.id),
                )
                for entry, job in zip(entries, jobs, strict=True)
            ),
        )


_GO_ON = (
    "The trainings of the tournament are done. Deploy these models and make the same call again, or let it deploy "
    "them for as long as they are asked: serve='developer'"
)


def _check_total(plans: Sequence[TrainingPlan], budget: Budget) -> None:
    """All plans together; what is bought once counts once."""
    different = list({plan.step.key: plan for plan in plans}.values())
    for plan in different:
        budget.check(plan)  # also says when nobody knows what one costs
    bills = [plan.tokens.tokens for plan in different if plan.tokens is not None]
    if budget.tokens is not None and sum(bills) > budget.tokens:
        raise BudgetExceeded(
            f"{len(different)} trainings are billed {sum(bills):,} tokens together, and the budget is "
            f"{budget.tokens:,}",
            hint=_CHEAPER,
        )
    if budget.usd is not None:
        total = sum(_highest(plan, budget) for plan in different)
        if total > budget.usd:
            raise BudgetExceeded(
                f"{len(different)} trainings cost up to USD {total:,.2f} together, and the budget is "
                f"USD {budget.usd:,.2f}",
                hint=_CHEAPER,
            )


def _highest(plan: TrainingPlan, budget: Budget) -> float:
    if plan.cost is not None and not plan.cost.high:
        return 0.0
    return plan.estimate_cost(region=budget.region, prices=budget.prices).high


_CHEAPER = "Leave a strategy out, such as Joint(), or take fewer passes"
