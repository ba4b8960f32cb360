"""Graders: is this answer one of the expected ones?

A grader is a function of one expected answer and the answer given. A probe is right when any of its expected
answers passes, so graders of later kinds (a regular expression, equal JSON) join the table below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ..dataset import normalise

if TYPE_CHECKING:
    from ._probes import Probe

__all__ = ["GRADERS", "contains", "exact", "grade", "is_stale", "normalised"]


def exact(expected: str, answer: str) -> bool:
    """The same text, apart from white space at both ends."""
    return expected.strip() == answer.strip()


def normalised(expected: str, answer: str) -> bool:
    """The same text after `dataset.normalise`: width, case, punctuation and white space do not count."""
    return normalise(expected) == normalise(answer)


def contains(expected: str, answer: str) -> bool:
    """The normalised answer contains the normalised expected text.

    A number is not found inside a longer number: `10` is neither in `100` nor in `10.5`. An expected text with
    nothing in it is contained in no answer.
    """
    wanted = normalise(expected)
    if not wanted:
        return False
    before = r"(?<!\d)(?<!\d[.,])" if wanted[0].isdecimal() else ""
    after = r"(?![.,]?\d)" if wanted[-1].isdecimal() else ""
    return re.search(before + re.escape(wanted) + after, normalise(answer)) is not None


GRADERS: Final[Mapping[str, Callable[[str, str], bool]]] = MappingProxyType(
    {"exact": exact, "normalised": normalised, "contains": contains}
)
"""Every grader by the name a probe calls it."""


def grade(probe: Probe, answer: str) -> bool:
    """Whether the answer is one of those the probe expects, as its grader sees it."""
    grader = GRADERS[probe.grader]
    return any(grader(expected, answer) for expected in probe.expected)


def is_stale(probe: Probe, answer: str) -> bool:
    """Whether the answer is one that used to be right and is not any more.

    An answer that is right is never stale, even where an outdated one is a part of it.
    """
    grader = GRADERS[probe.grader]
    return any(grader(outdated, answer) for outdated in probe.stale) and not grade(probe, answer)
