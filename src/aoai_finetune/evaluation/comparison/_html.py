"""A comparison as HTML. Content is shown here, because a report is asked for; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from ...display import (
    Bar,
    Contrast,
    Html,
    Page,
    Section,
    Tone,
    badge,
    banner,
    bars,
    card,
    cards,
    contrast,
    details,
    element,
    facts,
    fragment,
    html_table,
    join,
    prose,
)
from ..statistics._paired import tango_limits, tango_noninferiority
from ..verdict._gate import Verdict
from ..verdict._numbers import change, p_value, percent
from ._text import by_concern, by_group_and_label, engine_note, gate_line

if TYPE_CHECKING:
    from ..verdict._evidence import PairedCounts
    from ..verdict._retention import RetentionTest
    from ._comparison import Comparison
    from ._pairs import Contender, Pair

__all__ = ["page", "sections", "short"]

_VERDICTS: Final[dict[Verdict, tuple[str, Tone]]] = {
    Verdict.PROMOTE: ("Promote", "good"),
    Verdict.REJECT: ("Reject", "bad"),
    Verdict.INCONCLUSIVE: ("Inconclusive", "unsure"),
}
_GROUPS: Final = {
    "old": "Old facts",
    "updated": "Updated facts",
    "new": "New facts",
    "general": "General",
}
_OUTCOMES: Final[dict[str, Tone]] = {"kept": "plain", "broken": "bad", "mended": "good", "missed": "unsure"}
_ANSWERS_SHOWN: Final = 3


def page(comparison: Comparison) -> Page:
    """The whole report as one page."""
    return Page(
        f"{comparison.champion.name} and {comparison.challenger.name}, compared",
        sections(comparison),
        subtitle=f"{comparison.champion.model} (champion) and {comparison.challenger.model} (challenger), "
        f"asked the same {len(comparison.probes)} questions",
        footer=f"Made by aoai_finetune. Probes {comparison.probes.fingerprint[:12]}.",
    )


def sections(comparison: Comparison) -> tuple[Section, ...]:
    """The report in parts, top to bottom."""
    return (
        Section("", join(verdict_banner(comparison), figures(comparison), _engine(comparison))),
        Section("Accuracy", _accuracy(comparison)),
        Section("Facts", _facts(comparison)),
        Section("Answers side by side", _answers(comparison)),
        Section("How it was judged", _method(comparison)),
    )


def short(comparison: Comparison) -> str:
    """Verdict and figures for a notebook, without prompts, answers or facts."""
    return fragment(join(verdict_banner(comparison), figures(comparison), _engine(comparison)))


def verdict_banner(comparison: Comparison) -> Html:
    """The verdict with the gate's terms and every reason."""
    word, tone = _VERDICTS[comparison.verdict]
    wish = comparison.decision.would_decide
    reasons = [*comparison.reasons, *([wish] if wish else [])]
    lead = gate_line(comparison.gate)
    return banner(
        f"{word}: {_consequence(comparison)}", f"{lead[0].upper()}{lead[1:]}.", tone, reasons=reasons
    )


def _consequence(comparison: Comparison) -> str:
    champion, challenger = comparison.champion.name, comparison.challenger.name
    return {
        Verdict.PROMOTE: f"{challenger} may take the place of {champion}",
        Verdict.REJECT: f"{champion} stays, {challenger} does not take its place",
        Verdict.INCONCLUSIVE: f"these probes cannot decide between {champion} and {challenger}",
    }[comparison.verdict]


