"""Rows that nearly repeat another, found without comparing every pair."""

from __future__ import annotations

import re
import string
import sys
from array import array
from binascii import crc32
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import count, repeat
from operator import eq
from typing import Any, Final, NamedTuple, TypeAlias

from ..checks._rule import Settings, Spot
from ..rows._example import turns
from ..rows._shape import is_list, is_object

__all__ = ["NearDuplicates"]

_Word: TypeAlias = str | bytes
_TOKEN: Final = re.compile(r"[ァ-ヺー]+|[ぁ-ゖ]+|[一-鿿々]+|[^\W\u3040-\u30ff\u4e00-\u9fff]+")
_NUMBER: Final = re.compile(r"\d+")
_ASCII_TOKEN: Final = bytes(
    ord(chr(code).lower()) if chr(code) in string.ascii_letters + string.digits + "_" else 0x20
    for code in range(256)
)
"""Spaces between what `_TOKEN` finds, in lower case."""
_ASCII_NUMBER: Final = bytes(code if chr(code) in string.digits else 0x20 for code in range(256))
_ALIKE: Final = 0.7
_KEPT: Final = 256
_BINS: Final = 24
_WIDTH: Final = 3  # bins of a band: two rows meet where they agree on all of them
_BUCKET: Final = 16
_COMPARED: Final = 16
_REMEMBERED: Final = 100_000  # words: of more than that the rest takes a little longer, and no memory
_AGREE: Final = 10  # bins in which rows of similarity 0.7 agree, all but one time in a thousand
_MOST: Final = (1 << 31) - 1
_RUN: Final = 3
_UPPER_HALF: Final = sys.hash_info.width - 32  # of a hash is the better one
_SYSTEM: Final = ("system", "developer")


class _Codes(dict[_Word, int]):
    """A number for each word, the same in every process; made when a word is first met."""

    def __missing__(self, token: _Word) -> int:
        code = crc32(token if isinstance(token, bytes) else token.encode(errors="replace"))
        if len(self) < _REMEMBERED:
            self[token] = code
        return code


