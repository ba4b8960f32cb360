"""Chat completions on the wire, whole or as a stream of server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from ...backends.mock import invalid
from ._answer import Answer, as_json
from ._ask import Ask, Surface
from ._endpoint import Endpoint, text

__all__ = ["ENDPOINTS"]

_DATED: frozenset[Surface] = frozenset({"dated"})
_V1: frozenset[Surface] = frozenset({"v1"})
_MOST_CHOICES = 128


def _asked(ask: Ask) -> dict[str, Any]:
    """What a chat request asks for; on the dated surface the URL names the deployment. The rest is ignored."""
    body = ask.json()
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise invalid("The field 'messages' must be an array.", "messages")
    longest = body.get("max_completion_tokens")
    return {
        "model": ask.names.get("deployment") or text(body, "model"),
        "messages": messages,
        "temperature": _number(body.get("temperature"), "temperature"),
        "max_tokens": _whole(body.get("max_tokens") if longest is None else longest, "max_tokens"),
        "seed": _whole(body.get("seed"), "seed", least=-(2**63)),
        "n": _whole(body.get("n"), "n", most=_MOST_CHOICES) or 1,
        "stop": _stops(body.get("stop")),
    }


def _number(value: object, name: str) -> float:
    if value is None:
        return 1.0
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 2:
        return float(value)
    raise invalid(f"The field '{name}' must be a number from 0 to 2.", name)


def _whole(value: object, name: str, *, least: int = 1, most: int = 2**63) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most):
        return value
    raise invalid(f"The field '{name}' must be an integer from {least} to {most}.", name)


def _stops(value: object) -> list[str]:
    found = cast("list[object]", value if isinstance(value, list) else [] if value is None else [value])
    if all(isinstance(one, str) and one for one in found):
        return cast("list[str]", found)
    raise invalid("The field 'stop' must be a text or an array of texts.", "stop")


def _show(reply: dict[str, Any], ask: Ask) -> Answer:
    body = ask.json()
    if not body.get("stream"):
        return as_json(reply)
    options: object = body.get("stream_options")
    usage = isinstance(options, dict) and bool(cast("dict[str, object]", options).get("include_usage"))
    lines = [json.dumps(chunk, ensure_ascii=False) for chunk in _chunks(reply, usage=usage)]
    pieces = tuple(f"data: {line}\n\n".encode() for line in [*lines, "[DONE]"])
    return Answer(media_type="text/event-stream; charset=utf-8", pieces=pieces)


def _chunks(reply: dict[str, Any], *, usage: bool) -> Iterator[dict[str, Any]]:
    """The reply in pieces. The first has no choices: Azure puts its content filter's results on the prompt there."""
    frame = {name: reply[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    yield frame | {"choices": [], "prompt_filter_results": []}
    for choice in reply["choices"]:
        at = {"index": choice["index"], "finish_reason": None}
        yield frame | {"choices": [at | {"delta": {"role": "assistant", "content": ""}}]}
        for word in _words(choice["message"]["content"]):
            yield frame | {"choices": [at | {"delta": {"content": word}}]}
        yield frame | {"choices": [at | {"finish_reason": choice["finish_reason"], "delta": {}}]}
    if usage:
        yield frame | {"choices": [], "usage": reply["usage"]}


def _words(text: str) -> Iterator[str]:
    """The text in pieces that join to it again."""
    first, space, rest = text.partition(" ")
    while space:
        yield first + space
        first, space, rest = rest.partition(" ")
    yield first


ENDPOINTS = (
    Endpoint("POST", "/deployments/{deployment}/chat/completions", "chat", _asked, _show, _DATED),
    Endpoint("POST", "/chat/completions", "chat", _asked, _show, _V1),
)
"""Chat: the dated surface names the deployment in the URL, v1 in `model`."""
