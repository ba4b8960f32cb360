"""Files of the simulated resource: stored at once, checked a few seconds later, gone when they expire."""

from __future__ import annotations

from typing import Any

from ._refusal import ServiceFault, invalid, missing
from ._rows import training_rows
from ._world import Moment, page

__all__ = [
    "add_result_file",
    "advance_file",
    "check_purpose",
    "delete_file",
    "get_file",
    "import_file",
    "list_files",
    "publish_url",
    "read_file",
    "upload_file",
]

_CHECK_SECONDS = 5.0
_TRAINING = "fine-tune"
_SHORTEST, _LONGEST = 1_209_600, 2_592_000
"""Seconds a file may be told to live: 14 to 30 days (FileExpiresAfter, authoring 2025-04-01-preview)."""


def upload_file(
    moment: Moment,
    *,
    filename: str,
    content: bytes,
    purpose: str = _TRAINING,
    expires_after: int | None = None,
) -> dict[str, Any]:
    """Store a file; it is `pending` until it has been checked."""
    check_purpose(purpose)
    if expires_after is not None and not _SHORTEST <= expires_after <= _LONGEST:
        raise invalid(f"A file may expire after {_SHORTEST} to {_LONGEST} seconds.", "expires_after")
    limits = moment.world.limits
    # The quotas are documented, the service's words and status for them are not.
    if moment.records.count("file", _TRAINING) >= limits.files:
        raise ServiceFault(400, "quotaExceeded", f"The resource already has {limits.files} files.", "file")
    if moment.records.blob_bytes("file:") + len(content) > limits.bytes:
        raise ServiceFault(400, "quotaExceeded", f"All files together may have {limits.bytes} bytes.", "file")
    more = {} if expires_after is None else {"expires_at": int(moment.now) + expires_after}
    due = moment.now + _CHECK_SECONDS
    return _add(moment, filename, content, purpose, status="pending", due=due, more=more)


def check_purpose(purpose: str) -> None:
    """Refuse files for anything but training. Raises `ServiceFault`."""
    if purpose != _TRAINING:
        raise invalid("This simulated resource takes files for 'fine-tune' only.", "purpose")


def import_file(
    moment: Moment,
    *,
    filename: str,
    content_url: str,
    purpose: str = _TRAINING,
    expires_after: int | None = None,
) -> dict[str, Any]:
    """Take a file from a URL. Nothing is fetched: only the content of a URL that `publish_url` told is known."""
    content = moment.records.find_blob(f"url:{content_url}")
    body = upload_file(
        moment, filename=filename, content=content or b"", purpose=purpose, expires_after=expires_after
    )
    if content is None:
        body |= {"bytes": None}
        failed = body | {"status": "error", "status_details": _NOT_IMPORTED}
        moment.records.change("file", body["id"], failed, state=purpose)
    return body


_NOT_IMPORTED = "fileImportFailed: the content URL cannot be read."


def publish_url(moment: Moment, *, url: str, content: bytes) -> None:
    """Let a URL hold content that `import_file` finds."""
    moment.records.put_blob(f"url:{url}", content)


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
    more: dict[str, Any] | None = None,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": name or moment.new_id("file"),
        "object": "file",
        "bytes": len(content),
        "created_at": int(moment.now),
        "filename": filename,
        "purpose": purpose,
        "status": status,
        **(more or {}),
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


def list_files(
    moment: Moment, *, after: str | None = None, limit: int = 20, purpose: str | None = None
) -> dict[str, Any]:
    """A page of files, newest first."""
    return page(moment.records.newest("file", after=after, limit=limit + 1, state=purpose), limit)


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
    """The check is over: the file is `processed`, or `error` with the reason. Later, it expires."""
    body = get_file(moment, file_id=name)
    if body["status"] != "pending":
        delete_file(moment, file_id=name)
        return
    try:
        training_rows(moment.records.blob(f"file:{name}"))
    except ValueError as why:
        body |= {"status": "error", "status_details": str(why)}
    else:
        body["status"] = "processed"
    moment.records.change("file", name, body, state=body["purpose"], due=body.get("expires_at"))
