"""What given probes can show, told before anything is run."""

from __future__ import annotations

from typing import Any

import pytest

from aoai_finetune.evaluation import (
    Comparison,
    Contender,
    Gate,
    Group,
    Power,
    Probe,
    ProbeSet,
    noninferiority_power,
    probes_to_show_kept,
)

FIRST, SECOND = Contender(name="first", model="m1"), Contender(name="second", model="m2")


def asked(facts: int, per_fact: int = 1, *, group: Group | None = None) -> ProbeSet:
    """Some probes of each of some facts."""
    return ProbeSet(
        Probe(fact=f"f{fact}", question=f"q{fact} {place}", expected=("yes",), group=group)
        for fact in range(facts)
        for place in range(per_fact)
    )


def told(probes: ProbeSet, *, census: bool = True, margin: float = 0.05, **more: float) -> Power:
    """The default gate's forecast, with every fact probed or one not."""
    known = [*probes.facts, *([] if census else ["unprobed"])]
    return Gate(margin=margin).power(probes, known_facts=known, **more)


def test_single_probes_have_the_exact_power() -> None:
    """No simulation where a sum over all outcomes is there."""
    power = told(asked(60), churn=0.02)
    assert power.chance == noninferiority_power(60, 0.05, 0.02)
    assert (power.probes, power.facts, power.basis, power.design_effect) == (60, 60, "census", 1.0)
    assert power.needed == probes_to_show_kept(0.05, 0.02) == 108
    assert power.missing == 48


def test_probes_of_one_fact_count_less_in_a_sample() -> None:
    """Three of each: a design effect of 2.2, and as many more are needed."""
    power = told(asked(20, 3), census=False)
    assert power.basis == "sample"
    assert power.design_effect == pytest.approx(2.2)
    assert round(power.effective_probes) == 27
    assert power.needed == pytest.approx(108 * 2.2, abs=1)
    assert power.chance < told(asked(60), census=False).chance


def test_more_probes_show_more() -> None:
    """The chance rises, the margin that can be shown and the loss that is found fall."""
    few, many = told(asked(60), margin=0.1), told(asked(300), margin=0.1)
    assert few.chance < many.chance
    assert (few.shows or 1) > (many.shows or 1)
    assert (few.finds or 1) > (many.finds or 1)
    assert many.missing == 0


def test_the_margin_it_says_is_the_smallest_that_can_be_shown() -> None:
    """Half a point less has a chance below 80 %."""
    shown = told(asked(100), churn=0.05).shows
    assert shown is not None
    assert noninferiority_power(100, shown, 0.05) >= 0.8 > noninferiority_power(100, shown - 0.005, 0.05)


def test_it_prints_what_a_person_asks() -> None:
    """How sure, which margin, which loss, how many more; no fact and no question."""
    text = str(told(asked(20, 3), census=False))
    for words in (
        "60 probes of 20 old facts, as a sample: they carry as much as 27 independent ones (design effect 2.2",
        "If 2% of them flip by chance",
        "within 5 points, with a chance of",
        "with a chance of 80% they show a margin of 14.5 points",
        "find that more than 5 points are lost when 28.5 points are",
        "about 180 more probes of the same kind raise the first chance to 80%",
    ):
        assert words in text
    assert "q0" not in text


def test_enough_probes_need_no_more() -> None:
    """The last line is left out."""
    assert "more probes" not in str(told(asked(200)))


def test_a_margin_of_zero_is_never_shown() -> None:
    """And that is said instead of a number."""
    power = told(asked(50), margin=0.0)
    assert power.chance < 0.05
    assert (power.needed, power.missing) == (None, None)
    assert "no number of probes" in str(power)


def test_only_old_facts_count() -> None:
    """Probes of new facts and of facts nobody knows show nothing about keeping."""
    probes = asked(10) + ProbeSet([Probe(fact="new", question="n", expected=("yes",))])
    assert told(probes[:10]).probes == 10
    assert Gate().power(probes, known_facts=probes.facts[:10]).probes == 10
    assert (
        Gate()
        .power(
            asked(5, group="old")
            + ProbeSet([Probe(fact="g", question="g", expected=("yes",), group="general")])
        )
        .probes
        == 5
    )


def test_without_a_history_the_facts_are_a_sample() -> None:
    """The careful choice; a gate that says census is believed."""
    assert Gate().power(asked(10, 3)).basis == "sample"
    assert Gate(facts="census").power(asked(10, 3)).basis == "census"


def test_the_same_question_has_the_same_answer() -> None:
    """The simulation is seeded by what is asked."""
    assert told(asked(12, 4), census=False) == told(asked(12, 4), census=False)


@pytest.mark.parametrize(
    "more", [{"churn": 1.5}, {"churn": float("nan")}, {"correlation": 1.0}, {"correlation": -0.1}]
)
def test_shares_that_are_none_are_refused(more: dict[str, Any]) -> None:
    """Nothing is computed from them."""
    with pytest.raises(ValueError, match=r"churn|correlation"):
        Gate().power(asked(5), **more)


def test_without_probes_of_old_facts_nothing_is_told() -> None:
    """There is nothing to forecast."""
    with pytest.raises(ValueError, match="no probes of old facts"):
        Gate().power(ProbeSet())


def test_a_loss_is_harder_to_find_where_several_groups_are_asked() -> None:
    """Holm divides alpha among old probes, general ones and every label, and the forecast knows it."""
    probes = asked(60)
    labelled = probes[:20].labelled("short") + probes[20:40].labelled("long") + probes[40:]
    alone, together = told(probes, margin=0.1), told(labelled, margin=0.1)
    assert (alone.tested_with, together.tested_with) == (1, 3)
    assert (together.finds or 1) > (alone.finds or 1)
    assert (together.chance, together.shows) == (alone.chance, alone.shows)
    assert "(3 groups are asked together)" in str(together)
    assert "together" not in str(alone)


def test_the_forecast_counts_the_groups_that_the_gate_will_ask() -> None:
    """A label of all probes of its group is none, in both."""
    old = asked(60, group="old").labelled("short")
    other = ProbeSet(
        Probe(fact=f"g{n}", question=f"g{n}", expected=("yes",), group="general") for n in range(8)
    )
    probes = old + other[:4].labelled("odd") + other[4:]
    power = Gate().power(probes, known_facts=old.facts)
    said = ["yes"] * len(probes)
    comparison = Comparison.from_answers(
        probes, FIRST, SECOND, said, said, known_facts=old.facts, new_facts=()
    )
    assert comparison.decision.old is not None
    assert power.tested_with == comparison.decision.old.tested_with == 3
