"""Checks of the content of a message: a text, or a list of parts, in the form that this service takes."""

from __future__ import annotations

from typing import Any, Final

from ..rows._shape import is_list, is_object, kind_of
from ._messages import Faults, Row, objects, some

__all__ = ["content_type"]

_PARTS: Final[dict[str, tuple[str, type]]] = {
    "text": ("text", str),
    "image_url": ("image_url", dict),
    "refusal": ("refusal", str),
}
_IMAGE: Final = 'Write {"type": "image_url", "image_url": {"url": ...}}'
_TEXT: Final = 'Write {"type": "text", "text": ...}'
_PART_FORMS: Final = {
    "text": _TEXT,
    **dict.fromkeys(("input_text", "output_text"), _TEXT),
    **dict.fromkeys(("image_url", "image", "input_image"), _IMAGE),
}
"""How a part is written that is meant by these types, which other services have."""


def content_type(row: Row) -> Faults:
    """Content that is neither a text nor a list of known parts."""
    for path, message in objects(row):
        content: object = message.get("content")
        if is_list(content):
            yield from _parts(f"{path}.content", content)
        elif content is not None and not isinstance(content, str):
            yield f"{path}.content", f"the content is {kind_of(content)}, not a text or a list of parts"


def _parts(path: str, parts: list[Any]) -> Faults:
    if not parts:
        yield path, "the list of parts is empty"
    for index, part in enumerate(some(parts)):
        kind = str(part.get("type")) if is_object(part) else ""
        known = _PARTS.get(kind)
        hint = _PART_FORMS.get(kind, "")
        if known is None:
            yield f"{path}[{index}]", "a part is an object whose `type` is text, image_url or refusal", hint
        elif isinstance(part.get(known[0]), known[1]):
            continue
        elif known[1] is dict and isinstance(part.get(known[0]), str):
            yield f"{path}[{index}].{known[0]}", f"`{known[0]}` is a text, not an object with the `url`", hint
        else:
            yield f"{path}[{index}].{known[0]}", f"the part needs its `{known[0]}`", hint
