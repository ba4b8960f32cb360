"""From what a user names to the one thing that is meant."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Mapping
from typing import TypeVar

from ...errors import Ambiguous, NotFound

__all__ = ["find"]

T = TypeVar("T", bound=Hashable)

_SHORTEST_PREFIX = 3


def find(ref: str, exact: Mapping[str, T], ids: Mapping[str, T], *, kind: str) -> T:
    """What a name means: an exact name first, then an id or a unique prefix of one.

    Args:
        ref: what the user wrote.
        exact: aliases, models and other names that must be written in full.
        ids: what may be shortened.
        kind: what is looked for, for the error.

    Raises:
        NotFound: nothing fits; the hint has near names.
        Ambiguous: a prefix fits more than one thing; the hint lists them.
    """
    for names in (exact, ids):
        if ref in names:
            return names[ref]
    fitting = [name for name in ids if len(ref) >= _SHORTEST_PREFIX and name.startswith(ref)]
    if len({ids[name] for name in fitting}) == 1:
        return ids[fitting[0]]
    if fitting:
        raise Ambiguous(f"{ref!r} fits {len(fitting)} {kind}s", hint=f"Say which: {', '.join(fitting)}")
    near = difflib.get_close_matches(ref, [*exact, *ids], n=3)
    raise NotFound(
        f"there is no {kind} {ref!r} in this lineage",
        hint=f"Did you mean {' or '.join(near)}?" if near and ref != "champion" else _remedy(ref),
    )


def _remedy(ref: str) -> str:
    if ref == "champion":
        return "Nothing was promoted yet: lineage.promote(version)"
    return "print(lineage) shows what there is"
