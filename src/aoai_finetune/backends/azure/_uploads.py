"""Sending a training file: in one form where that is safe, in parts where it is large."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

from ...errors import FineTuneError, NotSupported, OutcomeUnknown, ServiceError
from .. import _wire
from .._records import FileRecord
from ._calls import Call, part
from ._errors import unreadable
from ._sender import Sender
from ._surface import Surface

__all__ = ["EXPIRY", "FORM_LIMIT", "PART_SIZE", "Uploader", "expiry"]

FORM_LIMIT: Final = 100 * 1024 * 1024
"""Bytes that are sent as one form. The service loses larger ones without a word (from about 150 MB on)."""

PART_SIZE: Final = 64 * 1024 * 1024
"""Bytes of one part of a large file; the service takes no more."""

EXPIRY: Final = (1_209_600, 2_592_000)
"""Seconds after which Azure may be told to delete a file: 14 to 30 days (FileExpiresAfter, 2025-04-01-preview)."""

_TYPE: Final = "application/jsonl"


@dataclass(frozen=True, slots=True)
class Uploader:
    """Sends files.

    Args:
        sender: how.
        surface: where to.
        expires_after: seconds after which the service deletes what was sent; None keeps it.
        form_limit: bytes up to which a file is one form.
        part_size: bytes of one part above that.
    """

    sender: Sender
    surface: Surface
    expires_after: int | None = None
    form_limit: int = FORM_LIMIT
    part_size: int = PART_SIZE

    def upload(self, content: BinaryIO, filename: str) -> FileRecord:
        """Send a file from where it stands to its end.

        Raises:
            OutcomeUnknown: it may or may not have been stored.
            NotSupported: too large for a form, and this surface takes no parts.
            ServiceError: the service refused it.
        """
        with _sized(content) as (stream, size):
            if size <= self.form_limit:
                return self._send_form(stream, filename)
            if not self.surface.large_uploads:
                raise NotSupported(
                    f"{filename} has {size:,} bytes; one form is safe up to {self.form_limit:,}, and "
                    f"{self.surface.named} cannot take it in parts",
                    hint="Use the dated surface: openai.AzureOpenAI(azure_endpoint=..., api_version=...)",
                )
            return self._send_parts(stream, filename, size)

    def _fields(self) -> dict[str, Any]:
        return {"purpose": "fine-tune", **expiry(self.expires_after)}

    def _send_form(self, stream: BinaryIO, filename: str) -> FileRecord:
        call = _post("/files", self._fields(), {"file": (filename, stream, _TYPE)})
        return self.sender.record(call, _wire.file_record)

    def _send_parts(self, stream: BinaryIO, filename: str, size: int) -> FileRecord:
        """Nothing is stored before the last request, so only that one can have an unclear outcome."""
        opening = {**self._fields(), "filename": filename, "bytes": size, "mime_type": _TYPE}
        with _nothing_stored():
            upload = self._id_of(_post("/uploads", opening))
        try:
            with _nothing_stored():
                parts, digest = self._send_all(upload, stream)
        except BaseException:
            with suppress(FineTuneError):
                self.sender.send(_post(f"/uploads/{part(upload)}/cancel", {}))
            raise
        return self._complete(upload, parts, digest)

    def _send_all(self, upload: str, stream: BinaryIO) -> tuple[list[str], str]:
        digest, parts = hashlib.md5(usedforsecurity=False), list[str]()
        while chunk := stream.read(self.part_size):
            digest.update(chunk)
            form = {"data": ("part", chunk, "application/octet-stream")}
            parts.append(self._id_of(_post(f"/uploads/{part(upload)}/parts", {}, form)))
        return parts, digest.hexdigest()

    def _complete(self, upload: str, parts: list[str], digest: str) -> FileRecord:
        call = _post(f"/uploads/{part(upload)}/complete", {"part_ids": parts, "md5": digest})
        return self.sender.record(call, _file_of)

    def _id_of(self, call: Call) -> str:
        reply = self.sender.send(call)
        given = (reply.object() or {}).get("id")
        if not isinstance(given, str) or not given:
            raise unreadable(call, reply.status, reply.headers, "has no id")
        return given


def expiry(seconds: int | None) -> dict[str, Any]:
    """The field that tells when a file may go, none where it stays."""
    return {} if seconds is None else {"expires_after": {"anchor": "created_at", "seconds": seconds}}


def _file_of(upload: Mapping[str, Any]) -> FileRecord:
    """The file that a completed upload has become. Raises ValueError where the reply has none."""
    file: object = upload.get("file")
    return _wire.file_record(cast("Mapping[str, Any]", file) if isinstance(file, dict) else {})


def _post(path: str, body: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> Call:
    return Call(
        operation="upload_file", verb="post", path=path, changes=True, private=True, body=body, files=files
    )


@contextmanager
def _nothing_stored() -> Generator[None]:
    """An unclear outcome in here leaves no file, so it is a failure after which the upload may begin again."""
    failure: ServiceError
    try:
        yield
    except OutcomeUnknown as unclear:
        failure = ServiceError(
            unclear.message,
            status=unclear.status,
            code=unclear.code,
            request_id=unclear.request_id,
            retryable=True,
            retry_after=unclear.retry_after,
        )
    else:
        return
    raise failure


@contextmanager
def _sized(content: BinaryIO) -> Generator[tuple[BinaryIO, int]]:
    """The stream and its size. What cannot be measured, or stands in its middle, is copied to a temporary file.

    The HTTP library sends a stream from its very beginning.
    """
    if content.seekable() and content.tell() == 0:
        size = content.seek(0, 2)
        content.seek(0)
        yield content, size
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(content, copy)
        size = copy.tell()
        copy.seek(0)
        yield cast("BinaryIO", copy), size
