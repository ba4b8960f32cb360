"""How many tokens a row is billed for. Without an exact counter an estimate, which says that it is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from typing_extensions import override

from ._canonical import canonical_json
from ._estimate import Estimate
from ._example import turns
from ._shape import is_list, is_object

__all__ = ["TokenCount", "TokenCounter", "counter_for", "row_tokens"]


class TokenCounter(Protocol):
    """Anything that can count the tokens of a text."""

    @property
    def name(self) -> str:
        """What to print beside a count."""
        ...

    @property
    def exact(self) -> bool:
        """False for estimates."""
        ...

    def count(self, text: str, /) -> int:
        """Tokens of a text on its own, without any message overhead."""
        ...


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A number of tokens that knows whether it was counted or estimated. A sum is exact only if all its parts are.

    Attributes:
        tokens: the number.
        exact: False when it is an estimate.
        counter: what counted, such as `estimate`.
    """

    tokens: int
    exact: bool
    counter: str

    def __add__(self, other: TokenCount) -> TokenCount:
        names = dict.fromkeys([*self.counter.split(" + "), *other.counter.split(" + ")])
        return TokenCount(self.tokens + other.tokens, self.exact and other.exact, " + ".join(names))

    def __mul__(self, times: int) -> TokenCount:
        return TokenCount(self.tokens * times, self.exact, self.counter)

    __rmul__ = __mul__

    def __int__(self) -> int:
        return self.tokens

    @override
    def __str__(self) -> str:
        return f"{self.tokens:,} tokens" if self.exact else f"~{self.tokens:,} tokens (estimate)"


_ESTIMATE: Final = Estimate()


def counter_for(_model: str | None, /) -> TokenCounter:
    """The best counter at hand for a model: for now always the estimate."""
    return _ESTIMATE


_PER_ROW: Final = 3
_PER_MESSAGE: Final = 4  # three for the frame and one for the role
_PER_NAME: Final = 1
_PER_IMAGE: Final = 85


def row_tokens(row: Mapping[str, Any], counter: TokenCounter) -> int:
    """Tokens a row is billed for in one epoch.

    Texts, names, calls and tool definitions as `counter` counts them, plus the frame: 3 per message and 1 for its
    role, 1 for a name, 3 per row. The frame is that of the OpenAI cookbook (How to count tokens with tiktoken,
    2024); what a fine-tune really adds is not documented, nor is how calls and tools are written out (here: as
    canonical JSON) or how a preference row is billed (here: input, preferred and other output once each). An
    image counts 85, its price at low detail.
    """
    messages = [*turns(row), *_rejected(row)]
    tools = (row.get(key) for key in ("tools", "functions"))
    return _PER_ROW + sum(_message(message, counter) for message in messages) + _json(tools, counter)


def _rejected(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    other: object = row.get("non_preferred_output")
    return [message for message in other if is_object(message)] if is_list(other) else []


def _message(message: Mapping[str, Any], counter: TokenCounter) -> int:
    name: object = message.get("name")
    calls = (message.get(key) for key in ("tool_calls", "function_call"))
    named = _PER_NAME + counter.count(name) if isinstance(name, str) else 0
    return _PER_MESSAGE + _content(message.get("content"), counter) + named + _json(calls, counter)


def _content(content: object, counter: TokenCounter) -> int:
    if isinstance(content, str):
        return counter.count(content)
    return sum(_part(part, counter) for part in content) if is_list(content) else 0


def _part(part: object, counter: TokenCounter) -> int:
    text: object = part.get("text", part.get("refusal")) if is_object(part) else None
    return counter.count(text) if isinstance(text, str) else _PER_IMAGE


def _json(values: Iterable[object], counter: TokenCounter) -> int:
    return sum(counter.count(canonical_json(value).decode()) for value in values if value)
