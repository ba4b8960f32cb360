"""What a probe row must look like, and what to say about one that does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from ...dataset import normalise
from ..graders._data import call_problem, json_problem
from ..graders._graders import GRADERS, shipped
from ..graders._patterns import pattern_problem

__all__ = ["GROUPS", "Problem", "check_row", "unreadable"]

GROUPS: Final = ("old", "new", "updated", "general")

_KEYS: Final = ("fact", "question", "messages", "expected", "stale", "group", "label", "grader")
_ROLES: Final = ("system", "developer", "user", "assistant", "tool")
_ANSWER_HINT: Final = 'Give one answer as text, or several as ["...", "..."]'
_EXPECTED: Final[Mapping[str, Callable[[str], str]]] = {
    "regex": pattern_problem,
    "json": json_problem,
    "tool_call": call_problem,
}
_EXPECTED_HINT: Final = (
    "What the grader compares with must be readable by it; the reference of probe files says how"
)
_LABEL: Final = re.compile(r"[\w-]{1,40}\Z")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}\Z")


class Problem(NamedTuple):
    """What is wrong with one probe, where, and what to do. Never holds text of the probe."""

    path: str
    message: str
    hint: str


def check_row(row: Mapping[str, Any], own_graders: Collection[str] | None = None) -> Iterator[Problem]:
    """Everything that keeps a row from being a probe.

    `own_graders` are the names a caller gives functions for; None while nobody knows, so any plain name passes.
    """
    yield from _check_keys(row)
    yield from _check_fact(row)
    yield from _check_prompt(row)
    yield from _check_answers(row)
    yield from _check_choice(row, "group", GROUPS)
    yield from _check_label(row)
    yield from _check_grader(row, own_graders)


def _check_keys(row: Mapping[str, Any]) -> Iterator[Problem]:
    for key in row:
        if key not in _KEYS:
            # A key that is no plain name could be text of the probe, and errors do not repeat that.
            named = f"the key {key!r}" if _PLAIN_NAME.match(key) else "a key"
            yield Problem("", f"{named} means nothing in a probe", f"The keys are {', '.join(_KEYS)}")


def _check_fact(row: Mapping[str, Any]) -> Iterator[Problem]:
    if not _is_text(row.get("fact")):
        yield Problem(
            "fact",
            "is missing, empty or not text",
            "Give the key of the fact the probe asks for, as in the training rows",
        )


def _check_prompt(row: Mapping[str, Any]) -> Iterator[Problem]:
    question, messages = row.get("question"), row.get("messages")
    if (question is None) == (messages is None):
        yield Problem(
            "question",
            "stands beside messages" if question is not None else "is missing, and so are messages",
            "Give either question (text) or messages (a chat that ends with the question)",
        )
    elif question is not None:
        if not _is_text(question):
            yield Problem("question", "is empty or not text", "Write the question as text, or give messages")
    else:
        yield from _check_messages(messages)


def _check_messages(messages: object) -> Iterator[Problem]:
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        yield Problem(
            "messages", "is not a list with at least one message", 'Write [{"role": "user", "content": ...}].'
        )
        return
    turns = cast("Sequence[object]", messages)
    for place, turn in enumerate(turns):
        yield from _check_message(turn, f"messages[{place}]")
    last = turns[-1]
    if isinstance(last, Mapping) and cast("Mapping[str, object]", last).get("role") not in ("user", "tool"):
        yield Problem(
            f"messages[{len(turns) - 1}].role",
            "the last message is not the user's",
            "End with the question; what the model should say goes into expected",
        )


def _check_message(message: object, path: str) -> Iterator[Problem]:
    if not isinstance(message, Mapping):
        yield Problem(path, "is not an object", "A message has a role and content")
        return
    turn = cast("Mapping[str, object]", message)
    if turn.get("role") not in _ROLES:
        yield Problem(f"{path}.role", "is no role of a chat", f"The roles are {', '.join(_ROLES)}")
    content = turn.get("content")
    if not (_is_text(content) or (isinstance(content, list) and content) or turn.get("tool_calls")):
        yield Problem(f"{path}.content", "is missing or empty", "Write the text of the message")


def _check_answers(row: Mapping[str, Any]) -> Iterator[Problem]:
    for key in ("expected", "stale"):
        answers = _as_list(row.get(key))
        if answers is None:
            yield Problem(key, "is neither text nor a list of texts", _ANSWER_HINT)
        elif not answers and key == "expected":
            yield Problem(key, "is missing or empty", _ANSWER_HINT)
        else:
            yield from _check_each(key, answers)


def _check_each(key: str, answers: Sequence[object]) -> Iterator[Problem]:
    for place, answer in enumerate(answers):
        if not isinstance(answer, str) or not normalise(answer):
            path = f"{key}[{place}]" if len(answers) > 1 else key
            yield Problem(path, "is empty or not text", "An empty answer cannot be told from no answer")


def _as_list(value: object) -> Sequence[object] | None:
    """One text or several as a list, nothing as an empty list, None for anything else."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else None


def _check_choice(row: Mapping[str, Any], key: str, known: Iterable[str]) -> Iterator[Problem]:
    value, choices = row.get(key), tuple(known)
    if value is None or value in choices:
        return
    shown = f"{value!r} " if isinstance(value, str) and _PLAIN_NAME.match(value) else ""
    yield Problem(key, f"{shown}is not known", f"Known are {', '.join(choices)}")


def _check_label(row: Mapping[str, Any]) -> Iterator[Problem]:
    label = row.get("label")
    if label is not None and not (isinstance(label, str) and _LABEL.match(label)):
        yield Problem("label", "is no label", "Write one word, such as off-distribution; reports show it")


def _check_grader(row: Mapping[str, Any], own: Collection[str] | None) -> Iterator[Problem]:
    name = row.get("grader")
    if isinstance(name, str) and shipped(name) is not None:
        yield from _check_readable(row, name)
    elif own is None and isinstance(name, str) and name.isidentifier():
        return
    else:
        yield from _check_choice(row, "grader", sorted({*GRADERS, *(own or ())}))


def _check_readable(row: Mapping[str, Any], grader: str) -> Iterator[Problem]:
    """A pattern that is none, JSON that is none: found now, not when an answer is there."""
    for key in ("expected", "stale"):
        answers = [answer for answer in _as_list(row.get(key)) or () if isinstance(answer, str)]
        for place, answer in enumerate(answers):
            if problem := unreadable(answer, grader):
                yield Problem(f"{key}[{place}]" if len(answers) > 1 else key, problem, _EXPECTED_HINT)


def unreadable(text: str, grader: str) -> str:
    """What keeps a shipped grader from comparing answers with this text; empty when it can."""
    find = _EXPECTED.get(grader)
    return find(text) if find else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
