"""What rows look like, in counts: knowledge, tool use, fixed formats, sources, dates. Heuristics, German and Japanese included."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ...dataset import Dataset, Example, counter_for, normalise
from .._history import History
from ..strategies._packing import Frames
from ._specifics import is_structured, names_of, needs_knowing, stands_in

__all__ = ["MOST_LABEL", "Signs", "signs_of"]

_SOURCES: Final = re.compile(
    r"\[\d+\]|\b(?:source|sources|cited|citation|reference)s?\s*:|\baccording to\b|\bsee (?:section|page|chapter)\b|"
    r"https?://|出典|参照|引用|によると|に基づ|第\s*\d+\s*[条章項]|[0-9]+\s*ページ",
    re.IGNORECASE,
)
_DATED: Final = re.compile(
    r"\b(?:today|tomorrow|yesterday|currently|at present|this (?:week|month|quarter|year)|latest|newest|up to date|"
    r"right now|as of)\b|今日|本日|明日|昨日|現在|最新|今週|今月|今年|今期|時点",
    re.IGNORECASE,
)
MOST_LABEL: Final = 40
"""An answer of more characters is no label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Counts of what new rows look like beside a history; nothing here can be read out.

    Attributes:
        rows: the new rows.
        facts: their facts.
        answers: their distinct answers.
        calls: rows that call tools, or may.
        structured: rows whose answer is a JSON object or list.
        factual: rows whose short answer holds numbers, addresses, names or a rule that its prompt does not hold
            and most other answers do not hold either.
        grounded: rows whose answer holds some, all of which stand in its prompt.
        sources: rows whose answer, or system prompt, speaks of sources.
        dated: rows that speak of today, now or the latest.
        labels: the answers are a few short labels for many different questions.
        few_phrasings: facts with fewer than 4 phrasings, new and known together.
        changed: facts that are known with another answer.
        changed_before: facts that have changed earlier on the way.
        known_rows: rows of the history of the same kind.
        other_kind: rows of the history of another kind, which cannot be replayed.
        known_facts: facts of the history of the same kind.
        steps: steps the model has behind it.
        shared: share of the tokens of all rows that system prompt and tools take, 0 to 1.
        kinds: the kinds of the new rows.
    """

    rows: int
    facts: int
    answers: int
    calls: int
    structured: int
    factual: int
    grounded: int
    sources: int
    dated: int
    labels: bool
    few_phrasings: int
    changed: int
    changed_before: int
    known_rows: int
    other_kind: int
    known_facts: int
    steps: int
    shared: float
    kinds: frozenset[str] = field(default=frozenset())


def signs_of(new: Dataset, history: History) -> Signs:
    """Look at every row once."""
    rows = list(new)
    kinds = frozenset(row.kind for row in rows)
    change = history.superseded(by=new)
    old = [row for row in change.kept if row.kind in kinds]
    answers = {normalise(row.answer) for row in rows}
    pool = [*rows, *old]
    frames = Frames.of(pool, counter_for(None))
    factual = needs_knowing([row for row in rows if not _calls(row)])
    return Signs(
        rows=len(rows),
        facts=len(new.facts),
        answers=len(answers),
        calls=sum(_calls(row) for row in rows),
        structured=sum(is_structured(row.answer) for row in rows),
        factual=sum(factual),
        grounded=sum(_grounded(row) for row in rows),
        sources=sum(_speaks(_SOURCES, (row.answer, row.system)) for row in rows),
        dated=sum(_speaks(_DATED, (row.question, row.answer)) for row in rows),
        labels=_are_labels(rows, answers),
        few_phrasings=_few_phrasings(rows, pool),
        changed=len({row.fact for row in change.dropped}),
        changed_before=sum(bool(answers) for answers in history.outdated.values()),
        known_rows=len(old),
        other_kind=len(change.kept) - len(old),
        known_facts=len({row.fact for row in old}),
        steps=history.steps,
        shared=frames.share(range(len(pool))),
        kinds=kinds,
    )


def _calls(row: Example) -> bool:
    return bool(row.row.get("tools")) or any(message.tool_calls for message in row.messages)


def _prompt(row: Example) -> str:
    return "\n".join(message.text for message in row.messages[:-1])


def _grounded(row: Example) -> bool:
    names, prompt = names_of(row), _prompt(row)
    return (
        bool(names) and len(prompt) > 2 * len(row.answer) and all(stands_in(name, prompt) for name in names)
    )


def _speaks(pattern: re.Pattern[str], texts: Iterable[str]) -> bool:
    return any(pattern.search(text) for text in texts)


def _are_labels(rows: Sequence[Example], answers: set[str]) -> bool:
    short = all(len(row.answer) <= MOST_LABEL for row in rows)
    return short and len(answers) > 1 and len({row.fact for row in rows}) >= 5 * len(answers)


def _few_phrasings(rows: Sequence[Example], pool: Sequence[Example]) -> int:
    asked = Counter(fact for fact, _ in {(row.fact, normalise(row.question)) for row in pool})
    return sum(asked[fact] < 4 for fact in {row.fact for row in rows})
