"""One moment of the simulated resource: its records, its time, and what its parts share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._catalogue import CatalogueModel
from ._checks import Limits
from ._store import Records
from .engines import Engine

__all__ = ["Moment", "World", "page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What never changes while a resource is open."""

    engine: Engine
    catalogue: Mapping[str, CatalogueModel]
    limits: Limits
    weights: dict[str, bytes] = field(default_factory=dict[str, bytes], repr=False)


@dataclass(frozen=True, slots=True)
class Moment:
    """The resource at one time, inside one transaction."""

    world: World
    records: Records = field(repr=False)
    now: float

    def new_id(self, prefix: str) -> str:
        """The next id: a hash of the resource's seed and a counter, so that a re-run gives the same ids."""
        return f"{prefix}-{self.digest()[:32]}"

    def digest(self) -> str:
        """64 hex digits nobody else gets on this resource."""
        count = int(self.records.setting("counter", "0")) + 1
        self.records.set("counter", str(count))
        return hashlib.sha256(f"{self.records.setting('seed')}:{count}".encode()).hexdigest()


def page(found: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    """A list reply: at most `limit` items of what was found, and whether there are more."""
    return {"object": "list", "data": found[:limit], "has_more": len(found) > limit}
