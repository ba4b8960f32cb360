"""Lineage: the memory of a chain of fine-tunes, and every effect that spans rooms."""

from __future__ import annotations

from ._deployed import Deployed
from ._deployments import DeployedVersion
from ._exporting import VersionDiff
from ._hosting import HostingPrice
from ._lineage import ModelLineage
from ._recall import Recalled, SelfRehearsal, Unrecalled
from ._records import ModelVersion, Promotion, SyncReport
from ._remembered import Reference
from ._retiring import Retirement
from ._tournament import Entrant, Tournament

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
