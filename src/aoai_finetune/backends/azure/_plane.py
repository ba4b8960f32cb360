"""What every part of the data plane stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ._calls import Call
from ._sender import Sender
from ._surface import Surface

__all__ = ["Plane"]

_Record = TypeVar("_Record")


class Plane:
    """A sender, and the surface it sends to."""

    _sender: Sender
    _surface: Surface

    def _get(self, operation: str, path: str, make: Callable[[Mapping[str, Any]], _Record]) -> _Record:
        return self._sender.record(Call(operation=operation, verb="get", path=path), make)
