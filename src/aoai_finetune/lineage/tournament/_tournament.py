"""Several strategies for the same rows, and what became of each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ...continual import Strategy, TrainingPlan
from ...display import Html, Page, Section, Tone, badge, details, fragment, html_table, join, prose, table
from ...jobs import FineTuneJob
from ..store._records import ModelVersion

if TYPE_CHECKING:
    from ...evaluation import Comparison, Verdict

__all__ = ["Entrant", "Tournament"]

_HEADER: Final = ("strategy", "tokens billed", "of the dearest", "retention", "acquisition", "verdict")
_ALIGN: Final = "l>>>>l"
_TONES: Final[dict[str | None, Tone]] = {
    "promote": "good",
    "inconclusive": "unsure",
    "reject": "bad",
    None: "plain",
}
"""From the best to the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """One strategy of a tournament.

    Attributes:
        name: the strategy's name, with a number behind it where several are called the same.
        strategy: itself.
        plan: what was bought.
        job: the training; of a failed one, `job.error` says why.
        version: what it made, None when it failed or was cancelled.
        comparison: with the parent, None without a version.
    """

    name: str
    strategy: Strategy
    plan: TrainingPlan
    job: FineTuneJob
    version: ModelVersion | None
    comparison: Comparison | None

    @property
    def tokens(self) -> int | None:
        """Tokens billed, as the service said; as planned where it did not, None where nobody knows."""
        if self.job.trained_tokens is not None:
            return self.job.trained_tokens
        return self.plan.tokens.tokens if self.plan.tokens is not None else None

    @property
    def verdict(self) -> Verdict | None:
        """What the gate said, None without a version."""
        return self.comparison.verdict if self.comparison is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tournament:
    """Strategies trained on the same rows and judged on the same probes. Printing it shows no row and no answer.

    Each verdict holds by itself. Where many strategies are tried on the same probes, one of them is promoted by
    luck more easily than the gate's `alpha` says: at most as many times `alpha` as there are strategies.

    Attributes:
        parent: the version that all of them continue, and are judged against.
        entrants: in the order given.
    """

    parent: ModelVersion
    entrants: tuple[Entrant, ...] = field(repr=False)

    @property
    def best(self) -> Entrant | None:
        """The cheapest strategy that the gate promotes; None when it promotes none."""
        promoted = [each for each in self.entrants if each.verdict == "promote"]
        return min(promoted, key=_price, default=None)

    @property
    def ranking(self) -> tuple[Entrant, ...]:
        """Promoted ones first, then inconclusive, rejected and failed; the cheapest first among equals."""
        return tuple(sorted(self.entrants, key=lambda each: (_rank(each), _price(each))))

    def share(self, entrant: Entrant) -> float | None:
        """What it was billed as a share of the dearest strategy here; None where either is not known."""
        bills = [each.tokens for each in self.entrants]
        known = [bill for bill in bills if bill is not None]
        if entrant.tokens is None or len(known) < len(bills) or not max(known):
            return None
        return entrant.tokens / max(known)

    @override
    def __str__(self) -> str:
        rows = [(*self._cells(each), _said(each)) for each in self.ranking]
        grid = table(_HEADER, rows, align=_ALIGN)
        return "\n\n".join((grid, self._outcome(), *self._luck(), *self._engine()))

    @override
    def __repr__(self) -> str:
        best = repr(self.best.name) if self.best else None
        return f"<Tournament from {self.parent.id}: {len(self.entrants)} strategies, best {best}>"

    def _repr_html_(self) -> str:
        return fragment(self.section().body)

    def section(self, title: str = "Tournament") -> Section:
        """The table as a section of a report, with the reasons of every verdict folded away."""
        rows = [(*self._cells(each), badge(_said(each), _TONES[each.verdict])) for each in self.ranking]
        grid = html_table(_HEADER, rows, caption=f"Trained from {self.parent.id}", align=_ALIGN)
        return Section(
            title, join(grid, prose(self._outcome(), *self._luck(), *self._engine()), *self._reasons())
        )

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained page; its path is returned. `entrant.comparison.to_html` shows the answers.

        Raises:
            OSError: as `display.write_atomic`.
        """
        return Page("Tournament of strategies", [self.section()]).write(path)

    # -- inside --------------------------------------------------------------------------------------------

    def _cells(self, entrant: Entrant) -> tuple[str, str, str, str, str]:
        comparison = entrant.comparison
        return (
            entrant.name,
            _tokens(entrant),
            _percent(self.share(entrant)),
            _percent(comparison.retention if comparison else None),
            _percent(comparison.acquisition if comparison else None),
        )

    def _outcome(self) -> str:
        if self.best is None:
            return "No strategy is promoted."
        return f"Best: {self.best.name}, the cheapest that is promoted."

    def _luck(self) -> Iterator[str]:
        judged = sum(each.comparison is not None for each in self.entrants)
        if judged > 1:
            yield (
                f"{judged} strategies were judged on the same probes: luck promotes one of them up to {judged} times "
                "as often as the gate's alpha says."
            )

    def _engine(self) -> Iterator[str]:
        engines = {each.comparison.challenger.engine for each in self.entrants if each.comparison}
        for engine in sorted(filter(None, engines)):
            yield f"Answers come from the offline {engine} learner, not from GPT."

    def _reasons(self) -> Iterator[Html]:
        for each in self.ranking:
            reasons = each.comparison.reasons if each.comparison else (_said(each),)
            yield details(f"{each.name}: {_said(each)}", prose(*reasons))


def _said(entrant: Entrant) -> str:
    if entrant.comparison is not None:
        return str(entrant.comparison.verdict)
    return f"job {entrant.job.status}"


def _tokens(entrant: Entrant) -> str:
    if entrant.job.trained_tokens is not None or entrant.plan.tokens is None:
        return f"{entrant.tokens:,}" if entrant.tokens is not None else "not known"
    return str(entrant.plan.tokens)


def _percent(value: float | None) -> str:
    return f"{value:.0%}" if value is not None else "·"


def _rank(entrant: Entrant) -> int:
    return list(_TONES).index(entrant.verdict)


def _price(entrant: Entrant) -> float:
    return entrant.tokens if entrant.tokens is not None else float("inf")
