"""Splitting rows into parts that share no fact, whatever order the rows stand in."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple, SupportsFloat, TypeAlias

from ...errors import DatasetError
from ..reading._digests import watched_digests
from ..reading._examples import rows_of
from ..rows._arguments import function, of_kind
from ..rows._example import Example, derived_fact, digest_of
from ..rows._facts import asked as ask
from ..rows._findings import Fault
from ..rows._sources import Rows
from ..rows._text import normalise
from ..whole._overlap import asked_texts, joined

__all__ = ["Key", "partition", "shares"]

Row: TypeAlias = dict[str, Any]
Key: TypeAlias = Callable[[Example], str]
_Keys: TypeAlias = Callable[[Row, str | None, int], tuple[str, str]]
"""The key of a row with a given fact on a line, and the question of those that go with it."""

_EXACT: Final = 1e-6
_FRACTIONS: Final = "For example split([0.8, 0.1, 0.1]) or split(test_size=0.2)"


def shares(fractions: Sequence[float] | None, test_size: float | None) -> tuple[float, ...]:
    """The fractions asked for, as numbers that add up to one; a fifth for testing when nothing was said."""
    if fractions is not None and test_size is not None:
        raise DatasetError("fractions and test_size say the same thing", hint="Give one of them")
    if fractions is None:
        test = 0.2 if test_size is None else _number(test_size, "test_size")
        if not 0 < test < 1:
            raise DatasetError("test_size is a share of the rows, between 0 and 1", hint=_FRACTIONS)
        fractions = (1 - test, test)
    of_kind(fractions, Iterable, "fractions", wanted="a list of numbers", hint=_FRACTIONS)
    wanted = tuple(_number(each, f"fractions[{number}]") for number, each in enumerate(fractions))
    if len(wanted) < 2 or not all(each > 0 for each in wanted) or abs(sum(wanted) - 1) > _EXACT:
        raise DatasetError(
            "fractions are at least two positive numbers that add up to 1",
            hint=_FRACTIONS,
        )
    return wanted


def _number(value: SupportsFloat, name: str) -> float:
    of_kind(value, SupportsFloat, name, wanted="a number", hint=_FRACTIONS)
    return float(value)


def partition(
    rows: Rows, parts: Sequence[float], by: str | Key, seed: int, stratify: Key | None
) -> list[array[int]]:
    """For each part the indices of its rows, in order."""
    if stratify is not None:
        hint = "For example stratify=lambda example: example.answer"
        function(stratify, "stratify", wanted="a function of an Example", hint=hint)
    groups = (
        _same_rows(rows, seed) if by == "row" and stratify is None else _grouped(rows, by, seed, stratify)
    )
    part_of = _parts_of(groups, parts)
    found = [array("Q") for _ in parts]
    for index, group in enumerate(groups.of_row):
        found[part_of[group]].append(index)
    if not all(found):
        raise _too_few(groups, len(parts), by, stratified=stratify is not None)
    return found


def _too_few(groups: _Groups, parts: int, by: str | Key, *, stratified: bool) -> DatasetError:
    """Why some part has no row, and what would give it one."""
    if not len(groups.of_row):
        return DatasetError(
            "the dataset is empty: there is nothing to split", hint="Check what was read, or selected"
        )
    number = sum(map(len, groups.strata))
    if stratified and number >= parts:
        return DatasetError(
            f"the strata are too small for {parts} parts: {number:,} groups of rows in {len(groups.strata):,} strata",
            hint="Let stratify= give fewer values, take fewer parts or a larger test_size, or leave stratify= out",
        )
    hint = {
        "fact": 'Rows of one fact stay together: give finer facts, fewer parts, or by="row"',
        "row": "Rows that are the same stay together: take fewer parts",
    }.get(by if isinstance(by, str) else "", "Let by= give more values, or take fewer parts")
    return DatasetError(f"there are too few groups of rows for {parts} parts", hint=hint)


class _Groups(NamedTuple):
    """Rows that stay together, as numbered groups.

    Attributes:
        of_row: the number of each row's group.
        draws: for each number what decides when its group is drawn; nothing for a number of no group.
        strata: the numbers of the groups of each stratum, strata in order.
    """

    of_row: Sequence[int]
    draws: Sequence[bytes]
    strata: Sequence[Sequence[int]]


def _parts_of(groups: _Groups, parts: Sequence[float]) -> array[int]:
    """For each group the part it is drawn for."""
    part_of = _zeros(groups)
    sizes = _zeros(groups)
    for group in groups.of_row:
        sizes[group] += 1
    for numbers in groups.strata:
        drawn = sorted(numbers, key=groups.draws.__getitem__)
        ends = _cut([sizes[number] for number in drawn], parts, whole=len(groups.strata) == 1)
        for part, (start, end) in enumerate(pairwise([0, *ends, len(drawn)])):
            for number in drawn[start:end]:
                part_of[number] = part
    return part_of


def _zeros(groups: _Groups) -> array[int]:
    return array("L", [0]) * len(groups.draws)


def _draw(seed: int, name: str) -> bytes:
    """Where a group comes when groups are drawn: it depends on the seed and its name alone."""
    return sha256(f"{seed}\0{name}".encode(errors="replace")).digest()


def _same_rows(rows: Rows, seed: int) -> _Groups:
    """What comes of `_grouped` by digest: digests may be known."""
    first: dict[bytes, int] = {}
    of_row = array("L", (first.setdefault(digest, len(first)) for digest in watched_digests(rows)))
    return _Groups(of_row, [_draw(seed, digest.hex()) for digest in first], [range(len(first))])


def _grouped(rows: Rows, by: str | Key, seed: int, stratify: Key | None) -> _Groups:
    """The groups of the rows, by stratum: the smallest that one of their rows is in."""
    keys, sets = _keys(by), _Sets()
    of_row, labels = array("L"), list[str]()
    for line, row, fact in rows_of(rows, "splitting"):
        of_row.append(sets.add(*keys(row, fact, line[1])))
        if stratify is not None:
            labels.append(_asked(stratify, Example(row, fact, line[1]), "stratify"))
    roots = array("L", map(sets.root, range(len(sets.names))))
    names = _smallest(zip(roots, sets.names, strict=True))
    of_row = array("L", map(roots.__getitem__, of_row))
    prefix = "fact " if by == "fact" else ""
    draws = [b""] * len(roots)
    for root, name in names.items():
        draws[root] = _draw(seed, prefix + name)
    return _Groups(of_row, draws, _strata(names, _smallest(zip(of_row, labels, strict=False))))


def _smallest(found: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The smallest text of each number."""
    smallest: dict[int, str] = {}
    for number, text in found:
        if text < smallest.setdefault(number, text):
            smallest[number] = text
    return smallest


