"""Answers in words that answer nothing: refusals."""

from __future__ import annotations

from typing import Final

from ...dataset import normalise

__all__ = ["looks_refused", "unanswered"]

_REFUSALS: Final = (
    "i'm sorry",
    "i am sorry",
    "sorry, ",
    "i can't",
    "i cannot",
    "i'm unable",
    "i am unable",
    "as an ai",
    "申し訳",
    "すみません",
    "お答えできません",
)
_OPENINGS: Final = tuple(normalise(opening) for opening in _REFUSALS)


def looks_refused(answer: str) -> bool:
    """Whether an answer begins as refusals do, in English or Japanese. Not to know is no refusal."""
    return normalise(answer).startswith(_OPENINGS)


def unanswered(answer: str, *, right: bool) -> bool:
    """Whether an answer is empty or a refusal. What its grader calls right is an answer, however it begins."""
    return not right and (not answer.strip() or looks_refused(answer))
