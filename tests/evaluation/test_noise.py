"""Asked again: how much of a difference is the champion's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from aoai_finetune.errors import DatasetError
from aoai_finetune.evaluation import (
    Comparison,
    Contender,
    Evidence,
    Gate,
    PairedCounts,
    Probe,
    ProbeSet,
    Verdict,
    mcnemar_exact,
)
from aoai_finetune.evaluation.verdict._noise import noise_floor

FIRST, SECOND = Contender(name="first", model="m1"), Contender(name="second", model="m2")
ANSWERS = {"+": "right", "-": "wrong", " ": ""}


def compared(
    first: str,
    challenger: str,
    *repeats: str,
    gate: Gate | None = None,
    labels: Sequence[str | None] = (),
) -> Comparison:
    """One old probe per mark: what the champion answered, the challenger, and the champion asked again."""
    probes = ProbeSet(
        Probe(
            fact=f"f{place}",
            question=f"q{place}",
            expected=("right",),
            group="old",
            label=labels[place] if labels else None,
        )
        for place in range(len(first))
    )
    texts = [[ANSWERS[mark] for mark in marks] for marks in (first, challenger, *repeats)]
    return Comparison.from_answers(
        probes,
        FIRST,
        SECOND,
        texts[0],
        texts[1],
        known_facts=probes.facts,
        new_facts=(),
        champion_repeats=texts[2:],
        gate=gate,
    )


def test_asked_once_there_is_no_noise_floor() -> None:
    """Nothing is known about chance, and nothing is said."""
    comparison = compared("++", "++")
    assert comparison.noise is None
    assert "Asked again" not in str(comparison)


def test_the_noise_floor_counts_what_the_champion_changes_itself() -> None:
    """Two repeats of four probes: one broken in the first, one broken and one mended in the second."""
    noise = compared("+++-", "+++-", "+-+-", "++-+").noise
    assert noise is not None
    assert (noise.repeats, noise.counts) == (2, PairedCounts(kept=4, broken=2, fixed=1, missed=1))
    assert noise.share == pytest.approx(3 / 8)


def test_a_loss_above_the_noise_rejects_and_says_so() -> None:
    """Thirty broken, where the champion breaks two itself."""
    comparison = compared("+" * 60, "-" * 30 + "+" * 30, "+" * 58 + "--")
    assert comparison.verdict is Verdict.REJECT
    assert (
        "changes 2 of 60 answers to old probes between right and wrong (3.3%: 2 broken, 0 mended)"
        in " ".join(comparison.reasons)
    )
    assert "what the challenger broke is more than that" in " ".join(comparison.reasons)


def test_a_loss_within_the_noise_does_not_reject() -> None:
    """The champion breaks as many itself, so the probes cannot tell; the verdict says what would."""
    comparison = compared("+" * 60, "-" * 40 + "+" * 20, "+" * 22 + "-" * 38)
    assert compared("+" * 60, "-" * 40 + "+" * 20).verdict is Verdict.REJECT
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert "the challenger's loss is not shown to be more than that" in " ".join(comparison.reasons)
    assert "steadier answers" in comparison.decision.would_decide


def test_noise_never_promotes() -> None:
    """What was undecided stays undecided, however noisy the champion is."""
    comparison = compared("+" * 60, "-" * 3 + "+" * 57, "-" * 30 + "+" * 30, gate=Gate(margin=0.03))
    assert comparison.verdict is Verdict.INCONCLUSIVE


def test_with_one_repeat_the_test_is_mcnemar_of_repeat_and_challenger() -> None:
    """Over the probes that were right at first: 9 only the challenger breaks, 2 only the repeat."""
    noise = compared("+" * 30 + "-" * 5, "-" * 9 + "+" * 26, "+" * 28 + "--" + "+" * 5).noise
    assert noise is not None
    assert noise.p_above == pytest.approx(mcnemar_exact(9, 2, "worse"))


def test_repeats_are_stored_and_judged_again() -> None:
    """The noise floor is a part of the evidence."""
    comparison = compared("+" * 60, "-" * 40 + "+" * 20, "+" * 22 + "-" * 38)
    again = Comparison.from_json(comparison.to_json())
    assert again == comparison
    assert again.decision == comparison.decision


def test_a_repeat_with_a_missing_answer_is_refused() -> None:
    """It names who gave too few."""
    with pytest.raises(DatasetError, match="1 answers of the champion, asked again, to 2 probes"):
        compared("++", "++", "+")


@pytest.mark.parametrize(
    ("first", "challenger", "who"), [("  ", "++", "champion"), ("++", "  ", "challenger")]
)
def test_a_model_that_gave_no_text_at_all_was_not_measured(first: str, challenger: str, who: str) -> None:
    """A content filter is not forgetting: no number, no rejection, and the reason names it."""
    comparison = compared(first * 30, challenger * 30)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert comparison.reasons[0].startswith(f"The {who} left 60 of 60 probes unanswered")
    assert (comparison.retention, comparison.acquisition, comparison.decision.old) == (None, None, None)
    assert "content filter" in str(comparison)
    assert comparison.decision.would_decide
    assert "not measured" in str(comparison)
    assert comparison.to_json()
    assert [section.title for section in comparison.sections()]


def test_some_empty_answers_are_counted_as_wrong_and_named() -> None:
    """Two of sixty."""
    comparison = compared("+" * 60, "  " + "+" * 58)
    assert any(
        reason.startswith("2 answers of the challenger are empty or a refusal")
        for reason in comparison.reasons
    )


def test_a_label_is_tested_and_reported_by_itself() -> None:
    """Off-distribution phrasings are lost although the others are kept."""
    labels = [None] * 200 + ["off-distribution"] * 40
    comparison = compared("+" * 240, "+" * 200 + "-" * 30 + "+" * 10, labels=labels)
    test = comparison.decision.labelled["old/off-distribution"]
    assert (test.counts.n, test.outcome, test.tested_with) == (40, "lost", 2)
    assert comparison.verdict is Verdict.REJECT
    assert any(
        reason.startswith("Old facts, off-distribution, are lost") and "Holm over 2 groups" in reason
        for reason in comparison.reasons
    )
    assert "old/off-distribution" in comparison.sections()[-1].body
    assert "old, off-distribution     40" in str(comparison)


def test_a_label_does_not_get_around_the_noise_floor() -> None:
    """The same comparison is as inconclusive with a label as without one."""
    marks = ("+" * 60, "+" * 46 + "-" * 14, "+" * 50 + "-" * 10)
    labelled = compared(*marks, labels=["plain"] * 30 + ["short"] * 30)
    assert compared(*marks).verdict is Verdict.INCONCLUSIVE
    assert labelled.decision.labelled["old/short"].outcome == "lost"
    assert labelled.verdict is Verdict.INCONCLUSIVE
    assert any(
        "not shown to be more than what the champion itself loses" in each for each in labelled.reasons
    )
    assert "steadier answers" in labelled.decision.would_decide


def test_a_label_that_lost_more_than_the_noise_rejects() -> None:
    """The champion loses none of these when it is asked again."""
    marks = ("+" * 240, "+" * 200 + "-" * 30 + "+" * 10, "-" * 10 + "+" * 230)
    comparison = compared(*marks, labels=[None] * 200 + ["off-distribution"] * 40)
    assert comparison.verdict is Verdict.REJECT
    assert any(each.startswith("Old facts, off-distribution, are lost") for each in comparison.reasons)


def test_a_label_of_all_old_probes_is_not_tested_twice() -> None:
    """It says what the group says, and would only double Holm's correction."""
    marks = ("+" * 60, "+" * 46 + "-" * 14)
    alone, labelled = compared(*marks), compared(*marks, labels=["plain"] * 60)
    assert labelled.decision.labelled == {}
    assert labelled.decision == alone.decision


