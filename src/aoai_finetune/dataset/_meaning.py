"""Checks of what the messages of one row mean together, and the shortcut past all of them for plain rows."""

from __future__ import annotations

from typing import Final

from ._findings import Fault
from ._messages import (
    OUTPUTS,
    Faults,
    Row,
    content_type,
    is_preference,
    message_type,
    messages_empty,
    messages_missing,
    messages_type,
    not_json,
    objects,
    role_missing,
)
from ._shape import is_list, is_object

__all__ = [
    "assistant_missing",
    "content_empty",
    "developer_role",
    "last_is_assistant",
    "last_is_user",
    "plain",
    "preference_outputs",
    "preference_row",
    "structural_fault",
    "user_missing",
    "weight_role",
]

_PLAIN_ROLES: Final = frozenset({"system", "user", "assistant"})


def plain(row: Row) -> bool:
    """Nothing but non-empty texts from system, user and assistant, ending with an answer to a user.

    No rule for supervised rows has anything to say about such a row, so they are not run for it. Most rows of
    most files are plain: this keeps validation near the speed of the parser.
    """
    messages = row.get("messages")
    if len(row) != 1 or messages.__class__ is not list:
        return False
    roles = [_plain_role(message) for message in messages or ()]
    return "" not in roles and "user" in roles and roles[-1] == "assistant"


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
    """Texts of nothing but white space, beside no call either."""
    for path, message in objects(row):
        content: object = message.get("content")
        calls = message.get("tool_calls") or message.get("function_call") or message.get("refusal")
        if isinstance(content, str) and not content.strip() and not calls:
            yield f"{path}.content", "the content is empty"


def weight_role(row: Row) -> Faults:
    """Weights on messages that are not learned anyway."""
    for path, message in objects(row):
        if "weight" in message and message.get("role") != "assistant":
            yield f"{path}.weight", "only assistant messages have a weight"


def _roles(row: Row) -> list[object]:
    messages: object = row.get("messages")
    return [message.get("role") for message in messages if is_object(message)] if is_list(messages) else []


def assistant_missing(row: Row) -> Faults:
    """Rows that have nothing to learn."""
    roles = _roles(row)
    if roles and "assistant" not in roles:
        yield "messages", "no message is from the assistant, so there is nothing to learn"


def last_is_assistant(row: Row) -> Faults:
    """Rows whose last message is not the answer (rows without any answer are another rule's)."""
    roles = _roles(row)
    if "assistant" in roles and roles[-1] != "assistant":
        yield f"messages[{len(roles) - 1}]", "the last message is not from the assistant"


def last_is_user(row: Row) -> Faults:
    """Reinforcement rows that already hold the answer."""
    roles = _roles(row)
    if roles and roles[-1] != "user":
        yield f"messages[{len(roles) - 1}]", "a reinforcement row ends with a user message"


def user_missing(row: Row) -> Faults:
    """Rows in which nobody asks anything."""
    roles = _roles(row)
    if roles and "user" not in roles:
        yield "messages", "no message is from a user"


def preference_row(row: Row) -> Faults:
    """Preference rows where chat rows are expected."""
    if is_preference(row):
        yield "", "this is a preference row (DPO), and the training method is another"


def preference_outputs(row: Row) -> Faults:
    """Rows that are not one input with two lists of answers."""
    asked: object = row.get("input")
    if not is_object(asked) or not is_list(asked.get("messages")):
        yield "input.messages", "a preference row needs an `input` with its `messages`"
    for name in OUTPUTS:
        yield from _output(name, row.get(name))


def _output(name: str, value: object) -> Faults:
    if not is_list(value):
        yield name, f"a preference row needs `{name}` as a list of messages"
        return
    roles = [message.get("role") for message in value if is_object(message)]
    if roles and "assistant" not in roles:
        yield name, "no message is from the assistant"
    for index, role in enumerate(roles):
        if role not in ("assistant", "tool"):
            yield f"{name}[{index}].role", "outputs are messages of assistant and tool only"


_STRUCTURE: Final = (
    ("json-number", not_json),
    ("messages-missing", messages_missing),
    ("messages-type", messages_type),
    ("messages-empty", messages_empty),
    ("message-type", message_type),
    ("role-missing", role_missing),
    ("content-type", content_type),
)


def structural_fault(row: Row) -> Fault | None:
    """The first thing that keeps a parsed row from being used as an example at all; None when it can be."""
    if plain(row):
        return None
    return next((Fault(code, path, said) for code, check in _STRUCTURE for path, said in check(row)), None)
