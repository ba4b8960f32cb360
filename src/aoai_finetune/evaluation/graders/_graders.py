"""Graders: is this answer one of the expected ones?

A grader is a function of one expected answer and the answer given. A probe is right when any of its expected
answers passes. Those below are known by name; a caller adds more to a probe set (`ProbeSet(..., graders=)`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from ...errors import DatasetError
from ._data import same_calls, same_json
from ._patterns import matches
from ._words import has_words, numbers_of, plain, spaced

__all__ = [
    "GRADERS",
    "NO_GRADERS",
    "Grader",
    "RememberedGrader",
    "character_f1",
    "contains",
    "exact",
    "f1",
    "merged",
    "normalised",
    "remembered",
    "shipped",
]

Grader = Callable[[str, str], bool]
"""Takes one expected answer and the answer given, and says whether it is right."""

F1_THRESHOLD: Final = 0.8
_THRESHOLD: Final = re.compile(r"f1>=(0\.\d{1,4}|1|1\.0)\Z")


def exact(expected: str, answer: str) -> bool:
    """The same text, apart from white space at both ends."""
    return expected.strip() == answer.strip()


def normalised(expected: str, answer: str) -> bool:
    """The same text after `dataset.normalise`: width, case, punctuation and white space do not count."""
    return plain(expected) == plain(answer)


def contains(expected: str, answer: str) -> bool:
    """The normalised answer contains the normalised expected text, as whole words and numbers.

    A word is not found inside a longer one (`no` is not in `know`; Japanese has no spaces, so there it may stand
    anywhere), nor a number inside another: `10` is neither in `100` nor in `10.5` nor in `-10`, but in `10, 20`.
    White space within the text does not count. An expected text with nothing in it is contained in no answer.
    """
    wanted = spaced(expected)
    if not wanted:
        return bool(plain(expected)) and normalised(expected, answer)
    return has_words(wanted, spaced(answer))


def character_f1(expected: str, answer: str) -> float:
    """How many characters two texts share, 0 to 1, whatever their order; after `dataset.normalise`.

    Twice the characters in common over all characters of both, which is the harmonic mean of precision and
    recall with characters as tokens, so it needs no words and works for Japanese as for English. 0.0 when one of
    them is empty.
    """
    wanted, given = plain(expected), plain(answer)
    shared = (Counter(wanted) & Counter(given)).total()
    return 2 * shared / (len(wanted) + len(given)) if wanted and given else 0.0


def f1(expected: str, answer: str, threshold: float = F1_THRESHOLD) -> bool:
    """`character_f1` is at least the threshold, and every number of the expected text stands in the answer.

    Characters know no order, so `2584` and `2854` would be the same without the second condition.
    """
    given = spaced(answer)
    return character_f1(expected, answer) >= threshold and all(
        has_words(number, given) for number in numbers_of(spaced(expected))
    )


GRADERS: Final[Mapping[str, Grader]] = MappingProxyType(
    {
        "exact": exact,
        "normalised": normalised,
        "contains": contains,
        "f1": f1,
        "regex": matches,
        "json": same_json,
        "tool_call": same_calls,
    }
)
"""Every shipped grader by the name a probe calls it; `f1>=0.9` is `f1` with another threshold than 0.8."""


def shipped(name: str) -> Grader | None:
    """The shipped grader a probe means by this name, None when there is none."""
    found = _THRESHOLD.match(name)
    return partial(f1, threshold=float(found[1])) if found else GRADERS.get(name)


class RememberedGrader:
    """A caller's grader that is asked once for each pair of texts, and whose word can be stored.

    Calling it gives what the caller's function gives. A stored comparison holds the words in place of the function
    (`known`), so that it can be judged where the function is not.
    """

    __slots__ = ("_function", "known", "name")

    def __init__(
        self, name: str, function: Grader | None, known: Mapping[tuple[str, str], bool] | None = None
    ) -> None:
        self.name, self._function = name, function
        self.known = dict(known or {})

    def __call__(self, expected: str, answer: str) -> bool:
        """Whether the answer is right. DatasetError, without any text, when the function fails to say so."""
        key = (expected, answer)
        if key not in self.known:
            self.known[key] = self._ask(expected, answer)
        return self.known[key]

    def same_as(self, other: RememberedGrader) -> bool:
        """Whether both ask the same function."""
        return self._function is other._function and (self._function is not None or self is other)

    def _ask(self, expected: str, answer: str) -> bool:
        if self._function is None:
            raise DatasetError(
                f"the grader {self.name!r} is not here, and it never judged this answer",
                path="grader",
                hint="Give the function again: ProbeSet(probes, graders={...})",
            )
        try:
            said: object = self._function(expected, answer)
        except Exception as why:  # noqa: BLE001 - whatever a caller's function raises; its text may hold the answer
            problem = f"raised {type(why).__name__}"
        else:
            if isinstance(said, bool) or _is_numpy_bool(said):
                return bool(said)
            problem = f"returned {type(said).__name__}, not a bool"
        raise DatasetError(
            f"the grader {self.name!r} {problem}",
            path="grader",
            hint="A grader takes the expected answer and the answer given, any text, and returns True or False",
        )


def _is_numpy_bool(said: object) -> bool:
    """Whether it is numpy's bool, which is none of Python's; told by its name, so that numpy need not be here."""
    return (type(said).__module__, type(said).__name__) in {("numpy", "bool"), ("numpy", "bool_")}


def remembered(graders: Mapping[str, Grader] | None) -> Mapping[str, RememberedGrader]:
    """A caller's graders, ready to be asked.

    Raises:
        DatasetError: a name that is taken or no plain word, or something that cannot be called.
    """
    ready: dict[str, RememberedGrader] = {}
    for name, function in (graders or {}).items():
        if shipped(name) is not None or not name.isidentifier() or not callable(function):
            raise DatasetError(
                f"the grader {name!r} cannot be added"
                if name.isidentifier()
                else "a grader cannot be added under this name",
                path="grader",
                hint='Write graders={"polite": is_polite}: a new plain name, and a function of two texts',
            )
        ready[name] = function if isinstance(function, RememberedGrader) else RememberedGrader(name, function)
    return ready


def merged(
    first: Mapping[str, RememberedGrader], second: Mapping[str, RememberedGrader]
) -> Mapping[str, RememberedGrader]:
    """The graders of two probe sets. DatasetError when both call different functions by one name."""
    for name in first.keys() & second.keys():
        if not first[name].same_as(second[name]):
            raise DatasetError(
                f"both probe sets have a grader {name!r}, and not the same function",
                path="grader",
                hint="Give one of them another name",
            )
    return {**second, **first}


NO_GRADERS: Final[Mapping[str, RememberedGrader]] = MappingProxyType({})
"""What a probe set without graders of its own has."""
