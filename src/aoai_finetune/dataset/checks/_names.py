"""Keys by other names: `messages`, `role` and `content` in another case, misspelt, or as other formats call them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from ..rows._findings import key_path

__all__ = ["LONGEST", "instead_of", "missing", "respelt_key", "stands_for"]

_NAMES: Final = {
    "messages": ("message", "msgs", "conversation", "dialog", "dialogs", "dialogue", "dialogues", "chat", "turns"),
    "role": ("roles", "speaker", "sender", "author", "from"),
    "content": ("contents", "text", "value", "utterance"),
}  # fmt: skip
_BY_NAME: Final = {name: key for key, names in _NAMES.items() for name in (key, *names)}
_BY_LETTER: Final = {name[0]: name for name in _NAMES}
LONGEST: Final = 20
"""Letters of a key up to which it may stand for another."""
_LOOKED_AT: Final = 100
"""Keys of one object that are asked; a row of more is no row."""


def stands_for(key: str) -> str:
    """Which of `messages`, `role` and `content` is meant by another key; empty for most."""
    plain = key.lower() if len(key) <= LONGEST else ""
    name = _BY_LETTER.get(plain[:1], "")
    return _BY_NAME.get(plain) or (name if _is_slip(plain, name) else "")


def respelt_key(key: str) -> str:
    """The one of these with the same letters in another case; empty for all other keys."""
    plain = key.lower() if len(key) <= LONGEST else ""
    return plain if plain in _NAMES and plain != key else ""


def instead_of(wanted: str, found: Mapping[str, Any]) -> str:
    """The key that stands where one of these three is missing; empty where it is there, or no other stands for it."""
    if wanted in found:
        return ""
    return next((key for key in islice(found, _LOOKED_AT) if stands_for(key) == wanted), "")


def missing(path: str, key: str, other: str, owner: str) -> tuple[str, str, str]:
    """Path, words and hint of a key that is missing (the hint is empty then), or is there by another name."""
    if not other:
        return key_path(path, key), f"{owner} has no `{key}`", ""
    hint = f"Rename the key to `{key}`{', as repair() does' if respelt_key(other) else ''}"
    return key_path(path, other), f"{owner} has `{other}` where `{key}` is meant", hint


def _is_slip(key: str, name: str) -> bool:
    """The same letters, but for their order and number."""
    return abs(len(key) - len(name)) <= 2 and set(key) == set(name)
