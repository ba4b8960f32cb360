"""Chat rows of one question and one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...errors import DatasetError
from ..rows._example import Example
from ..rows._facts import FactSource

__all__ = ["facts_of_pairs", "pair_of", "pair_row", "rows_of_pairs"]


def pair_row(question: str, answer: str, system: str | None) -> dict[str, Any]:
    """A chat row of one question and its answer, under a system text if there is one."""
    head = [] if system is None else [("system", system)]
    turns = [*head, ("user", question), ("assistant", answer)]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def rows_of_pairs(pairs: Iterable[Sequence[str]], system: str | None) -> list[dict[str, Any]]:
    """One row per pair. DatasetError for what is no pair."""
    return [_checked(pair, system, number) for number, pair in enumerate(pairs, 1)]


def _checked(pair: Sequence[str], system: str | None, number: int) -> dict[str, Any]:
    if isinstance(pair, str):  # of two letters
        raise DatasetError("a pair is a question and an answer", line=number)
    try:
        question, answer = pair
    except (TypeError, ValueError):
        raise DatasetError("a pair is a question and an answer", line=number) from None
    return pair_row(question, answer, system)


def facts_of_pairs(
    fact: FactSource | Sequence[str], rows: int
) -> tuple[Callable[[Example], str] | None, Sequence[str] | None]:
    """`fact=` as a function, or as one text per row."""
    if fact is None or callable(fact):
        return fact, None
    facts = [fact] * rows if isinstance(fact, str) else list(fact)
    if len(facts) != rows:
        raise DatasetError(f"{len(facts)} facts for {rows} pairs", hint="Give one fact per pair")
    return None, facts


def pair_of(example: Example) -> tuple[str, str, str | None]:
    """Question, answer and system text. DatasetError for a row that has anything else, which would get lost."""
    messages = example.messages
    system = messages[0].text if len(messages) == 3 else None
    if example.row == pair_row(example.question, example.answer, system):
        return example.question, example.answer, system
    raise DatasetError(
        "the row is more than a question, its answer and a system text",
        line=example.line,
        hint="Write it with to_jsonl, or select rows of one question and one answer first",
    )
