"""Roles as people write them: which role of the service stands behind another spelling, or another name.

A row with such a role has one finding, about the role. All other checks read the message as one of the role that it
stands for; where nobody can tell which that is, they say nothing that hangs on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import is_
from typing import Any, Final

from ..rows._shape import is_list, is_object

__all__ = ["OTHER_NAMES", "ROLES", "are_roles", "as_meant", "meant", "respelt", "role_of", "row_as_meant"]

ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")
OTHER_NAMES: Final = {
    **dict.fromkeys(("human", "ユーザー", "ユーザ"), "user"),
    **dict.fromkeys(("gpt", "chatgpt", "bot", "chatbot", "ai", "model", "アシスタント"), "assistant"),
    "システム": "system",
}
"""What other formats, and people, call the roles of the service."""
_BY_LETTER: Final = {role[0]: role for role in ROLES}
_KNOWN: Final = frozenset(ROLES)
_LONGEST: Final = 40
_REMEMBERED: Final = 1 << 12
"""More roles than one row has messages that are looked at, each of which several checks ask about."""


def respelt(role: str) -> str:
    """The known role that has these letters in another case, or without white space around; empty where none has."""
    return _senses(role)[0] if len(role) <= _LONGEST else ""


def meant(role: str) -> str:
    """The known role that a text stands for: by its letters, by another name, or nearly; empty where none does."""
    return _senses(role)[1] if len(role) <= _LONGEST else ""


@lru_cache(_REMEMBERED)
def _senses(role: str) -> tuple[str, str]:
    asked = role.strip().lower()
    near = OTHER_NAMES.get(asked) or _BY_LETTER.get(asked[:1], "")
    slip = near and len(asked) > 2 and (near.startswith(asked) or len(set(asked) ^ set(near)) <= 2)
    return asked if asked in _KNOWN and asked != role else "", near if slip or asked in OTHER_NAMES else ""


def role_of(message: Mapping[str, Any]) -> object:
    """The role that a message has or stands for; what stands there where nobody can tell."""
    role: object = message.get("role")
    return role if not isinstance(role, str) or role in _KNOWN else meant(role) or role


def as_meant(message: dict[str, Any]) -> dict[str, Any]:
    """The message with the role that it stands for: the same object unless that is another one."""
    role = role_of(message)
    return message if role is message.get("role") else {**message, "role": role}


def row_as_meant(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with the roles that its messages stand for: the same object unless some of them are others."""
    messages: object = row.get("messages")
    if not is_list(messages):
        return row
    found = [as_meant(message) if is_object(message) else message for message in messages]
    return row if all(map(is_, found, messages)) else {**row, "messages": found}


def are_roles(roles: Iterable[object]) -> bool:
    """All of them are known: what is missing among them is missing."""
    return all(role in ROLES for role in roles)
