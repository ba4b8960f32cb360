"""How a lineage looks: a tree of versions, as text and in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...display import fragment, html_table, table
from ..store._records import ModelVersion

__all__ = ["lineage_html", "lineage_text"]

_HEADER = ("version", "trained by", "model", "tokens", "alias")


def lineage_text(versions: Sequence[ModelVersion], aliases: Mapping[str, str]) -> str:
    """The tree as plain text, one line per version."""
    if not versions:
        return "an empty lineage"
    return table(_HEADER, list(_rows(versions, aliases)), align="lllrl")


def lineage_html(versions: Sequence[ModelVersion], aliases: Mapping[str, str]) -> str:
    """The tree as a table for a notebook."""
    return fragment(html_table(_HEADER, list(_rows(versions, aliases))))


def _rows(versions: Sequence[ModelVersion], aliases: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for depth, version in _walk(versions):
        names = ", ".join(alias for alias, holder in aliases.items() if holder == version.id)
        tokens = f"{version.trained_tokens:,}" if version.trained_tokens is not None else ""
        indent = "   " * (depth - 1) + "└─ " if depth else ""
        yield f"{indent}{version.id}", version.strategy, version.model, tokens, names


def _walk(versions: Sequence[ModelVersion]) -> Iterator[tuple[int, ModelVersion]]:
    """Parents before children, with their depth. A version whose parent is missing stands at the root."""
    known = {version.id for version in versions}
    children: dict[str | None, list[ModelVersion]] = {}
    for version in versions:
        children.setdefault(version.parent if version.parent in known else None, []).append(version)
    waiting = [(0, version) for version in reversed(children.get(None, []))]
    while waiting:
        depth, version = waiting.pop()
        yield depth, version
        waiting += [(depth + 1, child) for child in reversed(children.get(version.id, []))]
