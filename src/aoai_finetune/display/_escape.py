"""The only place where text becomes HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

__all__ = ["Html", "element", "escape", "join", "visible"]

_UNSEEN: Final = re.compile(
    r"\r(?!\n)|"  # a lone carriage return overwrites the line before it
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1: terminals obey them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls: text that reads differently than it is
    "\u2028\u2029\ufeff"  # separators that look like nothing
    "\ud800-\udfff]"  # lone surrogates: UTF-8 cannot carry them
)
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*")
_VOID: Final = frozenset({"br", "col", "hr", "meta"})
_LINK: Final = re.compile(r"(?:#|https?://)")


class Html(str):
    """A fragment that is already safe. Everything else is escaped where it lands.

    Joining, slicing or formatting one gives a plain `str` again, which is escaped: the mistake is visible, not
    dangerous. Build fragments with `element` and `join`.
    """

    __slots__ = ()


def visible(text: str) -> str:
    r"""Text whose unseen characters are spelled out, such as `\u202e` and `\x1b`; tab and newline stay."""
    return _UNSEEN.sub(lambda found: _spelled(found[0]), text)


def _spelled(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}"


def escape(text: str) -> str:
    """Text for HTML, in content and in quoted attributes, with unseen characters spelled out."""
    return html.escape(visible(text), quote=True)


def join(*parts: str, between: str = "") -> Html:
    """One fragment of many parts, each escaped unless it is `Html` already."""
    return Html(_safe(between).join(map(_safe, parts)))


def element(name: str, *children: str, **attributes: str | bool | None) -> Html:
    """One HTML element: children are escaped unless they are `Html`, attribute values always.

    `class_` is written `class`, and other underscores become hyphens. `None` and `False` leave an attribute
    out; `True` writes its bare name.

    Raises:
        ValueError: a name that is no plain element or attribute name, an event handler (`onclick`), or a link
            that is neither `#...` nor `http(s)://...`.
    """
    opening = "".join(_attributes(attributes.items()))
    if not _NAME.fullmatch(name) or name == "script":
        raise ValueError(f"not an element this library writes: {name!r}")
    if name in _VOID:
        return Html(f"<{name}{opening}>")
    return Html(f"<{name}{opening}>{join(*children)}</{name}>")


def _attributes(pairs: Iterable[tuple[str, str | bool | None]]) -> Iterable[str]:
    for key, value in pairs:
        name = key.rstrip("_").replace("_", "-")
        if not _NAME.fullmatch(name) or name.startswith("on"):
            raise ValueError(f"not an attribute this library writes: {key!r}")
        if name in {"href", "src"} and not _LINK.match(str(value)):
            raise ValueError(f"{name} must start with '#', 'http://' or 'https://'")
        if value is not None and value is not False:
            yield f" {name}" if value is True else f' {name}="{escape(value)}"'


def _safe(part: str) -> str:
    return part if isinstance(part, Html) else escape(part)
