"""Words of the user's own on versions."""

from __future__ import annotations

from collections.abc import Sequence

from ..store._records import ModelVersion
from ..store._store import Store
from ._memory import Memory, Reference

__all__ = ["TagBook", "Tagging"]


class TagBook:
    """The table of tags, which only grows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> dict[str, tuple[str, ...]]:
        """Version id to its tags, sorted."""
        now: dict[tuple[str, str], bool] = {}
        for row in self._store.read("SELECT version, tag, present FROM tag ORDER BY id"):
            now[row["version"], row["tag"]] = bool(row["present"])
        found: dict[str, tuple[str, ...]] = {}
        for version, tag in sorted(key for key, present in now.items() if present):
            found[version] = (*found.get(version, ()), tag)
        return found

    def keep(self, version: str, tags: Sequence[str], *, present: bool, now: float) -> None:
        """Put tags on a version, or take them away."""
        with self._store.write() as db:
            db.executemany(
                "INSERT INTO tag (version, tag, present, created_at) VALUES (?, ?, ?, ?)",
                [(version, tag, present, now) for tag in tags],
            )


class Tagging(Memory):
    """The part of `ModelLineage` that tags. Unlike an alias, a tag may stand on many versions, and names none."""

    def tag(self, version: Reference, *tags: str) -> tuple[str, ...]:
        """Put tags on a version, and return all it has. One that stands there already stays.

        Raises:
            ValueError: no tag, or one that is empty or has white space at its ends.
            NotFound, Ambiguous, JobNotSucceeded: no such version.
        """
        return self._change_tags(version, tags, present=True)

    def untag(self, version: Reference, *tags: str) -> tuple[str, ...]:
        """Take tags from a version, and return those left. One that is not there is no error.

        Raises: as `tag`.
        """
        return self._change_tags(version, tags, present=False)

    def tags(self, version: Reference) -> tuple[str, ...]:
        """The tags of a version, sorted."""
        return TagBook(self._store).all().get(self.version(version).id, ())

    def tagged(self, tag: str) -> tuple[ModelVersion, ...]:
        """The versions with a tag, oldest first."""
        tags = TagBook(self._store).all()
        return tuple(version for version in self.versions if tag in tags.get(version.id, ()))

    def _change_tags(self, ref: Reference, tags: tuple[str, ...], *, present: bool) -> tuple[str, ...]:
        version = self.version(ref)
        if not tags or any(not tag or tag != tag.strip() for tag in tags):
            raise ValueError("name at least one tag: a text that does not begin or end with white space")
        TagBook(self._store).keep(version.id, tags, present=present, now=self._now(version.resource))
        return self.tags(version)
