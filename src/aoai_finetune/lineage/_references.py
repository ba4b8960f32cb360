"""From what a user names to the one thing that is meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from ..errors import Ambiguous, NotFound
from ._records import ModelVersion

__all__ = ["find_version"]

_SHORTEST_PREFIX = 3


def find_version(ref: str, versions: Iterable[ModelVersion], aliases: Mapping[str, str]) -> ModelVersion:
    """The version an alias, id, model name, job id or unique prefix of these means.

    Raises:
        NotFound: nothing fits; the hint has near names.
        Ambiguous: a prefix fits more than one version; the hint lists them.
    """
    known = {version.id: version for version in versions}
    if ref in aliases:
        return known[aliases[ref]]
    for version in known.values():
        if ref in _names(version):
            return version
    return _by_prefix(ref, known, aliases)


def _names(version: ModelVersion) -> tuple[str, ...]:
    return version.id, version.model, version.job_id


def _by_prefix(ref: str, known: Mapping[str, ModelVersion], aliases: Mapping[str, str]) -> ModelVersion:
    fitting = [
        version
        for version in known.values()
        if len(ref) >= _SHORTEST_PREFIX and any(name.startswith(ref) for name in _names(version))
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Ambiguous(
            f"{ref!r} fits {len(fitting)} versions",
            hint="Say which: " + ", ".join(version.id for version in fitting),
        )
    names = [*aliases, *known, *(version.model for version in known.values())]
    near = difflib.get_close_matches(ref, names, n=3)
    raise NotFound(
        f"no version, model, job or alias is called {ref!r} in this lineage",
        hint=f"Did you mean {', '.join(near)}?" if near else "lineage.versions lists what there is",
    )
