"""Everything this library raises on purpose.

    FineTuneError
    ├─ DatasetError(ValueError)           the rows are wrong; fix the file
    ├─ ServiceError(RuntimeError)         the service said no; `retryable` tells whether asking again can help
    │  ├─ OutcomeUnknown                  it may have happened; the message says how to find out
    │  └─ NotDeployed                     the model exists, but nothing serves it
    ├─ NotSupported(NotImplementedError)  this backend cannot do that
    ├─ WaitTimeout(TimeoutError)          the wait ended, the job goes on
    ├─ JobNotSucceeded(RuntimeError)      the job failed, was cancelled, or is not finished
    ├─ NotFound(LookupError)              no such job, version, alias, file or model
    ├─ Ambiguous(LookupError)             more than one fits
    ├─ WrongResource(ValueError)          it lives on another resource than the backend's
    ├─ NotPromotable(RuntimeError)        no comparison says promote
    ├─ BudgetExceeded(RuntimeError)       it would cost more than was allowed
    └─ LineageError(RuntimeError)         the lineage file cannot be used, or not in this way

Every error is also the standard library's error for the same situation, survives pickling, says what to do
next where that is known (`hint`), and never carries a header, a key, a prompt or an answer.
"""

from __future__ import annotations

from typing import Any, Self

from typing_extensions import override

__all__ = [
    "Ambiguous",
    "BudgetExceeded",
    "DatasetError",
    "FineTuneError",
    "JobNotSucceeded",
    "LineageError",
    "NotDeployed",
    "NotFound",
    "NotPromotable",
    "NotSupported",
    "OutcomeUnknown",
    "ServiceError",
    "WaitTimeout",
    "WrongResource",
]


class FineTuneError(Exception):
    """Root of everything this library raises on purpose.

    Attributes:
        message: what happened, and to which id, line or file.
        hint: what to do next; empty when there is nothing useful to say.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @override
    def __str__(self) -> str:
        where = self._where()
        text = f"{where}: {self.message}" if where else self.message
        ended = text if text.endswith("?") else f"{text.rstrip('.')}."
        return f"{ended} {self.hint}" if self.hint else text

    def _where(self) -> str:
        return ""

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)

    @classmethod
    def _restore(cls, args: tuple[Any, ...], state: dict[str, Any]) -> Self:
        error = cls.__new__(cls, *args)
        error.args = args
        error.__dict__.update(state)
        return error


def _rebuild(cls: type[FineTuneError], args: tuple[Any, ...], state: dict[str, Any]) -> FineTuneError:
    return cls._restore(args, state)


class DatasetError(FineTuneError, ValueError):
    """The rows are wrong: the message names the file, the line and the JSON path where they are known.

    Attributes:
        source: file name, or None for rows that never were in a file.
        line: 1-based line in that file.
        path: JSON path inside the row, such as `messages[2].role`.
        report: the `ValidationReport` behind the error, when there is one.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        line: int | None = None,
        path: str = "",
        hint: str = "",
        report: Any = None,  # noqa: ANN401 - a ValidationReport; errors.py stands below the room that defines it
    ) -> None:
        super().__init__(message, hint=hint)
        self.source, self.line, self.path, self.report = source, line, path, report

    @override
    def _where(self) -> str:
        parts = [self.source or "", f"line {self.line}" if self.line is not None else "", self.path]
        return ", ".join(part for part in parts if part)


class ServiceError(FineTuneError, RuntimeError):
    """The service refused, or could not be reached.

    A plain `ServiceError` from a call that changes something proves that the service did *not* act; where that
    is not certain a backend raises `OutcomeUnknown`.

    Attributes:
        status: HTTP status, None when no reply came.
        code: the service's own error code, such as `invalidPayload`.
        request_id: the id to quote to support.
        retryable: the same call can succeed later without any change.
        retry_after: seconds the service asked to wait, None when it did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status, self.code, self.request_id = status, code, request_id
        self.retryable, self.retry_after = retryable, retry_after

    @override
    def _where(self) -> str:
        parts = [f"HTTP {self.status}" if self.status else "", self.code or ""]
        return " ".join(part for part in parts if part)


class OutcomeUnknown(ServiceError):
    """The service may or may not have acted: a time-out, a reset after sending, a 5xx, a cut-off reply."""


class NotDeployed(ServiceError):
    """The model exists, but nothing serves it; the message names the price of an hour and the line to type."""


class NotSupported(FineTuneError, NotImplementedError):
    """This backend cannot do that; the message names the missing capability."""


class WaitTimeout(FineTuneError, TimeoutError):
    """The time given to `wait` is over. The job goes on, and `wait` may be called again."""


class JobNotSucceeded(FineTuneError, RuntimeError):
    """The job failed, was cancelled, or is not finished, so there is no model yet; the reason is the service's."""


class NotFound(FineTuneError, LookupError):
    """No such job, version, alias, file or model; near names are in the hint.

    Attributes:
        status: HTTP status where a service said so, else None.
        code: the service's own error code, such as `notFound`.
        request_id: the id to quote to support.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status, self.code, self.request_id = status, code, request_id


class Ambiguous(FineTuneError, LookupError):
    """More than one thing fits the name or id prefix; the hint lists them."""


class WrongResource(FineTuneError, ValueError):
    """The job, file or version lives on another resource than the one this backend talks to."""


class NotPromotable(FineTuneError, RuntimeError):
    """No stored comparison with the present holder of the alias says promote."""


class BudgetExceeded(FineTuneError, RuntimeError):
    """It would cost more than was allowed; nothing was sent."""


class LineageError(FineTuneError, RuntimeError):
    """The lineage file cannot be used, or not in this way: a newer schema, a read-only handle, a broken chain."""
