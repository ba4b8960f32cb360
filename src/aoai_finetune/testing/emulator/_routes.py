"""Every URL of the emulated service, and which endpoint it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _arm, _chat, _files, _tuning
from ._ask import Surface
from ._endpoint import Endpoint

if TYPE_CHECKING:
    from starlette.routing import Route

__all__ = ["Found", "Routes", "all_routes"]

_FACES: tuple[tuple[Surface, str], ...] = (("dated", "/openai"), ("v1", "/openai/v1"), ("arm", ""))


class Found(NamedTuple):
    """Where a request leads: a face, the endpoints of the path by method, and what the path names."""

    surface: Surface
    methods: Mapping[str, Endpoint]
    names: Mapping[str, str]


class Routes:
    """All paths of the three faces."""

    def __init__(self) -> None:
        self._routes: list[tuple[Surface, Route, dict[str, Endpoint]]] = [
            (surface, _route(prefix + path), methods)
            for surface, prefix in _FACES
            for path, methods in _by_path(surface).items()
        ]

    def find(self, path: str) -> Found | None:
        """The place a path leads to, or None."""
        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "path_params": {}}
        for surface, route, methods in self._routes:
            match, more = route.matches(scope)
            if match.value:
                return Found(surface, methods, more["path_params"])
        return None

    def operation(self, method: str, path: str) -> str | None:
        """The name under which a request is counted, or None."""
        found = self.find(path)
        endpoint = None if found is None else found.methods.get(method)
        return None if endpoint is None else endpoint.counted


@cache
def all_routes() -> Routes:
    """The routes, made once: they never change."""
    return Routes()


def _by_path(surface: Surface) -> dict[str, dict[str, Endpoint]]:
    paths: dict[str, dict[str, Endpoint]] = {}
    for endpoint in _all():
        if surface in endpoint.surfaces:
            paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return paths


def _all() -> Iterable[Endpoint]:
    return (*_files.ENDPOINTS, *_tuning.ENDPOINTS, *_chat.ENDPOINTS, *_arm.ENDPOINTS)


def _route(path: str) -> Route:
    from starlette.routing import Route

    return Route(path, _Nowhere())


class _Nowhere:
    """Routes are only asked where a path leads; the application goes there itself."""

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        """Never called."""