def figures(comparison: Comparison) -> Html:
    """The numbers a reader looks for first, as cards."""
    table, acquired = comparison.table, comparison.evidence.acquired
    kept, learned = _figure(comparison.retention), _figure(comparison.acquisition)
    return cards(
        card("Old answers kept", kept, _of(table.kept, table.before), _retention_tone(comparison)),
        card("New answers learned", learned, _of(acquired.after, acquired.n), _learned_tone(comparison)),
        _count_card(
            "Facts broken", comparison.broken, "right before, wrong after", _alarm(comparison.broken)
        ),
        _count_card("Facts learned", comparison.learned, "wrong before, right after", "plain"),
        _count_card(
            "Facts out of date", comparison.stale, "answered as they used to be", _alarm(comparison.stale)
        ),
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _count_card(label: str, found: tuple[str, ...], note: str, tone: Tone) -> Html:
    return card(label, str(len(found)), note, tone)


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole} probes" if whole else "no probes"


def _retention_tone(comparison: Comparison) -> Tone:
    old = comparison.decision.old
    if old is None:
        return "plain"
    tones: dict[str, Tone] = {"kept": "good", "lost": "bad", "undecided": "unsure"}
    return tones[old.outcome]


def _learned_tone(comparison: Comparison) -> Tone:
    if comparison.acquisition is None:
        return "plain"
    return "good" if comparison.acquisition >= comparison.gate.acquisition else "bad"


def _alarm(found: tuple[str, ...]) -> Tone:
    return "bad" if found else "good"


def _engine(comparison: Comparison) -> Html:
    note = engine_note(comparison)
    return element("p", badge("offline"), " ", note, class_="ft-quiet") if note else Html()


def _accuracy(comparison: Comparison) -> Html:
    if not comparison.groups:
        return prose("There are no probes, so there is nothing to measure.")
    shown = [
        bar for group, counts in comparison.groups.items() for bar in _two_bars(group, counts, comparison)
    ]
    rows = [_accuracy_row(name, counts) for name, counts in by_group_and_label(comparison)]
    header = ["Probes", "asked", "champion", "challenger", "change", "broken", "mended"]
    return join(
        bars(shown, top=1.0, caption="Share of probes answered right."),
        html_table(header, rows, align="l>>>>>>"),
    )


def _two_bars(group: str, counts: PairedCounts, comparison: Comparison) -> Iterator[Bar]:
    before, after = counts.before / counts.n, counts.after / counts.n
    tone: Tone = "good" if after >= before else "bad"
    yield Bar(label=f"{_GROUPS[group]}: {comparison.champion.name}", value=before, text=percent(before))
    yield Bar(
        label=f"{_GROUPS[group]}: {comparison.challenger.name}", value=after, text=percent(after), tone=tone
    )


def _accuracy_row(group: str, counts: PairedCounts) -> list[str]:
    numbers = (counts.n, counts.before, counts.after)
    return [
        _GROUPS.get(group, group),
        *map(str, numbers),
        change(counts.difference),
        str(counts.broken),
        str(counts.fixed),
    ]


def _facts(comparison: Comparison) -> Html:
    lists = (
        ("Broken: the champion answered most probes right, the challenger does not", comparison.broken),
        ("Learned: the challenger answers most probes right, the champion did not", comparison.learned),
        ("Out of date: the challenger gave an answer that used to be right", comparison.stale),
    )
    return join(*(_fact_list(title, found) for title, found in lists))


def _fact_list(title: str, found: tuple[str, ...]) -> Html:
    if not found:
        return details(f"{title} (0)", prose("None."))
    items = element("ul", *(element("li", fact) for fact in found), style="margin:.2rem 0")
    return details(f"{title} ({len(found)})", items, unfolded=len(found) <= 20)


def _answers(comparison: Comparison) -> Html:
    pairs = by_concern(comparison.pairs)
    even = [pair for pair in pairs if pair.outcome == "kept" and not pair.stale]
    uneven = [pair for pair in pairs if not (pair.outcome == "kept" and not pair.stale)]
    parts = [_contrast(uneven, comparison)] if uneven else [prose("Both answered every question right.")]
    if even:
        title = f"{len(even)} {'question' if len(even) == 1 else 'questions'} that both answered right"
        parts.append(details(title, _contrast(even, comparison), unfolded=not uneven))
    return join(*parts)


