"""Files on the wire: upload, list, read, delete; and uploads in parts, which the dated surface alone has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from ...backends.mock import invalid
from ._answer import Answer, as_json, created
from ._ask import Ask, Surface
from ._endpoint import Endpoint, named, plain, text

__all__ = ["ENDPOINTS"]

_DATED: frozenset[Surface] = frozenset({"dated"})
_MOST = 10_000


def _upload(ask: Ask) -> dict[str, Any]:
    form = ask.form()
    file = form.file("file")
    if file is None:
        raise invalid("The form has no file.", "file")
    seconds = form.text("expires_after[seconds]")
    arguments: dict[str, Any] = {
        "filename": file.filename or "file",
        "content": file.content,
        "purpose": form.text("purpose"),
    }
    return arguments | ({"expires_after": _seconds(seconds)} if seconds else {})


def _seconds(value: object) -> int:
    try:
        return int(cast("str | int", value))
    except (TypeError, ValueError):
        raise invalid("The field 'expires_after.seconds' must be an integer.", "expires_after") from None


def _import(ask: Ask) -> dict[str, Any]:
    body = ask.json()
    arguments: dict[str, Any] = {name: text(body, name) for name in ("filename", "purpose", "content_url")}
    expires = body.get("expires_after")
    if isinstance(expires, dict):
        arguments["expires_after"] = _seconds(cast("dict[str, object]", expires).get("seconds"))
    return arguments


def _imported(file: dict[str, Any], ask: Ask) -> Answer:
    return created(file, replace(ask, path=ask.path.removesuffix("/import")))


def _listing(ask: Ask) -> dict[str, Any]:
    # The dated list has no pages. It honours `after` all the same, so that clients that page come to an end.
    limit = _MOST if ask.surface == "dated" else ask.limit(_MOST, _MOST)
    return {"after": ask.query.get("after"), "limit": limit, "purpose": ask.query.get("purpose")}


def _show_list(page: dict[str, Any], ask: Ask) -> Answer:
    if ask.surface == "dated":
        return as_json({"object": "list", "data": page["data"]})
    ends = {"first_id": page["data"][0]["id"], "last_id": page["data"][-1]["id"]} if page["data"] else {}
    return as_json({"first_id": None, "last_id": None, **page, **ends})


def _content(data: bytes, _: Ask) -> Answer:
    return Answer(body=data, media_type="application/octet-stream")


def _begin(ask: Ask) -> dict[str, Any]:
    body = ask.json()
    size = body.get("bytes")
    if not isinstance(size, int) or size < 1:
        raise invalid("The field 'bytes' must be a positive integer.", "bytes")
    return {name: text(body, name) for name in ("filename", "purpose")} | {"size": size}


def _part(ask: Ask) -> dict[str, Any]:
    part = ask.form().file("data")
    if part is None:
        raise invalid("The form has no part named 'data'.", "data")
    return {"upload_id": ask.name("upload_id"), "content": part.content}


def _complete(ask: Ask) -> dict[str, Any]:
    body = ask.json()
    parts = body.get("part_ids")
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in cast("list[object]", parts)):
        raise invalid("The field 'part_ids' must be a list of part ids.", "part_ids")
    return {"upload_id": ask.name("upload_id"), "part_ids": parts, "md5": body.get("md5")}


ENDPOINTS = (
    Endpoint("POST", "/files", "upload_file", _upload, created),
    Endpoint("GET", "/files", "list_files", _listing, _show_list),
    Endpoint("POST", "/files/import", "import_file", _import, _imported, _DATED),
    Endpoint("GET", "/files/{file_id}", "get_file", named("file_id"), plain),
    Endpoint("DELETE", "/files/{file_id}", "delete_file", named("file_id"), plain),
    Endpoint("GET", "/files/{file_id}/content", "read_file", named("file_id"), _content),
    Endpoint("POST", "/uploads", "create_upload", _begin, plain, _DATED),
    Endpoint("POST", "/uploads/{upload_id}/parts", "add_part", _part, plain, _DATED),
    Endpoint("POST", "/uploads/{upload_id}/complete", "complete_upload", _complete, plain, _DATED),
    Endpoint("POST", "/uploads/{upload_id}/cancel", "cancel_upload", named("upload_id"), plain, _DATED),
)
"""What can be done with files, as paths below `/openai` and `/openai/v1`."""
