"""What a validator has to say: one frozen record per thing, and never any text of a row in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from typing_extensions import override

__all__ = ["Fault", "Finding", "Severity", "key_path", "path_parts"]

_FIXES: Final = {
    ("bom-inside", ""): "byte-order-mark",
    ("line-end", ""): "line-end",
    ("blank-line", ""): "blank-line",
    ("duplicate-row", ""): "duplicate-row",
    ("functions-older", ""): "tool-calls",
    ("null-key", ""): "null-key",
    ("role-spelling", ""): "role-spelling",
    ("white-space", ""): "white-space",
    ("messages-missing", "prompt"): "prompt-completion",
    ("messages-missing", "conversations"): "conversations",
}
"""Code and path of findings that `Dataset.repair` knows a safe fix for, and the name of the fix; "" is any path."""

_SPELT: Final = {"messages-missing": "messages", "role-missing": "role", "content-missing": "content"}
"""Keys that the repair finds in another case, by the code of the finding whose path then ends with what stands there."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}\Z")
_PATH_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class Severity(StrEnum):
    """How bad a finding is.

    `ERROR`: the service refuses the file, or this library cannot read the row. `WARNING`: it is accepted, and
    probably not what you want. `INFO`: documented somewhere, but not enforced.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to say about a row or a file.

    Attributes:
        code: stable name of the rule, such as `role-unknown`; the same in every release.
        severity: see `Severity`.
        message: what is wrong. It never holds text of a row.
        hint: what to do about it; empty when the message says it all.
        line: 1-based line of the file, in a table where the record begins (row number for rows that never were in a
            file); None for the whole file.
        path: JSON path inside the row, such as `messages[2].role`; empty for the whole row.
        source: file name, None for rows that never were in a file.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    line: int | None = None
    path: str = ""
    source: str | None = None

    @property
    def fix(self) -> str:
        """The name of the safe fix that `Dataset.repair` has for such a finding; empty where there is none."""
        fix = _FIXES.get((self.code, self.path)) or _FIXES.get((self.code, ""), "")
        return "key-spelling" if not fix and self._is_respelt else fix

    @property
    def _is_respelt(self) -> bool:
        key, wanted = self.path.rpartition(".")[2], _SPELT.get(self.code)
        return key != wanted and key.lower() == wanted

    @property
    def where(self) -> str:
        """The place in words, such as `facts.jsonl, line 3, messages[2].role`; empty when there is none."""
        parts = [self.source or "", f"line {self.line}" if self.line is not None else "", self.path]
        return ", ".join(part for part in parts if part)

    @override
    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.severity} {self.code}: {where}{self.message}{hint}"


class Fault(NamedTuple):
    """A finding before it knows its place: what a single row got wrong under which code; empty, its hint is the rule's."""

    code: str
    path: str
    message: str
    hint: str = ""


def key_path(parent: str, key: str) -> str:
    """The path of a key below a parent; a key that is not a plain name could be row text and is shown as `*`."""
    name = key if _PLAIN_KEY.match(key) else "*"
    return f"{parent}.{name}" if parent else name


def path_parts(path: str) -> tuple[int | str, ...]:
    """`messages[2].role` as `("messages", 2, "role")`, the shape pydantic calls `loc`."""
    return tuple(int(index) if index else name for index, name in _PATH_PART.findall(path))