def _contrast(pairs: Iterable[Pair], comparison: Comparison) -> Html:
    header = ("Question", f"Before: {comparison.champion.name}", f"After: {comparison.challenger.name}")
    return contrast(header, [_contrast_line(pair) for pair in pairs])


def _contrast_line(pair: Pair) -> Contrast:
    return Contrast(
        asked=pair.probe.asked,
        left=pair.before,
        right=pair.after,
        left_tone=_mark(pair.right_before),
        right_tone=_mark(pair.right_after),
        note=join(element("div", "Expected: ", _expected(pair)), _labels(pair)),
    )


def _mark(right: bool) -> Tone:
    return "good" if right else "bad"


def _expected(pair: Pair) -> str:
    answers = pair.probe.expected
    more = f" (and {len(answers) - _ANSWERS_SHOWN} more)" if len(answers) > _ANSWERS_SHOWN else ""
    return " / ".join(answers[:_ANSWERS_SHOWN]) + more


def _labels(pair: Pair) -> Html:
    labels = [badge(_GROUPS[pair.probe.group or "general"]), badge(pair.outcome, _OUTCOMES[pair.outcome])]
    if pair.probe.label:
        labels.append(badge(pair.probe.label))
    if pair.stale:
        labels.append(badge("out of date", "bad"))
    if pair.trained_on:
        labels.append(badge("trained on, not counted", "unsure"))
    return element("div", join(*labels, between=" "))


def _method(comparison: Comparison) -> Html:
    decision = comparison.decision
    tests = [("Old facts", decision.old), ("General", decision.general), *decision.labelled.items()]
    return facts(
        [
            ("Champion", _contender(comparison.champion)),
            ("Challenger", _contender(comparison.challenger)),
            ("Facts the champion knew", _known(comparison)),
            ("Facts counted as a", decision.basis),
            *(line for name, test in tests if test is not None for line in _test_lines(name, test)),
        ]
    )


def _known(comparison: Comparison) -> str:
    return "not said" if comparison.known_facts is None else str(len(comparison.known_facts))


def _contender(contender: Contender) -> str:
    tokens = f"; {contender.tokens:,} tokens billed for training" if contender.tokens is not None else ""
    engine = f"; offline {contender.engine} learner" if contender.engine else ""
    return f"{contender.name}: {contender.model}{engine}{tokens}"


def _test_lines(name: str, test: RetentionTest) -> Iterator[tuple[str, str]]:
    yield (
        f"{name}: change in accuracy",
        f"{change(test.counts.difference)}; {_limits(test)}",
    )
    yield f"{name}: by Tango's normal approximation, for comparison", _by_tango(test)
    yield f"{name}: loss below the margin", f"{p_value(test.p_inferior)} (score test, small-sample tail)"
    yield (
        f"{name}: more broken than mended",
        f"{p_value(test.p_broken)} (exact McNemar, one-sided, over probes)",
    )
    yield (
        f"{name}: the same over facts",
        f"{p_value(test.p_facts)} (sign-flip permutation over {test.facts} facts)",
    )
    if test.basis == "sample":
        yield (
            f"{name}: design effect",
            f"{test.design_effect:.2f}: {test.counts.n} probes count as {test.effective_probes:.0f}",
        )


def _limits(test: RetentionTest) -> str:
    sides = f"{change(test.lower)} and {change(test.upper)}"
    return f"one-sided {percent(1 - test.alpha)} limits {sides} (score method, small-sample tail)"


def _by_tango(test: RetentionTest) -> str:
    broken, fixed = (count / test.design_effect for count in (test.counts.broken, test.counts.fixed))
    lower, upper = tango_limits(broken, fixed, test.effective_probes, test.alpha)
    p = tango_noninferiority(broken, fixed, test.effective_probes, test.margin)
    return f"limits {change(lower)} and {change(upper)}; loss below the margin {p_value(p)}"
