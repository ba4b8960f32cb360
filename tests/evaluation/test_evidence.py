"""What a verdict may rest on: clean probes, answers in words, and facts that stand for no more than they can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aoai_finetune.dataset import Dataset
from aoai_finetune.errors import DatasetError
from aoai_finetune.evaluation import (
    Comparison,
    Contender,
    Evidence,
    Gate,
    PairedCounts,
    Probe,
    ProbeSet,
    Slice,
    Verdict,
    looks_refused,
)

Compare = Callable[..., Comparison]
FIRST, SECOND = Contender(name="first", model="m1"), Contender(name="second", model="m2")
SORRY = "I'm sorry, but I can't assist with that."


def answered(before: list[str], after: list[str], *, expected: str = "right") -> Comparison:
    """Old probes of one fact each, with these answers."""
    probes = ProbeSet(
        Probe(fact=f"f{place}", question=f"q{place}", expected=(expected,), group="old")
        for place in range(len(before))
    )
    return Comparison.from_answers(
        probes, FIRST, SECOND, before, after, known_facts=probes.facts, new_facts=()
    )


def kept(facts: int, probes: int = 1) -> tuple[PairedCounts, ...]:
    """Facts of which every probe is right twice."""
    return (PairedCounts(kept=probes),) * facts


# Trained on


def leaky(compare: Compare, *places: int, **marks: str) -> Comparison:
    """A comparison of which these probes were trained on, with every new fact asked for."""
    made = compare(**marks)
    new = frozenset(probe.fact for probe in made.probes if probe.group in {"new", "updated"})
    return replace(made, trained_on=dict.fromkeys(places), new_facts=new)


def test_new_facts_are_not_acquired_by_questions_that_were_trained_on(compare: Compare) -> None:
    """Three leaked probes among two hundred clean ones once promoted with an acquisition of 100 %."""
    comparison = leaky(compare, 200, 201, 202, old="++ " * 200, new="-+ " * 3)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert comparison.acquisition is None
    assert comparison.reasons[0].startswith("All 3 probes of new facts were trained on")
    assert "hold_out" in comparison.decision.would_decide


def test_old_facts_are_not_kept_by_questions_that_were_trained_on(compare: Compare) -> None:
    """Sixty of them prove memory."""
    comparison = leaky(compare, *range(60), old="++ " * 60, new="-+ " * 3)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert (comparison.retention, comparison.decision.old) == (None, None)
    assert comparison.reasons[0].startswith("All 60 probes of old facts were trained on")


def test_updated_facts_need_a_clean_probe_of_their_own(compare: Compare) -> None:
    """Clean probes of other new facts do not speak for them."""
    comparison = leaky(compare, 65, old="++ " * 60, new="-+ " * 5, updated="-+")
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert comparison.reasons[0].startswith("The only probe of updated facts was trained on")


def test_clean_probes_are_judged_without_those_that_were_trained_on(compare: Compare) -> None:
    """Neither counts, labels, facts nor shares hold them, and the reasons say how many were left out."""
    comparison = leaky(compare, 60, 61, old="++ " * 60 + "+- +-", new="-+ " * 3)
    assert (comparison.table, comparison.retention) == (PairedCounts(kept=60), 1.0)
    assert comparison.broken == ()
    assert "2 of 65 probes were trained on (2 old) and are not counted" in " ".join(comparison.reasons)
    assert [pair.trained_on for pair in comparison.pairs].count(True) == 2


def test_a_fact_without_a_clean_probe_makes_the_others_a_sample(compare: Compare) -> None:
    """Nobody knows whether it was kept."""
    comparison = leaky(compare, 60, old="++ " * 61)
    assert comparison.decision.basis == "sample"
    assert "60 of the 61 facts" in " ".join(comparison.reasons)


def test_more_leaked_than_clean_probes_do_not_spoil_the_clean_ones(compare: Compare) -> None:
    """They are asked about the same facts, and left out."""
    marks = leaky(compare, *range(0, 140, 2), old="++ " * 140)
    probes = ProbeSet(replace(probe, fact=f"f{place // 2}") for place, probe in enumerate(marks.probes))
    comparison = replace(marks, probes=probes, known_facts=frozenset(probes.facts), new_facts=frozenset())
    assert (comparison.decision.basis, comparison.table.n) == ("census", 70)
    assert comparison.verdict is Verdict.PROMOTE


def test_a_stale_answer_to_a_trained_question_still_rejects(compare: Compare) -> None:
    """Not even what was trained is answered as it should be."""
    comparison = leaky(compare, 60, old="++ " * 60, updated="-s")
    assert comparison.verdict is Verdict.REJECT


def test_a_gate_that_asks_for_no_acquisition_does_not_mind_leaks_of_it(compare: Compare) -> None:
    """The line explains, and leaves nothing open."""
    comparison = leaky(compare, 60, old="++ " * 60, new="-+")
    assert comparison.judged_by(Gate(acquisition=0)).verdict is Verdict.PROMOTE


def test_leaks_are_found_by_place() -> None:
    """Two probes without a line in any file can be told apart, and each has its finding."""
    rows = Dataset.from_pairs([("Old question?", "a"), ("Q1!", "b")])
    probes = ProbeSet(Probe(fact="f", question=f"q{place}", expected=("b",)) for place in range(3))
    assert list(probes.trained_on(rows)) == [1]
    assert [finding.code for finding in probes.leakage(rows)] == ["probe-trained-on"]


@pytest.mark.parametrize("places", [{1: None}, {-1: None}, {"0": None}, {True: None}, {0: "row"}])
def test_a_place_without_a_probe_is_refused(places: dict[int, int | None]) -> None:
    """It would leave out the wrong probe, or none."""
    with pytest.raises(DatasetError, match="trained_on"):
        replace(answered(["right"], ["right"]), trained_on=places)


# Unanswered


def test_refusals_alone_are_not_forgetting() -> None:
    """A content filter once read as catastrophic forgetting with a retention of 0."""
    comparison = answered(["right"] * 60, [SORRY] * 60)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert (comparison.retention, comparison.decision.old) == (None, None)
    assert "left 60 of 60 probes unanswered (empty or a refusal)" in comparison.reasons[0]


def test_nine_refusals_of_ten_are_as_good_as_all() -> None:
    """Two answers that came through measure nothing, and eight of sixty are a model that answers."""
    assert answered(["right"] * 60, [SORRY] * 30 + [""] * 24 + ["right"] * 6).retention is None
    assert answered(["right"] * 60, [SORRY] * 30 + [""] * 22 + ["right"] * 8).retention is not None


def test_a_champion_that_left_much_unanswered_hides_a_loss() -> None:
    """29 of 60 empty answers once made a challenger 48 points better, and promoted it."""
    comparison = answered([""] * 29 + ["right"] * 31, ["right"] * 60)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert comparison.reasons[0].startswith("The champion left 29 of 60 old probes unanswered")
    assert "in words would decide" in comparison.decision.would_decide


def test_few_unanswered_probes_hide_less_than_the_margin() -> None:
    """Two of a hundred cannot be a loss of five points."""
    comparison = answered([""] * 2 + ["right"] * 98, ["right"] * 100)
    assert comparison.verdict is Verdict.PROMOTE
    assert any("2 answers of the champion are empty or a refusal" in each for each in comparison.reasons)


def test_a_stale_answer_rejects_however_little_was_answered() -> None:
    """One is enough."""
    decision = Gate().decide(
        Evidence(updated=PairedCounts(missed=60), challenger_unanswered=59, stale=1, known_facts=60)
    )
    assert decision.verdict is Verdict.REJECT
    assert decision.reasons[0] == "The challenger gives 1 answer that is out of date."


def test_an_answer_that_is_right_is_no_refusal() -> None:
    """A model may be asked to decline, and polite Japanese begins like this."""
    comparison = answered([SORRY] * 60, [SORRY] * 60, expected=SORRY)
    assert comparison.verdict is Verdict.PROMOTE


@pytest.mark.parametrize(
    "answer", [SORRY, "As an AI, no.", "申し訳ありませんが、お答えできません。", "I CANNOT say"]
)
def test_refusals_are_told_by_their_beginning(answer: str) -> None:
    """In English and Japanese."""
    assert looks_refused(answer)


@pytest.mark.parametrize("answer", ["I don't know.", "わかりません", "Nine to five", ""])
def test_not_to_know_is_no_refusal(answer: str) -> None:
    """A model that has forgotten says so."""
    assert not looks_refused(answer)


# Census and sample


@pytest.mark.parametrize("facts", [1, 4])
def test_forgetting_few_facts_of_a_sample_is_not_called_catastrophic(facts: int) -> None:
    """Six probes of one fact fail together: over facts the drop may be luck (p = 0.5 and 0.063)."""
    old = (PairedCounts(broken=6),) * facts
    evidence = Evidence(old=old, known_facts=100, unprobed_facts=100 - facts, new_facts=0)
    decision = Gate().decide(evidence)
    assert decision.old is not None
    assert not decision.old.catastrophic
    assert "catastrophic" not in " ".join(decision.reasons)
    assert facts > 1 or decision.verdict is Verdict.INCONCLUSIVE


def test_a_census_of_one_fact_may_well_be_catastrophic() -> None:
    """It is all there was."""
    decision = Gate().decide(Evidence(old=(PairedCounts(broken=6),), known_facts=1, new_facts=0))
    assert decision.reasons[0].startswith("This is catastrophic forgetting")
    assert "exact McNemar p = 0.016" in decision.reasons[0]


def test_the_p_value_that_is_quoted_has_the_unit_of_the_basis() -> None:
    """Eight facts with six broken probes each: 2**-8 over facts, not 2**-48 over probes."""
    evidence = Evidence(old=(PairedCounts(broken=6),) * 8, known_facts=9, unprobed_facts=1, new_facts=0)
    reasons = Gate().decide(evidence).reasons
    assert "sign flips over facts p = 0.0039" in reasons[0]
    assert "sign flips over facts p = 0.0039" in reasons[1]
    assert "McNemar" not in " ".join(reasons)


def test_a_label_of_few_facts_is_a_sample() -> None:
    """One fact of thirty, broken six times: it cannot stand for the others."""
    off = Slice(group="old", label="off", facts=(PairedCounts(broken=6),))
    old = (*kept(29, 12), PairedCounts(kept=6, broken=6))
    decision = Gate(margin=0.1).decide(Evidence(old=old, known_facts=30, new_facts=0, slices=(off,)))
    assert decision.basis == "census"
    assert decision.labelled["old/off"].basis == "sample"
    assert decision.labelled["old/off"].design_effect == pytest.approx(4.0)
    assert decision.verdict is Verdict.PROMOTE


def test_a_label_of_every_fact_is_a_census_too() -> None:
    """Each fact once more in other words."""
    off = Slice(group="old", label="off", facts=kept(30))
    decision = Gate().decide(Evidence(old=kept(30, 3), known_facts=30, new_facts=0, slices=(off,)))
    assert decision.labelled["old/off"].basis == "census"


def known(facts: list[str] | None, probed: int = 10) -> Comparison:
    """Six probes each of ten old facts, all kept, and what is said to be known."""
    probes = ProbeSet(
        Probe(fact=f"f{fact}", question=f"q{fact} {place}", expected=("right",), group="old")
        for fact in range(probed)
        for place in range(6)
    )
    answers = ["right"] * len(probes)
    return Comparison.from_answers(probes, FIRST, SECOND, answers, answers, known_facts=facts, new_facts=())


def test_a_census_of_no_facts_is_none() -> None:
    """An empty collection once counted ten facts as all of them, and promoted."""
    comparison = known([])
    assert (comparison.decision.basis, comparison.verdict) == ("sample", Verdict.INCONCLUSIVE)
    assert "not among the 0 the champion was trained on" in " ".join(comparison.reasons)


def test_one_fact_that_is_not_known_makes_a_sample() -> None:
    """Somebody calls a fact by another name, and so the rest may be others as well."""
    assert known([f"f{place}" for place in range(10)]).decision.basis == "census"
    assert known(["g0", *(f"f{place}" for place in range(1, 10))]).decision.basis == "sample"
    assert known([f"f{place}" for place in range(9)]).decision.basis == "sample"


def test_when_nobody_says_what_is_known_facts_are_a_sample() -> None:
    """The verdict says that it is a guess."""
    comparison = known(None)
    assert comparison.decision.basis == "sample"
    assert "nobody said which facts the champion was trained on" in " ".join(comparison.reasons)
    assert "not said" in comparison.sections()[-1].body


def test_without_old_probes_and_known_facts_nothing_is_known_about_forgetting() -> None:
    """It is open, not the first fine-tune."""
    decision = Gate().decide(Evidence(new=PairedCounts(fixed=60), new_facts=1, asked_new_facts=1))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "nobody said which the champion was trained on" in decision.reasons[0]
    assert decision.would_decide


def test_power_and_verdict_take_the_same_facts_for_a_census() -> None:
    """They once disagreed about probes whose facts nobody knew."""
    for facts in ([], ["f0"], [f"f{place}" for place in range(10)]):
        comparison = known(facts)
        power = Gate().power(comparison.probes, known_facts=facts)
        assert power.basis == comparison.decision.basis


# Acquisition


def acquired(
    right: int, asked: int, facts: int, of: int | None, required: float = 0.8
) -> tuple[Verdict, str]:
    """The verdict, and the reasons, where old facts are kept and so many probes of new ones are right."""
    decision = Gate(acquisition=required).decide(
        Evidence(
            old=kept(60),
            known_facts=60,
            new=PairedCounts(fixed=right, missed=asked - right),
            asked_new_facts=facts,
            new_facts=of,
        )
    )
    return decision.verdict, " ".join(decision.reasons) + decision.would_decide


def test_one_new_fact_of_five_hundred_does_not_show_that_they_were_learned() -> None:
    """Wilson's limit is 27 %, and the gate asks for 80."""
    verdict, said = acquired(1, 1, 1, 500)
    assert verdict is Verdict.INCONCLUSIVE
    assert (
        "ask for 1 new fact, and there are 500: with 95% confidence at least 27% of all were learned" in said
    )
    assert "Probes of more of the new facts would decide" in said