def test_noise_in_general_answers_does_not_reject_either() -> None:
    """The champion breaks as many of them itself."""
    counts = (PairedCounts(kept=1),) * 30 + (PairedCounts(broken=1),) * 30
    noise = noise_floor([True] * 60, [[False] * 30 + [True] * 30], [False] * 30 + [True] * 30, ["f"] * 60)
    evidence = Evidence(general=counts, known_facts=0, new_facts=0)
    assert Gate().decide(evidence).verdict is Verdict.REJECT
    decision = Gate().decide(replace(evidence, general_noise=noise))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "loss of general answers is more than chance" in decision.would_decide


def test_the_noise_of_a_sample_is_told_fact_by_fact() -> None:
    """Six probes of one fact that fail together are one surprise, not six."""
    first, repeat, challenger = [True] * 12, [True] * 12, [False] * 12
    noise = noise_floor(first, [repeat], challenger, ["a"] * 6 + ["b"] * 6)
    assert noise is not None
    assert noise.p_above == pytest.approx(2**-12)
    assert noise.p_above_facts == pytest.approx(2**-2)


def test_a_label_with_few_probes_does_not_stop_a_promotion() -> None:
    """Three of them prove nothing, and the line says so."""
    comparison = compared("+" * 80, "+" * 80, labels=[None] * 77 + ["rephrased"] * 3)
    assert comparison.verdict is Verdict.PROMOTE
    assert any(reason.startswith("Old facts, rephrased, are undecided") for reason in comparison.reasons)


def test_many_labels_do_not_make_a_rejection_by_luck() -> None:
    """A loss of one label that would count alone does not when ten were asked together."""
    marks = "+" * 3 + "-" * 7
    alone = compared(
        "+" * 10 + "+" * 90, marks + "+" * 90, labels=["x0"] * 10 + [None] * 90, gate=Gate(margin=0.1)
    )
    labels = [f"x{place // 10}" for place in range(100)]
    together = compared("+" * 100, marks + "+" * 90, labels=labels, gate=Gate(margin=0.1))
    assert alone.decision.labelled["old/x0"].outcome == "lost"
    assert together.decision.labelled["old/x0"].outcome == "undecided"
    assert any("after Holm" in reason for reason in together.reasons)
