"""One request to the data plane, described; and what came back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import quote

from ...errors import NotFound

__all__ = ["Call", "Reply", "part"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request.

    Attributes:
        operation: the backend's method, for messages.
        verb: HTTP method.
        path: below the surface's root, with its segments quoted (`part`).
        changes: it changes something, so a failure without a reply is an unclear outcome.
        private: it carries rows or prompts, which the service's words could quote.
        subject: the model, file or job it is about, for messages.
        params: of the query.
        headers: that this request needs besides the client's.
        body: JSON, or the fields of a form where there are `files`.
        files: of a form.
    """

    operation: str
    verb: Literal["get", "post", "delete"]
    path: str
    changes: bool = False
    private: bool = False
    subject: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    files: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply whose status says success."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def object(self) -> dict[str, Any] | None:
        """The JSON object it holds; None where it holds none."""
        return json_object(self.content)


def json_object(content: bytes) -> dict[str, Any] | None:
    """The JSON object that a body is, None where it is none.

    Half of a surrogate pair, which JSON can say and neither UTF-8 nor a database can hold, becomes a question mark.
    """
    try:
        parsed = json.loads(content)
        if b"\\ud" in content.lower():
            parsed = json.loads(json.dumps(parsed, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else None


def part(identifier: str) -> str:
    """An id as one segment of a path. Raises `NotFound` for what cannot be one, before anything is sent."""
    if not identifier or set(identifier) == {"."}:
        raise NotFound(f"{identifier!r} is not an id")
    return quote(identifier, safe="")
