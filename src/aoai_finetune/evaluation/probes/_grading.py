"""Whether an answer to a probe is right, or used to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ...errors import DatasetError
from ..graders._graders import NO_GRADERS, Grader, RememberedGrader, shipped

if TYPE_CHECKING:
    from ._probes import Probe

__all__ = ["grade", "is_stale"]


def grade(probe: Probe, answer: str, graders: Mapping[str, Grader] = NO_GRADERS) -> bool:
    """Whether the answer is one of those the probe expects, as its grader sees it.

    Args:
        probe: what was asked.
        answer: the text a model gave.
        graders: the caller's own graders by name (`ProbeSet.graders`), beside the shipped ones.

    Raises:
        DatasetError: the grader is not known, raised, or returned no bool; grader and line are named, no text.
    """
    return _any_passes(probe, probe.expected, answer, graders)


def is_stale(probe: Probe, answer: str, graders: Mapping[str, Grader] = NO_GRADERS) -> bool:
    """Whether the answer is one that used to be right and is not any more.

    An answer that is right is never stale, even where an outdated one is a part of it.

    Raises:
        DatasetError: as `grade`.
    """
    return _any_passes(probe, probe.stale, answer, graders) and not grade(probe, answer, graders)


def _any_passes(probe: Probe, texts: Iterable[str], answer: str, graders: Mapping[str, Grader]) -> bool:
    ask = shipped(probe.grader) or _own(probe, graders)
    try:
        return any(ask(text, answer) for text in texts)
    except DatasetError as why:
        raise DatasetError(why.message, line=probe.line, path="grader", hint=why.hint) from None


def _own(probe: Probe, graders: Mapping[str, Grader]) -> RememberedGrader:
    function = graders.get(probe.grader)
    if function is None:
        raise DatasetError(
            f"the grader {probe.grader!r} is not known here",
            line=probe.line,
            path="grader",
            hint="Give the function: ProbeSet.from_jsonl(path, graders={...})",
        )
    # A bare function is held to its word, too: a bool, and no text in its errors.
    return function if isinstance(function, RememberedGrader) else RememberedGrader(probe.grader, function)