def _strata(groups: Iterable[int], labels: Mapping[int, str]) -> list[list[int]]:
    strata: defaultdict[str, list[int]] = defaultdict(list)
    for group in groups:
        strata[labels.get(group, "")].append(group)
    return [strata[label] for label in sorted(strata)]


class _Sets:
    """Names that belong together because a row has them, or has the same question (a forest of disjoint sets).

    Attributes:
        names: the names, by their numbers.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._asked: dict[bytes, int] = {}
        self._parent = array("L")

    def root(self, number: int) -> int:
        """The number of the set that a name is in."""
        parent = self._parent
        while (above := parent[number]) != number:
            parent[number] = number = parent[above]
        return number

    def add(self, name: str, question: str) -> int:
        """The number of a name, which whatever asks the same question belongs to."""
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
            self._parent.append(number)
        if question:
            known = self._asked.setdefault(sha256(question.encode()).digest()[:16], number)
            if known != number:
                self._parent[self.root(known)] = self.root(number)
        return number


def _keys(by: str | Key) -> _Keys:
    """What has to stay on one side with a row: its fact, and whatever asks the same question."""
    if callable(by):
        return lambda row, fact, line: (_asked(by, Example(row, fact, line), "by"), "")
    if by == "fact":
        return _fact_and_question
    if by == "row":
        return lambda row, _fact, _line: (digest_of(row).hex(), "")
    raise DatasetError(
        f"rows cannot be split by {by!r}", hint='Use "fact", "row" or a function of an Example'
    )


def _fact_and_question(row: Row, given: str | None, _line: int) -> tuple[str, str]:
    texts = asked_texts(row)
    asked = [*map(normalise, texts)]
    fact = given or (asked[-1] if asked else "") or derived_fact(row)  # which normalises the last one again
    if given is None and len(asked) == 1 and asked[0]:
        return fact, fact
    return fact, joined(asked) or _unasked(row, texts)


def _unasked(row: Row, texts: Sequence[str]) -> str:
    """What stands for the question of a row that asks nothing: its white space, else all of it."""
    return "\n".join(texts) if any(texts) else f"row {digest_of(row).hex()}"


def _asked(function: Key, example: Example, name: str) -> str:
    """The text a user's function gives; DatasetError, without any row text, for everything else."""
    found = ask(function, example, name)
    if isinstance(found, Fault):
        raise DatasetError(found.message, line=example.line)
    if not isinstance(found, str):
        raise DatasetError(
            f"the {name}= function gives {type(found).__name__}, not a text", line=example.line
        )
    return found


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
