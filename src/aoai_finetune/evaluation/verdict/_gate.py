"""The gate: a pure function from counts to promote, reject or inconclusive, with its reasons."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from ..statistics._limits import holm
from ..statistics._paired import ASSUMED_CORRELATION
from ._evidence import Evidence
from ._reasons import Line, explain, silence
from ._retention import Basis, RetentionTest, retention_test
from ._wishes import would_decide

if TYPE_CHECKING:
    from ..probes._probes import ProbeSet
    from ._forecast import Power

__all__ = ["Decision", "Gate", "Verdict"]


class Verdict(StrEnum):
    """What a gate says about a challenger."""

    PROMOTE = "promote"
    REJECT = "reject"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict and how it came about. Holds numbers and sentences, no prompt, answer or fact.

    Attributes:
        verdict: promote, reject or inconclusive.
        reasons: complete sentences with their numbers, what decided first.
        would_decide: what would decide an inconclusive comparison; empty otherwise.
        basis: whether facts were a census (the unit is the probe) or a sample (the unit is the fact).
        old: the test on old facts, None without probes of them.
        general: the same for general probes.
        labelled: the same for every label, by `old/off-distribution` and the like.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = field(repr=False)
    would_decide: str = field(default="", repr=False)
    basis: Basis = "census"
    old: RetentionTest | None = field(default=None, repr=False)
    general: RetentionTest | None = field(default=None, repr=False)
    labelled: Mapping[str, RetentionTest] = field(
        default_factory=dict[str, RetentionTest], repr=False, hash=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """When a challenger may take the champion's place.

    Old facts are kept when the lower one-sided limit of (new accuracy - old accuracy) lies above -margin
    (`paired_limits`), lost when the upper limit lies below it, and undecided otherwise. Old probes, general probes
    and every label are asked together whether they are lost, so those p-values are corrected by Holm.

    Reject: old or general probes, or those of a label, are lost; it is catastrophic forgetting; an answer is stale;
    or fewer than `acquisition` of the probes of new and updated facts are right. Promote: old facts are kept and the
    new ones acquired. Inconclusive: everything else, notably probes too few to tell, groups of which every probe was
    trained on, a champion that answers too few of them itself, a model that left nearly all of them unanswered, and
    a loss that is no more than what the champion loses when it is asked again.

    Attributes:
        margin: the loss of accuracy on old facts that is tolerated, as a share.
        alpha: the error rate of each one-sided limit and of McNemar's test.
        baseline: the share of old probes that the champion itself must answer right: keeping what was hardly there
            proves nothing. With 0 nothing is asked.
        acquisition: the share of probes of new and updated facts that must be right. With 0 nothing is asked, and
            probes of new facts may be missing.
        facts: `"census"` when the probes ask for every fact there is, `"sample"` when the facts probed stand for
            others; `"auto"` takes a census exactly when every fact of the champion's history has a probe, and old
            probes ask for no other.
        looks: how often you will look: at these probes, and again after adding more to them. `alpha` is divided among
            the looks. It has to be said before the first of them.

    Raises:
        ValueError: a margin outside 0 to 1, an alpha outside 0 to 0.5, an acquisition or a baseline outside 0
            to 1, what is no number, another word for `facts`, or looks that are no whole number from 1 on.
    """

    margin: float = 0.05
    alpha: float = 0.05
    acquisition: float = 0.80
    baseline: float = 0.50
    facts: Literal["auto", "census", "sample"] = "auto"
    looks: int = 1

    def __post_init__(self) -> None:
        for name, highest, limits in _LIMITS:
            _check_number(name, getattr(self, name), highest, limits)
        if self.alpha == 0:
            raise ValueError("Gate: alpha must be above 0 and below 0.5")
        if self.facts not in ("auto", "census", "sample"):
            raise ValueError("Gate: facts is 'auto', 'census' or 'sample'")
        if type(self.looks) is not int or self.looks < 1:
            raise ValueError("Gate: looks must be a whole number, 1 or more")

    @property
    def alpha_per_look(self) -> float:
        """The error rate of each limit at one look: `alpha` divided by `looks` (Bonferroni)."""
        return self.alpha / self.looks

    def basis(self, evidence: Evidence) -> Basis:
        """Whether these facts are a census or a sample."""
        if self.facts != "auto":
            return self.facts
        return "census" if evidence.covered else "sample"

    def power(
        self,
        probes: ProbeSet,
        *,
        known_facts: Collection[str] | None = None,
        churn: float = 0.02,
        correlation: float = ASSUMED_CORRELATION,
    ) -> Power:
        """What these probes will be able to show about old facts, and how many are missing. Asks nobody anything.

        Args:
            probes: those in the group `old` count, and those without a group whose fact is known.
            known_facts: every fact of the champion's history (`history.rows.facts`). They say whether the probes are
                a census; without them the facts are taken as a sample, and every probe without a group as old.
            churn: share of probes that flip either way though nothing was lost: what a comparison with
                `champion_repeats` measured, or a guess.
            correlation: between probes of one fact; 0.6 was measured on small learners.

        Raises:
            ValueError: no probe of an old fact, or a share or correlation outside 0 to 1.
        """
        from ._forecast import forecast

        known = None if known_facts is None else frozenset(known_facts)
        basis = self.facts if self.facts != "auto" else _coverage(probes, known)
        return forecast(
            probes,
            known_facts=known,
            margin=self.margin,
            alpha=self.alpha_per_look,
            basis=basis,
            churn=churn,
            correlation=correlation,
        )

    def decide(self, evidence: Evidence) -> Decision:
        """The verdict on these counts. Pure: the same evidence gives the same decision, word for word."""
        basis = self.basis(evidence)
        if evidence.silent:
            lines, wish = silence(evidence)
            return _decision(lines, wish, basis)
        tests = self._tests(evidence, basis)
        lines = explain(evidence, tests, acquisition=self.acquisition, baseline=self.baseline)
        wish = would_decide(
            evidence, tests, acquisition=self.acquisition, baseline=self.baseline, looks=self.looks
        )
        return _decision(lines, wish, basis, tests)

    def _tests(self, evidence: Evidence, basis: Basis) -> dict[str, RetentionTest]:
        """Everything that could be lost, tested together."""
        found: dict[str, RetentionTest] = {}
        for name, facts, noise, covers in evidence.tables():
            unit: Basis = basis if covers else "sample"
            test = retention_test(
                facts, margin=self.margin, alpha=self.alpha_per_look, basis=unit, noise=noise
            )
            if test is not None:
                found[name] = test
        corrected = holm([test.p_lost for test in found.values()])
        return {
            name: replace(test, p_lost=p, tested_with=len(found))
            for (name, test), p in zip(found.items(), corrected, strict=True)
        }


def _coverage(probes: ProbeSet, known: frozenset[str] | None) -> Basis:
    """What `auto` takes the facts of these probes for."""
    old = {probe.fact for probe in probes if probe.group == "old"}
    if known is None or not old <= known:
        return "sample"
    return "census" if known <= {probe.fact for probe in probes} else "sample"


def _decision(
    lines: list[Line], wish: str, basis: Basis, tests: Mapping[str, RetentionTest] = MappingProxyType({})
) -> Decision:
    """The verdict that these lines give, with the tests behind it. What would decide is said when nothing did."""
    verdict = _verdict(lines)
    return Decision(
        verdict=verdict,
        reasons=tuple(line.text for line in lines),
        would_decide=wish if verdict is Verdict.INCONCLUSIVE else "",
        basis=basis,
        old=tests.get("old"),
        general=tests.get("general"),
        labelled={name: test for name, test in tests.items() if "/" in name},
    )


def _verdict(lines: list[Line]) -> Verdict:
    weights = {line.weight for line in lines}
    if "against" in weights:
        return Verdict.REJECT
    return Verdict.INCONCLUSIVE if "open" in weights else Verdict.PROMOTE


_LIMITS: Final = (
    ("margin", math.nextafter(1, 0), "at least 0 and below 1"),
    ("alpha", math.nextafter(0.5, 0), "above 0 and below 0.5"),
    ("acquisition", 1.0, "0 to 1"),
    ("baseline", 1.0, "0 to 1"),
)


def _check_number(name: str, value: object, highest: float, limits: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= highest:
        raise ValueError(f"Gate: {name} must be a number, {limits}")
