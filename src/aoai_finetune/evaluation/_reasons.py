"""The gate's findings as sentences a person can check: counts, percentages, margin, p-values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ._evidence import Evidence, PairedCounts
from ._retention import RetentionTest

__all__ = [
    "Line",
    "change",
    "count",
    "explain",
    "p_value",
    "percent",
    "points",
    "rounded",
    "silence",
    "would_decide",
]

Weight = Literal["against", "open", "for", "note"]
"""How a line counts: it rejects, it leaves the verdict open, it speaks for promotion, or it only explains."""

_ORDER: dict[Weight, int] = {"against": 0, "open": 1, "for": 2, "note": 3}


@dataclass(frozen=True, slots=True)
class Line:
    """One reason and how it counts."""

    weight: Weight
    text: str


def explain(
    evidence: Evidence,
    old: RetentionTest | None,
    general: RetentionTest | None,
    labelled: Mapping[str, RetentionTest],
    *,
    acquisition: float,
    baseline: float,
) -> list[Line]:
    """Every reason, those that reject first, then those that leave it open."""
    lines = [
        *_old_lines(evidence, old),
        *_noise_lines(evidence, old),
        *_baseline_lines(old, baseline),
        *_trained_lines(evidence),
        *_general_lines(general),
        *(_slice_line(name, test) for name, test in labelled.items()),
        *_silent_lines(evidence),
        *_acquisition_lines(evidence, acquisition),
        *_stale_lines(evidence),
    ]
    return sorted(lines, key=lambda line: _ORDER[line.weight])


def _old_lines(evidence: Evidence, old: RetentionTest | None) -> Iterator[Line]:
    if old is None:
        yield _nothing_to_keep(evidence)
        return
    weight: Weight = "open" if _only_noise(evidence, old) else "against"
    if old.catastrophic:
        yield Line(weight, _catastrophic(old))
    line = _retention_line("Old facts", old)
    yield Line(weight, line.text) if line.weight == "against" else line
    yield Line("note", _basis_sentence(evidence, old))


def _only_noise(evidence: Evidence, old: RetentionTest) -> bool:
    """A loss that is not shown to be more than what the champion loses when it is asked again."""
    lost = old.catastrophic or old.outcome == "lost"
    return lost and evidence.noise is not None and evidence.noise.p_above > old.alpha


def _noise_lines(evidence: Evidence, old: RetentionTest | None) -> Iterator[Line]:
    noise = evidence.noise
    if old is None or noise is None:
        return
    counts = noise.counts
    asked = "again" if noise.repeats == 1 else f"{noise.repeats} times more"
    told = (
        f"Asked {asked}, the champion itself changes {counts.broken + counts.fixed} of {count(counts.n, 'answer')} "
        f"to old probes between right and wrong ({percent(noise.share)}: {counts.broken} broken, {counts.fixed} mended)"
    )
    if _only_noise(evidence, old):
        yield Line(
            "open",
            f"{told}, and the challenger's loss is not shown to be more than that ({p_value(noise.p_above)}).",
        )
    elif old.counts.broken:
        above = "more than that" if noise.p_above <= old.alpha else "not shown to be more than that"
        yield Line("note", f"{told}; what the challenger broke is {above} ({p_value(noise.p_above)}).")
    else:
        yield Line("note", f"{told}.")


def _slice_line(name: str, test: RetentionTest) -> Line:
    group, _, label = name.partition("/")
    what = "Old facts" if group == "old" else "General answers"
    line = _retention_line(f"{what}, {label},", test)
    # A label is there to show where something was lost; few probes of one do not stop a promotion.
    return line if line.weight == "against" else Line("note", line.text)


def _silent_lines(evidence: Evidence) -> Iterator[Line]:
    for who, empty in (("champion", evidence.champion_silent), ("challenger", evidence.challenger_silent)):
        if empty:
            told = "1 answer" if empty == 1 else f"{empty} answers"
            verb = "is" if empty == 1 else "are"
            yield Line(
                "note",
                f"{told} of the {who} {verb} empty and counted as wrong: a content filter, a tool call or a length "
                "limit may be behind it.",
            )


def silence(evidence: Evidence) -> tuple[str, str]:
    """What to say when a model gave no text at all: the reason, and what would decide."""
    who = " and the ".join(evidence.silent)
    said = (
        f"The {who} gave no text to any of {count(evidence.probes, 'probe')}, so nothing was measured: a content "
        "filter, a refusing deployment or a wrong prompt looks like this, and so does a model that learned to be "
        "silent."
    )
    return said, f"Answers in words would decide: ask the {who} one of the questions by hand."


def _baseline_lines(old: RetentionTest | None, baseline: float) -> Iterator[Line]:
    if old is not None and old.counts.before < baseline * old.counts.n:
        yield Line(
            "open",
            f"The champion itself answers only {old.counts.before} of {old.counts.n} old probes right, so keeping "
            "them proves little: the expected answers may be wrong, the grader too strict, or it never learned them.",
        )


def _trained_lines(evidence: Evidence) -> Iterator[Line]:
    if evidence.trained_on:
        asked = evidence.probes
        yield Line(
            "open" if 2 * evidence.trained_on > asked else "note",
            f"{evidence.trained_on} of {count(asked, 'probe')} were trained on: their answers prove memory, not "
            "knowledge (findings names them).",
        )


def _nothing_to_keep(evidence: Evidence) -> Line:
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


def _catastrophic(test: RetentionTest) -> str:
    counts = test.counts
    return (
        f"This is catastrophic forgetting: {counts.broken} of the {counts.before} old probes that the champion "
        f"answered right are wrong now ({percent(counts.broken / counts.before)}, exact McNemar "
        f"{p_value(test.p_broken)})."
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
        f"(exact McNemar {p_value(test.p_broken)}{_corrected(test)}).",
    )


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
    covered = evidence.known_facts - evidence.unprobed_facts
    extent = "all" if not evidence.unprobed_facts else f"{covered} of the"
    coverage = f"{extent} {count(evidence.known_facts, 'fact')} the champion was trained on"
    if old.basis == "census":
        return f"Facts count as a census, probe by probe: the probes ask for {coverage}."
    return (
        f"Facts count as a sample: the probes ask for {coverage}. Probes of one fact go together, so "
        f"{count(old.counts.n, 'probe')} of {count(old.facts, 'fact')} carry as much as {old.effective_probes:.0f} independent ones "
        f"(design effect {old.design_effect:.1f}); over facts, a sign-flip test of a drop gives {p_value(old.p_facts)}."
    )


def _general_lines(general: RetentionTest | None) -> Iterator[Line]:
    if general is None:
        return
    line = _retention_line("General answers", general)
    # General probes are asked to catch damage; too few of them to prove its absence do not stop a promotion.
    yield Line("note", line.text) if line.weight == "open" else line


def _acquisition_lines(evidence: Evidence, required: float) -> Iterator[Line]:
    counts = evidence.acquired
    if not counts.n:
        yield from _nothing_acquired(evidence, required)
        return
    share = counts.after / counts.n
    told = (
        f"the challenger answers {counts.after} of {counts.n} probes of {_new_or_updated(evidence)} facts right "
        f"({percent(share)}; the gate asks for {percent(required)})."
    )
    passed = share >= required
    yield Line("for" if passed else "against", f"New facts are {'' if passed else 'not '}acquired: {told}")


def _nothing_acquired(evidence: Evidence, required: float) -> Iterator[Line]:
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


def would_decide(
    evidence: Evidence, old: RetentionTest | None, *, acquisition: float, baseline: float
) -> str:
    """What would settle an open comparison, in sentences."""
    weak = any(_baseline_lines(old, baseline))
    wishes = [
        *(
            ["Probes that the champion itself answers would decide whether old facts are kept."]
            if weak
            else []
        ),
        *_wishes_for_probes(evidence),
        *_wishes_for_old(evidence, old),
        *_wishes_for_new(evidence, acquisition),
        *_strays(evidence, old),
    ]
    return " ".join(wishes)


def _wishes_for_probes(evidence: Evidence) -> Iterator[str]:
    if 2 * evidence.trained_on > evidence.probes:
        yield "Probes in words that no training row uses would decide: ProbeSet.hold_out withholds some."


def _wishes_for_old(evidence: Evidence, old: RetentionTest | None) -> Iterator[str]:
    if old is None and evidence.unprobed_facts:
        yield "Probes of old facts would decide whether they are kept: there are none."
    elif old is not None and _only_noise(evidence, old):
        yield (
            "More probes, or steadier answers of the champion (temperature 0, a seed), would decide whether the loss "
            "of old facts is more than chance."
        )
    elif old is not None and old.outcome == "undecided":
        yield _probes_wish(evidence, old)


def _wishes_for_new(evidence: Evidence, acquisition: float) -> Iterator[str]:
    if acquisition and not evidence.acquired.n and evidence.new_facts != 0:
        yield (
            "Probes of the new facts would decide whether they were learned: "
            "there are no probes of the new facts."
        )


def _strays(evidence: Evidence, old: RetentionTest | None) -> Iterator[str]:
    """A likely slip: rows and probes call the same fact differently, so nothing is old or new."""
    if evidence.general and (old is None or not evidence.acquired.n):
        yield (
            f"{count(len(evidence.general), 'fact')} asked for stand in neither history: if they were meant as old "
            "or new ones, the probes must name facts as the training rows do."
        )


def _probes_wish(evidence: Evidence, old: RetentionTest) -> str:
    needed = old.probes_needed()
    if needed is None:
        return (
            "More probes of old facts will hardly decide: the loss seen is too close to the margin of "
            f"{points(old.margin)}. Train the challenger with more replay, or state another margin."
        )
    more = rounded(needed - old.counts.n)
    told = f"About {more} more probes would probably decide whether old facts are kept (there are {old.counts.n})"
    if old.basis == "census" or not evidence.unprobed_facts:
        return f"{told}."
    unasked = count(evidence.unprobed_facts, "known fact")
    return (
        f"{told}; fewer if they also ask for the {unasked} without a probe, for then facts count as a census."
    )


def rounded(number: int) -> int:
    """Two leading digits, rounded up: an estimate should look like one."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // step) * step


def count(number: int, noun: str) -> str:
    """A number and its noun: `1 probe`, `2 probes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def percent(share: float) -> str:
    """A share as per cent with at most one decimal: `98.3%`."""
    return f"{round(100 * share, 1):g}%"


def points(share: float) -> str:
    """A difference of two shares without sign: `5 points`."""
    number = f"{round(100 * share, 1):g}"
    return f"{number} point" if number == "1" else f"{number} points"


def change(share: float) -> str:
    """A difference of two shares with its sign: `-1.7 points`, `+0 points`."""
    return f"{round(100 * share, 1) + 0.0:+g} points"


def confidence(test: RetentionTest) -> str:
    """The confidence of each one-sided limit: `95%`."""
    return percent(1 - test.alpha)


def p_value(p: float) -> str:
    """A p-value as it is written: `p = 0.032`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
