"""The printable, costed result of applying a strategy: what would be sent, and what is at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from typing_extensions import override

from ...backends import Auto
from ...dataset import Dataset, Example, Finding, TokenCount
from ...jobs import Step
from .._history import Parent

if TYPE_CHECKING:
    from ...dataset import Cost, PriceTable

__all__ = ["TrainingPlan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """One step, ready to be trained by `ModelLineage.train`. Printing it shows no row.

    Attributes:
        strategy: its name, such as `replay 10 %`; `detail` is its full text with all settings.
        passes: trips through the new rows, `"auto"` where the service decides; where `counts` is `visits`, the
            passes of joint retraining that visits are a share of.
        parent: the model this step succeeds.
        step: what will be sent: the parts with their rows, and the model the first one starts from.
        from_base: the first part starts from the base model, not from the parent.
        new: the new rows.
        recalled: old rows in the files that the strategy brought: what a model said, where its rows are gone.
        old_rows, old_facts: size of the live history, and of what the strategy brought.
        rehearsed_rows, rehearsed_facts: how much of it is in the files, counted once.
        superseded: old rows that the new ones replace; they are never replayed.
        visits: row visits per fact of this step.
        counts: what decides how often a fact is trained: `passes` over the rows, or `visits` of the fact.
        notes: what the strategy says about this step, in sentences.
        tokens_per_epoch: tokens in all files; `tokens` is what will be billed, None where the service decides
            the number of epochs, and for reinforcement fine-tuning, which is billed by the hour.
        alternatives: tokens billed by other strategies at the same passes, by name.
        cost: what the tokens cost by the dated list prices; None where that is not known, and `cost_unknown`
            says what is missing. A simulated service charges nothing.
        risks: what can go wrong, in sentences.
        findings: what validation said about the new rows, and near-misses of supersession.
    """

    strategy: str
    detail: str
    passes: int | Auto
    parent: Parent
    step: Step
    from_base: bool
    new: Dataset
    old_rows: int
    old_facts: int
    rehearsed_rows: int
    rehearsed_facts: int
    superseded: tuple[Example, ...] = field(repr=False)
    visits: Mapping[str, int] = field(repr=False)
    tokens_per_epoch: TokenCount
    tokens: TokenCount | None
    alternatives: Mapping[str, TokenCount]
    risks: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    cost: Cost | None = None
    cost_unknown: str = ""
    counts: Literal["passes", "visits"] = "passes"
    notes: tuple[str, ...] = ()
    recalled: Dataset = field(default_factory=lambda: Dataset.from_examples(()))

    @property
    def learned(self) -> Dataset:
        """What the step adds to the history of its model: the new rows, and those recalled that it trains."""
        return self.new + self.recalled

    def estimate_cost(
        self, *, tier: str | None = None, region: str | None = None, prices: PriceTable | None = None
    ) -> Cost:
        """What the plan would cost elsewhere: at another tier, in a region, or by your own prices.

        Args:
            tier: `global`, `regional`, `datazone` or `developer`; the plan's training type when not given.
            region: such as `swedencentral`, where the price depends on it.
            prices: another table than the dated list prices, `aoai_finetune.dataset.PRICES`.

        Raises:
            NotFound: the bill or its price is not known; the message names what is missing.
            ValueError: no such tier.
        """
        from ._cost import estimate

        return estimate(
            self.tokens,
            self.parent.base_model,
            method=self.step.parts[0].method.type,
            tier=tier or self.step.training_type,
            region=region,
            prices=prices,
        )

    @property
    def rows(self) -> int:
        """Lines in all files together."""
        return sum(len(part.training) for part in self.step.parts)

    @property
    def coverage(self) -> float:
        """Share of the live old rows that is rehearsed at least once, 0 to 1; 1 without history."""
        return self.rehearsed_rows / self.old_rows if self.old_rows else 1.0

    @override
    def __str__(self) -> str:
        title = f"Plan: {self.strategy} for {self.step.model}"
        lines = [f"  {name:<14} {value}" for name, value in self._facts()]
        said = [f"  {name:<14} - {sentence}" for name, sentence in self._sentences()]
        return "\n".join([title, *lines, *said])

    @override
    def __repr__(self) -> str:
        return f"<TrainingPlan {self.strategy} rows={self.rows} parts={len(self.step.parts)} tokens={self.tokens}>"

    def _repr_html_(self) -> str:
        from ...display import fragment, html_table

        return fragment(html_table(("plan", self.strategy), [*self._facts(), *self._sentences()]))

    def _sentences(self) -> list[tuple[str, str]]:
        return [
            (name if not number else "", sentence)
            for name, sentences in (("schedule", self.notes), ("at risk", self.risks))
            for number, sentence in enumerate(sentences)
        ]

    def _facts(self) -> list[tuple[str, str]]:
        epochs = ", ".join(str(part.method.n_epochs) for part in self.step.parts)
        jobs = "1 job" if len(self.step.parts) == 1 else f"{len(self.step.parts)} consecutive jobs"
        facts = [
            ("starts from", f"{self.step.model} ({'base model' if self.from_base else 'parent'})"),
            ("new rows", f"{len(self.new)} ({_plural(len(self.new.facts), 'fact')}), {self._how_often}"),
            ("sent", f"{_plural(self.rows, 'row')} in {jobs}, n_epochs {epochs}"),
        ]
        if self.counts == "visits":
            facts.append(("visits", self._visits_line()))
        if self.old_rows or self.superseded:
            facts += [
                (
                    "rehearsed",
                    (
                        f"{self.rehearsed_rows} of {self.old_rows} old rows ({self.coverage:.0%}), "
                        f"{self.rehearsed_facts} of {_plural(self.old_facts, 'old fact')}"
                    ),
                ),
                ("superseded", f"{_plural(len(self.superseded), 'old row')} replaced by newer answers"),
            ]
        facts.append(("tokens billed", self._bill()))
        if self.cost is not None or self.cost_unknown:
            facts.append(
                ("cost", str(self.cost) if self.cost is not None else f"not known: {self.cost_unknown}")
            )
        if self.alternatives:
            others = "; ".join(f"{name} {tokens}" for name, tokens in self.alternatives.items())
            facts.append(("alternatives", others))
        return facts

    @property
    def _how_often(self) -> str:
        return f"{self.passes} passes" if self.counts == "passes" else "counted in visits"

    def _visits_line(self) -> str:
        fresh = set(self.new.facts)
        taught = [self.visits.get(fact, 0) for fact in fresh]
        known = [count for fact, count in self.visits.items() if fact not in fresh]
        parts = [f"{_span(taught)} for each of {_plural(len(taught), 'new fact')}"]
        if known:
            parts.append(f"{_span(known)} for each of {_plural(len(known), 'old fact')}")
        return "; ".join(parts)

    def _bill(self) -> str:
        if self.step.parts[0].method.type == "reinforcement":
            return f"billed by the hour; the files have {self.tokens_per_epoch}"
        if self.tokens is None:
            return f"{self.tokens_per_epoch} per epoch; the service decides the number of epochs"
        return str(self.tokens)


def _span(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
