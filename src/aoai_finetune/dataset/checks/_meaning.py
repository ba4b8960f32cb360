"""Checks of what the messages of one row mean together, and the shortcut past all of them for plain rows."""

from __future__ import annotations

from typing import Final, TypeGuard

from ..rows._findings import Fault
from ..rows._shape import is_list, is_object
from ._content import content_type
from ._keys import GRADED, is_graded, messages_missing
from ._messages import (
    CheckedRow,
    Faults,
    Row,
    finite,
    message_type,
    messages_empty,
    messages_type,
    not_json,
    objects,
    role_missing,
    some,
)
from ._roles import ROLES, are_roles, role_of

__all__ = [
    "STRUCTURE",
    "assistant_missing",
    "content_empty",
    "developer_role",
    "last_is_assistant",
    "last_is_user",
    "only_texts",
    "plain",
    "structural_fault",
    "system_position",
    "user_missing",
    "weight_role",
    "weights_zero",
]

_PLAIN_ROLES: Final = frozenset({"system", "user", "assistant"})


def plain(row: Row) -> bool:
    """Nothing but non-empty texts from system, user and assistant, ending with an answer to a user.

    No rule for supervised rows has anything to say about such a row, so they are not run for it, unless
    `_plain.shows` sees that a text may be too long or hold NUL or controls of direction. Most rows of most
    files are plain: this keeps validation near the speed of the parser.
    """
    messages = row.get("messages")
    if len(row) != 1 or messages.__class__ is not list:
        return False
    roles: list[str] = []
    for message in messages or ():
        role = _plain_role(message)
        if not role:
            return False
        roles.append(role)
    return "user" in roles and roles[-1] == "assistant" and "system" not in roles[1:]


def _plain_role(message: Row) -> str:
    """The role of a message that holds nothing but a known role and a text; empty for any other value."""
    if message.__class__ is not dict or len(message) != 2:
        return ""
    role, content = message.get("role"), message.get("content")
    if role.__class__ is not str or content.__class__ is not str or role not in _PLAIN_ROLES:
        return ""
    return str(role) if content and not content.isspace() else ""


def developer_role(row: Row) -> Faults:
    """The `developer` role in supervised rows."""
    for path, message in objects(row):
        if message.get("role") == "developer":
            yield f"{path}.role", "`developer` is documented for reinforcement fine-tuning only"


def content_empty(row: Row) -> Faults:
    """Texts of nothing but white space, beside no call either. The result of a tool may be empty."""
    for path, message in objects(row):
        content: object = message.get("content")
        calls = message.get("tool_calls") or message.get("function_call") or message.get("refusal")
        if calls or message.get("role") in ("tool", "function"):
            continue
        if isinstance(content, str) and not content.strip():
            yield f"{path}.content", "the content is empty"
        for index, part in enumerate(some(content)):
            text: object = part.get("text") if is_object(part) else None
            if isinstance(text, str) and not text.strip():
                yield f"{path}.content[{index}].text", "the text of the part is empty"


def system_position(row: Row) -> Faults:
    """System messages after others, where the model seldom meets them."""
    started = ""
    for path, message in objects(row):
        start, _, index = path.partition("[")
        role = message.get("role")
        if role in ("system", "developer"):
            if started == start:
                yield f"{start}[{index}.role", "a system message stands after other messages"
        elif role in ROLES:
            started = start


def weights_zero(row: Row) -> Faults:
    """Rows that switch off the training on each of their answers."""
    messages: object = row.get("messages")
    answers = [
        message for message in some(messages) if is_object(message) and role_of(message) == "assistant"
    ]
    if answers and all(answer.get("weight") == 0 and answer.get("weight") is not False for answer in answers):
        yield "messages", "every answer has weight 0, so there is nothing to learn"


def weight_role(row: Row) -> Faults:
    """Weights on messages that are not learned anyway."""
    for path, message in objects(row):
        role = message.get("role")
        if message.get("weight") is not None and role in ROLES and role != "assistant":
            yield f"{path}.weight", "only assistant messages have a weight"


def _roles(row: Row) -> list[object]:
    """The role that each message stands for, in a chat row."""
    return [message.get("role") for path, message in objects(row) if path.startswith("messages[")]


def assistant_missing(row: Row) -> Faults:
    """Rows that have nothing to learn."""
    roles = _roles(row)
    if roles and "assistant" not in roles and are_roles(roles):
        said = "no message is from the assistant, so there is nothing to learn"
        yield "messages", said, GRADED if is_graded(row) else ""


def last_is_assistant(row: Row) -> Faults:
    """Rows whose last message is not the answer (rows without any answer are another rule's)."""
    roles = _roles(row)
    if "assistant" in roles and roles[-1] != "assistant" and are_roles(roles[-1:]):
        said = "the last message is not from the assistant"
        yield f"messages[{len(roles) - 1}]", said, GRADED if is_graded(row) else ""


def last_is_user(row: Row) -> Faults:
    """Reinforcement rows that already hold the answer."""
    roles = _roles(row)
    if roles and roles[-1] != "user" and are_roles(roles[-1:]):
        yield f"messages[{len(roles) - 1}]", "a reinforcement row ends with a user message"


def user_missing(row: Row) -> Faults:
    """Rows in which nobody asks anything."""
    roles = _roles(row)
    if roles and "user" not in roles and are_roles(roles):
        yield "messages", "no message is from a user"


STRUCTURE: Final = (
    ("json-number", not_json),
    ("messages-missing", messages_missing),
    ("messages-type", messages_type),
    ("messages-empty", messages_empty),
    ("message-type", message_type),
    ("role-missing", role_missing),
    ("content-type", content_type),
)
"""What a row has to fulfil to be used as an example at all: the code of the rule, and its check."""


def structural_fault(row: Row, raw: bytes = b"") -> Fault | None:
    """The first thing that keeps a parsed row from being used as an example at all; None when it can be.

    The line it was read from, if there is one, saves some work.
    """
    if len(row) == 1 and only_texts(row.get("messages")):
        return None
    checked = CheckedRow(row)
    checked.finite = bool(raw) and finite(raw)
    return next((Fault(code, *said) for code, check in STRUCTURE for said in check(checked)), None)


def only_texts(messages: object) -> TypeGuard[list[dict[str, str]]]:
    """A list of nothing but messages with a role and a text, whatever these are."""
    if not is_list(messages) or not messages:
        return False
    for message in messages:
        if message.__class__ is not dict or len(message) != 2:
            return False
        if message.get("role").__class__ is not str or message.get("content").__class__ is not str:
            return False
    return True
