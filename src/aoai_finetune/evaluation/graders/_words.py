"""Finding an expected text within an answer, whole words and numbers only, in languages with spaces and without."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ...dataset import normalise

__all__ = ["has_words", "numbers_of", "plain", "spaced"]

_LETTER: Final = "a-z\u00df-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u052f\u1e00-\u1fff"
"""Letters of scripts that part words by spaces and add nothing to them: Latin, Greek, Cyrillic, case-folded. Japanese
does neither, and Korean adds its particles, so there a text may begin and end anywhere."""

_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)\s*([/:~\u2013-])\s*(?=\d)")
_BETWEEN_LETTERS: Final = re.compile(r"(?<=[^\W\d_])((?:[^\w\s\u0300-\u036f]|_)+)(?=[^\W\d_])")
_TOKEN: Final = re.compile(r"\d+(?: \d+)*|\S")
_NUMBER: Final = re.compile(r"\u2212?\d+(?:[.,]\d+)*")

_EDGES: Final = (
    (re.compile(rf"[{_LETTER}]"), rf"(?<![{_LETTER}])", rf"(?![{_LETTER}])"),
    # 10 is neither in 100 nor in 10.5 nor in -10, where the minus is one and no range: 5-10.
    (re.compile(r"\d"), r"(?<!\d)(?<!\d[.,])(?<!(?<!\d)\u2212)", r"(?![.,]?\d)"),
    (re.compile(r"\u2212"), r"(?<!\d)", ""),
)
"""What the first or last character may be, and what then must not stand before it, or after it."""


def plain(text: str) -> str:
    """The normalised text. Japanese writes one wave dash with two characters, by the keyboard at hand."""
    return normalise(_one_dash(text))


def spaced(text: str) -> str:
    """The normalised text with one space wherever words were parted, be it by punctuation."""
    text = _BETWEEN_LETTERS.sub(r"\1 ", _BETWEEN_DIGITS.sub(r"\1", _one_dash(text)))
    return " ".join(filter(None, map(_part, text.split())))


def has_words(wanted: str, answer: str) -> bool:
    """Whether the answer holds the text; both as `spaced` gives them.

    Spaces within the text do not count, unless they part two numbers. It is not found within a longer word or
    number.
    """
    return _pattern(wanted).search(answer) is not None


def numbers_of(text: str) -> list[str]:
    """The numbers in a text that `spaced` gave, with their minus sign."""
    return _NUMBER.findall(text)


def _one_dash(text: str) -> str:
    return text.replace("\u301c", "~")


def _part(piece: str) -> str:
    """A piece between spaces, normalised; a lone hyphen or dash is nothing, which `normalise` would keep."""
    return normalise(piece) if any(map(str.isalnum, piece)) else normalise(f"x{piece}")[1:]


@lru_cache(maxsize=1024)
def _pattern(wanted: str) -> re.Pattern[str]:
    before = "".join(edge for kind, edge, _ in _EDGES if kind.match(wanted))
    after = "".join(edge for kind, _, edge in _EDGES if kind.match(wanted[-1:]))
    return re.compile(before + " ?".join(map(re.escape, _TOKEN.findall(wanted))) + after)
