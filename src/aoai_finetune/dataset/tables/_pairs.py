"""Chat rows of one question and one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from ...errors import DatasetError
from ..rows._arguments import of_kind
from ..rows._example import Example
from ..rows._facts import FactSource

__all__ = ["facts_of_pairs", "pair_of", "pair_row", "rows_of_pairs"]

_FACTS: Final = "Give one fact per pair, or one for all of them"


def pair_row(question: str, answer: str, system: str | None) -> dict[str, Any]:
    """A chat row of one question and its answer, under a system text if there is one."""
    head = [] if system is None else [("system", system)]
    turns = [*head, ("user", question), ("assistant", answer)]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def rows_of_pairs(pairs: Iterable[Sequence[str]], system: str | None) -> list[dict[str, Any]]:
    """One row per pair. DatasetError for what is no pair."""
    _check_pairs(pairs)
    of_kind(system, str | None, "system", wanted="a text")
    return [_checked(pair, system, number) for number, pair in enumerate(pairs, 1)]


def _check_pairs(pairs: object) -> None:
    """DatasetError for what yields no pairs, but letters or questions alone."""
    wanted = "a list of pairs"
    hint = 'For example [("question", "answer")]; of a dictionary it is its items()'
    said = f"pairs is {type(pairs).__name__}, not {wanted}"
    if isinstance(pairs, (str, bytes, Mapping)):
        raise DatasetError(said, hint=hint)
    of_kind(pairs, Iterable, "pairs", wanted=wanted, hint=hint)


def _checked(pair: Sequence[str], system: str | None, number: int) -> dict[str, Any]:
    if isinstance(pair, str):  # of two letters
        raise DatasetError("a pair is a question and an answer", line=number)
    try:
        question, answer = pair
    except (TypeError, ValueError):
        raise DatasetError("a pair is a question and an answer", line=number) from None
    for name, text in (("question", question), ("answer", answer)):
        if not isinstance(text, str):
            raise DatasetError(
                f"the {name} is {type(text).__name__}, not a text",
                line=number,
                hint="Fill it, or leave the pair out",
            )
    return pair_row(question, answer, system)


def facts_of_pairs(
    fact: FactSource | Sequence[str], rows: int
) -> tuple[Callable[[Example], str] | None, Sequence[str] | None]:
    """`fact=` as a function, or as one text per row."""
    if fact is None or callable(fact):
        return fact, None
    of_kind(fact, Iterable, "fact", wanted="a function, a text, or a list of texts", hint=_FACTS)
    facts = [fact] * rows if isinstance(fact, str) else list(fact)
    if len(facts) != rows:
        raise DatasetError(f"{len(facts)} facts for {rows} pairs", hint=_FACTS)
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
