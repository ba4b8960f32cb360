"""Splitting rows into parts that share no fact, whatever order the rows stand in."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import accumulate, chain, pairwise
from typing import Final, TypeAlias

from ...errors import DatasetError
from ..checking._forms import row_digests
from ..checking._reading import placed_examples
from ..rows._example import Example, turns
from ..rows._facts import asked
from ..rows._findings import Fault
from ..rows._sources import Rows
from ..rules._overlap import question_key

__all__ = ["Key", "partition", "shares"]

Key: TypeAlias = Callable[[Example], str]
_Named: TypeAlias = dict[str, list[int]]
"""Groups of rows that stay together: the indices of each, by its name."""

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
    rows: Rows, parts: Sequence[float], by: str | Key, seed: int, stratify: Key | None
) -> list[list[int]]:
    """For each part the indices of its rows, in order."""
    found: list[list[int]] = [[] for _ in parts]
    strata = _strata(rows, by, seed, stratify)
    for groups in strata:
        cuts = [0, *_cut(list(map(len, groups)), parts, whole=len(strata) == 1), len(groups)]
        for indices, (start, end) in zip(found, pairwise(cuts), strict=True):
            indices.extend(chain.from_iterable(groups[start:end]))
    if not all(found):
        raise DatasetError(
            f"there are too few groups of rows for {len(parts)} parts",
            hint='Rows of one fact stay together: give finer facts, fewer parts, or by="row"',
        )
    return [sorted(indices) for indices in found]


def _strata(rows: Rows, by: str | Key, seed: int, stratify: Key | None) -> list[list[Sequence[int]]]:
    """The groups of each stratum in the order in which they are drawn."""
    if by == "row" and stratify is None:
        return [_same_rows(rows, seed)]
    strata = _Groups.of(_examples(rows), by, stratify)
    return [_drawn(strata[label].keys(), list(strata[label].values()), seed) for label in sorted(strata)]


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
    def of(cls, examples: Iterable[Example], by: str | Key, stratify: Key | None) -> dict[str, _Named]:
        """The groups of the rows, by stratum: the smallest that one of their rows is in."""
        keys, known = _keys(by), cls()
        rows: list[tuple[str, str]] = []
        for example in examples:
            first, *rest = keys(example)
            known.root(first)
            for other in rest:
                known.join(first, other)
            rows.append((first, "" if stratify is None else _asked(stratify, example, "stratify")))
        groups: defaultdict[str, list[int]] = defaultdict(list)
        labels: dict[str, str] = {}
        for index, (key, label) in enumerate(rows):
            root = known.root(key)
            groups[root].append(index)
            labels[root] = min(labels.get(root, label), label)
        strata: defaultdict[str, _Named] = defaultdict(dict)
        for root, indices in groups.items():
            strata[labels[root]][root] = indices
        return strata


def _examples(rows: Rows) -> Iterator[Example]:
    return (example for _, example in placed_examples(rows))


def _same_rows(rows: Rows, seed: int) -> list[Sequence[int]]:
    """What comes of `_Groups.of` by digest, without a list for each row: digests may be known, and most differ."""
    first: dict[bytes, int] = {}
    again: dict[int, list[int]] = {}
    for index, digest in enumerate(row_digests(rows)):
        start = first.setdefault(digest, index)
        if start != index:
            again.setdefault(start, [start]).append(index)
    groups = [again.get(index) or (index,) for index in first.values()]
    return _drawn(map(bytes.hex, first), groups, seed)


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


def _drawn(names: Iterable[str], groups: Sequence[Sequence[int]], seed: int) -> list[Sequence[int]]:
    """The groups in an order that depends on the seed and their names alone."""
    draws = [sha256(f"{seed}\0{name}".encode(errors="replace")).digest() for name in names]
    return [groups[place] for place in sorted(range(len(draws)), key=draws.__getitem__)]


def _cut(sizes: Sequence[int], parts: Sequence[float], *, whole: bool) -> list[int]:
    """Where the parts end: before the first group whose middle falls behind. Where there is one stratum none is empty."""
    ends = list(accumulate(sizes))
    borders = list(accumulate(parts))[:-1]
    middles = [(end - size / 2) / ends[-1] for end, size in zip(ends, sizes, strict=True)]
    cuts = [bisect_left(middles, border) for border in borders]
    if whole and len(sizes) >= len(parts):
        for number, cut in enumerate(cuts):
            least = cuts[number - 1] + 1 if number else 1
            cuts[number] = min(max(cut, least), len(sizes) - len(cuts) + number)
    return cuts
