"""Which strategy, how many passes, how much replay: decided by counts, with what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..strategies._passes import Joint, Naive, Replay
from ..strategies._protocol import Strategy
from ..strategies._scheduled_replay import ScheduledReplay
from ._reasons import MEASURED, Reason, knowledge
from ._signs import Signs

__all__ = ["recommend", "to_do_first"]

_COOKBOOK: Final = "OpenAI cookbook, Chat_finetuning_data_prep"
_LONG_CHAIN: Final = 15


def recommend(signs: Signs) -> tuple[Strategy | None, tuple[Reason, ...]]:
    """A strategy for the new rows, None for the first step of a chain; and why."""
    if not signs.known_rows:
        return _alone(signs)
    if signs.known_rows <= signs.rows:
        seen = f"{signs.known_rows} known rows beside {signs.rows} new ones"
        known = "Training on everything costs at most twice the new rows alone, and forgets least"
        return Joint(passes=_passes(signs)), (Reason(seen=seen, known=known, source=MEASURED),)
    if not knowledge(signs):
        known = "A little replay keeps tasks and skills, 1 % of the rows in one study; passes follow the file's size"
        source = f"Scialom et al., EMNLP 2022; {_COOKBOOK}"
        return Replay(passes=_passes(signs)), (
            Reason(seen="behaviour rather than facts", known=known, source=source),
        )
    if 2 * signs.few_phrasings > signs.facts:
        return Replay(), (_few_phrasings(signs),)
    ratio = 2.5 if signs.steps > _LONG_CHAIN else None
    return ScheduledReplay(ratio=ratio), tuple(_scheduling(signs))


def _alone(signs: Signs) -> tuple[Strategy | None, tuple[Reason, ...]]:
    if signs.other_kind:
        seen = f"all {signs.other_kind} known rows are of another kind"
        known = (
            "They cannot stand in one file with the new ones, so nothing is replayed; few passes forget less"
        )
        return Naive(passes=3), (Reason(seen=seen, known=known, source=MEASURED),)
    known = "The first step has nothing to lose; what it trains on is kept for the next one"
    return None, (Reason(seen="nothing was learned so far", known=known, source="by definition"),)


def _few_phrasings(signs: Signs) -> Reason:
    return Reason(
        seen=f"{signs.few_phrasings} of {signs.facts} new facts have fewer than 4 phrasings",
        known="Ten passes with a tenth of the known rows each rehearse every one of them once; schedules by visits "
        "were measured with four phrasings",
        source=MEASURED,
    )


def _scheduling(signs: Signs) -> Iterator[Reason]:
    share = f"system prompt and tools are {signs.shared:.0%} of the tokens"
    yield Reason(
        seen=f"{signs.known_facts} known facts to rehearse; {share}",
        known="Visits counted per fact kept what joint retraining keeps at a fraction of its tokens, the "
        "smallest where several exchanges share a long system prompt",
        source=MEASURED,
    )
    if signs.steps > _LONG_CHAIN:
        known = "With a ratio the bill of a step does not grow with the history"
        yield Reason(seen=f"{signs.steps} steps so far", known=known, source=MEASURED)


def _passes(signs: Signs) -> int:
    """Ten for facts, as measured; else the cookbook's epochs: three, and more for fewer than 34 rows."""
    return 10 if knowledge(signs) else min(25, max(3, 100 // signs.rows))


def to_do_first(signs: Signs) -> Iterator[str]:
    """What to do before training, in sentences."""
    if knowledge(signs) and signs.few_phrasings:
        yield (
            f"give {signs.few_phrasings} facts more phrasings, 4 at least, and name what belongs together with fact="
        )
    if signs.changed:
        yield f"check that the {signs.changed} known facts that change are meant to: their old rows are left out"
    yield (
        "hold out probes before training (ProbeSet.hold_out), and compare the models before you use the new one"
    )
