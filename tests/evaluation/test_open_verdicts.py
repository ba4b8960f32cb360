"""Laws of every verdict, whatever the evidence."""

from __future__ import annotations

import re
import string
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from aoai_finetune.evaluation import Evidence, Gate, NoiseFloor, PairedCounts, Verdict

small = st.integers(0, 6)
anything = st.builds(
    Evidence,
    old=st.lists(st.builds(PairedCounts, kept=small, broken=small, fixed=small), max_size=4).map(tuple),
    general=st.lists(st.builds(PairedCounts, kept=small, broken=small), max_size=3).map(tuple),
    new=st.builds(PairedCounts, fixed=small, missed=small),
    updated=st.builds(PairedCounts, fixed=small, missed=small),
    stale=st.integers(0, 1),
    known_facts=st.none() | st.integers(0, 6),
    unprobed_facts=st.integers(0, 2),
    strange_facts=st.integers(0, 2),
    new_facts=st.none() | st.integers(0, 6),
    asked_new_facts=st.none() | st.integers(0, 6),
    trained_on=st.dictionaries(st.sampled_from(["old", "new", "updated", "general"]), st.integers(1, 3)),
    champion_unanswered=st.integers(0, 4),
    challenger_unanswered=small,
    old_unanswered=st.integers(0, 4),
    noise=st.none()
    | st.builds(
        NoiseFloor,
        repeats=st.just(1),
        counts=st.just(PairedCounts(kept=3, broken=1)),
        p_above=st.sampled_from([0.01, 0.5]),
        p_above_facts=st.sampled_from([0.01, 0.5]),
    ),
)


@settings(max_examples=150, deadline=None)
@given(anything, st.sampled_from([0.0, 0.8]))
def test_whatever_is_open_says_what_would_decide(found: Evidence, acquisition: float) -> None:
    """Exactly then, in sentences, and without a number that is none."""
    decision = Gate(acquisition=acquisition, margin=0.1).decide(found)
    said = " ".join((*decision.reasons, decision.would_decide))
    assert bool(decision.would_decide) == (decision.verdict is Verdict.INCONCLUSIVE)
    assert decision.reasons
    assert all(
        reason[0] in string.digits + string.ascii_uppercase and reason.endswith(".")
        for reason in decision.reasons
    )
    assert re.search(r"\b(nan|None|inf)\b", said) is None


@settings(max_examples=150, deadline=None)
@given(anything)
def test_leaks_and_unknown_facts_never_promote_what_was_not(found: Evidence) -> None:
    """What is known less well can only be less certain."""
    more = replace(
        found,
        known_facts=None,
        new_facts=None,
        trained_on={"old": 2, "new": 2, "updated": 2},
        old_unanswered=9,
    )
    if Gate().decide(found).verdict is not Verdict.PROMOTE:
        assert Gate().decide(more).verdict is not Verdict.PROMOTE
