"""Copies of checkpoints on other resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

__all__ = ["COPY_PREVIEW", "CheckpointCopy", "copies_of"]

COPY_PREVIEW: Final = {"aoai-copy-ft-checkpoints": "preview"}
"""The header without which the service does not know the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointCopy:
    """One destination of a checkpoint.

    Attributes:
        model: the checkpoint's name, the same at both ends.
        resource_id: ARM id of the destination account.
        region: of the destination.
        status: `InProgress`, `Completed` or `Failed`; others are kept as they come.
    """

    model: str
    resource_id: str
    region: str
    status: str


def copies_of(body: Mapping[str, Any]) -> tuple[CheckpointCopy, ...]:
    """The destinations that a reply names. Raises TypeError for a reply without a list of them."""
    listed: object = body.get("copiedAccountDetails")
    if not isinstance(listed, list):
        raise TypeError("the reply has no destinations")
    entries = [
        cast("dict[str, Any]", entry) for entry in cast("list[object]", listed) if isinstance(entry, dict)
    ]
    return tuple(
        CheckpointCopy(
            model=str(body.get("checkpointedModelName") or ""),
            resource_id=str(entry.get("destinationResourceId") or ""),
            region=str(entry.get("region") or ""),
            status=str(entry.get("status") or ""),
        )
        for entry in entries
    )
