"""Rows that nearly repeat another, found without comparing every pair."""

from __future__ import annotations

import re
from array import array
from binascii import crc32
from collections.abc import Iterable, Iterator, Mapping
from operator import eq
from typing import Any, Final, NamedTuple, TypeAlias

from ..rows._example import turns
from ..rows._shape import is_list, is_object
from ._rules import Settings, Spot

__all__ = ["NearDuplicates"]

_Key: TypeAlias = tuple[int, ...]
_TOKEN: Final = re.compile(r"[ァ-ヺー]+|[ぁ-ゖ]+|[一-鿿々]+|[^\W\u3040-\u30ff\u4e00-\u9fff]+")
_NUMBER: Final = re.compile(r"\d+")
_ALIKE: Final = 0.7
_KEPT: Final = 256
_BINS: Final = 24
_WIDTH: Final = 3  # bins of a band: two rows meet where they agree on all of them
_BUCKET: Final = 16
_AGREE: Final = 10  # bins in which rows of similarity 0.7 agree, all but one time in a thousand
_MASK: Final = (1 << 32) - 1
_RUN: Final = 3
_SYSTEM: Final = ("system", "developer")


class _Codes(dict[str, int]):
    """A number for each word, the same in every process; made when a word is first met."""

    def __missing__(self, token: str) -> int:
        code = crc32(token.encode(errors="replace")) * 0x9E3779B1 & _MASK
        if len(self) < 1_000_000:
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

    def __init__(self, _settings: Settings) -> None:
        self._codes = _Codes()
        self._buckets: dict[_Key, list[int]] = {}
        self._rows: list[_Row] = []

    def see(self, row: Mapping[str, Any], _fact: str | None, line: int, source: str | None, /) -> str | None:
        """Names the first row that is nearly the same; a row that has one is not compared with later ones."""
        text = _text(row)
        grams = self._grams(text)
        if not grams:
            return None
        numbers = hash(tuple(_NUMBER.findall(text)))
        seen = _Row(array("I", grams), _least(grams), hash(text), line, source)
        keys = [(numbers, at, *seen.least[at : at + _WIDTH]) for at in range(0, _BINS, _WIDTH)]
        near = self._near(keys, seen)
        if near is None:
            self._remember(keys, seen)
            return None
        where = f" of {near.source}" if near.source is not None and near.source != source else ""
        return None if near.text == seen.text else f"nearly the same row as line {near.line}{where}"

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Nothing more."""
        return ()

    def _grams(self, text: str) -> list[int]:
        """The smallest hashes of all runs of three words, in order."""
        codes = [self._codes[token] for token in _TOKEN.findall(text.lower())]
        if len(codes) < _RUN:
            return []
        runs = zip(codes, codes[1:], codes[2:], strict=False)
        hashes = {
            ((a * 0x85EBCA6B ^ b * 0xC2B2AE35) + c * 0x27D4EB2F) * 0x9E3779B97F4A7C15 >> 24 & _MASK
            for a, b, c in runs
        }
        return sorted(hashes)[:_KEPT]

    def _near(self, keys: Iterable[_Key], row: _Row) -> _Row | None:
        candidates = {number for key in keys for number in self._buckets.get(key, ())}
        for number in sorted(candidates):
            other = self._rows[number]
            if (
                sum(map(eq, other.least, row.least)) >= _AGREE
                and _similarity(other.grams, row.grams) >= _ALIKE
            ):
                return other
        return None

    def _remember(self, keys: Iterable[_Key], row: _Row) -> None:
        for key in keys:
            bucket = self._buckets.setdefault(key, [])
            if len(bucket) < _BUCKET:
                bucket.append(len(self._rows))
        self._rows.append(row)


class _Row(NamedTuple):
    grams: array[int]
    least: array[int]
    text: int
    line: int
    source: str | None


def _text(row: Mapping[str, Any]) -> str:
    """All texts but those of the system."""
    return "\n".join(text for turn in turns(row) if turn.get("role") not in _SYSTEM for text in _texts(turn))


def _texts(turn: Mapping[str, Any]) -> Iterator[str]:
    content: object = turn.get("content")
    if isinstance(content, str):
        yield content
    elif is_list(content):
        yield from (str(part["text"]) for part in content if is_object(part) and "text" in part)
    if turn.get("tool_calls"):
        yield repr(turn["tool_calls"])


def _least(grams: Iterable[int]) -> array[int]:
    """The smallest hash of each bin; an empty bin borrows from the one before it."""
    least = [_MASK] * _BINS
    for gram in grams:
        least[gram % _BINS] = min(least[gram % _BINS], gram)
    last = next((value for value in reversed(least) if value != _MASK), 0)
    for at, value in enumerate(least):
        last = least[at] = last if value == _MASK else value
    return array("I", least)


def _similarity(one: array[int], two: array[int]) -> float:
    """Jaccard similarity; where a row has more hashes than were kept, that of the smallest ones of both."""
    first, second = set(one), set(two)
    both = first | second
    if len(one) == _KEPT or len(two) == _KEPT:
        both = set(sorted(both)[:_KEPT])
    return len(first & second & both) / len(both)
