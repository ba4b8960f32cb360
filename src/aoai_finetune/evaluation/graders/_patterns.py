"""The `regex` grader: patterns of the probe's author, run on text of a model, and never for long."""

from __future__ import annotations

import importlib
import math
import re
import warnings
from functools import lru_cache
from typing import Any, Final, TypeAlias

__all__ = ["ANSWER_LIMIT", "matches", "pattern_problem"]

ANSWER_LIMIT: Final = 1_000
"""So many characters of an answer are searched; what stands behind them is not seen."""

_PATTERN_LIMIT: Final = 500
_WORK_LIMIT: Final = 4e9
"""The most ways of matching, counted in the worst case: two unbounded repeats, a few options and alternatives."""

Tree: TypeAlias = Any
"""A pattern as that parser gives it, or a part of one."""

_parser: Any = importlib.import_module("re._parser")  # what `re` itself reads patterns with; it has no types


def matches(expected: str, answer: str) -> bool:
    """The pattern is found in the answer (Python's `re.search`).

    Patterns say themselves what does not count: `(?i)` for case, `^` and `$` for both ends. The first 1,000
    characters are searched. An answer is data: it is never read as a pattern.
    """
    return _compiled(expected).search(answer[:ANSWER_LIMIT]) is not None


def pattern_problem(expected: str) -> str:
    """What keeps an expected answer from being a pattern that surely ends; empty if nothing.

    At worst one search takes some seconds: a thousand million ways took 1.4 s on one core, and four are let through.
    """
    if len(expected) > _PATTERN_LIMIT:
        return f"is a pattern of more than {_PATTERN_LIMIT} characters"
    try:
        compiled = _compiled(expected)
        work = ANSWER_LIMIT * _ways(_parser.parse(expected))
    except (re.error, RecursionError, OverflowError, Warning):
        return "is not a regular expression"
    if compiled.search(""):
        return "is a pattern that finds nothing in particular: an empty answer would be right"
    return (
        "is a pattern that may take for ever: it repeats what can be matched in several ways"
        if work > _WORK_LIMIT
        else ""
    )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what will mean something else tomorrow is not a pattern to store
        return re.compile(pattern)


def _ways(items: Tree) -> float:
    """In how many ways a backtracking matcher may try a sequence, at worst, from one place in the text."""
    return math.prod(_ways_of(str(name), value) for name, value in items)


def _ways_of(name: str, value: Tree) -> float:
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _ways_of_repeat(*value, gives_back=name != "POSSESSIVE_REPEAT")
    if name == "BRANCH":
        return sum(_ways(branch) for branch in value[1])
    if name == "GROUPREF_EXISTS":
        return sum(_ways(branch) for branch in value[1:] if branch is not None)
    if name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
        return _ways(value[-1])
    return _ways(value) if name == "ATOMIC_GROUP" else 1.0


def _ways_of_repeat(least: int, most: int, items: Tree, *, gives_back: bool) -> float:
    inner = _ways(items)
    lengths = min(most, ANSWER_LIMIT) - min(least, ANSWER_LIMIT) + 1 if gives_back else 1
    rounds = min(most, ANSWER_LIMIT)
    return lengths * (math.inf if inner > 1 and rounds > 30 else inner**rounds)
