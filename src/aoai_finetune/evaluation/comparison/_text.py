"""A comparison as plain text: a summary without content, and the answers side by side where they are asked for."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ...display import fold, table, visible
from ..verdict._evidence import total
from ..verdict._numbers import percent, points

if TYPE_CHECKING:
    from ..verdict._evidence import PairedCounts
    from ..verdict._gate import Gate
    from ._comparison import Comparison
    from ._pairs import Contender, Pair

__all__ = ["by_concern", "by_group_and_label", "engine_note", "gate_line", "share", "side_by_side", "summary"]

_WIDTH: Final = 100
_CONCERN: Final = {"broken": 0, "missed": 2, "mended": 3, "kept": 4}


def summary(comparison: Comparison) -> str:
    """Verdict, reasons and counts. No prompt, answer or fact."""
    return "\n".join(_summary_lines(comparison))


def _summary_lines(comparison: Comparison) -> Iterator[str]:
    yield f"{comparison.champion.name} -> {comparison.challenger.name}: {comparison.verdict.upper()}"
    yield f"({gate_line(comparison.gate)})"
    for reason in comparison.reasons:
        yield _item(reason)
    if comparison.decision.would_decide:
        yield _item(comparison.decision.would_decide)
    yield ""
    yield table(
        ["probes", "asked", "champion right", "challenger right", "broken", "mended"],
        [_counted(name, counts) for name, counts in by_group_and_label(comparison)],
        align="l>>>>>",
    )
    yield ""
    yield (
        f"retention {share(comparison.retention)}, acquisition {share(comparison.acquisition)}; "
        f"facts: {len(comparison.broken)} broken, {len(comparison.learned)} learned, {len(comparison.stale)} stale"
    )
    note = engine_note(comparison)
    if note:
        yield textwrap.fill(note, _WIDTH)


def by_group_and_label(comparison: Comparison) -> Iterator[tuple[str, PairedCounts]]:
    """The table of each group, and below it those of its labels as `old, off-distribution`."""
    for group, counts in comparison.groups.items():
        yield group, counts
        for each in comparison.evidence.slices:
            if each.group == group:
                yield f"{group}, {each.label}", total(each.facts)


def _item(sentence: str) -> str:
    return textwrap.fill(sentence, _WIDTH, initial_indent="- ", subsequent_indent="  ")


def _counted(group: str, counts: PairedCounts) -> list[str]:
    return [group, *map(str, (counts.n, counts.before, counts.after, counts.broken, counts.fixed))]


def share(value: float | None) -> str:
    """A share as per cent, or that there is nothing to take a share of."""
    return "not measured" if value is None else percent(value)


def gate_line(gate: Gate) -> str:
    """What the gate asks for, in one line."""
    looks = f", one of {gate.looks} looks" if gate.looks > 1 else ""
    return f"gate: margin {points(gate.margin)}, alpha {gate.alpha:g}, acquisition at least {percent(gate.acquisition)}{looks}"


def engine_note(comparison: Comparison) -> str:
    """That an offline learner answered and not GPT; empty when no engine is named."""
    both = (comparison.champion, comparison.challenger)
    engines = {contender.engine for contender in both}
    if engines == {None}:
        return ""
    if len(engines) == 1:
        return f"Answers come from the offline {engines.pop()} learner, not from GPT."
    told = "; ".join(f"{contender.name}: {_answered_by(contender)}" for contender in both)
    return f"Answers come from different learners ({told})."


def _answered_by(contender: Contender) -> str:
    return f"the offline {contender.engine} learner, not GPT" if contender.engine else "the hosted model"


def by_concern(pairs: tuple[Pair, ...]) -> list[Pair]:
    """Broken and stale first, then what both miss, what was mended, and what both answer right."""
    return sorted(
        pairs, key=lambda pair: 1 if pair.stale and pair.outcome != "broken" else _CONCERN[pair.outcome]
    )


def side_by_side(comparison: Comparison, limit: int | None) -> str:
    """Questions, expected answers and both answers in a table; control characters are spelled out."""
    pairs = by_concern(comparison.pairs)
    shown = pairs if limit is None else pairs[: max(0, limit)]
    rows = [
        (
            "stale" if pair.stale else pair.outcome,
            *(
                _cell(text)
                for text in (pair.probe.asked, " / ".join(pair.probe.expected), pair.before, pair.after)
            ),
        )
        for pair in shown
    ]
    text = table(
        [
            "outcome",
            "question",
            "expected",
            f"before: {comparison.champion.name}",
            f"after: {comparison.challenger.name}",
        ],
        rows,
    )
    more = len(pairs) - len(shown)
    return f"{text}\n... and {more} more (limit=None shows all)" if more else text


def _cell(text: str) -> str:
    return fold(visible(" ".join(text.split())), 32) or "(empty)"
