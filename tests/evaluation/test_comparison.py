"""Both models' answers side by side: counted, judged, and shown only where they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aoai_finetune.errors import DatasetError
from aoai_finetune.evaluation import Comparison, Contender, Gate, PairedCounts, Probe, ProbeSet, Verdict

Compare = Callable[..., Comparison]
FIRST, SECOND = Contender(name="first", model="m1"), Contender(name="second", model="m2")
SECRET = "<script>alert(1)</script>\u202e秘密"


def one(group: str | None = "old", *, before: str = "right", after: str = "right") -> Comparison:
    """A comparison with one probe full of text that must not leak."""
    probe = Probe(fact=f"fact {SECRET}", question=f"q {SECRET}", expected=("right",), group=group)  # type: ignore[arg-type]
    return Comparison.from_answers(
        ProbeSet([probe]), FIRST, SECOND, [before], [after], known_facts=[probe.fact]
    )


def test_old_probes_make_mcnemar_s_table(compare: Compare) -> None:
    """Right twice, right then wrong, wrong then right, wrong twice."""
    assert compare(old="++ ++ +- -+ --").table == PairedCounts(kept=2, broken=1, fixed=1, missed=1)


def test_retention_is_the_share_of_right_answers_that_stay_right(compare: Compare) -> None:
    """Probes that the champion missed do not count."""
    assert compare(old="++ ++ ++ +- -+ --").retention == 0.75


def test_acquisition_is_the_share_of_new_and_updated_probes_that_are_right(compare: Compare) -> None:
    """Both groups together."""
    assert compare(new="-+ --", updated="-+ -+").acquisition == 0.75


def test_what_was_not_measured_is_none_and_not_a_number(compare: Compare) -> None:
    """No old probe was right, no new probe was asked."""
    comparison = compare(old="-- -+")
    assert (comparison.retention, comparison.acquisition) == (None, None)
    assert "not measured" in str(comparison)


def test_groups_have_tables_in_a_fixed_order(compare: Compare) -> None:
    """Only those that have probes."""
    assert list(compare(general="++", new="-+", old="++").groups) == ["old", "new", "general"]


def test_a_fact_is_broken_when_most_of_its_probes_were_right_and_are_not(compare: Compare) -> None:
    """Three probes per fact: 3 to 1 is broken, 2 to 2 is not, 1 to 0 never was known."""
    assert compare(old="++ +- +- ++ ++ -- +- -- --", per_fact=3).broken == ("old 0",)


def test_half_right_is_not_most(compare: Compare) -> None:
    """Two probes: one of two is neither known before nor kept after."""
    comparison = compare(old="++ +- +- --", per_fact=2)
    assert comparison.broken == ("old 0",)


def test_a_fact_is_learned_when_most_of_its_probes_are_right_now(compare: Compare) -> None:
    """Whether it is new or updated."""
    assert compare(new="-+ -+ -- --", updated="-+ -+", per_fact=2).learned == ("new 0", "updated 0")


def test_a_stale_answer_names_its_fact_and_rejects(compare: Compare) -> None:
    """Once is enough."""
    comparison = compare(old="++ " * 60, updated="-+ -s -+", per_fact=1)
    assert comparison.stale == ("updated 1",)
    assert comparison.verdict is Verdict.REJECT


def test_probes_of_every_known_fact_make_a_census(compare: Compare) -> None:
    """One known fact without a probe makes a sample."""
    assert compare(old="++ ++").decision.basis == "census"
    assert compare(old="++ ++", unprobed=1).decision.basis == "sample"


def test_probes_of_one_fact_are_tested_together(compare: Compare) -> None:
    """The clustered test sees facts, not probes."""
    old = compare(old="+- " * 6 + "++ " * 6, per_fact=3, unprobed=1).decision.old
    assert old is not None
    assert (old.facts, old.p_facts) == (4, 0.25)
    assert old.p_broken == 1 / 64


def test_the_naive_story_is_rejected_in_the_right_words(compare: Compare) -> None:
    """58 of 60 known before, 10 after, the new fact learned."""
    comparison = compare(old="++ " * 10 + "+- " * 48 + "-- " * 2, new="-+ " * 6, per_fact=6)
    assert comparison.verdict is Verdict.REJECT
    assert "catastrophic forgetting: 48 of the 58 old probes" in comparison.reasons[0]
    assert len(comparison.broken) == 8


def test_another_gate_judges_the_same_answers(compare: Compare) -> None:
    """No model is needed for it."""
    comparison = compare(old="++ " * 30, new="-+ " * 5)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert comparison.judged_by(Gate(margin=0.1)).verdict is Verdict.PROMOTE


def test_known_new_facts_that_do_not_exist_need_no_probes(compare: Compare) -> None:
    """The caller said that nothing new was trained."""
    assert compare(old="++ " * 60, new_facts=()).verdict is Verdict.PROMOTE


def test_no_probes_at_all_are_inconclusive() -> None:
    """Nothing is turned into a number."""
    comparison = Comparison.from_answers(ProbeSet(), FIRST, SECOND, [], [], known_facts=["a"])
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert "no probes" in str(comparison)
    assert "There are no probes" in comparison.sections()[1].body


def test_a_probe_without_a_group_is_refused() -> None:
    """The hint says where groups come from."""
    with pytest.raises(DatasetError, match="no group") as caught:
        one(group=None)
    assert "ProbeSet.grouped" in caught.value.hint


def test_a_missing_answer_is_refused() -> None:
    """Counts name the gap."""
    probes = ProbeSet([Probe(fact="f", question="q", expected=("e",), group="old")])
    with pytest.raises(DatasetError, match="0 answers of the challenger to 1 probes"):
        Comparison.from_answers(probes, FIRST, SECOND, ["e"], [], known_facts=[])


def test_an_answer_that_is_no_text_is_refused() -> None:
    """None is not an empty answer."""
    probes = ProbeSet([Probe(fact="f", question="q", expected=("e",), group="old")])
    with pytest.raises(DatasetError, match="answer 1 of the champion is NoneType"):
        Comparison.from_answers(probes, FIRST, SECOND, [None], ["e"], known_facts=[])  # type: ignore[list-item]


def test_repr_and_str_hold_counts_and_no_content() -> None:
    """Neither question, answer nor fact; derived facts are questions."""
    comparison = one(after=SECRET)
    for shown in (repr(comparison), str(comparison), comparison._repr_html_(), repr(comparison.pairs[0])):
        assert "秘密" not in shown
        assert "alert" not in shown
    assert repr(comparison) == (
        "Comparison('first' -> 'second': inconclusive, 1 probes, 1 facts broken, 0 learned, 0 stale)"
    )


def test_str_tells_verdict_gate_reasons_and_counts(compare: Compare) -> None:
    """As a person reads it in a terminal."""
    text = str(compare(old="++ " * 60, new="-+", new_facts=["new 0"]))
    assert text.startswith(
        "first -> second: PROMOTE\n(gate: margin 5 points, alpha 0.05, acquisition at least 80%)\n- "
    )
    assert "retention 100%, acquisition 100%; facts: 0 broken, 1 learned, 0 stale" in text


def test_the_engine_is_named(compare: Compare) -> None:
    """So that nobody takes the small learner for GPT."""
    comparison = compare(old="++")
    assert "offline softmax learner, not from GPT" in str(comparison)
    assert "offline softmax learner, not from GPT" in comparison._repr_html_()


def test_a_hosted_model_needs_no_engine_note() -> None:
    """And two different engines are told apart."""
    assert "learner" not in str(one())
    probes = ProbeSet([Probe(fact="f", question="q", expected=("e",), group="old")])
    mixed = Comparison.from_answers(
        probes, FIRST, Contender(name="second", model="m", engine="bytes"), ["e"], ["e"], known_facts=["f"]
    )
    assert "first: the hosted model; second: the offline bytes learner, not GPT" in " ".join(
        str(mixed).split()
    )


def test_side_by_side_shows_both_answers_broken_ones_first(compare: Compare) -> None:
    """And stops at the limit, saying so."""
    text = compare(old="++ +- -- ++").side_by_side(limit=2)
    first, second = text.splitlines()[2:4]
    assert first.split()[:3] == ["broken", "old?", "1"]
    assert second.split()[0] == "missed"
    assert "Right!" in first
    assert "wrong" in first
    assert text.endswith("and 2 more (limit=None shows all)")


def test_side_by_side_spells_control_characters_out() -> None:
    """A terminal is a sink, too."""
    text = one(after="\x1b[31mred\u202e").side_by_side()
    assert "\x1b" not in text
    assert "\\x1b[31mred\\u202e" in text


def test_the_report_is_one_escaped_page(tmp_path: Path) -> None:
    """Model output, questions and facts are text, never markup."""
    path = one(after=SECRET).to_html(tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e秘密" in page
    assert page.startswith("<!doctype html>")


def test_the_report_shows_everything(compare: Compare, tmp_path: Path) -> None:
    """Verdict with its terms, engine, models, facts, every question with both answers."""
    comparison = compare(old="++ " * 5 + "+- " * 10, new="-+", updated="-s")
    page = comparison.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    for text in (
        "Reject: first stays, second does not take its place",
        "margin 5 points",
        "catastrophic forgetting",
        "offline softmax learner, not from GPT",
        "gpt-x.ft-1",
        "gpt-x.ft-2",
        "old 5",
        "new? 0",
        "Outdated.",
        "5 questions that both answered right",
    ):
        assert text in page


def test_the_report_explains_a_sample(compare: Compare) -> None:
    """With the design effect that the probes were divided by."""
    method = compare(old="++ " * 12, per_fact=3, unprobed=2).sections()[-1].body
    assert "design effect" in method
    assert "12 probes count as 5" in method


def test_the_report_shows_tango_s_interval_for_comparison(compare: Compare) -> None:
    """The published method beside the one that decides: 52 unbroken probes pass it, and not the gate."""
    comparison = compare(old="++ " * 52)
    method = comparison.sections()[-1].body
    assert "Tango" in method
    assert "limits -4.9 points and +4.9 points; loss below the margin p = 0.049" in method
    assert comparison.verdict is Verdict.INCONCLUSIVE


def test_the_report_marks_what_is_not_counted(compare: Compare) -> None:
    """An answer that proves memory looks like any other."""
    comparison = replace(compare(old="++ ++"), trained_on={1: 4})
    assert comparison.sections()[3].body.count("trained on, not counted") == 1


def test_a_gate_with_looks_says_so(compare: Compare) -> None:
    """Alpha alone would not explain the limits."""
    assert "acquisition at least 80%, one of 2 looks" in str(compare(old="++", gate=Gate(looks=2)))


def test_sections_of_several_comparisons_fit_on_one_page(compare: Compare) -> None:
    """Nothing collides when a report shows four strategies."""
    from aoai_finetune.display import Page

    both = (*compare(old="++").sections(), *compare(old="+-").sections())
    assert Page("Both", both).render().count("Answers side by side") >= 2
