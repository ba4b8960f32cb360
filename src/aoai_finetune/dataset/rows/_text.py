"""Text compared by what it says: used for derived facts, for answers, and by the normalised grader."""

from __future__ import annotations

import re
from itertools import groupby, islice
from typing import Final
from unicodedata import category, normalize

__all__ = ["normalise"]

_KEPT: Final = frozenset("%‰#&@")
_DIGIT = re.compile(r"\d")
_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:[,'’]\d{3})+(?!\d)")
_SPECIAL = re.compile(r"(?<=\d)[\W_]+(?=\d)|(?<!\w)-(?=\d)")
_COMMAS = str.maketrans("", "", ",'’")
_MINUS: Final = "−"
_MARKS: Final = 64
_LONG_RUN = re.compile(rf"(?:[^\w\s\0-\x7f]|[\uff9e\uff9f]){{{_MARKS + 1},}}")
"""Where more marks than that can stand in a row: none is a letter or a digit, but for two that NFKC makes marks of."""


class _Noise(dict[int, int | None]):
    """A translation table that looks a character up when it first meets it: a full one takes 0.2 s to build."""

    def __init__(self, dropped: str) -> None:
        super().__init__()
        self._dropped = dropped

    def __missing__(self, point: int) -> int | None:
        character = chr(point)
        noise = category(character)[0] in self._dropped and character not in _KEPT
        self[point] = None if noise else point
        return self[point]


_ASCII_NOISE: Final = bytes(
    code for code in range(128) if category(chr(code))[0] in "PZC" and chr(code) not in _KEPT
)
_MAYBE_SPECIAL: Final = re.compile(r"[0-9][^A-Za-z0-9]+[0-9]|-[0-9]")
"""Whatever `_THOUSANDS` and `_SPECIAL` find in ASCII, and a little more."""
_without_punctuation = _Noise("PZC")
_without_spaces = _Noise("ZC")


def normalise(text: str) -> str:
    """The text without what does not change its meaning: NFKC, case-folded, no punctuation, no white space.

    What separates two digits stays, because `3.5` is not `35` and `1/2` is not `12` (only thousands separators
    go), and so do a minus sign before a number and the characters `% ‰ # & @`. A text of nothing but
    punctuation keeps it, so that `?` and `!` stay different. Of more than 64 combining marks in a row (no language
    has more than a few) those that follow are left out. Applying it twice changes nothing. It takes a time
    proportional to the length of the text.
    """
    if text.isascii():
        folded = text.lower()
        if _MAYBE_SPECIAL.search(folded) is None:
            return folded.encode().translate(None, _ASCII_NOISE).decode() or folded.translate(_without_spaces)
    else:
        folded = normalize("NFKC", normalize("NFKC", _few_marks(text)).casefold())
    kept = _with_numbers(folded) if _DIGIT.search(folded) else folded.translate(_without_punctuation)
    kept = kept or folded.translate(_without_spaces)
    return kept if kept.isascii() else _few_marks(normalize("NFKC", kept))


def _few_marks(text: str) -> str:
    """Bringing marks into order takes a time that grows with the square of their number (UAX #15, section 13)."""
    return _LONG_RUN.sub(_without_many_marks, text) if len(text) > _MARKS else text


def _without_many_marks(found: re.Match[str]) -> str:
    runs = groupby(found.group(), _is_mark)
    return "".join("".join(islice(run, _MARKS) if marks else run) for marks, run in runs)


def _is_mark(character: str) -> bool:
    return category(character)[0] == "M" or character in "\uff9e\uff9f"


def _with_numbers(text: str) -> str:
    text = _THOUSANDS.sub(_one_number, text)
    parts: list[str] = []
    end = 0
    for found in _SPECIAL.finditer(text):
        parts += [text[end : found.start()].translate(_without_punctuation), _special(found)]
        end = found.end()
    return "".join(parts) + text[end:].translate(_without_punctuation)


def _one_number(match: re.Match[str]) -> str:
    return match.group().translate(_COMMAS)


def _special(match: re.Match[str]) -> str:
    """A minus sign, or what separates two digits: its punctuation, else one space if it holds any."""
    between = match.group()
    if match.start() == 0 or not match.string[match.start() - 1].isdecimal():
        return _MINUS
    return between.translate(_without_spaces) or " " * any(map(str.isspace, between))
