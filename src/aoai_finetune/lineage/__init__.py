"""Lineage: the memory of a chain of fine-tunes, and every effect that spans rooms.

Behind this door, from the ground up: `store`, `memory`, `asking`, `training`, `serving`, `judging`, `tournament`.
A module named by what is done (`_adopting`, `_judging`) holds the methods of `ModelLineage` that do it.
"""

from __future__ import annotations

from ._lineage import ModelLineage
from .memory._exporting import VersionDiff
from .memory._memory import Reference
from .memory._retiring import Retirement
from .serving._book import DeployedVersion
from .serving._deployed import Deployed
from .serving._price import HostingPrice
from .store._records import ModelVersion, Promotion, SyncReport
from .tournament._tournament import Entrant, Tournament
from .training._self_rehearsal import Recalled, SelfRehearsal, Unrecalled

__all__ = [
    "Deployed",
    "DeployedVersion",
    "Entrant",
    "HostingPrice",
    "ModelLineage",
    "ModelVersion",
    "Promotion",
    "Recalled",
    "Reference",
    "Retirement",
    "SelfRehearsal",
    "SyncReport",
    "Tournament",
    "Unrecalled",
    "VersionDiff",
]
