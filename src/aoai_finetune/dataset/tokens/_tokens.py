"""How many tokens a row is billed for. Without an exact counter an estimate, which says that it is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from typing_extensions import override

from ...errors import DatasetError
from ..rows._arguments import of_kind
from ..rows._canonical import canonical_json
from ..rows._example import turns
from ..rows._shape import is_list, is_object
from ._estimate import Estimate

__all__ = ["Tally", "TokenCount", "TokenCounter", "counter_for", "most_tokens", "row_tokens"]


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
        exact: every text was counted with the model's own encoding, and the rows hold nothing but texts. False
            for an estimate, and where it is not documented how the rest (calls, tools, images, rejected answers)
            is counted.
        counter: what counted, such as `estimate` or `o200k_base`.
        overhead: how many of the tokens are the frame around examples and messages. It is never counted but
            follows the published rule (see `row_tokens`), in exact numbers too.
    """

    tokens: int
    exact: bool
    counter: str
    overhead: int = field(default=0, compare=False)

    def __add__(self, other: TokenCount) -> TokenCount:
        names = dict.fromkeys([*self.counter.split(" + "), *other.counter.split(" + ")])
        return TokenCount(
            self.tokens + other.tokens,
            self.exact and other.exact,
            " + ".join(names),
            self.overhead + other.overhead,
        )

    def __mul__(self, times: int) -> TokenCount:
        return TokenCount(self.tokens * times, self.exact, self.counter, self.overhead * times)

    __rmul__ = __mul__

    def __int__(self) -> int:
        return self.tokens

    @override
    def __str__(self) -> str:
        return f"{self.tokens:,} tokens" if self.exact else f"~{self.tokens:,} tokens (estimate)"


_ESTIMATE: Final = Estimate()


def counter_for(model: str | None, /) -> TokenCounter:
    """The best counter at hand for a model: its own encoding, else the estimate.

    Exact counts need the extra `tokens` and a model whose encoding its name tells (catalogue names, and the names
    of fine-tuned models of Azure OpenAI and OpenAI). Nothing is ever downloaded: the ranks come from the folder
    `TIKTOKEN_CACHE_DIR`, or from the package that the extra installs, and their SHA-256 is checked. Without a
    model, it is the estimate on every machine.
    """
    of_kind(model, str | None, "model", wanted="the name of a model")
    if model is None:
        return _ESTIMATE
    from ._exact import exact_counter

    return exact_counter(model) or _ESTIMATE


_PER_ROW: Final = 3
_PER_MESSAGE: Final = 4  # three for the frame and one for the role
_PER_NAME: Final = 1
_PER_IMAGE: Final = 85
_REMEMBERED: Final = 256
"""Texts that rows begin with of which the tokens are remembered."""
_LONG: Final = 1 << 14
"""Characters from which on a text is not."""


def row_tokens(row: Mapping[str, Any], counter: TokenCounter) -> int:
    """Tokens a row is billed for in one epoch.

    Texts, names, calls and tool definitions as `counter` counts them, plus the frame: 3 per message and 1 for its
    role, 1 for a name, 3 per row. The frame is that of the OpenAI cookbook (How to count tokens with tiktoken,
    2024); what a fine-tune really adds is not documented, nor is how calls and tools are written out (here: as
    canonical JSON) or how a preference row is billed (here: input, preferred and other output once each). An
    image counts 85, its price at low detail.
    """
    of_kind(row, Mapping, "row", wanted="a row as a dictionary", hint="Of an Example it is example.row")
    tally = Tally(counter)
    tally.add(row)
    return tally.tokens


def most_tokens(row: Mapping[str, Any]) -> int | None:
    """At least the tokens of a row of nothing but messages with texts, whatever counts; None for any other row.

    No encoding makes more tokens than there are bytes in UTF-8, and the estimate makes two of a character at most.
    So they are never more than twice the bytes of the row.
    """
    texts = _plain_texts(row)
    if texts is None:
        return None
    frame = _PER_ROW + _PER_MESSAGE * len(texts)
    return frame + 2 * sum([len(text.encode(errors="replace")) for text in texts])


