"""Files of the simulated resource: stored at once, checked a few seconds later."""

from __future__ import annotations

from typing import Any

from ._checks import chat_rows
from ._refusal import ServiceFault, invalid, missing
from ._world import Moment, page

__all__ = [
    "add_result_file",
    "advance_file",
    "delete_file",
    "get_file",
    "list_files",
    "read_file",
    "upload_file",
]

_CHECK_SECONDS = 5.0
_TRAINING = "fine-tune"


def upload_file(moment: Moment, *, filename: str, content: bytes, purpose: str = _TRAINING) -> dict[str, Any]:
    """Store a file; it is `pending` until it has been checked."""
    limits = moment.world.limits
    if purpose != _TRAINING:
        raise invalid("This simulated resource takes files for 'fine-tune' only.", "purpose")
    # The quotas are documented, the service's words and status for them are not.
    if moment.records.count("file", _TRAINING) >= limits.files:
        raise ServiceFault(400, "quotaExceeded", f"The resource already has {limits.files} files.", "file")
    if moment.records.blob_bytes("file:") + len(content) > limits.bytes:
        raise ServiceFault(400, "quotaExceeded", f"All files together may have {limits.bytes} bytes.", "file")
    return _add(moment, filename, content, purpose, status="pending", due=moment.now + _CHECK_SECONDS)


def add_result_file(moment: Moment, name: str, filename: str, content: bytes) -> None:
    """A file the service itself made."""
    _add(moment, filename, content, "fine-tune-results", status="processed", name=name)


def _add(
    moment: Moment,
    filename: str,
    content: bytes,
    purpose: str,
    *,
    status: str,
    due: float | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": name or moment.new_id("file"),
        "object": "file",
        "bytes": len(content),
        "created_at": int(moment.now),
        "filename": filename,
        "purpose": purpose,
        "status": status,
    }
    moment.records.add("file", body["id"], body, state=purpose, due=due)
    moment.records.put_blob(f"file:{body['id']}", content)
    return body


def get_file(moment: Moment, *, file_id: str) -> dict[str, Any]:
    """One file."""
    body = moment.records.get("file", file_id)
    if body is None:
        raise missing("file", file_id)
    return body


def list_files(moment: Moment, *, after: str | None = None, limit: int = 20) -> dict[str, Any]:
    """A page of files, newest first."""
    return page(moment.records.newest("file", after=after, limit=limit + 1), limit)


def read_file(moment: Moment, *, file_id: str) -> bytes:
    """A file's content."""
    get_file(moment, file_id=file_id)
    return moment.records.blob(f"file:{file_id}")


def delete_file(moment: Moment, *, file_id: str) -> dict[str, Any]:
    """Remove a file, also while a job uses it: jobs keep their own copy."""
    if not moment.records.remove("file", file_id):
        raise missing("file", file_id)
    moment.records.remove_blob(f"file:{file_id}")
    return {"id": file_id, "object": "file", "deleted": True}


def advance_file(moment: Moment, name: str) -> None:
    """The check is over: the file is `processed`, or `error` with the reason."""
    body = get_file(moment, file_id=name)
    try:
        chat_rows(moment.records.blob(f"file:{name}"))
    except ValueError as why:
        body |= {"status": "error", "status_details": str(why)}
    else:
        body["status"] = "processed"
    moment.records.change("file", name, body, state=body["purpose"])
