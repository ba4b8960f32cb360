"""Two versions side by side, and the whole lineage for other programs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, overload

from typing_extensions import override

from ...dataset import Dataset
from ...display import write_atomic
from ..store._records import ModelVersion
from ._memory import Memory, Reference
from ._tagging import TagBook

__all__ = ["Exporting", "VersionDiff"]

_FORMAT = "aoai_finetune.lineage/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDiff:
    """What one version was taught and another was not. Printing it shows counts only.

    Attributes:
        old, new: the two versions.
        added: live rows of the new one that the old one does not have, in order.
        removed: live rows of the old one that the new one does not have: superseded, or never taught.
        added_facts, removed_facts: facts that only the new one, or only the old one, was taught.
        changed_facts: facts that both were taught with different answers.
    """

    old: ModelVersion
    new: ModelVersion
    added: Dataset
    removed: Dataset
    added_facts: tuple[str, ...] = field(repr=False)
    removed_facts: tuple[str, ...] = field(repr=False)
    changed_facts: tuple[str, ...] = field(repr=False)

    @override
    def __str__(self) -> str:
        return (
            f"{self.old.id} -> {self.new.id}: rows +{len(self.added)} -{len(self.removed)}, "
            f"facts +{len(self.added_facts)} -{len(self.removed_facts)}, {len(self.changed_facts)} changed"
        )


class Exporting(Memory):
    """The part of `ModelLineage` that shows it to others."""

    def diff(self, old: Reference, new: Reference) -> VersionDiff:
        """What `new` was taught and `old` was not, and the other way round; they need not be related.

        Raises:
            NotFound, Ambiguous, JobNotSucceeded: no such version.
        """
        before, after = self.version(old), self.version(new)
        rows, newer = self.history(before).rows, self.history(after).rows
        was, now = rows.answers(), newer.answers()
        return VersionDiff(
            old=before,
            new=after,
            added=_without(newer, rows),
            removed=_without(rows, newer),
            added_facts=tuple(fact for fact in newer.facts if fact not in was),
            removed_facts=tuple(fact for fact in rows.facts if fact not in now),
            changed_facts=tuple(fact for fact in rows.facts if fact in now and now[fact] != was[fact]),
        )

    @overload
    def to_json(self, path: None = None) -> str: ...
    @overload
    def to_json(self, path: str | os.PathLike[str]) -> Path: ...
    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | Path:
        """Versions, aliases, tags, promotions and verdicts as JSON; no row, prompt or answer is in it.

        Written whole or not at all (its path is returned), or as a text without a path. Times are Unix seconds.

        Raises:
            OSError: as `display.write_atomic`.
        """
        text = json.dumps(self._exported(), indent=2, ensure_ascii=False) + "\n"
        if path is None:
            return text
        write_atomic(path, text)
        return Path(path)

    def to_mermaid(self) -> str:
        """The tree of versions as a Mermaid flowchart, for READMEs, wikis and pull requests.

        A line leads from parent to child; it is dotted where the child was retrained from the base model. Aliases
        and tags stand below the version.
        """
        return "\n".join(["flowchart LR", *self._mermaid()]) + "\n"

    # -- inside --------------------------------------------------------------------------------------------

    def _exported(self) -> dict[str, Any]:
        tags = TagBook(self._store).all()
        return {
            "format": _FORMAT,
            "versions": [
                {**asdict(version), "tags": list(tags.get(version.id, ()))} for version in self.versions
            ],
            "aliases": self._ledger.aliases(),
            "promotions": [asdict(promotion) for promotion in self.promotions],
            "comparisons": self._ledger.verdicts(),
        }

    def _mermaid(self) -> Iterator[str]:
        tags = TagBook(self._store).all()
        holders = self._ledger.aliases().items()
        known = {version.id for version in self.versions}
        for version in self.versions:
            names = [alias for alias, holder in holders if holder == version.id]
            lines = [version.id, version.strategy, *names, *(f"#{tag}" for tag in tags.get(version.id, ()))]
            yield f'  v{version.id}["{"<br/>".join(map(_mermaid_text, lines))}"]'
            if version.parent in known:
                yield f"  v{version.parent} {'-.->' if version.from_base else '-->'} v{version.id}"


def _without(rows: Dataset, others: Dataset) -> Dataset:
    known = {row.digest for row in others}
    return rows.select([place for place, row in enumerate(rows) if row.digest not in known])


def _mermaid_text(text: str) -> str:
    """Text inside a quoted label: what could end it, or be taken for HTML or Markdown, is written as its number."""
    return "".join(each if each.isalnum() or each in " .-_/:%," else f"#{ord(each)};" for each in text)
