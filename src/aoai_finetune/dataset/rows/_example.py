"""One training row, and what can be asked of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal, Self, TypeVar, cast

from typing_extensions import override

from ...errors import DatasetError
from ._arguments import of_kind
from ._canonical import canonical_json, canonical_row
from ._json import parse_object
from ._shape import is_list, is_object
from ._text import normalise

__all__ = [
    "Example",
    "Kind",
    "Message",
    "answer_of",
    "by_answer",
    "derived_fact",
    "digest_of",
    "last_of",
    "question_of",
    "row_kind",
    "text_of",
    "turns",
]

Kind = Literal["chat", "preference", "reinforcement"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a row. Content is a text, a tuple of parts (text, images), or None beside tool calls."""

    role: str
    content: str | tuple[Mapping[str, Any], ...] | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    weight: int | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The text, or the text parts joined; empty when there is none."""
        return self.content if isinstance(self.content, str) else text_of(list(self.content or ()))

    @classmethod
    def from_row(cls, message: Mapping[str, Any]) -> Self:
        """A message as it stands in a row; keys this class does not know are left out."""
        content: object = message.get("content")
        calls: object = message.get("tool_calls")
        return cls(
            role=str(message.get("role", "")),
            content=tuple(content) if is_list(content) else content if isinstance(content, str) else None,
            name=message.get("name"),
            weight=message.get("weight"),
            tool_calls=tuple(calls) if is_list(calls) else (),
            tool_call_id=message.get("tool_call_id"),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One training row. Two examples are equal when their canonical forms are; the fact and the line do not count.

    Attributes:
        row: the parsed JSON object without our own `fact` key. Treat it as read-only.
        given_fact: the fact it was given, None when it is derived; read `fact`.
        line: 1-based line (row number when it never was in a file), None when it stands alone.
    """

    row: Mapping[str, Any] = field(repr=False)
    given_fact: str | None = field(default=None, repr=False)
    line: int | None = None
    _cache: dict[str, Any] = field(default_factory=dict[str, Any], init=False, repr=False)

    @classmethod
    def from_row(cls, row: Mapping[str, Any], *, fact: str | None = None, line: int | None = None) -> Self:
        """An example of its own copy of a row. `fact` wins over the row's own `fact` key, which is taken out.

        Raises DatasetError when the row holds something that JSON in UTF-8 cannot carry, or a fact that is not
        a text.
        """
        of_kind(row, Mapping, "row", wanted="a dictionary")
        plain = {key: value for key, value in row.items() if key != "fact"}
        given = row.get("fact") if fact is None else fact
        if given is not None and not isinstance(given, str):
            raise DatasetError("a fact is a text", line=line, path="fact")
        try:
            canonical = canonical_row(plain)
            copy = parse_object(canonical)
        except (ValueError, TypeError, RecursionError) as why:
            raise DatasetError(
                f"the row cannot be written as JSON ({type(why).__name__})",
                line=line,
                hint="Use texts, finite numbers, booleans, lists and dictionaries with text keys only",
            ) from None
        example = cls(copy, given or None, line)
        example._cache["canonical"] = canonical
        return example

    @classmethod
    def from_canonical(cls, data: bytes, *, fact: str) -> Self:
        """The example whose canonical form is `data`, as stored by the lineage. DatasetError if it is not JSON."""
        try:
            return cls(parse_object(data.rstrip(b"\n")), fact)
        except ValueError:
            raise DatasetError("stored bytes are not one JSON object") from None

    def _cached(self, name: str, make: Callable[[Mapping[str, Any]], _T]) -> _T:
        if name not in self._cache:
            self._cache[name] = make(self.row)
        return cast("_T", self._cache[name])

    @property
    def fact(self) -> str:
        """What the row teaches: the fact it was given, or else its last user message, normalised."""
        return self.given_fact or self._cached("fact", derived_fact)

    @property
    def kind(self) -> Kind:
        """`preference` for DPO rows, `reinforcement` for rows that end with a user turn, else `chat`."""
        return row_kind(self.row, list(turns(self.row)))

    @property
    def canonical(self) -> bytes:
        """The canonical bytes of the row, without the fact and without a line end. Computed once."""
        return self._cached("canonical", canonical_row)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes, in hexadecimal: the identity of the row. Computed once."""
        return self._cached("digest", lambda _: hashlib.sha256(self.canonical).hexdigest())

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages; of a preference row the input followed by the preferred output."""
        return self._cached("messages", lambda row: tuple(map(Message.from_row, turns(row))))

    @property
    def question(self) -> str:
        """Text of the last user message, empty if there is none."""
        return question_of(self.row)

    @property
    def answer(self) -> str:
        """Text of the last assistant message, or the canonical JSON of its tool calls; empty if there is none."""
        return answer_of(self.row)

    @property
    def system(self) -> str:
        """Text of the first system (or developer) message, empty if there is none."""
        return next(
            (text_of(turn.get("content")) for turn in turns(self.row) if turn.get("role") in _SYSTEM), ""
        )

    @override
    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Example) else NotImplemented

    @override
    def __hash__(self) -> int:
        return hash(self.digest)


_SYSTEM = ("system", "developer")


def turns(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The messages of any row that are objects: a preference row's input, then its preferred output."""
    if "messages" in row:
        return _objects(row["messages"])
    asked: object = row.get("input")
    if is_object(asked):
        return chain(_objects(asked.get("messages")), _objects(row.get("preferred_output")))
    return iter(())


def row_kind(row: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> Kind:
    """What kind of row it is whose messages these are."""
    if "preferred_output" in row or "non_preferred_output" in row:
        return "preference"
    return "reinforcement" if messages and messages[-1].get("role") == "user" else "chat"


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    return (item for item in value if is_object(item)) if is_list(value) else iter(())


def text_of(content: object) -> str:
    """A content's text, or its text parts joined; empty when there is none."""
    if isinstance(content, str):
        return content
    parts = content if is_list(content) else []
    return "".join([part["text"] for part in parts if is_object(part) and isinstance(part.get("text"), str)])


def last_of(row: Mapping[str, Any], role: str) -> Mapping[str, Any] | None:
    """The last message with a role, None if there is none."""
    if "messages" not in row:
        if not is_object(row.get("input")):
            return None
        return next((turn for turn in reversed(list(turns(row))) if turn.get("role") == role), None)
    messages: object = row["messages"]
    for message in reversed(messages) if is_list(messages) else ():
        if is_object(message) and message.get("role") == role:
            return message
    return None


def question_of(row: Mapping[str, Any]) -> str:
    """Text of the last user message of a parsed row."""
    asked = last_of(row, "user")
    return "" if asked is None else text_of(asked.get("content"))


def answer_of(row: Mapping[str, Any]) -> str:
    """Text of the last assistant message of a parsed row, or the canonical JSON of its tool calls."""
    given = last_of(row, "assistant")
    if given is None:
        return ""
    calls: object = given.get("tool_calls")
    return text_of(given.get("content")) or (canonical_json(calls).decode() if calls else "")


def digest_of(row: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical bytes of a parsed row."""
    return hashlib.sha256(canonical_row(row)).digest()


def derived_fact(row: Mapping[str, Any]) -> str:
    """The fact of a row that was given none: its last user message, normalised.

    A row without a user text teaches something of its own, so its digest stands in.
    """
    return normalise(question_of(row)) or f"row {digest_of(row).hex()[:16]}"


def by_answer(example: Example) -> str:
    """A ready-made `fact=`: all rows with the same (normalised) answer teach one fact."""
    return normalise(example.answer) or derived_fact(example.row)
