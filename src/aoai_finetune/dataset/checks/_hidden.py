"""Characters that nobody sees: they survive copying, and the model learns them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ._messages import Faults, Row, all_texts, texts

__all__ = ["bidi_controls", "damaged_text", "longer_than", "nul_characters"]

_OVERRIDES: Final = "\u202d\u202e"
_OPENING: Final = "\u202a\u202b\u2066\u2067\u2068"
_CLOSING: Final = "\u202c\u2069"
_BIDI: Final = re.compile(f"[{_OVERRIDES}{_OPENING}{_CLOSING}]")
_ANY_BIDI: Final = _OVERRIDES + _OPENING + _CLOSING
_DAMAGED: Final = re.compile("[\ufeff\ufffd]")


def nul_characters(row: Row) -> Faults:
    """Texts with NUL, which ends a text in some programs."""
    for path, text in all_texts(row):
        if "\0" in text:
            yield path, f"the text has a NUL character at position {text.index(chr(0)) + 1}"


def bidi_controls(row: Row) -> Faults:
    """Texts whose direction is overridden, or changed and not changed back (marks and closed isolates are fine)."""
    for path, text in all_texts(row):
        if not text.isascii() and any(control in text for control in _ANY_BIDI) and _unbalanced(text):
            yield path, "the text has an invisible control that turns its direction"


def _unbalanced(text: str) -> bool:
    depth = 0
    for found in _BIDI.finditer(text):
        control = found.group()
        if control in _OVERRIDES:
            return True
        depth += 1 if control in _OPENING else -1
        if depth < 0:
            return True
    return depth != 0


def damaged_text(row: Row) -> Faults:
    """Texts with U+FFFD, which stands where characters were lost, or with a byte-order mark."""
    for path, text in all_texts(row):
        found = None if text.isascii() else _DAMAGED.search(text)
        if found is not None:
            lost = found.group() == "\ufffd"
            what = (
                "characters were lost when the text was converted"
                if lost
                else "a byte-order mark stands in it"
            )
            yield path, f"{what} (position {found.start() + 1})"


def longer_than(most: int) -> Callable[[Row], Faults]:
    """Messages of more than `most` characters, all their texts together."""

    def check(row: Row) -> Faults:
        length: dict[str, int] = {}
        for path, text in texts(row):
            message = path.partition("].content")[0] + "]"
            length[message] = length.get(message, 0) + len(text)
        for path, characters in length.items():
            if characters > most:
                yield f"{path}.content", f"the message has {characters:,} characters; {most:,} are accepted"

    return check
