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
_MAYBE_THOUSANDS: Final = re.compile(r"\d[,'’]\d")
_SPECIAL = re.compile(r"[\d-](?:(?<=\d)[\W_]+(?=\d)|(?<=-)(?<!\w-)(?=\d))")
"""A minus sign, or a digit and what stands between it and the next one."""
_COMMAS = str.maketrans("", "", ",'’")
_MINUS: Final = "−"
_MARKS: Final = 64
_LONG_RUN = re.compile(rf"(?:[^\w\s\0-\x7f]|[\uff9e\uff9f]){{{_MARKS + 1},}}")
"""Where more marks than that can stand in a row: none is a letter or a digit, but for two that NFKC makes marks of."""
_MAYBE_MARK = re.compile(r"[^\w\s\0-\x7f]|[\uff9e\uff9f]")


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
_MAYBE_SPECIAL: Final = re.compile(r"[0-9-](?:(?<=[0-9])[^A-Za-z0-9]+[0-9]|(?<=-)[0-9])")
"""Whatever `_THOUSANDS` and `_SPECIAL` find in ASCII, and a little more."""
_MAYBE_NOISE: Final = re.compile(r"[\W_]+")
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
        number = _MAYBE_SPECIAL.search(folded)
        if number is None:
            return _without_noise(folded) or folded.translate(_without_spaces)
    else:
        folded = normalize("NFKC", normalize("NFKC", _few_marks(text)).casefold())
        number = _DIGIT.search(folded)
    kept = _without_noise(folded) if number is None else _with_numbers(folded, max(0, number.start() - 1))
    kept = kept or folded.translate(_without_spaces)
    return kept if kept.isascii() else _few_marks(normalize("NFKC", kept))


def _without_noise(text: str) -> str:
    """The text without punctuation and white space, but for the characters that are kept."""
    if text.isascii():
        return text.encode().translate(None, _ASCII_NOISE).decode()
    return _MAYBE_NOISE.sub(_only_sound, text)


def _only_sound(found: re.Match[str]) -> str:
    return found.group().translate(_without_punctuation)


def _few_marks(text: str) -> str:
    """Bringing marks into order takes a time that grows with the square of their number (UAX #15, section 13)."""
    maybe = _MAYBE_MARK.search(text[_MARKS::_MARKS])  # a longer run holds one of these
    return text if maybe is None else _LONG_RUN.sub(_without_many_marks, text)


def _without_many_marks(found: re.Match[str]) -> str:
    runs = groupby(found.group(), _is_mark)
    return "".join("".join(islice(run, _MARKS) if marks else run) for marks, run in runs)


def _is_mark(character: str) -> bool:
    return category(character)[0] == "M" or character in "\uff9e\uff9f"


def _with_numbers(text: str, start: int) -> str:
    """The text without noise but for what belongs to numbers, of which none stands before `start`."""
    if _MAYBE_THOUSANDS.search(text, start):
        text = _THOUSANDS.sub(_one_number, text)
    parts: list[str] = []
    end = 0
    for found in _SPECIAL.finditer(text, start):
        parts += [_without_noise(text[end : found.start()]), _special(found.group())]
        end = found.end()
    return "".join(parts) + _without_noise(text[end:])


def _one_number(match: re.Match[str]) -> str:
    return match.group().translate(_COMMAS)


def _special(found: str) -> str:
    """A minus sign, or a digit and what separates it from the next: its punctuation, else one space if it holds any."""
    digit, between = found[:1], found[1:]
    if not between:
        return _MINUS
    return digit + (between.translate(_without_spaces) or " " * any(map(str.isspace, between)))
