"""Sends requests through the user's client: each exactly once, to its own origin only, every failure translated.

The client is used as it is: never changed, copied, logged or closed. Two of its habits are switched off for each
request: sending again (an unclear creation must not be bought twice) and following redirects (a credential must not
leave the origin).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...errors import FineTuneError, ServiceError
from ._calls import Call, Reply, json_object
from ._errors import NOT_SENT, no_reply, not_sent, refusal, unreadable

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI

__all__ = ["Sender"]

_Record = TypeVar("_Record")
_PAGE = 100


class Sender:
    """One client, one request at a time. Safe for several threads, as the client is.

    Args:
        client: the user's.
    """

    def __init__(self, client: OpenAI) -> None:
        self._client = client

    def send(self, call: Call) -> Reply:
        """The reply to a request that succeeded.

        Raises:
            OutcomeUnknown: the request changes something, and may have been acted upon.
            ServiceError, NotFound, NotDeployed: the service refused it, or it never left.
        """
        failure: FineTuneError
        try:
            response = self._request(call)
        except Exception as trouble:  # noqa: BLE001 - the edge: openai's errors hold the request with its key
            failure = self._translated(call, trouble)
        except BaseException as stop:  # noqa: BLE001 - raised again, without what it went through
            # Ctrl-C inside the client: its frames hold the key.
            stop.__context__ = None
            raise stop.with_traceback(None) from None
        else:
            return Reply(response.status_code, response.headers, response.content)
        raise failure

    def done(self, call: Call) -> None:
        """Send a request whose reply says nothing but that it succeeded."""
        reply = self.send(call)
        if reply.content and reply.object() is None:
            raise unreadable(call, reply.status, reply.headers, "is not a JSON object")

    def object(self, call: Call) -> dict[str, Any]:
        """The JSON object of a reply; a reply that holds none is a failure like a cut-off one."""
        reply = self.send(call)
        body = reply.object()
        if body is None:
            raise unreadable(call, reply.status, reply.headers, "is not a JSON object")
        return body

    def record(self, call: Call, make: Callable[[Mapping[str, Any]], _Record]) -> _Record:
        """The record that a reply describes."""
        reply = self.send(call)
        body = reply.object()
        made = _made(make, body) if body is not None else None
        if made is None:
            why = "is not a JSON object" if body is None else "is not what was asked for"
            raise unreadable(call, reply.status, reply.headers, why)
        return made

    def pages(
        self,
        call: Call,
        make: Callable[[Mapping[str, Any]], _Record],
        *,
        paged: bool = True,
        whole: bool = False,
    ) -> Iterator[_Record]:
        """All records of a list: the first page at once, the others when they are needed, each record once.

        Args:
            call: asks for the list.
            make: a record from its entry; entries without an id are left out.
            paged: the list has `limit` and `after`.
            whole: a list that cannot be read to its end is a failure, because what it lacks decides something.
        """
        first = call if not paged else _after(call, "")
        return self._from_page(first, self._page(first), make, whole=whole)

    def _from_page(
        self, call: Call, page: dict[str, Any], make: Callable[[Mapping[str, Any]], _Record], *, whole: bool
    ) -> Iterator[_Record]:
        seen = set[str]()
        while True:
            entries = _entries(page)
            new = {name: entry for name, entry in entries.items() if name not in seen}
            seen |= new.keys()
            for entry in new.values():
                if (made := _made(make, entry)) is not None:
                    yield made
            if not page.get("has_more") or "limit" not in call.params:
                return
            if not entries:
                raise ServiceError(f"{call.operation}: an empty page says that there is more", retryable=True)
            if not new:  # the server shows the same page again, and would do so forever
                if whole:
                    raise ServiceError(f"{call.operation}: the list repeats itself", retryable=True)
                return
            call = _after(call, _cursor(page, entries))
            page = self._page(call)

    def _page(self, call: Call) -> dict[str, Any]:
        """A page. An object without a list is no empty list: what is missing there would be taken for gone."""
        reply = self.send(call)
        page = reply.object()
        if page is None or not isinstance(page.get("data"), list):
            raise unreadable(call, reply.status, reply.headers, "is not a list")
        return page

    def _request(self, call: Call) -> httpx2.Response:
        import httpx2

        if self._client.is_closed():
            raise _ClosedError
        options: Any = {
            "max_retries": 0,
            "follow_redirects": False,
            "params": dict(call.params),
            "security": {"bearer_auth": True},
            "headers": {**call.headers, **({"Content-Type": "multipart/form-data"} if call.files else {})},
        }
        if call.verb == "get":
            return self._client.get(call.path, cast_to=httpx2.Response, options=options)
        if call.verb == "delete":
            return self._client.delete(call.path, cast_to=httpx2.Response, options=options)
        files = cast("Any", call.files)
        return self._client.post(
            call.path, cast_to=httpx2.Response, body=call.body, files=files, options=options
        )

    def _translated(self, call: Call, trouble: Exception) -> FineTuneError:
        import openai

        if isinstance(trouble, openai.APIStatusError):
            response = trouble.response
            body = json_object(_without_credentials(response))
            return refusal(call, response.status_code, response.headers, body)
        if isinstance(trouble, openai.APIResponseValidationError):
            return unreadable(
                call, trouble.status_code, trouble.response.headers, "is not what was asked for"
            )
        if isinstance(trouble, openai.APIConnectionError):
            return no_reply(call, _kind(trouble))
        if isinstance(trouble, _ClosedError):
            return not_sent(call, "the client is closed", hint="Make the backend with an open client")
        if not _was_sending(trouble.__traceback__):
            kind = type(trouble).__name__
            hint = "The client's credential, or its function that gets one, fails; sign in again (az login)"
            return not_sent(call, f"the request could not be made ({kind})", hint=hint)
        return no_reply(call, type(trouble).__name__)


class _ClosedError(Exception):
    """The user closed the client."""


def _without_credentials(response: httpx2.Response) -> bytes:
    """The body of a reply, where it quotes the credential that was sent, without it."""
    content = response.content
    for name in ("authorization", "api-key"):
        sent = response.request.headers.get(name, "").removeprefix("Bearer ")
        if len(sent) >= 8:
            content = content.replace(sent.encode(), b"[not shown]")
    return content


def _kind(trouble: Exception) -> str:
    """The name of what the transport raised, more exactly where a certificate was refused."""
    cause = trouble.__cause__
    named = type(cause).__name__ if cause is not None else type(trouble).__name__
    while cause is not None:
        if type(cause).__name__ == "SSLCertVerificationError":
            return "SSLCertVerificationError" if named in {*NOT_SENT, "SSLError"} else named
        cause = cause.__cause__ or cause.__context__
    return named


def _was_sending(traceback: TracebackType | None) -> bool:
    """The exception came through the HTTP library, so the request may have left."""
    while traceback is not None:
        if str(traceback.tb_frame.f_globals.get("__name__", "")).partition(".")[0] in {"httpx", "httpx2"}:
            return True
        traceback = traceback.tb_next
    return False


def _made(make: Callable[[Mapping[str, Any]], _Record], body: Mapping[str, Any]) -> _Record | None:
    try:
        return make(body)
    except (ValueError, TypeError, KeyError):
        return None


def _entries(page: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The entries of a page by id, or by their place where they have none."""
    listed = cast("list[object]", page["data"])
    objects = [cast("Mapping[str, Any]", entry) for entry in listed if isinstance(entry, dict)]
    return {str(entry.get("id") or f"{place}:{entry}"): entry for place, entry in enumerate(objects)}


def _cursor(page: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> str:
    last = list(entries.values())[-1]
    return str(last.get("id") or page.get("last_id") or "")


def _after(call: Call, cursor: str) -> Call:
    params: dict[str, str | int] = {**call.params, "limit": _PAGE}
    return replace(call, params={**params, "after": cursor} if cursor else params)
