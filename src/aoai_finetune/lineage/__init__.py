"""Lineage: the memory of a chain of fine-tunes, and every effect that spans rooms."""

from __future__ import annotations

from ._lineage import ModelLineage
from ._records import ModelVersion, Promotion, SyncReport
from ._remembered import Reference

__all__ = ["ModelLineage", "ModelVersion", "Promotion", "Reference", "SyncReport"]