def _plain_texts(row: Mapping[str, Any]) -> list[str] | None:
    """The texts of a row of nothing but messages with a role and a text."""
    messages = row.get("messages")
    if len(row) != 1 or messages.__class__ is not list or not messages:
        return None
    texts: list[str] = []
    for message in messages:
        if message.__class__ is not dict or len(message) != 2 or not message.get("role"):
            return None
        content = message.get("content")
        if content.__class__ is not str or message["role"].__class__ is not str:
            return None
        texts.append(content)
    return texts


class Tally:
    """Tokens of rows, added up with one counter.

    Attributes:
        tokens: the sum so far.
        overhead: how many of them are the frame of rows, messages and names.
        certain: nothing came by whose counting is not documented.
    """

    __slots__ = ("_count", "_counter", "_known", "certain", "overhead", "tokens")

    def __init__(self, counter: TokenCounter) -> None:
        if not hasattr(counter, "exact"):  # a text has a `count` too
            raise DatasetError(
                f"counter is {type(counter).__name__}, not a counter of tokens", hint="Use counter_for(model)"
            )
        self._counter = counter
        self._count = counter.count
        self._known: dict[str, int] = {}
        self.tokens = self.overhead = 0
        self.certain = True

    def add(self, row: Mapping[str, Any]) -> int:
        """Add a parsed row; its tokens."""
        before = self.tokens
        self._frame(_PER_ROW)
        for message in turns(row):
            self._message(message)
        if len(row) > 1:
            self._rest(row)
        return self.tokens - before

    def add_plain(self, row: Mapping[str, Any]) -> bool:
        """Add a row of nothing but messages with a role and a text; False, and nothing added, for any other."""
        texts = _plain_texts(row)
        if texts is None:
            return False
        frame = _PER_ROW + _PER_MESSAGE * len(texts)
        self.tokens += frame + self._first(texts[0]) + sum(map(self._count, texts[1:]))
        self.overhead += frame
        return True

    def _first(self, text: str) -> int:
        """Tokens of the text that a row begins with, which in most files is one of a few for all of them."""
        tokens = self._known.get(text)
        if tokens is None:
            tokens = self._count(text)
            if len(self._known) < _REMEMBERED and len(text) < _LONG:
                self._known[text] = tokens
        return tokens

    def merge(self, tokens: int, overhead: int, *, certain: bool) -> None:
        """Add what another tally came to."""
        self.tokens += tokens
        self.overhead += overhead
        self.certain = self.certain and certain

    @property
    def result(self) -> TokenCount:
        """The sum, exact if the counter is and everything was certain."""
        exact = self._counter.exact and self.certain
        return TokenCount(self.tokens, exact, self._counter.name, self.overhead)

    def _frame(self, tokens: int) -> None:
        self.tokens += tokens
        self.overhead += tokens

    def _message(self, message: Mapping[str, Any]) -> None:
        content: object = message.get("content")
        self._frame(_PER_MESSAGE)
        if isinstance(content, str):
            self.tokens += self._count(content)
        elif is_list(content):
            for part in content:
                self._part(part)
        if len(message) > 2 or content is None:
            self._more(message)

    def _more(self, message: Mapping[str, Any]) -> None:
        name: object = message.get("name")
        if isinstance(name, str):
            self._frame(_PER_NAME)
            self.tokens += self._count(name)
        refusal: object = message.get("refusal")
        if isinstance(refusal, str):
            self.tokens += self._count(refusal)
        for key in ("tool_calls", "function_call"):
            self._json(message.get(key))

    def _part(self, part: object) -> None:
        text: object = part.get("text", part.get("refusal")) if is_object(part) else None
        if isinstance(text, str):
            self.tokens += self._count(text)
        else:
            self._guess(_PER_IMAGE)

    def _rest(self, row: Mapping[str, Any]) -> None:
        for message in _rejected(row):
            self.certain = False
            self._message(message)
        asked: object = row.get("input")
        for holder in (row, asked if is_object(asked) and "messages" not in row else {}):
            for key in ("tools", "functions"):
                self._json(holder.get(key))

    def _json(self, value: object) -> None:
        if value:
            self._guess(self._count(canonical_json(value).decode()))

    def _guess(self, tokens: int) -> None:
        self.tokens += tokens
        self.certain = False


def _rejected(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    other: object = row.get("non_preferred_output")
    return (message for message in other if is_object(message)) if is_list(other) else iter(())
