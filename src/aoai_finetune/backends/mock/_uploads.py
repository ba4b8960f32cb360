"""Uploads in parts: begun, filled, and completed into a file, or dropped after two hours."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from ._files import check_purpose, upload_file
from ._refusal import ServiceFault, invalid, missing
from ._world import Moment

__all__ = ["add_part", "advance_upload", "cancel_upload", "complete_upload", "create_upload"]

_MOST_BYTES = 9 * 1024**3
_SECONDS = 7200
"""9 GB and 2 hours: UploadResource, authoring API 2024-10-21."""


def create_upload(moment: Moment, *, filename: str, size: int, purpose: str = "fine-tune") -> dict[str, Any]:
    """Begin a file of `size` bytes."""
    check_purpose(purpose)
    if not 1 <= size <= _MOST_BYTES:
        raise invalid(f"An upload may have 1 to {_MOST_BYTES} bytes.", "bytes")
    body: dict[str, Any] = {
        "id": moment.new_id("upload"),
        "object": "upload",
        "bytes": size,
        "created_at": int(moment.now),
        "expires_at": int(moment.now) + _SECONDS,
        "filename": filename,
        "purpose": purpose,
        "status": "pending",
    }
    moment.records.add("upload", body["id"], body, due=moment.now + _SECONDS)
    return body


def add_part(moment: Moment, *, upload_id: str, content: bytes) -> dict[str, Any]:
    """Keep one part; the order is told when the upload is completed."""
    upload = _pending(moment, upload_id)
    kept = sum(part["bytes"] for part in _parts(moment, upload_id))
    if kept + len(content) > upload["bytes"]:
        raise invalid("The parts have more bytes than the upload was to have.", "data")
    body: dict[str, Any] = {
        "id": moment.new_id("part"),
        "object": "upload.part",
        "created_at": int(moment.now),
        "upload_id": upload_id,
    }
    moment.records.add("part", body["id"], body | {"bytes": len(content)}, parent=upload_id)
    moment.records.put_blob(f"part:{body['id']}", content)
    return body


def complete_upload(
    moment: Moment, *, upload_id: str, part_ids: Sequence[str], md5: str | None = None
) -> dict[str, Any]:
    """Make the parts, in this order, a file. They must have as many bytes as was said at the beginning."""
    upload = _pending(moment, upload_id)
    known = {part["id"] for part in _parts(moment, upload_id)}
    if not known.issuperset(part_ids):
        raise invalid("The upload has no such part.", "part_ids")
    content = b"".join(moment.records.blob(f"part:{part}") for part in part_ids)
    if len(content) != upload["bytes"]:
        raise invalid(f"The parts have {len(content)} bytes, and the upload {upload['bytes']}.", "part_ids")
    if md5 is not None and hashlib.md5(content, usedforsecurity=False).hexdigest() != md5.casefold():
        raise invalid("The parts have another MD5 checksum.", "md5")
    file = upload_file(moment, filename=upload["filename"], content=content, purpose=upload["purpose"])
    return _end(moment, upload | {"status": "completed", "file": file})


def cancel_upload(moment: Moment, *, upload_id: str) -> dict[str, Any]:
    """Drop the parts."""
    return _end(moment, _pending(moment, upload_id) | {"status": "cancelled"})


def advance_upload(moment: Moment, name: str) -> None:
    """Nobody completed it in time."""
    _end(moment, _pending(moment, name) | {"status": "expired"})


def _pending(moment: Moment, name: str) -> dict[str, Any]:
    upload = moment.records.get("upload", name)
    if upload is None:
        raise missing("upload", name)
    if upload["status"] != "pending":
        raise ServiceFault(400, "unexpectedEntityState", f"The upload is {upload['status']}.", "upload")
    return upload


def _parts(moment: Moment, upload_id: str) -> list[dict[str, Any]]:
    return moment.records.children("part", upload_id, until=moment.now)


def _end(moment: Moment, upload: dict[str, Any]) -> dict[str, Any]:
    for part in _parts(moment, upload["id"]):
        moment.records.remove_blob(f"part:{part['id']}")
    moment.records.forget_children("part", upload["id"], after=-1.0)
    moment.records.change("upload", upload["id"], upload)
    return upload
