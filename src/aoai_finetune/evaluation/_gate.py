"""The gate: a pure function from counts to promote, reject or inconclusive, with its reasons."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from ._evidence import Evidence
from ._reasons import Line, explain, would_decide
from ._retention import Basis, RetentionTest, retention_test

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
    """

    verdict: Verdict
    reasons: tuple[str, ...] = field(repr=False)
    would_decide: str = field(default="", repr=False)
    basis: Basis = "census"
    old: RetentionTest | None = field(default=None, repr=False)
    general: RetentionTest | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """When a challenger may take the champion's place.

    Old facts are kept when the lower one-sided Tango limit of (new accuracy - old accuracy) lies above -margin,
    lost when the upper limit lies below it, and undecided otherwise.

    Reject: old or general probes are lost; it is catastrophic forgetting; an answer is stale; or fewer than
    `acquisition` of the probes of new and updated facts are right. Promote: old facts are kept and the new ones
    acquired. Inconclusive: everything else, notably probes too few to tell, probes that were mostly trained on, and
    a champion that answers too few of them itself.

    Attributes:
        margin: the loss of accuracy on old facts that is tolerated, as a share.
        alpha: the error rate of each one-sided limit and of McNemar's test.
        baseline: the share of old probes that the champion itself must answer right: keeping what was hardly there
            proves nothing. With 0 nothing is asked.
        acquisition: the share of probes of new and updated facts that must be right. With 0 nothing is asked, and
            probes of new facts may be missing.
        facts: `"census"` when the probes ask for every fact there is, `"sample"` when the facts probed stand for
            others; `"auto"` takes a census exactly when every fact of the champion's history has a probe.

    Raises:
        ValueError: a margin outside 0 to 1, an alpha outside 0 to 0.5, an acquisition or a baseline outside 0
            to 1, or another word for `facts`.
    """

    margin: float = 0.05
    alpha: float = 0.05
    acquisition: float = 0.80
    baseline: float = 0.50
    facts: Literal["auto", "census", "sample"] = "auto"

    def __post_init__(self) -> None:
        _check_number("margin", self.margin, fits=0 <= self.margin < 1, limits="at least 0 and below 1")
        _check_number("alpha", self.alpha, fits=0 < self.alpha < 0.5, limits="above 0 and below 0.5")
        _check_number("acquisition", self.acquisition, fits=0 <= self.acquisition <= 1, limits="0 to 1")
        _check_number("baseline", self.baseline, fits=0 <= self.baseline <= 1, limits="0 to 1")
        if self.facts not in ("auto", "census", "sample"):
            raise ValueError("Gate: facts is 'auto', 'census' or 'sample'")

    def basis(self, evidence: Evidence) -> Basis:
        """Whether these facts are a census or a sample."""
        if self.facts != "auto":
            return self.facts
        return "sample" if evidence.unprobed_facts else "census"

    def decide(self, evidence: Evidence) -> Decision:
        """The verdict on these counts. Pure: the same evidence gives the same decision, word for word."""
        basis = self.basis(evidence)
        old = retention_test(evidence.old, margin=self.margin, alpha=self.alpha, basis=basis)
        general = retention_test(evidence.general, margin=self.margin, alpha=self.alpha, basis="sample")
        lines = explain(evidence, old, general, acquisition=self.acquisition, baseline=self.baseline)
        verdict = _verdict(lines)
        return Decision(
            verdict=verdict,
            reasons=tuple(line.text for line in lines),
            would_decide=_open_question(self, evidence, old, verdict),
            basis=basis,
            old=old,
            general=general,
        )


def _open_question(gate: Gate, evidence: Evidence, old: RetentionTest | None, verdict: Verdict) -> str:
    if verdict is not Verdict.INCONCLUSIVE:
        return ""
    return would_decide(evidence, old, acquisition=gate.acquisition, baseline=gate.baseline)


def _verdict(lines: list[Line]) -> Verdict:
    weights = {line.weight for line in lines}
    if "against" in weights:
        return Verdict.REJECT
    return Verdict.INCONCLUSIVE if "open" in weights else Verdict.PROMOTE


def _check_number(name: str, value: float, *, fits: bool, limits: str) -> None:
    if isinstance(value, bool) or not math.isfinite(value) or not fits:
        raise ValueError(f"Gate: {name} must be {limits}")
