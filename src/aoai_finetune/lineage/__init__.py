"""Lineage: the memory of a chain of fine-tunes, and every effect that spans rooms."""

from __future__ import annotations

from ._lineage import ModelLineage, Reference
from ._records import ModelVersion, Promotion, SyncReport

__all__ = ["ModelLineage", "ModelVersion", "Promotion", "Reference", "SyncReport"]