def test_six_probes_of_one_new_fact_say_no_more() -> None:
    """The unit is the fact."""
    assert acquired(6, 6, 1, 500)[0] is Verdict.INCONCLUSIVE


def test_how_many_new_facts_were_asked_for_is_said_where_it_is_enough() -> None:
    """Ten of five hundred show 78.7 %."""
    verdict, said = acquired(10, 10, 10, 500)
    assert verdict is Verdict.PROMOTE
    assert "ask for 10 new facts, and there are 500: with 95% confidence at least 78.7%" in said


def test_a_single_new_fact_that_is_all_there_is_counts() -> None:
    """Nothing is to be extrapolated."""
    verdict, said = acquired(1, 1, 1, 1)
    assert verdict is Verdict.PROMOTE
    assert "confidence at least" not in said.partition("New facts")[2]


def test_when_nobody_said_how_many_new_facts_there_are_one_does_not_stand_for_them() -> None:
    """It may be one of many."""
    verdict, said = acquired(1, 1, 1, None)
    assert verdict is Verdict.INCONCLUSIVE
    assert "nobody said how many there are" in said


def test_a_gate_without_acquisition_extrapolates_nothing() -> None:
    """It asks for none."""
    assert acquired(1, 1, 1, 500, required=0)[0] is Verdict.PROMOTE


def test_new_probes_of_other_facts_than_were_taught_show_nothing(compare: Compare) -> None:
    """Rows and probes call their facts differently, so none of the ten new ones was asked for."""
    taught = [f"row {place}" for place in range(10)]
    comparison = compare(old="++ " * 60, new="-+ " * 10, new_facts=taught)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert "The probes ask for 0 new facts, and there are 10" in " ".join(comparison.reasons)
