"""Probes that ask the same: one answer, which is to count once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

from ...dataset import canonical_json
from ...errors import DatasetError

if TYPE_CHECKING:
    from ._probes import Probe

__all__ = ["TWIN_HINT", "prompt_key", "refuse_twins"]

TWIN_HINT: Final = (
    "Remove one of them: it would count twice. If several answers are right, list them in expected; "
    "if the fact has changed, keep the one that expects what is true now"
)


def refuse_twins(probes: Iterable[Probe], system: str | None = None) -> None:
    """DatasetError when two probes send the same prompt, in one group, to one grader.

    Both get the same answer, so the second proves nothing that the first did not. The label does not matter, nor
    what is expected, and in the texts neither width nor case, white space or the mark at the end. `system` goes before
    bare questions.
    """
    first: dict[object, tuple[int, Probe]] = {}
    for place, probe in enumerate(probes, start=1):
        before, twin = first.setdefault(prompt_key(probe, system), (place, probe))
        if before != place:
            raise _refusal(place, probe, before, twin)


def prompt_key(probe: Probe, system: str | None = None) -> object:
    """The same for two probes exactly when they ask the same (see `refuse_twins`)."""
    return (probe.group, probe.grader, *map(_turn, probe.prompt(system)))


def _turn(message: Mapping[str, Any]) -> tuple[object, ...]:
    content = message.get("content")
    if isinstance(content, str) and message.keys() == {"role", "content"}:
        return message["role"], _folded(content)
    return (canonical_json(message),)


def _folded(text: str) -> str:
    """Less is folded than by `dataset.normalise`, for which `a*b` is `a/b`: here a probe would be refused for it."""
    plain = " ".join(normalize("NFKC", normalize("NFKC", text).casefold()).split())
    return plain.rstrip(" .?!。…") or plain


def _refusal(place: int, probe: Probe, before: int, twin: Probe) -> DatasetError:
    lines = f" (lines {twin.line} and {probe.line})" if probe.line and twin.line else ""
    return DatasetError(
        f"probe {place} asks the same as probe {before}{lines}, in the same group and with the same grader",
        line=probe.line,
        path="messages" if probe.question is None else "question",
        hint=TWIN_HINT,
    )
