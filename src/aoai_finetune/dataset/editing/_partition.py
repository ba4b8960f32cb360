"""Splitting rows into parts that share no fact, whatever order the rows stand in."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, TypeAlias

from ...errors import DatasetError
from ..rows._example import Example, turns
from ..rows._facts import asked
from ..rows._findings import Fault
from ..rules._overlap import question_key

__all__ = ["Key", "partition", "shares"]

Key: TypeAlias = Callable[[Example], str]

_EXACT: Final = 1e-6


def shares(fractions: Sequence[float] | None, test_size: float | None) -> tuple[float, ...]:
    """The fractions asked for, as numbers that add up to one; a fifth for testing when nothing was said."""
    if fractions is not None and test_size is not None:
        raise DatasetError("fractions and test_size say the same thing", hint="Give one of them")
    if fractions is None:
        test = 0.2 if test_size is None else test_size
        fractions = (1 - test, test)
    wanted = tuple(float(each) for each in fractions)
    if len(wanted) < 2 or not all(each > 0 for each in wanted) or abs(sum(wanted) - 1) > _EXACT:
        raise DatasetError(
            "fractions are at least two positive numbers that add up to 1",
            hint="For example split([0.8, 0.1, 0.1]) or split(test_size=0.2)",
        )
    return wanted


def partition(
    examples: Iterable[Example], parts: Sequence[float], by: str | Key, seed: int, stratify: Key | None
) -> list[list[int]]:
    """For each part the indices of its rows, in order."""
    groups = _strata(_Groups.of(examples, by, stratify), seed)
    found: list[list[int]] = [[] for _ in parts]
    for stratum in groups:
        for group, part in zip(stratum, _cut(stratum, parts, whole=len(groups) == 1), strict=True):
            found[part] += group.indices
    if not all(found):
        raise DatasetError(
            f"there are too few groups of rows for {len(parts)} parts",
            hint='Rows of one fact stay together: give finer facts, fewer parts, or by="row"',
        )
    return [sorted(indices) for indices in found]


@dataclass(slots=True)
class _Group:
    """Rows that stay together."""

    name: str
    stratum: str
    indices: list[int]


class _Groups:
    """Keys that belong together because a row has both of them (a forest of disjoint sets)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, key: str) -> str:
        """The name of the group a key is in."""
        path: list[str] = []
        while (above := self._parent.setdefault(key, key)) != key:
            path.append(key)
            key = above
        self._parent.update(dict.fromkeys(path, key))
        return key

    def join(self, one: str, other: str) -> None:
        """Make two groups one. Its name is the smaller, so that it does not depend on the order of rows."""
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first

    @classmethod
    def of(cls, examples: Iterable[Example], by: str | Key, stratify: Key | None) -> list[_Group]:
        """The groups of the rows."""
        keys, known = _keys(by), cls()
        rows: list[tuple[str, str]] = []
        for example in examples:
            first, *rest = keys(example)
            known.root(first)
            for other in rest:
                known.join(first, other)
            rows.append((first, "" if stratify is None else _asked(stratify, example, "stratify")))
        groups: dict[str, _Group] = {}
        for index, (key, label) in enumerate(rows):
            root = known.root(key)
            group = groups.setdefault(root, _Group(root, label, []))
            group.stratum = min(group.stratum, label)
            group.indices.append(index)
        return list(groups.values())


def _keys(by: str | Key) -> Callable[[Example], list[str]]:
    """What has to stay on one side with a row: its fact, and whatever asks the same question."""
    if callable(by):
        return lambda example: [_asked(by, example, "by")]
    if by == "fact":
        return lambda example: [f"fact {example.fact}", *_question(example)]
    if by == "row":
        return lambda example: [example.digest]
    raise DatasetError(
        f"rows cannot be split by {by!r}", hint='Use "fact", "row" or a function of an Example'
    )


def _question(example: Example) -> list[str]:
    # A fact derived from a single question is that question, normalised already: the costly part of the pass.
    single = (
        example.given_fact is None and sum(turn.get("role") == "user" for turn in turns(example.row)) == 1
    )
    key = example.fact if single else question_key(example.row)
    return [f"question {key}"] if key else []


def _asked(function: Key, example: Example, name: str) -> str:
    """The text a user's function gives; DatasetError, without any row text, for everything else."""
    found = asked(function, example, name)
    if isinstance(found, Fault):
        raise DatasetError(found.message, line=example.line)
    if not isinstance(found, str):
        raise DatasetError(
            f"the {name}= function gives {type(found).__name__}, not a text", line=example.line
        )
    return found


def _strata(groups: Iterable[_Group], seed: int) -> list[list[_Group]]:
    """Groups by stratum, each in an order that depends on the seed and their names alone."""
    strata: defaultdict[str, list[_Group]] = defaultdict(list)
    for group in groups:
        strata[group.stratum].append(group)
    return [
        sorted(
            strata[label],
            key=lambda group: hashlib.sha256(f"{seed}\0{group.name}".encode(errors="replace")).digest(),
        )
        for label in sorted(strata)
    ]


def _cut(groups: Sequence[_Group], parts: Sequence[float], *, whole: bool) -> list[int]:
    """The part of each group: where the middle of its rows falls. Where there is one stratum no part stays empty."""
    ends = list(accumulate(len(group.indices) for group in groups))
    borders = list(accumulate(parts))[:-1]
    middles = [(end - len(group.indices) / 2) / ends[-1] for end, group in zip(ends, groups, strict=True)]
    cuts = [sum(middle < border for middle in middles) for border in borders]
    if whole and len(groups) >= len(parts):
        for number, cut in enumerate(cuts):
            least = cuts[number - 1] + 1 if number else 1
            cuts[number] = min(max(cut, least), len(groups) - len(cuts) + number)
    return [bisect_right(cuts, place) for place in range(len(groups))]
