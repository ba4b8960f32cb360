"""What would settle an open comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ._evidence import Evidence, total
from ._numbers import count, percent, points, rounded
from ._reasons import far_from_known, hides_a_loss, too_weak
from ._retention import RetentionTest

__all__ = ["would_decide"]


def would_decide(
    evidence: Evidence,
    tests: Mapping[str, RetentionTest],
    *,
    acquisition: float,
    baseline: float,
    looks: int,
) -> str:
    """What would settle an open comparison, in sentences."""
    old = tests.get("old")
    wishes = [
        *_wishes_for_champion(evidence, old, baseline),
        *_wishes_for_clean_probes(evidence),
        *_wishes_for_old(evidence, old, looks),
        *_wishes_for_steadiness(tests),
        *_wishes_for_new(evidence, acquisition),
        *_strays(evidence, old),
    ]
    return " ".join(wishes)


def _wishes_for_champion(evidence: Evidence, old: RetentionTest | None, baseline: float) -> Iterator[str]:
    if old is not None and too_weak(old, baseline):
        yield "Probes that the champion itself answers would decide whether old facts are kept."
    if hides_a_loss(evidence, old):
        yield "Answers of the champion in words would decide: ask it one of those questions by hand."


def _wishes_for_clean_probes(evidence: Evidence) -> Iterator[str]:
    counted = {"old": total(evidence.old).n, "new": evidence.new.n, "updated": evidence.updated.n}
    if any(evidence.trained_on.get(group) and not clean for group, clean in counted.items()):
        yield "Probes in words that no training row uses would decide: ProbeSet.hold_out withholds some."


def _wishes_for_old(evidence: Evidence, old: RetentionTest | None, looks: int) -> Iterator[str]:
    if old is None:
        if (evidence.known_facts is None or evidence.unprobed_facts) and not evidence.trained_on.get("old"):
            yield "Probes of old facts would decide whether they are kept: there are none."
    elif old.outcome == "undecided" and not old.only_noise:
        yield from _more_probes(evidence, old, looks)


def _wishes_for_steadiness(tests: Mapping[str, RetentionTest]) -> Iterator[str]:
    noisy = {"general answers" if name.startswith("general") else "old facts" for name in _noisy(tests)}
    if noisy:
        yield (
            "More probes, or steadier answers of the champion (temperature 0, a seed), would decide whether the loss "
            f"of {' and '.join(sorted(noisy, reverse=True))} is more than chance."
        )


def _noisy(tests: Mapping[str, RetentionTest]) -> list[str]:
    return [name for name, test in tests.items() if test.only_noise]


def _wishes_for_new(evidence: Evidence, acquisition: float) -> Iterator[str]:
    leaked = any(evidence.trained_on.get(group) for group in ("new", "updated"))
    if acquisition and not evidence.acquired.n and evidence.new_facts != 0 and not leaked:
        yield (
            "Probes of the new facts would decide whether they were learned: "
            "there are no probes of the new facts."
        )
    elif far_from_known(evidence, acquisition):
        yield "Probes of more of the new facts would decide whether they were learned."


def _strays(evidence: Evidence, old: RetentionTest | None) -> Iterator[str]:
    """A likely slip: rows and probes call the same fact differently, so nothing is old or new."""
    if evidence.general and (old is None or not evidence.acquired.n):
        yield (
            f"{count(len(evidence.general), 'fact')} asked for stand in neither history: if they were meant as old "
            "or new ones, the probes must name facts as the training rows do."
        )


def _more_probes(evidence: Evidence, old: RetentionTest, looks: int) -> Iterator[str]:
    needed = old.probes_needed()
    if needed is None:
        yield (
            "More probes of old facts will hardly decide: the loss seen is too close to the margin of "
            f"{points(old.margin)}. Train the challenger with more replay, or state another margin."
        )
        return
    yield _how_many(evidence, old, needed)
    if looks == 1:
        yield (
            f"Adding them and looking again promotes wrongly more often than {percent(old.alpha)}, unless the gate was "
            "made for it: Gate(looks=2)."
        )


def _how_many(evidence: Evidence, old: RetentionTest, needed: int) -> str:
    more = rounded(needed - old.counts.n)
    told = f"About {more} more probes would probably decide whether old facts are kept (there are {old.counts.n})"
    if old.basis == "census" or not evidence.unprobed_facts:
        return f"{told}."
    unasked = count(evidence.unprobed_facts, "known fact")
    return (
        f"{told}; fewer if they also ask for the {unasked} without a probe, for then facts count as a census."
    )
