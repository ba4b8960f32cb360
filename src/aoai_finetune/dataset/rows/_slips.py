"""What people, editors and other languages write where JSON stands, called by its name, with what to do about it.

Told from the parser's reason and from the bytes at the place that it names; nothing of these is repeated.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, TypeAlias

__all__ = ["Slip", "slip_at"]


class Slip(NamedTuple):
    """What stands there, and what to do about it."""

    said: str
    hint: str


_Table: TypeAlias = tuple[tuple[re.Pattern[bytes], Slip], ...]


def _table(*entries: tuple[bytes, str, str]) -> _Table:
    return tuple((re.compile(pattern), Slip(said, hint)) for pattern, said, hint in entries)


_QUOTES: Final = (
    (rb"'", "a text stands in single quotes",
     "Write rows with json.dumps(row) and not with str(row): JSON has double quotes"),
    ("(?:“|”|„|‘|’|‚|«|»|＂)".encode(), "a text stands in typographic quotes",
     'Write straight quotes ("): a word processor has changed them'),
)  # fmt: skip
_COMMENT: Final = (rb"//|/\*|#", "a comment stands in the row", "Remove it: JSON has no comments")
_KEY: Final = _table(
    *_QUOTES,
    _COMMENT,
    (rb"\w", "a key stands without quotes", "Write keys in double quotes"),
)
_VALUE: Final = _table(
    *_QUOTES,
    _COMMENT,
    (rb"(?:True|False|None)\b", "True, False or None stands there, as in Python",
     "Write true, false and null, as json.dumps(row) does, and str(row) does not"),
    (rb"undefined\b", "undefined stands there, as in JavaScript", "Write null, or leave the key out"),
)  # fmt: skip
_AFTER: Final = _table(
    (rb",\s*\Z", "a comma stands after the object",
     "Remove it: a file of rows has one object on each line, and nothing between them"),
    (rb",?\s*\{", "another object follows on the same line",
     "Put each object on a line of its own, without commas between them"),
    (rb",?\s*\]", "the end of a list stands after the object",
     "Remove the brackets and commas of the list: a file of rows has one object on each line, and nothing between them"),
    (rb"\}", "there is a closing brace too many", "Remove it"),
    _COMMENT,
)  # fmt: skip
_BETWEEN: Final = _table(
    (rb'["{\[]', "a comma is missing before this place",
     'Write it; where it is a quote inside of a text that stands there, write \\" for the quote'),
    _COMMENT,
    (rb'(?:(?<=")|(?<=" ))[^\s,:\]}]', "a quote inside of a text ends it", 'Write \\" for such a quote, as json.dumps(row) does'),
)  # fmt: skip
_COMMA: Final = _table(
    (rb"[}\]]", "a comma stands before a closing bracket",
     "Remove the comma, or write rows with json.dumps(row)"),
)  # fmt: skip
_CONTROL: Final = _table(
    (rb"[\0-\x1f]", "a tab or another control character stands in a text as it is",
     "Write \\t for a tab and \\n for a line feed, as json.dumps(row) does"),
)  # fmt: skip
_ESCAPE: Final = _table(
    (b"", "a backslash in a text stands before a letter that it does not go with",
     "Write two backslashes for one, as json.dumps(row) does"),
)  # fmt: skip

_TABLES: Final[dict[str, _Table]] = {
    "key must be a string": _KEY,
    "expected value": _VALUE,
    "trailing characters": _AFTER,
    "trailing comma": _COMMA,
    "expected `,` or `}`": _BETWEEN,
    "expected `,` or `]`": _BETWEEN,
    "control character (\\u0000-\\u001F) found while parsing a string": _CONTROL,
    "invalid escape": _ESCAPE,
}
"""What may stand at the place, by the parser's reason."""


def slip_at(bare: bytes, reason: str, column: int) -> Slip | None:
    """What stands at a column of a line (the first one is 1), for which the parser gives a reason; None if unknown."""
    for pattern, slip in _TABLES.get(reason, ()):
        if pattern.match(bare, max(0, column - 1)):
            return slip
    return None
