"""How the simulated service says no: an HTTP status and an error body, as on the wire."""

from __future__ import annotations

from typing import Any

__all__ = ["ServiceFault", "invalid", "missing"]


class ServiceFault(Exception):
    """The simulated service's refusal; an HTTP front end sends it, `MockBackend` translates it.

    Attributes:
        status: HTTP status.
        code: the service's error code, such as `invalidPayload`.
        message: the service's text.
        param: the request field it is about, or None.
        retry_after: seconds for a Retry-After header, or None.
    """

    def __init__(
        self, status: int, code: str, message: str, param: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(status, code, message, param, retry_after)
        self.status, self.code, self.message = status, code, message
        self.param, self.retry_after = param, retry_after

    def body(self) -> dict[str, Any]:
        """The JSON body of the reply."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.param is not None:
            error["param"] = self.param
        return {"error": error}


def invalid(message: str, param: str | None = None) -> ServiceFault:
    """A request the service does not accept: HTTP 400 `invalidPayload`."""
    return ServiceFault(400, "invalidPayload", message, param)


def missing(what: str, name: str) -> ServiceFault:
    """Something the resource does not have: HTTP 404 `notFound`."""
    return ServiceFault(404, "notFound", f"The {what} '{name}' was not found.", what)
