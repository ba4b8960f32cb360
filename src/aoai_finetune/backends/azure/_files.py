"""Files of a resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...errors import NotSupported
from .. import _wire
from .._records import FileRecord
from ._calls import Call, part
from ._errors import unreadable
from ._plane import Plane
from ._uploads import expiry

__all__ = ["FilePlane"]

_HTML: Final = re.compile(r"text/html\b", re.IGNORECASE)


class FilePlane(Plane):
    """What can be done with files that are there, or that the service fetches itself."""

    _expires_after: int | None

    def import_file(self, url: str, /, *, filename: str) -> FileRecord:
        """Let the service fetch a training file, such as a blob with a SAS token. Only on the dated surface.

        The URL is shown nowhere. Raises `NotSupported`, `OutcomeUnknown` or `ServiceError`.
        """
        fields = {"purpose": "fine-tune", "filename": filename, "content_url": url}
        call = Call(
            operation="import_file",
            verb="post",
            path="/files/import",
            changes=True,
            private=True,
            body={**fields, **expiry(self._expires_after)},
        )
        del url, fields  # they may hold a token, and a traceback may show variables
        if self._surface.kind != "dated":
            raise NotSupported(
                f"{self._surface.named} cannot fetch files",
                hint="Use the dated surface: openai.AzureOpenAI(azure_endpoint=..., api_version=...)",
            )
        return self._sender.record(call, _wire.file_record)

    def get_file(self, file_id: str, /) -> FileRecord:
        """One file as it is now. Raises `NotFound`."""
        return self._get("get_file", f"/files/{part(file_id)}", _wire.file_record)

    def list_files(self) -> Iterator[FileRecord]:
        """All files of the resource, results of jobs too."""
        call = Call(operation="list_files", verb="get", path="/files")
        # The dated list has no pages; a parameter that it does not know could be refused.
        return self._sender.pages(call, _wire.file_record, paged=self._surface.kind != "dated")

    def read_file(self, file_id: str, /) -> bytes:
        """The content of a file, or of a job's results. Raises `NotFound`."""
        call = Call(operation="read_file", verb="get", path=f"/files/{part(file_id)}/content")
        reply = self._sender.send(call)
        if _HTML.match(reply.headers.get("content-type", "")):
            raise unreadable(call, reply.status, reply.headers, "is a web page")
        return reply.content

    def delete_file(self, file_id: str, /) -> None:
        """Remove a file, also one that a job has used. Raises `NotFound`, or `OutcomeUnknown`."""
        path = f"/files/{part(file_id)}"
        self._sender.done(Call(operation="delete_file", verb="delete", path=path, changes=True))
