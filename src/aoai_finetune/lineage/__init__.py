"""Lineage: the memory of a chain of fine-tunes, and every effect that spans rooms."""

from __future__ import annotations

from ._deployed import Deployed
from ._deployments import DeployedVersion
from ._hosting import HostingPrice
from ._lineage import ModelLineage
from ._records import ModelVersion, Promotion, SyncReport
from ._remembered import Reference

__all__ = [
    "Deployed",
    "DeployedVersion",
    "HostingPrice",
    "ModelLineage",
    "ModelVersion",
    "Promotion",
    "Reference",
    "SyncReport",
]
