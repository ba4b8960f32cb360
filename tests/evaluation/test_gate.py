"""The gate: counts in, verdict and reasons out."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.evaluation import (
    Decision,
    Evidence,
    Gate,
    PairedCounts,
    Verdict,
    mcnemar_exact,
    retention_test,
)


def spread(kept: int = 0, broken: int = 0, fixed: int = 0, missed: int = 0) -> tuple[PairedCounts, ...]:
    """One probe per fact, so that a census and a sample count alike."""
    each = {"kept": kept, "broken": broken, "fixed": fixed, "missed": missed}
    return tuple(PairedCounts(**{name: 1}) for name, count in each.items() for _ in range(count))


LEARNED = PairedCounts(fixed=10)


def evidence(
    old: tuple[PairedCounts, ...] = spread(60),
    *,
    new: PairedCounts = LEARNED,
    known_facts: int | None = None,
    **more: object,
) -> Evidence:
    """Sixty old facts kept and ten new ones learned, unless said otherwise."""
    known = len(old) if known_facts is None else known_facts
    return Evidence(old=old, new=new, known_facts=known, **more)  # type: ignore[arg-type]


def decide(*args: object, gate: Gate | None = None, **more: object) -> Decision:
    """The decision of the default gate."""
    return (gate or Gate()).decide(evidence(*args, **more))  # type: ignore[arg-type]


def said(decision: Decision) -> str:
    """All reasons in one text."""
    return " ".join(decision.reasons)


def test_kept_and_learned_is_promoted() -> None:
    """Sixty unbroken probes certify a margin of five points."""
    decision = decide()
    assert decision.verdict is Verdict.PROMOTE
    assert decision.would_decide == ""
    assert "Old facts are kept" in decision.reasons[0]


def test_lost_facts_are_rejected() -> None:
    """The whole interval lies below the margin."""
    decision = decide(spread(40, broken=20))
    assert decision.verdict is Verdict.REJECT
    assert "Old facts are lost" in said(decision)


def test_too_few_probes_are_inconclusive_and_say_how_many_would_decide() -> None:
    """Ten unbroken probes; about 49 more make the 59 that certify five points."""
    decision = decide(spread(10))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "About 49 more probes" in decision.would_decide


@pytest.mark.parametrize(("probes", "verdict"), [(58, Verdict.INCONCLUSIVE), (59, Verdict.PROMOTE)])
def test_fifty_nine_unbroken_probes_are_the_fewest_that_promote(probes: int, verdict: Verdict) -> None:
    """0.95**n falls below 0.05 between them."""
    assert decide(spread(probes)).verdict is verdict


def test_a_stale_answer_rejects() -> None:
    """One is enough, however well all else went."""
    decision = decide(updated=PairedCounts(fixed=99, missed=1), stale=1)
    assert decision.verdict is Verdict.REJECT
    assert decision.reasons[0] == "The challenger gives 1 answer that is out of date."


@pytest.mark.parametrize(("right", "verdict"), [(8, Verdict.PROMOTE), (7, Verdict.REJECT)])
def test_acquisition_below_the_threshold_rejects(right: int, verdict: Verdict) -> None:
    """80 % of ten probes are eight."""
    assert decide(new=PairedCounts(fixed=right, missed=10 - right)).verdict is verdict


def test_new_and_updated_probes_count_together() -> None:
    """Four of four new and four of six updated are 80 %."""
    decision = decide(new=PairedCounts(fixed=4), updated=PairedCounts(fixed=4, missed=2))
    assert decision.verdict is Verdict.PROMOTE
    assert "8 of 10 probes of new and updated facts" in said(decision)


def test_without_probes_of_new_facts_the_gate_asks_for_them() -> None:
    """Nothing is known about what was learned."""
    decision = decide(new=PairedCounts())
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "no probes of the new facts" in decision.would_decide


def test_a_gate_that_asks_for_no_acquisition_needs_no_probes_of_it() -> None:
    """A check of retention alone."""
    assert decide(new=PairedCounts(), gate=Gate(acquisition=0)).verdict is Verdict.PROMOTE


def test_a_challenger_without_new_facts_needs_no_probes_of_them() -> None:
    """The same rows retrained from the base, for example."""
    assert decide(new=PairedCounts(), new_facts=0).verdict is Verdict.PROMOTE


def test_without_probes_of_old_facts_it_is_inconclusive() -> None:
    """Nothing is known about forgetting."""
    decision = decide((), known_facts=4, unprobed_facts=4)
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "4 facts" in decision.reasons[0]
    assert "Probes of old facts would decide" in decision.would_decide


def test_a_champion_that_knew_nothing_has_nothing_to_lose() -> None:
    """A first fine-tune is judged by what it learned."""
    assert decide((), known_facts=0).verdict is Verdict.PROMOTE


def test_a_challenger_that_updates_every_fact_has_nothing_to_keep() -> None:
    """All known facts are probed as updated ones."""
    decision = decide((), known_facts=3, updated=PairedCounts(fixed=6), new=PairedCounts())
    assert decision.verdict is Verdict.PROMOTE


def test_lost_general_answers_reject() -> None:
    """Damage elsewhere counts, in a line of its own."""
    decision = decide(general=spread(10, broken=30))
    assert decision.verdict is Verdict.REJECT
    assert decision.reasons[0].startswith("General answers are lost")


def test_few_general_probes_do_not_stop_a_promotion() -> None:
    """They cannot prove that nothing broke, and the line says so."""
    decision = decide(general=spread(3))
    assert decision.verdict is Verdict.PROMOTE
    assert "General answers are undecided" in said(decision)


def test_probes_of_every_known_fact_are_a_census() -> None:
    """The unit is the probe."""
    decision = decide()
    assert decision.basis == "census"
    assert "all 60 facts" in said(decision)


def test_probes_of_some_known_facts_are_a_sample() -> None:
    """Facts are the unit: probes of one fact share their fate, so they count for less."""
    clustered = tuple(PairedCounts(kept=6) for _ in range(10))
    census, sample = decide(clustered), decide(clustered, known_facts=12, unprobed_facts=2)
    assert (census.basis, census.verdict) == ("census", Verdict.PROMOTE)
    assert (sample.basis, sample.verdict) == ("sample", Verdict.INCONCLUSIVE)
    assert "10 of the 12 facts" in said(sample)
    assert "60 probes of 10 facts carry as much as 15 independent ones (design effect 4.0)" in said(sample)
    assert "the 2 known facts without a probe" in sample.would_decide


@pytest.mark.parametrize("facts", ["census", "sample"])
def test_the_basis_can_be_told(facts: str) -> None:
    """Whatever the probes cover."""
    assert decide(gate=Gate(facts=facts), unprobed_facts=1).basis == facts  # type: ignore[arg-type]


def test_forgetting_more_than_half_is_called_catastrophic_forgetting() -> None:
    """The words, and the counts behind them."""
    decision = decide(spread(12, broken=48))
    assert decision.verdict is Verdict.REJECT
    assert decision.reasons[0].startswith("This is catastrophic forgetting: 48 of the 60 old probes")
    assert "80%" in decision.reasons[0]


old_tables = st.tuples(*[st.integers(0, 25)] * 4)


@given(old_tables)
def test_the_words_catastrophic_forgetting_stand_exactly_where_they_belong(
    table: tuple[int, int, int, int],
) -> None:
    """More than half of what the champion knew is wrong now, and exact McNemar is significant."""
    kept, broken, fixed, missed = table
    belongs = broken > kept and mcnemar_exact(broken, fixed, "worse") <= 0.05
    decision = decide(spread(kept, broken, fixed, missed))
    assert ("catastrophic forgetting" in said(decision)) == belongs
    assert not (belongs and decision.verdict is Verdict.PROMOTE)


@given(old_tables)
def test_a_verdict_on_old_facts_follows_from_both_limits(table: tuple[int, int, int, int]) -> None:
    """Kept above -margin, lost below it, undecided between; kept is promoted unless it is catastrophic."""
    decision = decide(spread(*table), gate=Gate(baseline=0))
    old = decision.old
    assert (old is None) == (sum(table) == 0)
    if old is not None and not old.catastrophic:
        verdicts = {"kept": Verdict.PROMOTE, "lost": Verdict.REJECT, "undecided": Verdict.INCONCLUSIVE}
        assert decision.verdict is verdicts[old.outcome]
        assert (old.lower > -0.05) == (old.outcome == "kept")
        assert (old.upper < -0.05) == (old.outcome == "lost")


@given(old_tables, st.integers(0, 5), st.integers(0, 5), st.integers(0, 3))
def test_what_is_open_says_what_would_decide(
    table: tuple[int, int, int, int], learned: int, missed: int, unprobed: int
) -> None:
    """Exactly the inconclusive decisions do, and every reason is a sentence without a number that is none."""
    decision = decide(
        spread(*table),
        new=PairedCounts(fixed=learned, missed=missed),
        known_facts=sum(table) + unprobed,
        unprobed_facts=unprobed,
    )
    assert bool(decision.would_decide) == (decision.verdict is Verdict.INCONCLUSIVE)
    assert decision.reasons
    assert all(reason[0].isupper() and reason.endswith(".") for reason in decision.reasons)
    assert "nan" not in said(decision) + decision.would_decide


def test_the_same_evidence_gives_the_same_decision() -> None:
    """Word for word."""
    asked = evidence(tuple(PairedCounts(kept=2, broken=place % 3) for place in range(30)), unprobed_facts=1)
    assert Gate().decide(asked) == Gate().decide(asked)


def test_a_loss_at_the_margin_is_not_decided_by_more_probes() -> None:
    """The advice is to train better, not to ask more."""
    decision = decide(spread(190, broken=10))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "hardly decide" in decision.would_decide


def test_a_loss_near_the_margin_asks_for_more_than_there_are() -> None:
    """Where the rule of thumb is met already, the difference seen says how many."""
    old = retention_test(spread(290, broken=10), margin=0.05, alpha=0.05, basis="census")
    assert old is not None
    assert old.outcome == "undecided"
    assert (old.probes_needed() or 0) > 300


def test_a_loss_beyond_the_margin_is_expected_to_stay() -> None:
    """5 of 60 broken: the loss seen, not a challenger as good as the champion, says how many more."""
    old = retention_test(spread(55, broken=5), margin=0.05, alpha=0.05, basis="census")
    assert old is not None
    assert old.outcome == "undecided"
    assert old.probes_needed() == pytest.approx(425, abs=2)  # 6.18 * (5/60 - (5/60)**2) / (5/60 - 0.05)**2


def test_probes_that_name_facts_of_no_history_are_pointed_out() -> None:
    """The likely cause is that rows and probes call their facts differently."""
    decision = decide((), new=PairedCounts(), general=spread(8), known_facts=4, unprobed_facts=4)
    assert "8 facts asked for stand in neither history" in decision.would_decide


def test_the_repr_of_a_decision_is_short() -> None:
    """Verdict and basis; the sentences are asked for."""
    assert repr(decide()) == "Decision(verdict=<Verdict.PROMOTE: 'promote'>, basis='census')"


@pytest.mark.parametrize(
    "arguments",
    [
        {"margin": -0.01},
        {"margin": 1.0},
        {"margin": math.nan},
        {"margin": True},
        {"alpha": 0.0},
        {"alpha": 0.5},
        {"acquisition": 1.2},
        {"acquisition": -0.1},
        {"facts": "some"},
        {"margin": "0.1"},
        {"alpha": None},
        {"acquisition": [0.8]},
        {"baseline": 1 + 1j},
        {"looks": 0},
        {"looks": 1.5},
        {"looks": True},
    ],
)
def test_a_gate_that_makes_no_sense_is_refused(arguments: dict[str, object]) -> None:
    """The message names the argument."""
    with pytest.raises(ValueError, match=next(iter(arguments))):
        Gate(**arguments)  # type: ignore[arg-type]


def test_counts_cannot_be_negative() -> None:
    """A table of pairs is made of counts."""
    with pytest.raises(ValueError, match="negative"):
        PairedCounts(broken=-1)


def test_promotion_is_rare_when_the_loss_is_exactly_the_margin() -> None:
    """A sample of 40 facts, probes of a fact correlated by 0.5: at most 5 % of 400 runs promote (3 sigma)."""
    rng = random.Random(2)
    gate, promoted = Gate(facts="sample"), 0
    for _ in range(400):
        old = []
        for _ in range(40):
            chance = rng.betavariate(0.05, 0.95)  # mean 0.05, correlation 1 / (0.05 + 0.95 + 1) = 0.5
            broken = sum(rng.random() < chance for _ in range(3))
            old.append(PairedCounts(kept=3 - broken, broken=broken))
        promoted += gate.decide(evidence(tuple(old))).verdict is Verdict.PROMOTE
    assert promoted / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_a_gate_with_two_looks_asks_each_for_half_of_alpha() -> None:
    """0.95**n falls below 0.025 between 71 and 72 probes; the sentences say 97.5 %."""
    verdicts = [decide(spread(probes), gate=Gate(looks=2)).verdict for probes in (71, 72)]
    assert verdicts == [Verdict.INCONCLUSIVE, Verdict.PROMOTE]
    assert "With 97.5% confidence" in said(decide(spread(72), gate=Gate(looks=2)))


def test_an_open_verdict_warns_of_looking_again() -> None:
    """Unless the gate knows of it already."""
    assert "Gate(looks=2)" in decide(spread(10)).would_decide
    assert "looking again" not in decide(spread(10), gate=Gate(looks=2)).would_decide
