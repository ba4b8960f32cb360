"""The gate's findings as sentences a person can check: counts, percentages, margin, p-values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ..statistics._paired import wilson
from ._evidence import Evidence, PairedCounts, total
from ._numbers import change, count, p_value, percent, points
from ._retention import RetentionTest

__all__ = ["Line", "explain", "far_from_known", "hides_a_loss", "silence", "too_weak"]

Weight = Literal["against", "open", "for", "note"]
"""How a line counts: it rejects, it leaves the verdict open, it speaks for promotion, or it only explains."""

_ORDER: dict[Weight, int] = {"against": 0, "open": 1, "for": 2, "note": 3}


@dataclass(frozen=True, slots=True)
class Line:
    """One reason and how it counts."""

    weight: Weight
    text: str


def explain(
    evidence: Evidence, tests: Mapping[str, RetentionTest], *, acquisition: float, baseline: float
) -> list[Line]:
    """Every reason, those that reject first, then those that leave it open. `tests` are those of the gate by name."""
    old = tests.get("old")
    lines = [
        *_old_lines(evidence, old),
        *_noise_lines(evidence, old),
        *_baseline_lines(old, baseline),
        *_trained_lines(evidence),
        *(_other_line(name, test) for name, test in tests.items() if name != "old"),
        *_unanswered_lines(evidence, old),
        *_acquisition_lines(evidence, acquisition),
        *_stale_lines(evidence),
    ]
    return sorted(lines, key=lambda line: _ORDER[line.weight])


def _old_lines(evidence: Evidence, old: RetentionTest | None) -> Iterator[Line]:
    if old is None:
        yield _nothing_to_keep(evidence)
        return
    weight: Weight = "open" if old.only_noise else "against"
    if old.catastrophic:
        yield Line(weight, _catastrophic(old))
    line = _retention_line("Old facts", old)
    yield Line(weight, line.text) if line.weight == "against" else line
    yield Line("note", _basis_sentence(evidence, old))


def _noise_lines(evidence: Evidence, old: RetentionTest | None) -> Iterator[Line]:
    noise = evidence.noise
    if old is None or noise is None or old.p_above_noise is None:
        return
    counts, p = noise.counts, p_value(old.p_above_noise)
    asked = "again" if noise.repeats == 1 else f"{noise.repeats} times more"
    told = (
        f"Asked {asked}, the champion itself changes {counts.broken + counts.fixed} of {count(counts.n, 'answer')} "
        f"to old probes between right and wrong ({percent(noise.share)}: {counts.broken} broken, {counts.fixed} mended)"
    )
    if old.only_noise:
        yield Line("open", f"{told}, and the challenger's loss is not shown to be more than that ({p}).")
    elif old.counts.broken:
        above = "more than that" if old.p_above_noise <= old.alpha else "not shown to be more than that"
        yield Line("note", f"{told}; what the challenger broke is {above} ({p}).")
    else:
        yield Line("note", f"{told}.")


def _other_line(name: str, test: RetentionTest) -> Line:
    """General probes and labels are asked to catch damage: too few to prove its absence do not stop a promotion."""
    group, _, label = name.partition("/")
    what = "Old facts" if group == "old" else "General answers"
    line = _retention_line(f"{what}, {label}," if label else what, test)
    if line.weight == "against" and test.only_noise:
        p = p_value(test.p_above_noise or 0.0)
        more = f"It is not shown to be more than what the champion itself loses when it is asked again ({p})."
        return Line("open", f"{line.text} {more}")
    return Line("note", line.text) if line.weight == "open" or (label and line.weight == "for") else line


def _unanswered_lines(evidence: Evidence, old: RetentionTest | None) -> Iterator[Line]:
    counts = (("champion", evidence.champion_unanswered), ("challenger", evidence.challenger_unanswered))
    for who, empty in counts:
        if empty:
            told = "1 answer" if empty == 1 else f"{empty} answers"
            verb = "is" if empty == 1 else "are"
            yield Line(
                "note",
                f"{told} of the {who} {verb} empty or a refusal and counted as wrong: a content filter, a tool call "
                "or a length limit may be behind it.",
            )
    if hides_a_loss(evidence, old):
        yield Line(
            "open",
            f"The champion left {evidence.old_unanswered} of {count(total(evidence.old).n, 'old probe')} unanswered, "
            "more than the margin, so what the challenger lost of them cannot be seen.",
        )


def hides_a_loss(evidence: Evidence, old: RetentionTest | None) -> bool:
    """Whether what the champion did not answer could hide a loss of more than the margin."""
    return old is not None and evidence.old_unanswered > old.margin * old.counts.n


def silence(evidence: Evidence) -> tuple[list[Line], str]:
    """What to say when a model left nearly everything unanswered: the reasons, and what would decide."""
    asked = count(evidence.probes, "probe")
    who = " and ".join(f"the {who} left {empty} of {asked}" for who, empty in evidence.silent.items())
    said = (
        f"{who[0].upper()}{who[1:]} unanswered (empty or a refusal), so nothing was measured: a content filter, a "
        "refusing deployment or a wrong prompt looks like this, and so does a model that learned to be silent."
    )
    stale = [line for line in _stale_lines(evidence) if line.weight == "against"]
    asking = " and the ".join(evidence.silent)
    return (
        [*stale, Line("open", said)],
        f"Answers in words would decide: ask the {asking} one of the questions by hand.",
    )


def _baseline_lines(old: RetentionTest | None, baseline: float) -> Iterator[Line]:
    if old is not None and too_weak(old, baseline):
        yield Line(
            "open",
            f"The champion itself answers only {old.counts.before} of {old.counts.n} old probes right, so keeping "
            "them proves little: the expected answers may be wrong, the grader too strict, or it never learned them.",
        )


def too_weak(old: RetentionTest, baseline: float) -> bool:
    """Whether the champion knows too little for anything to be kept."""
    return old.counts.before < baseline * old.counts.n


def _trained_lines(evidence: Evidence) -> Iterator[Line]:
    leaked = sum(evidence.trained_on.values())
    if leaked:
        asked = count(evidence.probes + leaked, "probe")
        by_group = ", ".join(f"{found} {group}" for group, found in evidence.trained_on.items() if found)
        yield Line(
            "note",
            f"{leaked} of {asked} were trained on ({by_group}) and {'is' if leaked == 1 else 'are'} not counted: the "
            "answers prove memory, not knowledge (findings names them).",
        )


def _nothing_to_keep(evidence: Evidence) -> Line:
    if evidence.trained_on.get("old"):
        return Line("open", f"{_all_trained(evidence, 'old')} what the challenger lost.")
    if evidence.known_facts is None:
        return Line(
            "open",
            "There are no probes of old facts, and nobody said which the champion was trained on, so nothing is known "
            "about what the challenger lost.",
        )
    if not evidence.known_facts:
        return Line("note", "The champion was trained on no fact, so there are no old facts to keep.")
    if not evidence.unprobed_facts:
        return Line(
            "note",
            "Every fact the champion was trained on has a new answer, so none is to be kept as it was.",
        )
    return Line(
        "open",
        f"There are no probes of old facts, so nothing is known about the {evidence.known_facts} facts "
        "the champion was trained on.",
    )


def _all_trained(evidence: Evidence, group: str) -> str:
    leaked = evidence.trained_on[group]
    asked = f"All {leaked} probes" if leaked > 1 else "The only probe"
    verb = "were" if leaked > 1 else "was"
    return f"{asked} of {group} facts {verb} trained on, so nothing is known about"


def _catastrophic(test: RetentionTest) -> str:
    counts = test.counts
    return (
        f"This is catastrophic forgetting: {counts.broken} of the {counts.before} old probes that the champion "
        f"answered right are wrong now ({percent(counts.broken / counts.before)}, {_drop(test)})."
    )


def _retention_line(what: str, test: RetentionTest) -> Line:
    return _RETENTION[test.outcome](what, test)


def _kept(what: str, test: RetentionTest) -> Line:
    loss = f"the loss is at most {points(-test.lower)}" if test.lower < 0 else "nothing was lost"
    return Line(
        "for",
        f"{what} are kept: {_tally(test.counts)}. With {confidence(test)} confidence {loss}, "
        f"within the margin of {points(test.margin)} ({p_value(test.p_inferior)}).",
    )


def _lost(what: str, test: RetentionTest) -> Line:
    return Line(
        "against",
        f"{what} are lost: {_tally(test.counts)}. With {confidence(test)} confidence the loss is at least "
        f"{points(-test.upper)}, more than the margin of {points(test.margin)} "
        f"({_drop(test)}{_corrected(test)}).",
    )


def _drop(test: RetentionTest) -> str:
    """The p-value of a drop, by the test whose unit fits the basis."""
    return f"{'exact McNemar' if test.basis == 'census' else 'sign flips over facts'} {p_value(test.p_drop)}"


def confidence(test: RetentionTest) -> str:
    """The confidence of each one-sided limit: `95%`."""
    return percent(1 - test.alpha)


def _corrected(test: RetentionTest) -> str:
    if test.tested_with == 1:
        return ""
    return f"; {p_value(test.p_lost)} that the margin was kept, after Holm over {test.tested_with} groups"


def _undecided(what: str, test: RetentionTest) -> Line:
    if test.upper < -test.margin:
        return Line(
            "open",
            f"{what} are undecided: {_tally(test.counts)}. By itself this is a loss of at least "
            f"{points(-test.upper)}, but {test.tested_with} groups were asked together ({p_value(test.p_lost)} after "
            f"Holm).",
        )
    return Line(
        "open",
        f"{what} are undecided: {_tally(test.counts)}. The change lies between {change(test.lower)} and "
        f"{change(test.upper)} ({confidence(test)} confidence on each side), so the probes cannot tell whether "
        f"the loss is within the margin of {points(test.margin)} ({p_value(test.p_inferior)}).",
    )


_RETENTION = {"kept": _kept, "lost": _lost, "undecided": _undecided}


def _tally(counts: PairedCounts) -> str:
    if not counts.churn:
        return f"both models answer the same {counts.before} of {counts.n} probes right"
    return (
        f"the champion answers {counts.before} of {counts.n} probes right and the challenger {counts.after} "
        f"({counts.broken} broken, {counts.fixed} mended, {change(counts.difference)})"
    )


def _basis_sentence(evidence: Evidence, old: RetentionTest) -> str:
    if old.basis == "census":
        return f"Facts count as a census, probe by probe: {_extent(evidence)}."
    return (
        f"Facts count as a sample: {_extent(evidence)}. Probes of one fact go together, so "
        f"{count(old.counts.n, 'probe')} of {count(old.facts, 'fact')} carry as much as {old.effective_probes:.0f} independent ones "
        f"(design effect {old.design_effect:.1f}); over facts, a sign-flip test of a drop gives {p_value(old.p_facts)}."
    )


def _extent(evidence: Evidence) -> str:
    known = evidence.known_facts
    if known is None:
        return "nobody said which facts the champion was trained on"
    if evidence.strange_facts or len(evidence.old) > known:
        return f"old probes ask for facts that are not among the {known} the champion was trained on"
    extent = f"{known - evidence.unprobed_facts} of the" if evidence.unprobed_facts else "all"
    return f"the probes ask for {extent} {count(known, 'fact')} the champion was trained on"


def _acquisition_lines(evidence: Evidence, required: float) -> Iterator[Line]:
    yield from _memorised(evidence, required)
    counts = evidence.acquired
    if not counts.n:
        yield from _nothing_acquired(evidence, required)
        return
    share = counts.after / counts.n
    told = (
        f"the challenger answers {counts.after} of {counts.n} probes of {_new_or_updated(evidence)} facts right "
        f"({percent(share)}; the gate asks for {percent(required)})"
    )
    passed = share >= required
    yield Line("for" if passed else "against", f"New facts are {'' if passed else 'not '}acquired: {told}.")
    if passed and required:
        yield from _extrapolated(evidence, required)


def _memorised(evidence: Evidence, required: float) -> Iterator[Line]:
    """Groups of new facts of which every probe was trained on."""
    for group, counts in (("new", evidence.new), ("updated", evidence.updated)):
        if evidence.trained_on.get(group) and not counts.n:
            text = f"{_all_trained(evidence, group)} what the challenger learned of them."
            yield Line("open" if required else "note", text)


def _extrapolated(evidence: Evidence, required: float) -> Iterator[Line]:
    """What the new facts that were asked for say about those that were not."""
    asked, known = evidence.acquired_facts, evidence.new_facts
    if known is not None and asked >= known:
        return
    there = "nobody said how many there are" if known is None else f"there are {known}"
    told = (
        f"The probes ask for {count(asked, 'new fact')}, and {there}: with 95% confidence at least "
        f"{percent(_at_least(evidence))} of all were learned"
    )
    if far_from_known(evidence, required):
        yield Line("open", f"{told}, which is less than half of what the gate asks for.")
    else:
        yield Line("note", f"{told}.")


def far_from_known(evidence: Evidence, required: float) -> bool:
    """Whether the new facts asked for are too few to show even half of the acquisition that is required."""
    asked, known = evidence.acquired_facts, evidence.new_facts
    everything = known is not None and asked >= known
    return bool(evidence.acquired.n) and not everything and 2 * _at_least(evidence) < required


def _at_least(evidence: Evidence) -> float:
    """Wilson's lower limit, one-sided 95 %, of the share of new facts learned; the unit is the fact."""
    counts, facts = evidence.acquired, evidence.acquired_facts
    return wilson(counts.after / counts.n * facts, facts, confidence=0.90)[0] if facts else 0.0


def _nothing_acquired(evidence: Evidence, required: float) -> Iterator[Line]:
    if any(evidence.trained_on.get(group) for group in ("new", "updated")):
        return
    if evidence.new_facts == 0:
        yield Line("note", "The challenger was trained on no new fact, so none is to be acquired.")
    else:
        yield Line(
            "open" if required else "note",
            "There are no probes of new facts, so nothing is known about what the challenger learned.",
        )


def _new_or_updated(evidence: Evidence) -> str:
    groups = (("new", evidence.new), ("updated", evidence.updated))
    return " and ".join(name for name, counts in groups if counts.n)


def _stale_lines(evidence: Evidence) -> Iterator[Line]:
    if evidence.stale:
        told = "1 answer that is" if evidence.stale == 1 else f"{evidence.stale} answers that are"
        yield Line("against", f"The challenger gives {told} out of date.")
    elif evidence.updated.n:
        asked = count(evidence.updated.n, "probe")
        yield Line("for", f"The challenger gives no answer that is out of date to {asked} of updated facts.")
