"""Checks of the parts of a message: which role may have which, and what the service asks of images."""

from __future__ import annotations

import re
from binascii import Error
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ..rows._shape import is_list, is_object
from ._messages import Faults, Row, objects, some
from ._rule import Settings, Spot

__all__ = [
    "ImagesPerFile",
    "image_detail",
    "image_format",
    "image_size_at_most",
    "image_url",
    "images_at_most",
    "images_for",
    "looks_like",
    "part_role",
]

_ALLOWED: Final = {
    "system": ("text",),
    "developer": ("text",),
    "user": ("text", "image_url"),
    "assistant": ("text", "refusal"),
    "tool": ("text",),
    "function": (),
}
_DATA: Final = re.compile(r"data:([^;,]{0,100})((?:;[^;,]{0,100}){0,4}),", re.IGNORECASE)
_WEB: Final = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_FORMATS: Final = ("image/jpeg", "image/jpg", "image/png", "image/webp")
_OTHER_FORMAT: Final = re.compile(r"\.(gif|bmp|tiff?|svg|heic|avif|ico|pdf)(?:[?#]|\Z)", re.IGNORECASE)
_STARTS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_VISION_MODELS: Final = ("gpt-4o-2024-08-06", "gpt-4.1-2025-04-14")


def part_role(row: Row) -> Faults:
    """Parts that a message of this role cannot have, such as an image in an answer."""
    for path, message in objects(row):
        role, content = message.get("role"), message.get("content")
        allowed = _ALLOWED.get(role) if isinstance(role, str) else None
        if allowed is None or not is_list(content):
            continue
        for index, part in enumerate(some(content)):
            kind = part.get("type") if is_object(part) else None
            if isinstance(kind, str) and kind in {"text", "image_url", "refusal"} and kind not in allowed:
                yield f"{path}.content[{index}]", "a message of this role has no such part"


def _images(row: Row) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, message in objects(row):
        content: object = message.get("content")
        for index, part in enumerate(some(content)):
            if is_object(part) and part.get("type") == "image_url" and is_object(part.get("image_url")):
                yield f"{path}.content[{index}].image_url", part["image_url"]


def _urls(row: Row) -> Iterator[tuple[str, str]]:
    for path, image in _images(row):
        if isinstance(image.get("url"), str):
            yield f"{path}.url", image["url"]


def image_url(row: Row) -> Faults:
    """Images that are neither at a public address nor in the row itself."""
    for path, image in _images(row):
        url: object = image.get("url")
        if not isinstance(url, str):
            yield f"{path}.url", "an image needs its `url` as a text"
        elif not _WEB.match(url) and not _DATA.match(url):
            yield f"{path}.url", "the `url` is neither an http address nor a data URI"


def image_detail(row: Row) -> Faults:
    """A `detail` that the service does not know."""
    for path, image in _images(row):
        if image.get("detail", "auto") not in ("auto", "low", "high"):
            yield f"{path}.detail", "the `detail` of an image is auto, low or high"


def image_format(row: Row) -> Faults:
    """Images that are not JPEG, PNG or WEBP, as far as the address or the first bytes tell."""
    for path, url in _urls(row):
        inline = _DATA.match(url)
        if inline is None:
            if _WEB.match(url) and _OTHER_FORMAT.search(url):
                yield path, "by its name the image is not JPEG, PNG or WEBP"
        elif inline.group(1).lower() not in _FORMATS:
            yield path, "the data URI does not say image/jpeg, image/png or image/webp"
        elif ";base64" not in inline.group(2).lower():
            yield path, "the data URI is not base64"
        elif not _starts_like_an_image(url[inline.end() : inline.end() + 16]):
            yield path, "what the data URI holds does not begin like a JPEG, PNG or WEBP image"


def _starts_like_an_image(encoded: str) -> bool:
    from base64 import b64decode

    try:
        start = b64decode(encoded[: len(encoded) // 4 * 4], validate=True)
    except (Error, ValueError):
        return False
    return start.startswith(_STARTS)


def looks_like(url: str) -> tuple[object, ...]:
    """What of the address of a small image its rules look at."""
    inline = _DATA.match(url)
    if inline is not None:
        return inline.group().lower(), _starts_like_an_image(url[inline.end() : inline.end() + 16])
    return _WEB.match(url) is not None, _OTHER_FORMAT.search(url) is not None


def image_size_at_most(most: int) -> Callable[[Row], Faults]:
    """Images in the row itself that are larger than `most` bytes."""

    def check(row: Row) -> Faults:
        for path, url in _urls(row):
            inline = _DATA.match(url)
            size = (len(url) - inline.end()) * 3 // 4 if inline is not None else 0
            if size > most:
                yield path, f"the image has about {size:,} bytes; {most:,} are accepted"

    return check


def images_at_most(most: int) -> Callable[[Row], Faults]:
    """Rows with more than `most` images."""

    def check(row: Row) -> Faults:
        number = sum(1 for _ in _images(row))
        if number > most:
            yield "messages", f"the row has {number:,} images; {most:,} are accepted"

    return check


def images_for(model: str | None) -> Callable[[Row], Faults]:
    """Images in rows for a model that is not documented to be trained on them."""
    name = (model or "").lower()
    fits = any(name.startswith(known) or known.startswith(name) for known in _VISION_MODELS)

    def check(row: Row) -> Faults:
        image = None if fits else next(_images(row), None)
        if image is not None:
            yield image[0], "the model is not documented to be trained on images"

    return check


_LEAST_BYTES: Final = len('{"messages":[{"content":[{"type":"image_url","image_url":{}}]}]}')


class ImagesPerFile:
    """The number of rows with images in a file. In one that is too small for so many they are not counted."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.limits["images-per-file"]
        self._rows = 0
        self.blind = settings.size is not None and settings.size <= self._most * _LEAST_BYTES

    def see(self, row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /) -> None:
        """Count rows that have an image."""
        self._rows += next(_images(row), None) is not None

    def end(self, _rows: int, /) -> Iterator[Spot]:
        """One spot when there are too many."""
        if self._rows > self._most:
            yield Spot(f"{self._rows:,} rows have images; {self._most:,} are accepted")

    def part(self) -> int:
        """How many."""
        return self._rows

    def absorb(self, part: object, _before: int, _source: str | None, /) -> Iterable[tuple[int, str]]:
        """Add them."""
        self._rows += part if isinstance(part, int) else 0
        return ()
