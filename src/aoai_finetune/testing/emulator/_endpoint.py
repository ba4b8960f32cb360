"""One endpoint: which request it takes, which operation of the simulated resource that is, how the reply looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...backends.mock import invalid
from ._answer import Answer, as_json
from ._ask import Ask, Surface

__all__ = ["BOTH", "Endpoint", "named", "plain", "text"]

BOTH: frozenset[Surface] = frozenset({"dated", "v1"})
"""The two faces of the data plane."""


class Endpoint(NamedTuple):
    """A method and a path of some faces, one operation behind it, and its translation both ways.

    `arguments` reads what the operation needs, and raises `ServiceFault` where the request does not hold it;
    `show` turns the operation's reply into an answer; `serves` says no to what one version of a face lacks;
    `name` is another name to count it under.
    """

    method: str
    path: str
    operation: str
    arguments: Callable[[Ask], dict[str, Any]]
    show: Callable[[Any, Ask], Answer]
    surfaces: frozenset[Surface] = BOTH
    serves: Callable[[Ask], bool] = lambda _: True
    name: str = ""

    @property
    def counted(self) -> str:
        """The name under which calls are counted and faults are planned."""
        return self.name or self.operation


def plain(reply: object, _: Ask) -> Answer:
    """The operation's reply as it is."""
    return as_json(reply)


def named(*names: str) -> Callable[[Ask], dict[str, Any]]:
    """Arguments that are all in the path."""

    def arguments(ask: Ask) -> dict[str, Any]:
        return {name: ask.names[name] for name in names}

    return arguments


def text(body: Mapping[str, Any], name: str) -> str:
    """A text that a body must have. Raises `ServiceFault` 400."""
    value = body.get(name)
    if isinstance(value, str) and value:
        return value
    raise invalid(f"The field '{name}' is required.", name)