class NearDuplicates:
    """Rows whose texts share most runs of three words with another; in Japanese a word is a run of one script.

    Rows are alike from a Jaccard similarity of 0.7 on, system messages left out; rows with different numbers in
    them are not, because the number is what such a row teaches, and rows that are equal are another rule's.
    Candidates come from a one-permutation hash of 24 bins in 8 bands (Li, Owen and Zhang 2012), which two rows of
    similarity 0.7 share with a probability of 96 %, of 0.8 with 99.7 %; each is then compared by its 256 smallest
    hashes, which are all of them for up to some 250 words. Costs up to 2 KiB of memory for each row.
    """

    def __init__(self, settings: Settings) -> None:
        self._part = _Part() if settings.part else None
        self._code = _Codes().__getitem__
        self._buckets: dict[int, int | list[int]] = {}
        self._rows: list[_Row] = []

    def see(self, row: Mapping[str, Any], _fact: str | None, line: int, source: str | None, /) -> str | None:
        """Names the first row that is nearly the same; a row that has one is not compared with later ones."""
        text = _text(row)
        grams = self._grams(text)
        if not grams:
            return None
        seen = _Row(array("i", grams), _least(grams), hash(text), line, source)
        if self._part is not None:
            self._part.add(_numbers(text), seen)
            return None
        return self._judge(_numbers(text), seen)

    def part(self) -> object:
        """What was made of the rows, which are yet to be compared."""
        return self._part

    def absorb(self, part: object, before: int, source: str | None, /) -> Iterator[tuple[int, str]]:
        """Compare the rows of the next part with those before them, and with each other."""
        for numbers, seen in part.rows(before, source) if isinstance(part, _Part) else ():
            said = self._judge(numbers, seen)
            if said is not None:
                yield seen.line, said

    def _judge(self, numbers: int, seen: _Row) -> str | None:
        keys = _keys(numbers, seen.least)
        near = self._near(keys, seen)
        if near is None:
            self._remember(keys, seen)
            return None
        where = f" of {near.source}" if near.source is not None and near.source != seen.source else ""
        return None if near.text == seen.text else f"nearly the same row as line {near.line}{where}"

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Nothing more."""
        return ()

    def _grams(self, text: str) -> list[int]:
        """The smallest hashes of all runs of three words, in order. Hashes of numbers are the same everywhere."""
        words = _words(text)
        if len(words) < _RUN:
            return []
        codes = list(map(self._code, words))
        hashes = set(map(hash, zip(codes, codes[1:], codes[2:], strict=False)))
        least = nsmallest(_KEPT, hashes) if len(hashes) > 16 * _KEPT else sorted(hashes)[:_KEPT]
        return [mixed >> _UPPER_HALF for mixed in least]

    def _near(self, keys: list[int], row: _Row) -> _Row | None:
        for number in self._candidates(keys):
            other = self._rows[number - 1]
            if (
                sum(map(eq, other.least, row.least)) >= _AGREE
                and _similarity(other.grams, row.grams) >= _ALIKE
            ):
                return other
        return None

    def _candidates(self, keys: list[int]) -> list[int]:
        """The rows to compare with: of many those that share most bands, because phrases that all share are a few."""
        shared = Counter[int]()
        for key in keys:
            found = self._buckets.get(key)
            if found is not None:
                shared.update(found if isinstance(found, list) else [found])
        if len(shared) <= _COMPARED:
            return sorted(shared)
        return sorted(sorted(shared, key=lambda number: (-shared[number], number))[:_COMPARED])

    def _remember(self, keys: list[int], row: _Row) -> None:
        """Put the number of the row, counted from 1, into its buckets; most have one row only."""
        self._rows.append(row)
        number, buckets = len(self._rows), self._buckets
        for key in keys:
            found = buckets.setdefault(key, number)
            if found is number:
                continue
            if not isinstance(found, list):
                buckets[key] = [found, number]
            elif len(found) < _BUCKET:
                found.append(number)


class _Row(NamedTuple):
    grams: array[int]
    least: array[int]
    text: int
    line: int
    source: str | None


class _Part:
    """Rows of a part of a file, packed to be sent."""

    def __init__(self) -> None:
        self._grams, self._ends, self._least = array("i"), array("Q"), array("i")
        self._numbers, self._texts, self._lines = array("q"), array("q"), array("Q")

    def add(self, numbers: int, row: _Row) -> None:
        """Remember one more."""
        self._grams += row.grams
        self._ends.append(len(self._grams))
        self._least += row.least
        self._numbers.append(numbers)
        self._texts.append(row.text)
        self._lines.append(row.line)

    def rows(self, before: int, source: str | None) -> Iterator[tuple[int, _Row]]:
        """The numbers of each row, and the row as it stands in the whole file."""
        begin = 0
        facts = zip(self._ends, self._numbers, self._texts, self._lines, strict=True)
        for at, (end, numbers, text, line) in enumerate(facts):
            least = self._least[_BINS * at : _BINS * (at + 1)]
            yield numbers, _Row(self._grams[begin:end], least, text, before + line, source)
            begin = end


def _text(row: Mapping[str, Any]) -> str:
    """All texts but those of the system."""
    found: list[str] = []
    for turn in turns(row):
        if turn.get("role") in _SYSTEM:
            continue
        content: object = turn.get("content")
        if isinstance(content, str):
            found.append(content)
        else:
            found += _parts(content)
        if turn.get("tool_calls"):
            found.append(repr(turn["tool_calls"]))
    return "\n".join(found)


def _parts(content: object) -> Iterator[str]:
    if is_list(content):
        yield from (str(part["text"]) for part in content if is_object(part) and "text" in part)


def _words(text: str) -> Sequence[_Word]:
    if text.isascii():
        return text.encode().translate(_ASCII_TOKEN).split()
    return _TOKEN.findall(text.lower())


def _numbers(text: str) -> int:
    """The same for texts with the same numbers in the same order."""
    if text.isascii():
        return hash(b" ".join(text.encode().translate(_ASCII_NUMBER).split()))
    return hash(" ".join(_NUMBER.findall(text)).encode(errors="replace"))


def _keys(numbers: int, least: array[int]) -> list[int]:
    """A number for each band, equal where two rows meet."""
    bands = (least[at::_WIDTH] for at in range(_WIDTH))
    return list(map(hash, zip(repeat(numbers), count(), *bands, strict=False)))


def _least(grams: Iterable[int]) -> array[int]:
    """The smallest hash of each bin; an empty bin borrows from the one before it. The hashes are in order."""
    least = [_MOST] * _BINS
    for gram in reversed([*grams]):
        least[gram % _BINS] = gram
    last = next((value for value in reversed(least) if value != _MOST), 0)
    for at, value in enumerate(least):
        last = least[at] = last if value == _MOST else value
    return array("i", least)


def _similarity(one: array[int], two: array[int]) -> float:
    """Jaccard similarity; where a row has more hashes than were kept, that of the smallest ones of both."""
    first, second = set(one), set(two)
    both = first | second
    if len(one) == _KEPT or len(two) == _KEPT:
        both = set(sorted(both)[:_KEPT])
    return len(first & second & both) / len(both)
