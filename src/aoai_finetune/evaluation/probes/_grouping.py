"""Which group a probe belongs to, and which answers to it used to be right: told by what two models were taught."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from ...dataset import normalise
from ..graders._graders import shipped
from ._grading import grade
from ._probes import Group, Probe
from ._rows import unreadable

__all__ = ["Answers", "grouped"]

Answers = Mapping[str, Collection[str]]
"""Facts with the answers they were trained with, or no longer are."""


def grouped(probe: Probe, old: Answers, new: Answers, outdated: Answers) -> Probe:
    """The probe with its group and its stale answers. See `ProbeSet.grouped`."""
    before, after = _by_meaning(old.get(probe.fact, ())), _by_meaning(new.get(probe.fact, ()))
    group = probe.group or _group(before.keys(), after.keys())
    if probe.stale:
        return replace(probe, group=group)
    past = _by_meaning(outdated.get(probe.fact, ())) | (before if group == "updated" else {})
    gone = sorted(past.keys() - after.keys() - _by_meaning(probe.expected).keys())
    return replace(probe, group=group, stale=_comparable(probe, [past[said] for said in gone]))


def _group(before: Collection[str], after: Collection[str]) -> Group:
    if not before:
        return "new" if after else "general"
    return "updated" if after and set(after) != set(before) else "old"


def _by_meaning(answers: Iterable[str]) -> dict[str, str]:
    """The answers by their normalised text."""
    return {said: answer for answer in sorted(answers) if (said := normalise(answer))}


def _comparable(probe: Probe, answers: Iterable[str]) -> tuple[str, ...]:
    """Those that this probe's grader can look for, as it reads them.

    What a model was taught is an answer, and not every grader compares with answers: it would raise, or read one as
    something else, after everything was asked and paid for.
    """
    if shipped(probe.grader) is None:
        return ()
    written = _WRITTEN.get(probe.grader, str)
    return tuple(
        text
        for answer in answers
        if not unreadable(text := written(answer), probe.grader) and not grade(probe, answer)
    )


def _as_pattern(answer: str) -> str:
    """A pattern that finds the answer, and not within a longer word or number."""
    text = answer.strip()
    before = r"(?<![0-9A-Za-z])" if re.match("[0-9A-Za-z]", text) else ""
    after = r"(?![0-9A-Za-z])" if re.search("[0-9A-Za-z]$", text) else ""
    return before + re.escape(text) + after


_WRITTEN: Final[Mapping[str, Callable[[str], str]]] = {"regex": _as_pattern}
"""How a grader wants an answer written that is not its own form already."""
