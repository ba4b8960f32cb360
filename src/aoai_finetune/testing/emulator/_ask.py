"""One request as the emulated service reads it: names, query, headers and body, checked where they are used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from ...backends.mock import ServiceFault, invalid
from ._form import Form, parse_form

__all__ = ["Ask", "Surface"]

Surface = Literal["dated", "v1", "arm"]
"""Which of the three faces of a resource was asked: `/openai`, `/openai/v1`, or the control plane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request.

    Attributes:
        surface: the face that was asked.
        method, path: as on the request line, the path without its query.
        names: what the path names, such as `job_id`.
        origin: `http://host:port` of this emulator, for links.
    """

    surface: Surface
    method: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    origin: str

    @property
    def api_version(self) -> str:
        """The query's `api-version`, or an empty string."""
        return self.query.get("api-version", "")

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises `ServiceFault` 400."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise invalid("The request body must be a JSON object.")
        return cast("dict[str, Any]", found)

    def form(self) -> Form:
        """The body as a multipart form. Raises `ServiceFault` 400."""
        try:
            return parse_form(self.headers.get("content-type", ""), self.body)
        except ValueError as why:
            raise invalid(f"The request body must be multipart/form-data: {why}.") from None

    def limit(self, usual: int, most: int) -> int:
        """The query's `limit`. Raises `ServiceFault` 400."""
        text = self.query.get("limit", str(usual))
        if text.isascii() and text.isdigit() and 1 <= int(text) <= most:
            return int(text)
        raise invalid(f"The limit must be an integer from 1 to {most}.", "limit")

    def name(self, which: str) -> str:
        """What the path names."""
        return self.names[which]

    def nothing_here(self) -> ServiceFault:
        """What a gateway says about a URL that leads nowhere."""
        return ServiceFault(404, "404", "Resource not found")
