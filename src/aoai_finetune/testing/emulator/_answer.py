"""What the emulated service answers, and how each of its faces words a refusal."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...backends.mock import ServiceFault
from ._ask import Ask, Surface

__all__ = ["JSON", "Answer", "as_json", "created", "refusal"]

JSON = "application/json"

_CONTROL_PLANE = {"notFound": "ResourceNotFound", "invalidPayload": "InvalidResourceProperties"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One reply. `pieces` are sent one by one, as a stream, when there are any; otherwise the `body` is."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    pieces: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def content(self) -> bytes:
        """All bytes, streamed or not."""
        return b"".join(self.pieces) or self.body


def as_json(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON reply."""
    return Answer(
        status=status,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        headers=headers or {},
    )


def created(body: Mapping[str, Any], ask: Ask) -> Answer:
    """A new thing: 201 with its address on the dated surface, a plain 200 on v1."""
    if ask.surface == "v1":
        return as_json(body)
    where = f"{ask.origin}{ask.path}/{body['id']}?api-version={ask.api_version}"
    return as_json(body, status=201, headers={"location": where})


def refusal(fault: ServiceFault, surface: Surface) -> Answer:
    """A refusal in the words of the face that was asked."""
    code = _CONTROL_PLANE.get(fault.code, fault.code) if surface == "arm" else fault.code
    error: dict[str, Any] = {"code": code, "message": fault.message}
    if surface == "v1":
        error |= {"param": fault.param, "type": "error", "inner_error": {}}
    elif surface == "dated" and fault.code == "invalidPayload":
        error |= {"target": fault.param, "innererror": {"code": "invalidPayload"}}
    return as_json({"error": error}, status=fault.status, headers=_when(fault.retry_after))


def _when(retry_after: float | None) -> dict[str, str]:
    """Retry-After in whole seconds, and exactly in milliseconds where that says more."""
    if retry_after is None:
        return {}
    exact = {} if retry_after == int(retry_after) else {"retry-after-ms": str(math.ceil(retry_after * 1000))}
    return {"retry-after": str(math.ceil(retry_after))} | exact
